import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestWriter } from './request-writer.ts';

test('a form request carries the credential in form encoding and its length (RFC 6749 appendix B)', () => {
  const template = {
    method: 'POST',
    path: '/token',
    headers: ['Authorization: Basic eA=='],
    body: 'grant_type=refresh_token&refresh_token={credential}',
  } as const;
  const writer = new RequestWriter(template, '127.0.0.1:1');
  const head = 'POST /token HTTP/1.1\r\nHost: 127.0.0.1:1\r\nAuthorization: Basic eA==\r\n';
  assert.equal(writer.write('ab_c'), `${head}Content-Length: 43\r\n\r\ngrant_type=refresh_token&refresh_token=ab_c`);
  assert.ok(writer.write('a+/=').endsWith('refresh_token=a%2B%2F%3D'));
});

test('a GET carries the credential in a header and has no body', () => {
  const writer = new RequestWriter({ method: 'GET', path: '/me', headers: ['Authorization: Bearer {credential}'], body: '' }, 'h:1');
  assert.equal(writer.write('t0'), 'GET /me HTTP/1.1\r\nHost: h:1\r\nAuthorization: Bearer t0\r\n\r\n');
});

test('fields of a form stay as they are', () => {
  const writer = new RequestWriter({ method: 'POST', path: '/token', headers: [], body: 'grant_type=device_code&{fields}' }, 'h:1');
  assert.ok(writer.write('device_code=a&client_id=b').endsWith('grant_type=device_code&device_code=a&client_id=b'));
});

test('two places for one credential are a mistake', () => {
  assert.throws(() => new RequestWriter({ method: 'POST', path: '/', headers: [], body: '{credential}{credential}' }, 'h'), TypeError);
});

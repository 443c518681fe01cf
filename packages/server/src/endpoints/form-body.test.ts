import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRequest } from '../http.ts';
import { requireForm } from './form-body.ts';

function read(type: string | undefined, body = 'a=b', rules = {}): ReturnType<typeof requireForm> {
  return requireForm({ headers: { 'content-type': type }, body } as unknown as HttpRequest, rules);
}

test('a form is application/x-www-form-urlencoded in UTF-8, in whatever case and with whatever parameters (RFC 6749 appendix B)', () => {
  const type = 'application/x-www-form-urlencoded';
  for (const good of [type, type.toUpperCase(), `${type};charset=UTF-8`, `${type} ; charset="utf-8"`, `${type}; charset=us-ascii; x=y`]) {
    assert.equal(read(good).get('a'), 'b', good);
  }
  for (const bad of [
    undefined,
    '',
    'application/json',
    'text/plain',
    `${type}x`,
    `x${type}`,
    'multipart/form-data; boundary=x',
    `text/plain; ${type}`,
  ]) {
    assert.throws(() => read(bad), { code: 'invalid_request', description: 'the body must be application/x-www-form-urlencoded' }, bad);
  }
  for (const charset of ['utf-16', 'utf-7', 'gbk', ''])
    assert.throws(() => read(`${type}; charset=${charset}`), { code: 'invalid_request' }, charset);
});

test('a repeated parameter is refused, or listed where that is asked for (RFC 6749 §3.2)', () => {
  const type = 'application/x-www-form-urlencoded';
  assert.throws(() => read(type, 'a=b&a=b'), { code: 'invalid_request' });
  assert.deepEqual(read(type, 'a=b&a=b', { repetition: 'listed' }).repeated, ['a']);
});

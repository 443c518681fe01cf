import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { originForm, type Target, targets } from './target.ts';

interface Sent {
  readonly hosts?: readonly string[];
  readonly url?: string;
  readonly version?: readonly [number, number];
  readonly trusted?: boolean;
}

function judge({ hosts = [], url = '/', version = [1, 1], trusted = false }: Sent): Target {
  const raw = new IncomingMessage(new Socket());
  raw.url = url;
  [raw.httpVersionMajor, raw.httpVersionMinor] = version;
  raw.rawHeaders = ['Accept', '*/*', ...hosts.flatMap((host) => ['Host', host])];
  return targets('https://id.example/tenant')(raw, () => trusted);
}

test('a request has exactly one Host; HTTP/1.0 may have none, and before 1.0 there was none (RFC 9112 §3.2)', () => {
  assert.equal(judge({ hosts: ['id.example'] }), 'ours');
  assert.equal(judge({}), 'malformed');
  assert.equal(judge({ hosts: ['id.example', 'id.example'] }), 'malformed');
  assert.equal(judge({ version: [1, 0] }), 'ours');
  assert.equal(judge({ hosts: ['id.example'], version: [0, 9] }), 'malformed');
  for (const host of [
    '',
    'a b',
    'a@id.example',
    'id.example/x',
    'id.example:',
    'id.example:999999',
    '[::1',
    'ä.example',
    'id.example, evil.test',
  ]) {
    assert.equal(judge({ hosts: [host] }), 'malformed', host);
  }
});

test('the name is ours, an address, or one from the inside; a public name of somebody else is elsewhere (RFC 9110 §7.4)', () => {
  for (const host of [
    'id.example:8443',
    'ID.Example',
    'id.example.',
    '10.0.0.7:80',
    '[::1]:4400',
    'localhost:4400',
    'hufu',
    'hufu.default.svc',
    'hufu.default.svc.cluster.local',
  ]) {
    assert.equal(judge({ hosts: [host] }), 'ours', host);
  }
  for (const host of ['evil.test', 'id.example.evil.test', 'xid.example', 'evil.test:443']) {
    assert.equal(judge({ hosts: [host] }), 'elsewhere', host);
    assert.equal(judge({ hosts: [host], trusted: true }), 'ours', `${host} through a proxy that is trusted`);
  }
});

test('an absolute target agrees with Host, and is read by its path (RFC 9112 §3.2.2)', () => {
  assert.equal(judge({ hosts: ['id.example'], url: 'http://ID.example/oauth/jwks' }), 'ours');
  assert.equal(judge({ hosts: ['id.example'], url: 'http://evil.test/oauth/jwks' }), 'malformed');
  assert.equal(judge({ hosts: ['evil.test'], url: 'http://id.example/oauth/jwks', trusted: true }), 'malformed');
  assert.equal(originForm('http://id.example/oauth/jwks?a=b'), '/oauth/jwks?a=b');
  assert.equal(originForm('https://id.example?a=b'), '/?a=b');
  assert.equal(originForm('https://id.example'), '/');
  assert.equal(originForm('//id.example/x'), '//id.example/x');
  assert.equal(originForm('*'), '*');
});

test('what strangers send as a Host is not kept for ever', () => {
  const verdict = targets('https://id.example');
  for (let i = 0; i < 1_000; i++) {
    const raw = new IncomingMessage(new Socket());
    raw.url = '/';
    [raw.httpVersionMajor, raw.httpVersionMinor] = [1, 1];
    raw.headers.host = `h${i}.evil.test`;
    raw.rawHeaders = ['host', raw.headers.host];
    assert.equal(
      verdict(raw, () => false),
      'elsewhere',
    );
  }
});

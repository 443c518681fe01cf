import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHostname, readListen } from './listen.ts';
import { readAllowedHost, readNetwork } from './network.ts';
import { Refused } from './shape.ts';

test('listen is host:port, [IPv6]:port, :port or port', () => {
  assert.deepEqual(readListen('127.0.0.1:4400'), { host: '127.0.0.1', port: 4400 });
  assert.deepEqual(readListen('as.example:0'), { host: 'as.example', port: 0 });
  assert.deepEqual(readListen('[::1]:4400'), { host: '::1', port: 4400 });
  assert.deepEqual(readListen(':4400'), { host: undefined, port: 4400 });
  assert.deepEqual(readListen('4400'), { host: undefined, port: 4400 });
  assert.deepEqual(readListen(65_535), { host: undefined, port: 65_535 });
  for (const bad of [
    '',
    ':',
    'localhost',
    'localhost:',
    '::1:4400',
    '[::1]',
    '[::1]4400',
    '[x]:1',
    ':65536',
    -1,
    1.5,
    '1e3',
    '300.0.0.1:1',
    'a b:1',
    'http://x:1',
    '0x10',
    '*:1',
  ]) {
    assert.ok(readListen(bad) instanceof Refused, String(bad));
  }
});

test('a host name is letters, digits and hyphens, and no broken address (RFC 1123 §2.1)', () => {
  for (const good of ['localhost', 'a.b-c.example', '1.example', 'my_db.internal', 'A']) assert.ok(isHostname(good), good);
  for (const bad of ['', '1.2.3', '-a', 'a-', 'a..b', 'a.', '.a', 'ä', 'a b', `${'a'.repeat(64)}.b`, 'a:1', '*.a'])
    assert.ok(!isHostname(bad), bad);
});

test('a network is a range or a single address', () => {
  assert.deepEqual(readNetwork('10.0.0.0/8'), { address: '10.0.0.0', prefixLength: 8, family: 'ipv4' });
  assert.deepEqual(readNetwork('0.0.0.0/0'), { address: '0.0.0.0', prefixLength: 0, family: 'ipv4' });
  assert.deepEqual(readNetwork('192.0.2.7'), { address: '192.0.2.7', prefixLength: 32, family: 'ipv4' });
  assert.deepEqual(readNetwork('fd00::/128'), { address: 'fd00::', prefixLength: 128, family: 'ipv6' });
  for (const bad of [
    '',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'fe80::1%eth0',
    'localhost',
    '10.0.0.0/1e1',
  ]) {
    assert.ok(readNetwork(bad) instanceof Refused, bad);
  }
});

test('an allowed host is a name, a network or an address', () => {
  assert.deepEqual(readAllowedHost('DB.Internal'), { kind: 'host', host: 'db.internal' });
  assert.deepEqual(readAllowedHost('[::1]'), { kind: 'network', network: { address: '::1', prefixLength: 128, family: 'ipv6' } });
  for (const bad of ['http://a', 'a:80', 'a/b', '*', '[a]', '1.2.3']) assert.ok(readAllowedHost(bad) instanceof Refused, bad);
});

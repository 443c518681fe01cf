import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientAddress, isTrustedPeer } from './client-address.ts';
import type { Network } from './config/config.ts';

const TRUSTED: readonly Network[] = [
  { address: '10.0.0.0', prefixLength: 8, family: 'ipv4' },
  { address: 'fd00::', prefixLength: 8, family: 'ipv6' },
];

function read(peer: string, forwarded?: string, trusted = TRUSTED): string {
  return clientAddress(peer, { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }, trusted);
}

test('without trusted proxies X-Forwarded-For means nothing', () => {
  assert.equal(read('203.0.113.9', '198.51.100.1', []), '203.0.113.9');
  assert.equal(read('10.0.0.1', '198.51.100.1', []), '10.0.0.1');
});

test('a peer that is no trusted proxy says nothing of others', () => {
  assert.equal(read('203.0.113.9', '198.51.100.1'), '203.0.113.9');
  assert.equal(isTrustedPeer('203.0.113.9', TRUSTED), false);
});

test('the header is read from the right: the first hop that is not ours is the client, whatever it wrote to the left', () => {
  assert.equal(read('10.0.0.1', '198.51.100.1'), '198.51.100.1');
  assert.equal(read('10.0.0.1', '1.1.1.1, 198.51.100.1, 10.0.0.2'), '198.51.100.1');
  assert.equal(read('fd00::1', 'evil, <script>, 198.51.100.1,10.0.0.2 , fd12::7'), '198.51.100.1');
  assert.equal(read('10.0.0.1', '10.0.0.3, 10.0.0.2'), '10.0.0.3', 'all ours: the farthest');
  assert.equal(read('10.0.0.1'), '10.0.0.1');
});

test('an IPv4 address on an IPv6 socket is that IPv4 address, for trust too', () => {
  assert.equal(read('::ffff:203.0.113.9'), '203.0.113.9');
  assert.equal(read('::ffff:10.0.0.1', '::ffff:198.51.100.1'), '198.51.100.1');
  assert.equal(isTrustedPeer('::ffff:10.0.0.1', TRUSTED), true);
});

test('a port is not part of the address: else each connection would be a source of its own', () => {
  assert.equal(read('10.0.0.1', '198.51.100.1:51004'), '198.51.100.1');
  assert.equal(read('10.0.0.1', '[2001:db8::7]:443, 10.0.0.2:80'), '2001:db8::7');
  assert.equal(read('10.0.0.1', '[2001:db8::7]'), '2001:db8::7');
});

test('what is no address ends the reading at the peer, and nothing throws', () => {
  for (const hop of ['', 'unknown', 'dead', '999.1.1.1', '1.2.3', '::::', '1.2.3.4:99999999', '[1.2.3.4', `${'1'.repeat(60)}`, 'ä']) {
    assert.equal(read('10.0.0.1', `198.51.100.1, ${hop}`), '10.0.0.1', hop);
  }
  assert.equal(read('10.0.0.1', `198.51.100.1${' '.repeat(2_048)}`), '10.0.0.1', "a header of that length is nobody's");
  assert.equal(clientAddress('10.0.0.1', { headers: { 'x-forwarded-for': ['198.51.100.1'] } }, TRUSTED), '10.0.0.1');
});

test('a socket that is gone has no address, and is nobody whom we trust', () => {
  assert.equal(read('', '198.51.100.1'), '');
  assert.equal(isTrustedPeer('', TRUSTED), false);
});

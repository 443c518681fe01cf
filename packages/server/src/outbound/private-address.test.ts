import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPrivateAddress } from './private-address.ts';

test('private, local and reserved addresses are recognised in every spelling that a resolver gives (attacks SSR-01)', () => {
  const inside =
    '127.0.0.1 127.9.9.9 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 169.254.169.254 192.0.2.1 192.88.99.1 198.18.0.1 224.0.0.1 255.255.255.255 ::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:7f00:1 ::127.0.0.1 fc00::1 fd12::1 fe80::1 64:ff9b::7f00:1 2001:db8::1 2001:0:7f00:1:: 2002:7f00:1:: 3fff::1 5f00::1 ff02::1';
  for (const address of inside.split(' ')) assert.ok(isPrivateAddress(address), address);
});

test('public addresses are not', () => {
  for (const address of '1.1.1.1 8.8.8.8 172.15.0.1 172.32.0.1 192.167.1.1 100.63.0.1 2606:4700::1111 2001:4860:4860::8888 2a00:1450:4001::1'.split(
    ' ',
  )) {
    assert.ok(!isPrivateAddress(address), address);
  }
});

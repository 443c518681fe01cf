import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countedAddress } from './address.ts';
import { isInRanges, readAddressRange } from './address-range.ts';

test('an IPv4 address counts by itself, also mapped into IPv6, behind NAT64 and 6to4', () => {
  for (const spelling of [
    '203.0.113.7',
    '::ffff:203.0.113.7',
    '::FFFF:cb00:7107',
    '0:0:0:0:0:ffff:cb00:7107',
    '64:ff9b::203.0.113.7',
    '2002:cb00:7107::1',
  ]) {
    assert.equal(countedAddress(spelling), '203.0.113.7', spelling);
  }
});

test('an IPv6 address counts by its /64, in any spelling (RFC 4291 §2.2), without its zone', () => {
  for (const spelling of [
    '2001:db8:0:1::1',
    '2001:DB8::1:0:0:0:2',
    '2001:0db8:0000:0001:ffff:ffff:ffff:ffff',
    '2001:db8:0:1:0:0:192.0.2.1',
  ]) {
    assert.equal(countedAddress(spelling), countedAddress('2001:db8:0:1::'), spelling);
  }
  assert.equal(countedAddress('fe80::1%eth0'), countedAddress('fe80::2%eth1'));
  assert.notEqual(countedAddress('2001:db8:0:1::'), countedAddress('2001:db8:0:2::'));
  assert.equal(countedAddress('::'), countedAddress('::1'));
});

test('what cannot be read, and what is missing, counts as one', () => {
  const unread = [
    '',
    'unknown',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    ':::',
    '1::2::3',
    ':1:2:3:4:5:6:7:8',
  ];
  const more = [
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '[::1]',
    '::1'.padEnd(5_000, '0'),
  ];
  for (const text of [...unread, ...more]) assert.equal(countedAddress(text), countedAddress(undefined), text);
  assert.notEqual(countedAddress('0.0.0.0'), countedAddress(undefined));
});

test('ranges hold what begins alike, and single addresses themselves alone', () => {
  const ranges = ['192.0.2.0/25', '2001:db8::/33', '10.1.2.3', '::ffff:198.51.100.0/120'].map((text) => {
    const range = readAddressRange(text);
    assert.ok(range !== undefined, text);
    return range;
  });
  const inside = ['192.0.2.127', '::ffff:192.0.2.1', '2001:db8:7fff::1', '10.1.2.3', '198.51.100.9'];
  const outside = ['192.0.2.128', '2001:db8:8000::1', '10.1.2.4', '198.51.101.0', '2002:c000:0201::1', 'unknown', ''];
  for (const address of inside) assert.ok(isInRanges(address, ranges), address);
  for (const address of outside) assert.ok(!isInRanges(address, ranges), address);
  for (const text of ['', '192.0.2.0/33', '192.0.2.0/', '192.0.2.0/8/8', '2001:db8::/129', 'host', '::/x', 'fe80::1%eth0']) {
    assert.equal(readAddressRange(text), undefined, text);
  }
  const everybody = [readAddressRange('0.0.0.0/0')].filter((range) => range !== undefined);
  assert.ok(isInRanges('203.0.113.7', everybody));
  assert.ok(!isInRanges('2001:db8::1', everybody));
});

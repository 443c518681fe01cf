import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerPlaces } from './header.ts';
import { networkPlaces } from './networks.ts';
import { readPlace } from './place-source.ts';

const seen = (address: string, headers: Record<string, string> = {}, isProxied = true): Parameters<ReturnType<typeof headerPlaces>>[0] => ({
  address,
  headers,
  isProxied,
});

test('a header says a place where a trusted proxy wrote it, and nothing where anybody else did', () => {
  const places = headerPlaces('cf-ipcountry');
  assert.equal(places(seen('192.0.2.1', { 'cf-ipcountry': 'CH' })), 'CH');
  assert.equal(places(seen('192.0.2.1', { 'cf-ipcountry': 'CH' }, false)), undefined);
  for (const unknown of ['XX', '', '<b>', 'a'.repeat(65)]) assert.equal(places(seen('192.0.2.1', { 'cf-ipcountry': unknown })), undefined);
});

test('a file of networks says the place of the narrowest one that an address is in, of both families', () => {
  const places = networkPlaces(
    'network,place\n203.0.113.0/24,Zürich\n"203.0.113.128/25","Bern"\r\n2001:db8::/32,Tokyo\n2001:db8:1::/48,"Osaka"\n# no line\n0.0.0.0/0,Somewhere\n::1,Here',
  );
  assert.deepEqual(
    ['203.0.113.5', '203.0.113.200', '198.51.100.1', '2001:db8::1', '2001:0db8:0001::5', '2001:db9::1', '::1', 'nothing'].map((address) =>
      places(seen(address)),
    ),
    ['Zürich', 'Bern', 'Somewhere', 'Tokyo', 'Osaka', undefined, 'Here', undefined],
  );
});

test('a place is a short name, and no markup', () => {
  assert.deepEqual([' São Paulo ', '上海', "Côte d'Ivoire", 'x\u202ey', 'a\nb', '-', 'https://evil.example'].map(readPlace), [
    'São Paulo',
    '上海',
    "Côte d'Ivoire",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

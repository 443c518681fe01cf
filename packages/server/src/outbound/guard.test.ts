import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import { findAddressFault, guard } from './guard.ts';

test('https on its own port, or on one that web servers have (RFC 6335 §6, attacks SSR-05, SSR-06)', () => {
  for (const url of ['https://rp.example/jwks', 'https://rp.example:8443/', 'https://rp.example:443/', 'https://1.1.1.1:10443/'])
    assert.doesNotThrow(() => guard(url, []), url);
  for (const port of [21, 22, 23, 25, 80, 110, 445, 636, 1023, 1433, 2375, 2379, 3306, 5432, 6379, 6443, 9200, 10_250, 11_211, 27_017]) {
    for (const host of ['rp.example', '1.1.1.1', '[2606:4700::1111]'])
      assert.throws(() => guard(`https://${host}:${port}/`, []), { name: 'OutboundRefused', message: `port ${port}` });
  }
  for (const url of [
    'http://rp.example/',
    'ftp://rp.example/',
    'unix:/run/x',
    'javascript:1',
    'ws://rp.example/',
    'file:///etc/passwd',
    'data:,x',
  ])
    assert.throws(() => guard(url, []), { name: 'OutboundRefused', message: `scheme ${url.slice(0, url.indexOf(':') + 1)}` });
});

test('an exempt host may have any port, and plain http (product 2.2)', () => {
  const allow = [{ kind: 'host', host: 'inside.example' }] as const;
  assert.equal(guard('http://inside.example:22/x', allow).url.href, 'http://inside.example:22/x');
  for (const url of ['http://inside.example.evil.example/', 'http://xinside.example/', 'http://inside.example./'])
    assert.throws(() => guard(url, allow), { name: 'OutboundRefused' }, url);
});

test('what is vetted is what is called: one reading of the address (attacks SSR-12)', () => {
  for (const url of ['https://public.example\\@127.0.0.1/', 'https://public.example#@127.0.0.1/', 'https://public.example?@127.0.0.1/'])
    assert.equal(guard(url, []).url.hostname, 'public.example', url);
  for (const url of ['https://127.0.0.1\\@public.example/', 'https://127.0.0.1#@public.example/', 'https://127.0.0.1?.public.example/'])
    assert.throws(() => guard(url, []), { message: 'a private address' }, url);
  for (const url of ['https://public.example:443@127.0.0.1/', 'https://public.example@public.example/', 'https://:x@public.example/'])
    assert.throws(() => guard(url, []), { message: 'a URL with credentials' }, url);
});

test('one private address among those of a name is enough to refuse it (attacks SSR-01)', () => {
  const addresses = (...all: readonly string[]): readonly { readonly address: string }[] => all.map((address) => ({ address }));
  const faultOf = (...rest: Parameters<typeof findAddressFault>): string | undefined => findAddressFault(...rest)?.message;
  const privately = 'a name with a private address';
  assert.equal(faultOf(addresses('1.1.1.1', '2606:4700::1111'), false, []), undefined);
  assert.equal(faultOf(addresses('1.1.1.1', '10.0.0.1'), false, []), privately);
  assert.equal(faultOf(addresses('::1', '1.1.1.1'), false, []), privately);
  assert.equal(faultOf([], false, []), 'a name without an address');
  assert.equal(faultOf(addresses('10.0.0.1'), true, []), undefined, 'the name is exempt');
  const inside = [{ kind: 'network', network: { address: '10.0.0.0', prefixLength: 8, family: 'ipv4' } }] as const;
  assert.equal(faultOf(addresses('10.0.0.1', '1.1.1.1'), false, inside), undefined);
  assert.equal(faultOf(addresses('10.0.0.1', '192.168.0.1'), false, inside), privately);
});

test('a name that leads inside is not called at all (attacks SSR-01)', async () => {
  const { lookup } = guard('https://localhost.example/', []);
  const looked = await new Promise<[unknown, string | LookupAddress[]]>((resolve) =>
    lookup('localhost', { all: true }, (error, address) => resolve([error, address])),
  );
  assert.match(String(looked[0]), /OutboundRefused: a name with a private address/);
  assert.equal(looked[1], '');
});

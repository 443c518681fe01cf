import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { clientKeyPair } from '../testing/client-assertions.ts';
import { type JwksHost, openJwksHost } from '../testing/jwks-host.ts';
import { openWorld, START, type World } from '../testing/world.ts';
import { remoteKeys } from './remote-keys.ts';

const YAML = 'policies: { outbound: { allow_hosts: [127.0.0.1] } }';
const one = await clientKeyPair('one');
const two = await clientKeyPair('two');

async function withHost(act: (host: JwksHost, world: World) => Promise<void>): Promise<void> {
  const host = await openJwksHost([one.jwk]);
  const world = await openWorld({ yaml: YAML });
  try {
    await act(host, world);
  } finally {
    host.close();
    await world.close();
  }
}

async function kidsAt(world: World, host: JwksHost, now: number, want: 'any' | 'newer' = 'any'): Promise<readonly (string | undefined)[]> {
  return (await remoteKeys(world.ctx, `${host.url}/jwks`, want, now)).keys.map(({ kid }) => kid);
}

test('a copy serves for its time, and then there is a new one (attacks TOK-14)', async () => {
  await withHost(async (host, world) => {
    assert.deepEqual(await kidsAt(world, host, START), ['one']);
    host.keys = [two.jwk];
    assert.deepEqual(await kidsAt(world, host, START + 299), ['one'], 'five minutes where nothing is said');
    host.cacheControl = 'max-age=1000';
    assert.deepEqual(await kidsAt(world, host, START + 300), ['two']);
    host.keys = [];
    assert.deepEqual(await kidsAt(world, host, START + 1_299), ['two']);
    assert.deepEqual(await kidsAt(world, host, START + 1_300), [], 'a key that was removed is gone');
    assert.equal(host.asked.length, 3);
  });
});

test('a kid that we do not have makes us look at once, and once in ten seconds (OpenID Connect Core §10.1.1)', async () => {
  await withHost(async (host, world) => {
    await kidsAt(world, host, START);
    host.keys = [one.jwk, two.jwk];
    assert.deepEqual(await kidsAt(world, host, START, 'newer'), ['one', 'two']);
    for (let i = 0; i < 10; i++) await kidsAt(world, host, START + i, 'newer');
    assert.equal(host.asked.length, 2);
    await kidsAt(world, host, START + 10, 'newer');
    assert.equal(host.asked.length, 3);
  });
});

test('one fetch at a time for each URL, however many wait for it', async () => {
  await withHost(async (host, world) => {
    const held = Promise.withResolvers<void>();
    host.held = held.promise;
    const waiting = Array.from({ length: 50 }, (_, i) => kidsAt(world, host, START, i % 2 === 0 ? 'any' : 'newer'));
    await until(() => host.asked.length > 0);
    held.resolve();
    for (const kids of await Promise.all(waiting)) assert.deepEqual(kids, ['one']);
    assert.equal(host.asked.length, 1);
    await remoteKeys(world.ctx, `${host.url}/other`, 'any', START);
    assert.equal(host.asked.length, 2, 'another URL has keys of its own');
  });
});

test('while its URL is down the old copy serves, for a day; it is tried every ten seconds', async () => {
  await withHost(async (host, world) => {
    await kidsAt(world, host, START);
    host.status = 503;
    for (let i = 0; i < 20; i++) assert.deepEqual(await kidsAt(world, host, START + 300 + i), ['one']);
    assert.equal(host.asked.length, 3);
    assert.deepEqual(await kidsAt(world, host, START + 300 + 86_399), ['one']);
    const gone = await remoteKeys(world.ctx, `${host.url}/jwks`, 'any', START + 300 + 86_400);
    assert.deepEqual(gone, { keys: [], fault: 'its host answered 503', asked: false });
    host.status = 200;
    host.keys = [two.jwk];
    assert.deepEqual(await kidsAt(world, host, START + 300 + 86_410), ['two']);
    assert.equal((await remoteKeys(world.ctx, `${host.url}/jwks`, 'any', START + 300 + 86_411)).fault, undefined);
  });
});

test('what is served is no JWK Set, is too large, or holds a private key: nothing of it is taken (attacks JWT-27, SSR-09)', async () => {
  await withHost(async (host, world) => {
    const cases: readonly (readonly [string, string])[] = [
      ['<html>', 'it is no JSON'],
      ['[]', 'it is no JWK Set'],
      [JSON.stringify({ keys: [one.jwk, { kty: 'oct', k: 'AQ' }] }), 'it holds a private or symmetric key'],
      [JSON.stringify({ keys: [{ ...one.jwk, d: 'AQ' }] }), 'it holds a private or symmetric key'],
      [JSON.stringify({ keys: Array.from({ length: 21 }, () => one.jwk) }), 'it has more than 20 keys'],
      [' '.repeat(65_537), 'more than 65536 bytes'],
    ];
    for (const [i, [text, fault]] of cases.entries()) {
      host.text = text;
      assert.deepEqual(await remoteKeys(world.ctx, `${host.url}/${i}`, 'any', START), { keys: [], fault, asked: true });
    }
    assert.ok(world.events('outbound.refused').every((line) => line['purpose'] === 'jwks_uri'));
    assert.doesNotMatch(world.lines.join('\n'), /<html>|"keys"/, 'a stranger’s body is not in our log (attacks SSR-07)');
  });
});

test('a URL that leads inside is not asked (attacks SSR-01)', async () => {
  const host = await openJwksHost([one.jwk]);
  const world = await openWorld({ yaml: '' });
  after(() => world.close());
  after(() => host.close());
  for (const url of [
    host.url.replace('http:', 'https:'),
    host.url,
    'https://localhost:8443/',
    'https://169.254.169.254/',
    'https://[::1]/',
  ])
    assert.deepEqual((await remoteKeys(world.ctx, url, 'any', START)).keys, [], url);
  assert.deepEqual(host.asked, []);
});

test('a thousand URLs are kept, those that were used last', async () => {
  await withHost(async (host, world) => {
    const keep = (path: string): Promise<unknown> => remoteKeys(world.ctx, `${host.url}/${path}`, 'any', START);
    await keep('first');
    await keep('second');
    for (let i = 0; i < 998; i++) await keep(`${i}`);
    await keep('first');
    await keep('one too many');
    const before = host.asked.length;
    await keep('first');
    assert.equal(host.asked.length, before);
    await keep('second');
    assert.equal(host.asked.length, before + 1);
  });
});

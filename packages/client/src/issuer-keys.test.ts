import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysOf } from './issuer-keys.ts';
import { isFault } from './testing/fault.ts';
import { json, newIssuerKey, openIssuer } from './testing/issuer.ts';

test('a thousand misses at once are one fetch, and an unknown kid asks every five seconds at most (RFC 7517 §5, attacks SDK-06)', async () => {
  const world = await openIssuer();
  const keys = keysOf(world.client());
  await Promise.all(Array.from({ length: 1_000 }, () => keys.find('ES256', 'k1')));
  assert.equal(world.fetched.get('/jwks'), 1);
  for (let i = 0; i < 100; i++) assert.equal(await keys.find('ES256', `x${i}`), undefined);
  assert.equal(world.fetched.get('/jwks'), 1);
  world.nowMs += 5_000;
  for (let i = 0; i < 100; i++) assert.equal(await keys.find('ES256', `x${i}`), undefined);
  assert.equal(world.fetched.get('/jwks'), 2);
});

test('a key that the issuer has begun to sign with is found, and one that it has withdrawn is not (OpenID Connect Core §10.1.1)', async () => {
  const world = await openIssuer();
  const keys = keysOf(world.client());
  assert.ok(await keys.find('ES256', 'k1'));
  world.keys.splice(0, 1, await newIssuerKey('k2'));
  world.nowMs += 5_000;
  assert.ok(await keys.find('ES256', 'k2'));
  assert.equal(await keys.find('ES256', 'k1'), undefined);
});

test('keys that are known serve while the issuer is away; others cannot be told (RFC 7517 §5, attacks SDK-06)', async () => {
  const world = await openIssuer();
  const keys = keysOf(world.client());
  assert.ok(await keys.find('ES256', 'k1'));
  world.answers.set('/jwks', () => Promise.reject(new TypeError('away')));
  world.nowMs += 600_000;
  assert.ok(await keys.find('ES256', 'k1'));
  await assert.rejects(keys.find('ES256', 'k2'), isFault('unreachable', 'network'));
  world.answers.set('/jwks', () => json(200, { keys: 'none' }));
  world.nowMs += 5_000;
  await assert.rejects(keys.find('ES256', 'k2'), isFault('malformed', 'malformed'));
});

test('after a failure it is asked again every second, for whoever waits (RFC 7517 §5, attacks SDK-06)', async () => {
  const world = await openIssuer();
  const keys = keysOf(world.client());
  world.answers.set('/jwks', () => json(503, {}));
  for (let i = 0; i < 100; i++) await assert.rejects(keys.find('ES256', 'k1'), isFault('unavailable', 'status_503'));
  assert.equal(world.fetched.get('/jwks'), 1);
  world.answers.delete('/jwks');
  world.nowMs += 1_000;
  assert.ok(await keys.find('ES256', 'k1'));
  assert.equal(world.fetched.get('/jwks'), 2);
});

test('a key serves for its own algorithm, curve and use alone (RFC 7517 §4, RFC 8725 §3.1)', async () => {
  const world = await openIssuer();
  const keys = keysOf(world.client());
  const [key] = world.keys;
  assert.ok(key);
  for (const alg of ['ES384', 'RS256', 'EdDSA', 'HS256', 'none', 'ES256K']) assert.equal(await keys.find(alg, 'k1'), undefined, alg);
  for (const change of [{ use: 'enc' }, { alg: 'ES384' }, { kty: 'oct', k: 'AAAA' }, { crv: 'P-384' }, { x: 'AAAA' }]) {
    world.keys.splice(0, 1, { ...key, jwk: { ...key.jwk, ...change } });
    world.nowMs += 300_000;
    assert.equal(await keys.find('ES256', 'k1'), undefined, JSON.stringify(change));
  }
});

test('an RSA key of less than 2048 bits verifies nothing (RFC 7518 §3.3)', async () => {
  const world = await openIssuer();
  const pair = await crypto.subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 1_024, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  );
  const jwk = { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: 'weak' };
  world.keys.push({ alg: 'RS256', jwk, privateKey: pair.privateKey });
  assert.equal(await keysOf(world.client()).find('RS256', 'weak'), undefined);
});

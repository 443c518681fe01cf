import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readKeySet } from './key-set.ts';
import { makeKey } from './testing/issuer.ts';

const es = makeKey('ES256', 'es');
const rs = makeKey('RS256', 'rs');
const none = new Map();

function kidsOf(keys: readonly unknown[]): readonly string[] | undefined {
  const set = readKeySet({ keys }, none);
  return set === undefined ? undefined : [...set.keys()];
}

test('what is no JWK Set is refused as a whole (RFC 7517 §5)', () => {
  const many = Array.from({ length: 101 }, (_, at) => ({ ...es.jwk, kid: `k${at}` }));
  for (const document of [undefined, null, 'keys', [], {}, { keys: null }, { keys: { 0: es.jwk } }, { keys: many }]) {
    assert.equal(readKeySet(document, none), undefined);
  }
  assert.deepEqual(kidsOf([]), []);
});

test('keys that verify no access token are passed over, and the others stay (RFC 7517 §5)', () => {
  const useless = [
    { ...es.jwk, kid: '' },
    { ...es.jwk, kid: 7 },
    { ...es.jwk, kid: 'k'.repeat(256) },
    { ...es.jwk, use: 'enc' },
    { ...es.jwk, use: 7 },
    { ...es.jwk, key_ops: ['sign'] },
    { ...es.jwk, key_ops: 'verify' },
    { ...es.jwk, alg: 7 },
    { ...es.jwk, kty: 'XX' },
    { ...es.jwk, kty: ['EC'] },
    { ...es.jwk, x: es.jwk['y'] },
    { ...es.jwk, crv: 'P-999' },
    { ...es.jwk, y: undefined },
    null,
    'key',
    [],
  ];
  for (const key of useless) assert.deepEqual(kidsOf([key, rs.jwk]), ['rs'], JSON.stringify(key));
  assert.deepEqual(kidsOf([{ ...es.jwk, use: undefined, key_ops: ['sign', 'verify'] }]), ['es']);
});

test('a private or symmetric key is not used: who publishes it, publishes it to forgers too (RFC 7517 §9.3)', () => {
  const secret = { ...es.privateKey.export({ format: 'jwk' }), kid: 'secret' };
  assert.deepEqual(kidsOf([secret, { kty: 'oct', k: 'AAAA', kid: 'shared', alg: 'HS256' }, rs.jwk]), ['rs']);
});

test('a kid that names two keys names none, in any order and number (RFC 7517 §4.5)', () => {
  const twin = { ...rs.jwk, kid: 'es' };
  assert.deepEqual(kidsOf([es.jwk, twin, rs.jwk]), ['rs']);
  assert.deepEqual(kidsOf([twin, es.jwk, rs.jwk]), ['rs']);
  assert.deepEqual(kidsOf([es.jwk, twin, es.jwk, rs.jwk]), ['rs']);
  assert.deepEqual(kidsOf([{ ...twin, use: 'enc' }, es.jwk, rs.jwk]), ['rs']);
});

test('a key that stayed is the same object; one that changed under its kid is another', () => {
  const first = readKeySet({ keys: [es.jwk, rs.jwk] }, none);
  assert.ok(first);
  const reordered = Object.fromEntries(Object.entries(es.jwk).toReversed());
  const second = readKeySet({ keys: [rs.jwk, reordered] }, first);
  assert.equal(second?.get('es'), first.get('es'));
  assert.equal(second?.get('rs'), first.get('rs'));
  const third = readKeySet({ keys: [{ ...makeKey('ES256', 'es').jwk }, { ...rs.jwk, alg: 'PS256' }] }, first);
  assert.notEqual(third?.get('es'), first.get('es'));
  assert.notEqual(third?.get('rs'), first.get('rs'));
});

test('one key may have no kid, and two may not (RFC 7517 §4.5)', () => {
  const { kid: _, ...nameless } = es.jwk;
  assert.deepEqual(kidsOf([nameless, rs.jwk]), ['', 'rs']);
  const { kid: __, ...other } = rs.jwk;
  assert.deepEqual(kidsOf([nameless, rs.jwk, other]), ['rs']);
});

import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { secretOf } from '../testing/passport-world.ts';
import { type PassportKey, passportRing, sharedKey } from './ring.ts';

function kidOf({ head }: PassportKey): string {
  const header: { readonly kid?: string } = JSON.parse(Buffer.from(head.slice(0, -1), 'base64url').toString());
  return header.kid ?? '';
}

test('gateways that know one secret have one key, and what one signs the published half verifies', () => {
  const [one, other] = [passportRing([secretOf(1)], 0), passportRing([secretOf(1)], 0)];
  assert.deepEqual(one.jwks, other.jwks);
  const [jwk] = one.jwks.keys;
  assert.ok(jwk !== undefined);
  assert.deepEqual(Object.keys(jwk).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'], 'nothing private');
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
  for (const ring of [one, other]) {
    const signature = Buffer.from(ring.signer(5).sign('text'), 'base64url');
    assert.ok(verify('sha256', Buffer.from('text'), key, signature));
  }
  assert.notDeepEqual(passportRing([secretOf(2)], 0).jwks, one.jwks);
});

test('a new key is published for as long as services keep a set, and then signs; the one before stays published (RFC 7517 §5)', () => {
  const ring = passportRing([secretOf(2), secretOf(1), secretOf(3)], 1_000);
  const [newest, before] = ring.jwks.keys.map(({ kid }) => kid);
  assert.equal(ring.jwks.keys.length, 3);
  assert.equal(kidOf(ring.signer(1_000)), before);
  assert.equal(kidOf(ring.signer(1_299)), before);
  assert.equal(kidOf(ring.signer(1_300)), newest);
  assert.equal(kidOf(passportRing([secretOf(2)], 1_000).signer(1_000)), newest, 'where there is no other one, at once');
});

test('a secret that is short, that is there twice, or that is not there is refused', () => {
  const wrong: readonly (readonly Uint8Array[])[] = [
    [],
    [new Uint8Array(31)],
    [secretOf(1), secretOf(1)],
    Array.from({ length: 9 }, (_, at) => secretOf(at)),
  ];
  for (const secrets of wrong) assert.throws(() => passportRing(secrets, 0), TypeError);
  assert.throws(() => sharedKey(new Uint8Array(31), () => ''), TypeError);
});

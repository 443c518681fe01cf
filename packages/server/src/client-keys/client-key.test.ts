import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { PublicJwk } from '@hufu/protocol/client-jwks';
import { importKeys, selectEncryptionKey, selectVerificationKeys } from './client-key.ts';

function jwk(type: string, options: object, part: object = {}): PublicJwk {
  const generate: (type: string, options: object) => { publicKey: import('node:crypto').KeyObject } = Object(generateKeyPairSync);
  return Object({ ...generate(type, options).publicKey.export({ format: 'jwk' }), ...part });
}
const ec = (namedCurve: string, part: object = {}): PublicJwk => jwk('ec', { namedCurve }, part);
const RSA = jwk('rsa', { modulusLength: 2048 });
const kids = (keys: readonly { readonly kid: string | undefined }[]): readonly (string | undefined)[] => keys.map(({ kid }) => kid);

test('a point that is not on its curve is no key; the others are (RFC 7518 §6.2.1)', () => {
  const good = ec('P-256', { kid: 'good' });
  const off = { ...good, kid: 'off', y: good.x ?? '' };
  assert.deepEqual(kids(importKeys({ keys: [off, good, { kty: 'EC', kid: 'bare' }] })), ['good']);
});

test('a key fits an algorithm by its kind, its curve, and what its owner says of it (RFC 7517 §4.2, §4.4, RFC 7518 §3.3–3.5, RFC 8037 §3.1)', () => {
  const keys = importKeys({
    keys: [
      { ...RSA, kid: 'rsa' },
      { ...RSA, kid: 'ps', alg: 'PS256' },
      { ...RSA, kid: 'enc', use: 'enc' },
      ec('P-256', { kid: 'p256', use: 'sig' }),
      ec('P-384', { kid: 'p384' }),
      ec('P-521', { kid: 'p521' }),
      jwk('ed25519', {}, { kid: 'ed' }),
      jwk('x25519', {}, { kid: 'x' }),
    ],
  });
  const fitting = (alg: string): readonly (string | undefined)[] => kids(selectVerificationKeys(keys, undefined, alg));
  assert.deepEqual(
    ['RS256', 'RS512', 'PS256', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA', 'ML-DSA-44', 'HS256', 'none', 'constructor'].map(fitting),
    [['rsa'], ['rsa'], ['rsa', 'ps'], ['rsa'], ['p256'], ['p384'], ['p521'], ['ed'], [], [], [], []],
  );
  assert.deepEqual(kids(selectVerificationKeys(keys, 'p256', 'ES256')), ['p256']);
  for (const kid of ['p384', 'enc', 'nobody', '']) assert.deepEqual(selectVerificationKeys(keys, kid, 'ES256'), [], kid);
  assert.deepEqual(selectVerificationKeys(keys, 'enc', 'RS256'), [], 'a key for encryption verifies nothing');
});

test('an ML-DSA key fits the algorithm that it names (RFC 9964)', () => {
  const keys = importKeys({ keys: [ec('P-256')] }).map((key) => ({ ...key, kty: 'AKP', crv: undefined, alg: 'ML-DSA-65' }));
  assert.equal(selectVerificationKeys(keys, undefined, 'ML-DSA-65').length, 1);
  assert.equal(selectVerificationKeys(keys, undefined, 'ML-DSA-44').length, 0);
});

test('a kid that two keys have names none; without a kid five are tried at most (attacks JWT-28)', () => {
  const two = importKeys({ keys: [ec('P-256', { kid: 'a' }), ec('P-256', { kid: 'a' }), ec('P-384', { kid: 'a' })] });
  assert.deepEqual(selectVerificationKeys(two, 'a', 'ES256'), []);
  assert.equal(selectVerificationKeys(two, 'a', 'ES384').length, 1, 'which of them is meant is plain');
  const many = importKeys({ keys: Array.from({ length: 8 }, (_, at) => ec('P-256', { kid: `k${at}` })) });
  assert.deepEqual(kids(selectVerificationKeys(many, undefined, 'ES256')), ['k0', 'k1', 'k2', 'k3', 'k4']);
});

test('what is encrypted goes to a key that is for that, and never to one for signatures (RFC 7517 §4.2, RFC 7518 §4.6, RFC 8037 §3.2)', () => {
  const keys = importKeys({
    keys: [
      { ...RSA, kid: 'sig', use: 'sig' },
      { ...RSA, kid: 'any' },
      { ...RSA, kid: 'other', use: 'enc', alg: 'RSA-OAEP' },
      { ...RSA, kid: 'enc', use: 'enc' },
      ec('P-384', { kid: 'ec' }),
      ec('P-256', { kid: 'ecdh', alg: 'ECDH-ES+A256KW' }),
      jwk('ed25519', {}, { kid: 'ed', use: 'enc' }),
    ],
  });
  const chosen = (alg: string): string | undefined => selectEncryptionKey(keys, alg)?.kid;
  assert.deepEqual(['RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'].map(chosen), ['other', 'enc', 'ec', 'ecdh']);
  assert.equal(selectEncryptionKey(importKeys({ keys: [jwk('x25519', {}, { kid: 'x' })] }), 'ECDH-ES')?.kid, 'x');
  assert.equal(selectEncryptionKey(importKeys({ keys: [jwk('ed25519', {}), { ...RSA, use: 'sig' }] }), 'ECDH-ES'), undefined);
  assert.equal(selectEncryptionKey(importKeys({ keys: [{ ...RSA, use: 'sig' }] }), 'RSA-OAEP'), undefined);
  assert.equal(selectEncryptionKey([], 'RSA-OAEP'), undefined);
});

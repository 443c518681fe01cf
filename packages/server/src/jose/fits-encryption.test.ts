import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { ASYMMETRIC_ENCRYPTION_ALGS, SYMMETRIC_ENCRYPTION_ALGS } from '@hufu/protocol/jose-algorithms';
import { fitsEncryption } from './fits-encryption.ts';

test('a key serves the algorithms of its kind and no others (RFC 7518 §4.3, §4.6, RFC 8037 §3.2, RFC 8725 §3.1)', () => {
  const keys = {
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
    weak: generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
    p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
    p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
    p521: generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey,
    k256: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
    x25519: generateKeyPairSync('x25519').publicKey,
    ed25519: generateKeyPairSync('ed25519').publicKey,
  };
  for (const alg of [...ASYMMETRIC_ENCRYPTION_ALGS, ...SYMMETRIC_ENCRYPTION_ALGS, 'RSA1_5', '']) {
    const fitting = Object.entries(keys).filter(([, key]) => fitsEncryption(alg, key));
    const expected = alg.startsWith('RSA-OAEP') ? ['rsa'] : alg.startsWith('ECDH-ES') ? ['p256', 'p384', 'p521', 'x25519'] : [];
    assert.deepEqual(
      fitting.map(([name]) => name),
      expected,
      alg,
    );
  }
});

import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { ALGORITHMS } from './algorithms.ts';
import { makeKey } from './testing/issuer.ts';

test('each algorithm fits its own kind of key and no other (RFC 7518 §3.1, RFC 8037 §3.1)', () => {
  const keys = ['ES256', 'ES384', 'RS256', 'EdDSA'].map((alg) => makeKey(alg, alg));
  const fitting = Object.fromEntries(
    [...ALGORITHMS].map(([alg, scheme]) => [alg, keys.filter(({ publicKey }) => scheme.fits(publicKey)).map((key) => key.alg)]),
  );
  assert.deepEqual(fitting, { ES256: ['ES256'], RS256: ['RS256'], PS256: ['RS256'], EdDSA: ['EdDSA'] });
});

test('an RSA key below 2048 bits, or with the exponent 1, fits nothing (RFC 7518 §3.3)', () => {
  const weak = makeKey('RS256', 'weak', 1024).publicKey;
  const { n } = makeKey('RS256', 'strong').publicKey.export({ format: 'jwk' });
  const one = createPublicKey({ key: { kty: 'RSA', n: String(n), e: 'AQ' }, format: 'jwk' });
  for (const scheme of [ALGORITHMS.get('RS256'), ALGORITHMS.get('PS256')]) {
    assert.equal(scheme?.fits(weak), false);
    assert.equal(scheme?.fits(one), false);
  }
});

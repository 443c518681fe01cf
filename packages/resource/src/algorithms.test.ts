import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { ALGORITHMS } from './algorithms.ts';
import { makeKey } from './testing/issuer.ts';

test('each algorithm fits its own kind of key and no other (RFC 7518 §3.3, §3.4, §3.5, RFC 8037 §3.1, RFC 9864 §2.2, RFC 9964)', () => {
  const mlDsa = [...ALGORITHMS.keys()].filter((alg) => alg.startsWith('ML-DSA'));
  const kinds = ['ES256', 'ES384', 'ES512', 'RS256', 'EdDSA', ...mlDsa].map((alg) => makeKey(alg, alg));
  const fitting = Object.fromEntries(
    [...ALGORITHMS].map(([alg, scheme]) => [alg, kinds.filter(({ publicKey }) => scheme.fits(publicKey)).map((key) => key.alg)]),
  );
  const own = ['ES256', 'ES384', 'ES512', 'EdDSA', ...mlDsa].map((alg) => [alg, [alg]]);
  const samePair = ['Ed25519', ['EdDSA']];
  const ofRsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => [alg, ['RS256']]);
  assert.deepEqual(fitting, Object.fromEntries([...own, samePair, ...ofRsa]));
});

test('a signature of any length and content is refused, and never throws (RFC 8725 §3.1)', () => {
  for (const [alg, scheme] of ALGORITHMS) {
    const { publicKey } = makeKey(alg, alg);
    for (const length of [0, 1, 63, 64, 65, 96, 131, 132, 133, 255, 256, 257, 2420, 3309, 4627, 5000]) {
      for (const fill of [0, 1, 0x30, 0xff])
        assert.equal(scheme.verify('a.b', Buffer.alloc(length, fill), publicKey), false, `${alg} ${length}`);
    }
  }
});

test('an RSA key below 2048 bits, or with the exponent 1, fits nothing (RFC 7518 §3.3)', () => {
  const weak = makeKey('RS256', 'weak', 1024).publicKey;
  const { n } = makeKey('RS256', 'strong').publicKey.export({ format: 'jwk' });
  const one = createPublicKey({ key: { kty: 'RSA', n: String(n), e: 'AQ' }, format: 'jwk' });
  for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) {
    const scheme = ALGORITHMS.get(alg);
    assert.equal(scheme?.fits(weak), false);
    assert.equal(scheme?.fits(one), false);
  }
});

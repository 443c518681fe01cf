import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJwt } from '@hufu/protocol/jwt';
import type { KeyRecord } from '@hufu/store/port';
import { publicJwk, signingAlgorithms } from './algorithms.ts';
import { type Signer, signer, thumbprint } from './signer.ts';

async function newSigner(alg: string): Promise<Signer> {
  const algorithm = signingAlgorithms.get(alg);
  assert.ok(algorithm);
  const key = await algorithm.generate();
  const jwk = JSON.stringify(publicJwk(key));
  const record: KeyRecord = {
    id: 1,
    use: 'sig',
    alg,
    publicJwk: jwk,
    sealedPrivate: new Uint8Array(),
    createdAt: 0,
    activeAt: 0,
    retiredAt: 0,
    expiresAt: 0,
  };
  return signer(record, algorithm, key, thumbprint(jwk));
}

test('the thumbprint of the RFC is ours, whatever the order of the members (RFC 7638 §3, §3.1)', () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
  const expected = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';
  assert.equal(thumbprint(JSON.stringify({ kty: 'RSA', n, e: 'AQAB' })), expected);
  assert.equal(thumbprint(JSON.stringify({ e: 'AQAB', kty: 'RSA', n })), expected);
});

for (const alg of signingAlgorithms.keys()) {
  const key = await newSigner(alg);

  test(`${alg}: the public JWK that is kept holds exactly what the thumbprint needs (RFC 7638 §3.2, RFC 8037 §2, RFC 9964)`, () => {
    const required: Record<string, string[]> = {
      EC: ['crv', 'kty', 'x', 'y'],
      RSA: ['e', 'kty', 'n'],
      OKP: ['crv', 'kty', 'x'],
      AKP: ['alg', 'kty', 'pub'],
    };
    const jwk: Record<string, unknown> = JSON.parse(key.record.publicJwk);
    assert.deepEqual(Object.keys(jwk).toSorted(), required[String(jwk['kty'])]);
  });

  test(`${alg}: a compact JWS with typ, alg and kid, that verifies (RFC 7515 §7.1, RFC 7519 §5.1, RFC 8725 §3.11, RFC 9068 §2.1, OpenID Connect Back-Channel Logout §2.4)`, () => {
    for (const typ of ['JWT', 'at+jwt', 'logout+jwt'] as const) {
      const jwt = readJwt(key.sign(typ, { sub: 'ä' }));
      assert.ok(jwt);
      assert.deepEqual(jwt.header, { alg, typ, kid: key.kid });
      assert.deepEqual(jwt.payload, { sub: 'ä' });
      assert.equal(key.verify(jwt.signingInput, jwt.signature), true);
      assert.equal(key.verify(`${jwt.signingInput}A`, jwt.signature), false);
    }
  });
}

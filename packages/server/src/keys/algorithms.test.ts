import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { exportPrivate, importPrivate, publicJwk, signingAlgorithms } from './algorithms.ts';

for (const [alg, algorithm] of signingAlgorithms) {
  const key = await algorithm.generate();

  test(`${alg}: what was signed verifies, and nothing else does (RFC 7518 §3.1, RFC 8037 §3.1)`, async () => {
    const other = await algorithm.generate();
    const signature = Buffer.from(algorithm.sign('a.b', key), 'base64url');
    const publicKey = createPublicKey(key);
    assert.equal(algorithm.verify('a.b', signature, publicKey), true);
    assert.equal(algorithm.verify('a.c', signature, publicKey), false);
    assert.equal(algorithm.verify('a.b', signature, createPublicKey(other)), false);
    assert.equal(algorithm.verify('a.b', signature.subarray(1), publicKey), false);
    assert.equal(algorithm.verify('a.b', new Uint8Array(0), publicKey), false);
    const [first = 0] = signature;
    assert.equal(algorithm.verify('a.b', Buffer.concat([Buffer.of(first ^ 1), signature.subarray(1)]), publicKey), false);
  });

  test(`${alg}: the public JWK holds nothing private and says which key it is (RFC 7517 §4)`, () => {
    const jwk = publicJwk(key);
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) assert.equal(member in jwk, false, member);
    assert.equal(createPublicKey({ key: { ...jwk }, format: 'jwk' }).equals(createPublicKey(key)), true);
    assert.equal(importPrivate(exportPrivate(key)).equals(key), true);
    if (key.asymmetricKeyType === 'rsa') assert.ok((key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048, 'RFC 7518 §3.3');
  });
}

test('an ES256 signature is r and s of 32 bytes each, not DER (RFC 7518 §3.4)', async () => {
  const algorithm = signingAlgorithms.get('ES256');
  assert.ok(algorithm);
  const key = await algorithm.generate();
  for (let i = 0; i < 20; i++) {
    const signature: Buffer = Buffer.from(algorithm.sign(`${i}`, key), 'base64url');
    assert.equal(signature.length, 64);
    assert.equal(verify('sha256', Buffer.from(`${i}`), { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' }, signature), true);
  }
  assert.equal(key.asymmetricKeyDetails?.namedCurve, 'prime256v1');
});

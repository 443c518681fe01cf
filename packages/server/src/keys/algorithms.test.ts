import assert from 'node:assert/strict';
import { constants, createHash, createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import { MAC_ALGS, SIGNATURE_ALGS } from '@hufu/protocol/jose-algorithms';
import { exportPrivate, halfHash, importPrivate, macAlgorithms, publicJwk, signingAlgorithms } from './algorithms.ts';

for (const [alg, algorithm] of signingAlgorithms) {
  const key = await algorithm.generate();

  test(`${alg}: what was signed verifies, and nothing else does (RFC 7518 §3.3, RFC 8037 §3.1, RFC 9964)`, async () => {
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
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']) assert.equal(member in jwk, false, member);
    assert.equal(createPublicKey({ key: { ...jwk }, format: 'jwk' }).equals(createPublicKey(key)), true);
    assert.equal(importPrivate(exportPrivate(key)).equals(key), true);
    if (key.asymmetricKeyType === 'rsa') assert.ok((key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048, 'RFC 7518 §3.3');
  });
}

test('there is every algorithm that we name, in that order, but for ML-DSA where the runtime has none (RFC 7518 §3.1, RFC 9964)', () => {
  const isThere = (alg: string): boolean => !alg.startsWith('ML-DSA') || signingAlgorithms.has('ML-DSA-65');
  assert.deepEqual([...signingAlgorithms.keys()], SIGNATURE_ALGS.filter(isThere));
  for (const [alg, algorithm] of signingAlgorithms) assert.equal(algorithm.alg, alg);
});

/** Algorithms that take the same keys: EdDSA has its one curve under two names (RFC 9864 §2.2). */
function familyOf(alg: string): string {
  if (/^[RP]S/.test(alg)) return 'RSA';
  return alg === 'Ed25519' ? 'EdDSA' : alg;
}

test('each algorithm fits its own kind of key and no other (RFC 8725 §3.1, RFC 9864 §2.2)', async () => {
  const families = new Map<string, KeyObject>();
  for (const [alg, { generate }] of signingAlgorithms) {
    const family = familyOf(alg);
    if (!families.has(family)) families.set(family, createPublicKey(await generate()));
  }
  for (const [alg, { fits }] of signingAlgorithms) {
    const fitting = [...families].filter(([, key]) => fits(key)).map(([family]) => family);
    assert.deepEqual(fitting, [familyOf(alg)]);
  }
  const strange = [
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
    generateKeyPairSync('x25519').publicKey,
    generateKeyPairSync('ed448').publicKey,
    generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey,
  ];
  for (const [alg, { fits }] of signingAlgorithms)
    for (const key of strange) assert.equal(fits(key), false, `${alg} ${key.asymmetricKeyType}`);
});

test('an RSA key below 2048 or above 8192 bits, or with an exponent that is 1, even or huge, fits nothing (RFC 7518 §3.3)', () => {
  const { n } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const of = (modulus: Buffer, exponent: Buffer): KeyObject => {
    const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') };
    return createPublicKey({ key: jwk, format: 'jwk' });
  };
  const good = Buffer.from(String(n), 'base64url');
  const f4 = Buffer.of(1, 0, 1);
  const odd = (bytes: number): Buffer => Buffer.alloc(bytes, 0xff);
  const weak: readonly (readonly [string, KeyObject])[] = [
    ['1024 bits', of(odd(128), f4)],
    ['2040 bits', of(odd(255), f4)],
    ['8200 bits', of(odd(1025), f4)],
    ['e = 1', of(good, Buffer.of(1))],
    ['e = 2', of(good, Buffer.of(2))],
    ['e = 65536', of(good, Buffer.of(1, 0, 0))],
    ['e of 34 bits', of(good, Buffer.of(2, 0, 0, 0, 1))],
  ];
  for (const [alg, { fits }] of signingAlgorithms) {
    if (!/^[RP]S/.test(alg)) continue;
    assert.equal(fits(of(good, f4)), true, alg);
    assert.equal(fits(of(good, Buffer.of(3))), true, alg);
    for (const [about, key] of weak) assert.equal(fits(key), false, `${alg} ${about}`);
  }
});

test('no signature makes a verification throw, whatever its length and content (attacks JWT-14)', async () => {
  for (const [alg, algorithm] of signingAlgorithms) {
    const key = createPublicKey(await algorithm.generate());
    for (const length of [0, 1, 63, 64, 65, 96, 131, 132, 133, 255, 256, 257, 2420, 3309, 4627, 5000]) {
      for (const fill of [0, 1, 0x30, 0xff])
        assert.equal(algorithm.verify('a.b', Buffer.alloc(length, fill), key), false, `${alg} ${length}`);
    }
  }
});

test('a PSS signature has a salt as long as the hash (RFC 7518 §3.5)', async () => {
  for (const [alg, bytes] of [
    ['PS256', 32],
    ['PS384', 48],
    ['PS512', 64],
  ] as const) {
    const algorithm = signingAlgorithms.get(alg);
    assert.ok(algorithm);
    const key = await algorithm.generate();
    const publicKey = createPublicKey(key);
    const of = (saltLength: number) => ({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
    for (const saltLength of [0, bytes - 1, bytes, bytes + 1]) {
      const signature: Buffer = sign(algorithm.hash, Buffer.from('a.b'), { key, ...of(saltLength) });
      assert.equal(algorithm.verify('a.b', signature, publicKey), saltLength === bytes, `${alg} ${saltLength}`);
    }
    const own = Buffer.from(algorithm.sign('a.b', key), 'base64url');
    assert.equal(verify(algorithm.hash, Buffer.from('a.b'), { key: publicKey, ...of(bytes) }, own), true);
  }
});

test('an RSA signature without its leading zero is another one, and is refused (RFC 8017 §8.1.2)', async () => {
  for (const alg of ['PS256', 'RS256']) {
    const algorithm = signingAlgorithms.get(alg);
    assert.ok(algorithm);
    const key = await algorithm.generate();
    let input = '';
    let signature: Buffer = Buffer.of(1);
    for (let i = 0; signature[0] !== 0 && i < 20_000; i += 1) {
      input = `${i}`;
      signature = Buffer.from(algorithm.sign(input, key), 'base64url');
    }
    assert.equal(signature[0], 0);
    const publicKey = createPublicKey(key);
    assert.equal(algorithm.verify(input, signature, publicKey), true, alg);
    assert.equal(algorithm.verify(input, signature.subarray(1), publicKey), false, alg);
    assert.equal(algorithm.verify(input, Buffer.concat([Buffer.of(0), signature]), publicKey), false, alg);
  }
});

test("a MAC is keyed with the UTF-8 bytes of the client's secret (RFC 7518 §3.2, OpenID Connect Core §10.1)", () => {
  assert.deepEqual([...macAlgorithms.keys()], MAC_ALGS);
  for (const [alg, mac] of macAlgorithms) {
    const secret = 'a sécret of 虎符';
    const expected = createHmac(`sha${alg.slice(2)}`, Buffer.from(secret, 'utf8'))
      .update('a.b')
      .digest();
    assert.equal(mac.sign('a.b', secret), expected.toString('base64url'));
    assert.equal(mac.verify('a.b', expected, secret), true);
    assert.equal(mac.verify('a.c', expected, secret), false);
    assert.equal(mac.verify('a.b', expected, `${secret} `), false);
    for (const cut of [0, 1, expected.length - 1])
      assert.equal(mac.verify('a.b', expected.subarray(0, cut), secret), false, `${alg} ${cut}`);
    assert.equal(mac.verify('a.b', Buffer.concat([expected, Buffer.of(0)]), secret), false);
  }
});

test('at_hash is the left half of the hash that the signature uses (OpenID Connect Core §3.1.3.6, §3.3.2.11)', () => {
  const text = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y';
  // The example of OpenID Connect Core, appendix A.3.
  assert.equal(halfHash(signingAlgorithms.get('RS256')?.hash ?? '', text), '77QmUPtjPfzWtF2AnpK9RQ');
  const bytes = (alg: string): number =>
    Buffer.from(halfHash((signingAlgorithms.get(alg) ?? macAlgorithms.get(alg))?.hash ?? '', text), 'base64url').length;
  assert.deepEqual(['ES256', 'PS384', 'ES512', 'EdDSA', 'HS384'].map(bytes), [16, 24, 32, 32, 24]);
  const shake = createHash('shake256', { outputLength: 64 }).update(text).digest();
  assert.equal(halfHash('shake256', text), shake.toString('base64url', 0, 32));
});

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

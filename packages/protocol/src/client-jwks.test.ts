import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { readFetchedJwks, readPublicJwks } from './client-jwks.ts';
import { type Fault, FieldReader, formatPath } from './field-reader.ts';

const read = (value: unknown) => {
  const faults: Fault[] = [];
  const jwks = readPublicJwks(new FieldReader(value, [], faults, { nulls: 'absent', unknown: 'ignored' }));
  return { jwks, faults: faults.map(({ path, message }) => `${formatPath(path)} ${message}`) };
};
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const EC = ec.publicKey.export({ format: 'jwk' });
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const OKP = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
const EC_521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey.export({ format: 'jwk' });
const faultsOf = (key: unknown) => read({ keys: [key] }).faults;

test('public keys of safe kinds are read, with the members we know (RFC 7517 §4, RFC 7518 §6)', () => {
  const keys = [{ ...RSA, kid: 'r', use: 'sig', alg: 'RS256' }, { ...EC, kid: 'e' }, { ...OKP }, { ...EC_521, x5c: ['MII='] }];
  assert.deepEqual(read({ keys }).faults, []);
  assert.deepEqual(read({ keys: keys.map((key) => ({ ...key, 'x-own': {}, key_ops: ['verify'] })) }).jwks, { keys });
});

test('private and symmetric keys are refused (OpenID Connect Registration §2, RFC 7517 §9.2)', () => {
  assert.deepEqual(faultsOf(ec.privateKey.export({ format: 'jwk' })), ['keys[0] holds a private or symmetric key']);
  for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'])
    assert.deepEqual(faultsOf({ ...RSA, [name]: 'AQ' }), ['keys[0] holds a private or symmetric key'], name);
  assert.deepEqual(faultsOf({ kty: 'oct', k: 'c2VjcmV0' }), [
    'keys[0] holds a private or symmetric key',
    'keys[0].kty is not one of RSA, EC, OKP, AKP',
  ]);
});

test('RSA keys have 2048 to 8192 bits and a real exponent (RFC 7518 §3.3, §6.3.1)', () => {
  const modulus = (bytes: number, first: number) => Buffer.alloc(bytes, 0xff).fill(first, 0, 1).toString('base64url');
  assert.deepEqual(faultsOf({ ...RSA, n: modulus(256, 0x80) }), []);
  assert.deepEqual(faultsOf({ ...RSA, n: modulus(256, 0x7f) }), ['keys[0].n has 2047 bits, not 2048 to 8192']);
  assert.deepEqual(faultsOf({ ...RSA, n: modulus(128, 0x80) }), ['keys[0].n has 1024 bits, not 2048 to 8192']);
  assert.deepEqual(faultsOf({ ...RSA, n: modulus(1024, 0xff) }), []);
  assert.deepEqual(faultsOf({ ...RSA, n: modulus(1025, 0x01) }), ['keys[0].n has 8193 bits, not 2048 to 8192']);
  assert.deepEqual(faultsOf({ ...RSA, n: modulus(257, 0) }), ['keys[0].n is not a number in base64url without leading zeros']);
  assert.deepEqual(faultsOf({ ...RSA, n: '' }), ['keys[0].n is not a number in base64url without leading zeros']);
  for (const e of ['AQ', 'Ag', 'AQAA']) assert.deepEqual(faultsOf({ ...RSA, e }), ['keys[0].e is no RSA exponent'], e);
  for (const e of ['', 'AA', 'AAEAAQ', 'AQAB=', 'AQA+'])
    assert.deepEqual(faultsOf({ ...RSA, e }), ['keys[0].e is not a number in base64url without leading zeros'], e);
  assert.deepEqual(faultsOf({ kty: 'RSA' }), ['keys[0].n is missing', 'keys[0].e is missing']);
});

test('the curve and its coordinates belong together (RFC 7518 §6.2.1, RFC 8037 §2)', () => {
  assert.deepEqual(faultsOf({ ...EC, crv: 'P-384' }), [
    'keys[0].x is not 64 base64url characters, as P-384 has it',
    'keys[0].y is not 64 base64url characters, as P-384 has it',
  ]);
  assert.deepEqual(faultsOf({ ...EC, crv: 'Ed25519' }), ['keys[0].crv is not one of P-256, P-384, P-521']);
  assert.deepEqual(faultsOf({ ...EC, crv: 'secp256k1' }), ['keys[0].crv is not one of P-256, P-384, P-521']);
  assert.deepEqual(faultsOf({ ...EC, crv: 'constructor' }), ['keys[0].crv is not one of P-256, P-384, P-521']);
  assert.deepEqual(faultsOf({ ...OKP, kty: 'EC' }), ['keys[0].crv is not one of P-256, P-384, P-521']);
  assert.deepEqual(faultsOf({ kty: 'EC' }), ['keys[0].crv is missing']);
  assert.deepEqual(faultsOf({ kty: 'EC', crv: 'P-256' }), ['keys[0].x is missing', 'keys[0].y is missing']);
  assert.deepEqual(faultsOf({ kty: 'OKP', crv: 'Ed25519' }), ['keys[0].x is missing']);
});

test('a set has keys, at most 20, each kid once (RFC 7517 §4.5, §5)', () => {
  assert.deepEqual(read({}).faults, ['keys is missing']);
  assert.deepEqual(read({ keys: 'x' }).faults, ['keys is not a list']);
  assert.deepEqual(read({ keys: [null] }).faults, ['keys[0] is not an object', 'keys[0].kty is missing']);
  assert.deepEqual(
    read({
      keys: [
        { ...EC, kid: 'a' },
        { ...OKP, kid: 'b' },
        { ...RSA, kid: 'a' },
      ],
    }).faults,
    ['keys[2].kid is the kid of another key'],
  );
  assert.deepEqual(read({ keys: Array.from({ length: 21 }, () => EC) }).faults, ['keys has more than 20 entries']);
  assert.deepEqual(faultsOf({ ...EC, kid: ['a'], use: 'x', alg: 1 }), [
    'keys[0].kid is not a text',
    'keys[0].use is not one of sig, enc',
    'keys[0].alg is not a text',
  ]);
});

test('an ML-DSA key names its algorithm and has its length (RFC 9964)', () => {
  const AKP = { kty: 'AKP', alg: 'ML-DSA-44', pub: 'A'.repeat(1750) };
  assert.deepEqual(read({ keys: [{ ...AKP, kid: 'q' }] }), { jwks: { keys: [{ ...AKP, kid: 'q' }] }, faults: [] });
  assert.deepEqual(faultsOf({ ...AKP, alg: 'ML-DSA-65' }), ['keys[0].pub is not 2603 base64url characters, as ML-DSA-65 has it']);
  assert.deepEqual(faultsOf({ ...AKP, alg: 'ES256' }), ['keys[0].alg is not one of ML-DSA-44, ML-DSA-65, ML-DSA-87']);
  assert.deepEqual(faultsOf({ kty: 'AKP' }), ['keys[0].alg is missing']);
  assert.deepEqual(faultsOf({ kty: 'AKP', alg: 'ML-DSA-87' }), ['keys[0].pub is missing']);
});

test('of a set that was fetched, keys that we have no use for are passed over (RFC 7517 §5)', () => {
  const good = { ...EC, kid: 'e', use: 'sig' };
  const odd = [null, 'x', [], {}, { kty: 'XYZ' }, { ...EC, crv: 'P-192' }, { ...RSA, n: 'AQAB' }, { ...OKP, kid: 7 }, { ...OKP, use: 'x' }];
  assert.deepEqual(readFetchedJwks({ keys: [...odd, good], more: 1 }), { kind: 'read', jwks: { keys: [good] } });
  assert.deepEqual(readFetchedJwks({ keys: [] }), { kind: 'read', jwks: { keys: [] } });
  for (const document of [null, [], 'x', {}, { keys: {} }, { keys: 'x' }])
    assert.deepEqual(readFetchedJwks(document), { kind: 'refused', reason: 'it is no JWK Set' });
  assert.deepEqual(readFetchedJwks({ keys: Array.from({ length: 21 }, () => EC) }), {
    kind: 'refused',
    reason: 'it has more than 20 keys',
  });
});

test('a set that was fetched with a private or symmetric key in it is spoilt (RFC 7517 §9.3)', () => {
  for (const key of [ec.privateKey.export({ format: 'jwk' }), { kty: 'oct' }, { kty: 'XYZ', d: 'x' }, { ...EC, k: 'x' }])
    assert.deepEqual(readFetchedJwks({ keys: [EC, key] }), { kind: 'refused', reason: 'it holds a private or symmetric key' });
});

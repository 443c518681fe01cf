import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, test } from 'node:test';
import { arena } from './oracles.ts';
import { GOOD, manage, register, withPolicies } from './registering.ts';

const publicOf = (key: KeyObject): Readonly<Record<string, unknown>> => Object(key.export({ format: 'jwk' }));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const RSA = publicOf(rsa.publicKey);
const EC = publicOf(ec.publicKey);
const WITH_KEYS = { ...GOOD, token_endpoint_auth_method: 'private_key_jwt' };

describe('JWT: keys that clients register', () => {
  const here = arena({ yaml: withPolicies('brute_force: off, registration: open') });

  /** Refused at the first registration, and where a good one is replaced. */
  async function assertRefused(keys: Readonly<Record<string, readonly unknown[]>>): Promise<void> {
    const own = await register(here.issuer, { ...WITH_KEYS, jwks: { keys: [EC] } });
    assert.equal(own.status, 201, JSON.stringify(own.body));
    const { client_id } = own.body;
    for (const [what, list] of Object.entries(keys)) {
      const jwks = { keys: list };
      const refused = await register(here.issuer, { ...WITH_KEYS, jwks });
      assert.deepEqual([refused.status, refused.body['error']], [400, 'invalid_client_metadata'], what);
      assert.doesNotMatch(JSON.stringify(refused.body), /AQAB.{20}|"d"|"k"/, `${what}: nothing of the key comes back`);
      const replaced = await manage('PUT', own, { ...WITH_KEYS, client_id, jwks });
      assert.deepEqual([replaced.status, replaced.body['error']], [400, 'invalid_client_metadata'], `${what}, replaced`);
    }
    assert.deepEqual((await manage('GET', own)).body['jwks'], { keys: [EC] }, 'the good one stayed');
  }

  test('JWT-15 · a weak key is invalid_client_metadata, wherever it is registered (RFC 7591 §3.2.2)', async () => {
    const short = publicOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey);
    await assertRefused({
      'RSA of 1024 bits': [short],
      'an exponent of one': [{ ...RSA, e: 'AQ' }],
      'an even exponent': [{ ...RSA, e: 'AQAC' }],
      'another curve than its point has': [{ ...EC, crv: 'P-384' }],
      'a curve that nobody signs with': [{ ...EC, crv: 'P-192' }],
      'a coordinate that is too short': [{ ...EC, x: String(EC['x']).slice(4) }],
      'one weak among good ones': [EC, short],
      'no modulus': [{ kty: 'RSA', e: 'AQAB' }],
      'two of one name': [
        { ...EC, kid: 'a' },
        { ...RSA, kid: 'a' },
      ],
    });
  });

  test('JWT-27 · private and symmetric keys are invalid_client_metadata, wherever they are registered (RFC 7591 §3.2.2)', async () => {
    await assertRefused({
      'a private RSA key': [publicOf(rsa.privateKey)],
      'a private EC key': [publicOf(ec.privateKey)],
      'one member of a private key': [{ ...RSA, dp: 'AQAB' }],
      'a symmetric key': [{ kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url') }],
      'a symmetric key among good ones': [EC, { kty: 'oct', k: 'AAAA' }],
    });
  });
});

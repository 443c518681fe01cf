import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Client } from './client.ts';
import { checkIdToken, type IdTokenExpectations, type Trust, unaskedClaims } from './id-token.ts';
import type { Json } from './json.ts';
import { readJwt, signRs256, unsecured } from './jwt.ts';
import { clientKey } from './keys.ts';

const NOW = 1_800_000_000;
const key = clientKey(0, 'thumbprint');
const stranger = { ...clientKey(1, 'thumbprint'), kid: key.kid };
const trust: Trust = { issuer: 'https://op.test', jwks: { keys: [key.jwk] }, provider: { nowSeconds: () => NOW } };
const client: Client = {
  clientId: 'rp',
  secret: undefined,
  auth: 'private_key_jwt',
  redirectUri: 'https://rp.test/cb',
  postLogoutRedirectUri: 'https://rp.test/out',
  key,
  registration: {},
  idTokenAlg: 'RS256',
};
const half = (text: string): string => createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');
const CLAIMS: Json = {
  iss: trust.issuer,
  sub: 's',
  aud: 'rp',
  iat: NOW,
  exp: NOW + 600,
  auth_time: NOW - 5,
  nonce: 'n',
  at_hash: half('token'),
};
const FRONT: IdTokenExpectations = { nonce: 'n', accessToken: 'token', channel: 'front' };

function check(text: string, expected: IdTokenExpectations = FRONT): unknown {
  return checkIdToken(trust, client, text, expected);
}

describe('conformance: the relying party reads ID tokens as strictly as OpenID Connect Core §3.1.3.7 asks', () => {
  test('it takes a right one', () => {
    check(signRs256(CLAIMS, key));
    check(signRs256({ ...CLAIMS, aud: ['rp'], azp: 'rp', c_hash: half('code') }, key), { ...FRONT, code: 'code' });
    check(signRs256({ ...CLAIMS, at_hash: undefined }, key), { ...FRONT, channel: 'back' });
  });

  const wrong: Readonly<Record<string, Json>> = {
    'another issuer': { iss: 'https://op.test/' },
    'another audience': { aud: 'other' },
    'an audience beside it': { aud: ['rp', 'other'] },
    'another azp': { azp: 'other' },
    'no audience': { aud: undefined },
    'no subject': { sub: undefined },
    'a subject of 256 characters': { sub: 'x'.repeat(256) },
    'another nonce': { nonce: 'm' },
    'no nonce': { nonce: undefined },
    'an end that is over': { exp: NOW - 10 },
    'an end in milliseconds': { exp: (NOW + 600) * 1000 },
    'no end': { exp: undefined },
    'an issue that is to come': { iat: NOW + 60 },
    'an issue of an hour ago': { iat: NOW - 3_600 },
    'an auth_time in milliseconds': { auth_time: NOW * 1000 },
    'an auth_time that is text': { auth_time: String(NOW) },
    'another at_hash': { at_hash: half('other') },
    'no at_hash': { at_hash: undefined },
    'the c_hash of no code': { c_hash: half('code') },
    'an acr that is a number': { acr: 1 },
    'an email_verified that is text': { email_verified: 'true' },
    'a claim without a value': { name: '' },
  };
  for (const [title, claims] of Object.entries(wrong)) {
    test(`it refuses ${title}`, () => {
      assert.throws(() => check(signRs256({ ...CLAIMS, ...claims }, key)), assert.AssertionError);
    });
  }

  test('it refuses what is signed by others, with a shared secret, or not at all', () => {
    assert.throws(() => check(signRs256(CLAIMS, stranger)), /signature is wrong/);
    assert.throws(() => check(signRs256(CLAIMS, clientKey(1, 'thumbprint'))), /names 0 keys/);
    assert.throws(() => check(signRs256(CLAIMS, clientKey(0, 'none'))), /kid/);
    assert.throws(() => check(unsecured(CLAIMS)), /alg/);
    const mac = `${Buffer.from(JSON.stringify({ alg: 'HS256', kid: key.kid })).toString('base64url')}.${signRs256(CLAIMS, key).split('.')[1] ?? ''}`;
    assert.throws(() => check(`${mac}.${createHmac('sha256', 'secret').update(mac).digest('base64url')}`), /alg/);
  });

  test('it tells what nobody asked for', () => {
    const { claims } = readJwt(signRs256({ ...CLAIMS, sid: 'x', name: 'n', groups: [] }, key), 'ID token');
    assert.deepEqual(unaskedClaims(claims, 'openid'), ['name', 'groups']);
    assert.deepEqual(unaskedClaims(claims, 'openid profile'), ['groups']);
  });
});

import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { newEcKey, publicEcKey } from '../jwk.ts';
import { JwtSigner } from './jwt.ts';
import { readPart, splitJwt, verifiedClaims } from './signed-jwt.ts';

const key = newEcKey('a');
const text = new JwtSigner(key, 'JWT').sign({ jti: '1' });

test('claims come out of a JWT only under the key that signed it (RFC 7518 §3.4)', () => {
  const jwt = splitJwt(text);
  assert.ok(jwt);
  const publicKey = createPublicKey({ key: publicEcKey(key), format: 'jwk' });
  assert.deepEqual(verifiedClaims(jwt, publicKey), { jti: '1' });
  assert.equal(verifiedClaims(jwt, createPublicKey({ key: publicEcKey(newEcKey('b')), format: 'jwk' })), undefined);
  const changed = Buffer.from('{"jti":"2"}').toString('base64url');
  assert.equal(verifiedClaims({ ...jwt, payload: changed }, publicKey), undefined);
});

test('what is no JWT of three parts is none, and what is no JSON object has no members (RFC 7515 §3.1)', () => {
  for (const wrong of [undefined, ['a.b.c'], 'a.b', `${text}.d`]) assert.equal(splitJwt(wrong), undefined);
  for (const wrong of ['', 'W10', 'ew']) assert.equal(readPart(wrong), undefined);
});

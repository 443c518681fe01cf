import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { epochSeconds } from '../clock.ts';
import { type Members, readMembers } from '../json.ts';
import { newEcKey, publicEcKey } from '../jwk.ts';
import { FreshJwtWriter } from './fresh-jwt.ts';

const key = newEcKey('client-key');
const publicKey = createPublicKey({ key: publicEcKey(key), format: 'jwk' });

function open(jwt: string): { readonly header: Members; readonly payload: Members } {
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  assert.ok(verify('sha256', Buffer.from(`${header}.${payload}`), { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes));
  const read = (part: string): Members => readMembers(Buffer.from(part, 'base64url').toString(), 'part');
  return { header: read(header), payload: read(payload) };
}

test('a proof carries the public key alone, the request, and a jti of its own (RFC 9449 §4.2)', () => {
  const proof = { kind: 'dpop_proof', method: 'POST', url: 'https://h.example/token' } as const;
  const writer = new FreshJwtWriter(proof, JSON.stringify(key));
  const now = epochSeconds();
  const { header, payload } = open(writer.write());
  assert.deepEqual(header, { alg: 'ES256', typ: 'dpop+jwt', jwk: publicEcKey(key) });
  const { jti, iat, ...request } = payload;
  assert.deepEqual(request, { htm: 'POST', htu: 'https://h.example/token' });
  assert.ok(typeof iat === 'number' && iat >= now && iat <= now + 1);
  assert.notEqual(open(writer.write()).payload['jti'], jti);
  assert.notEqual(open(new FreshJwtWriter(proof, JSON.stringify(key)).write()).payload['jti'], jti);
});

test('an assertion is by and about the client, for the server, and ends soon (RFC 7523 §3)', () => {
  const assertion = { kind: 'client_assertion', clientId: 'signer', audience: 'https://h.example' } as const;
  const { header, payload } = open(new FreshJwtWriter(assertion, JSON.stringify(key)).write());
  assert.equal(header['kid'], 'client-key');
  const { iss, sub, aud, iat, exp, jti } = payload;
  assert.deepEqual([iss, sub, aud], ['signer', 'signer', 'https://h.example']);
  assert.equal(Number(exp) - Number(iat), 60);
  assert.equal(typeof jti, 'string');
});

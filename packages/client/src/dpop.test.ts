import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { findProofFault, readDpopProof, thumbprintInput } from '@hufu/protocol/dpop';
import { DpopNonces, dpopProof, dpopThumbprint, newDpopKey } from './dpop.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

test('a proof is for one request and one token, signed by the key that it names (RFC 9449 §4.2, §4.3)', async () => {
  const key = await newDpopKey();
  const nowMs = 1_800_000_000_500;
  const request = { method: 'GET', url: 'https://api.example/notes?page=2#x', accessToken: 'at', nowMs, nonce: 'n1' };
  const reading = readDpopProof(await dpopProof(key, request));
  assert.ok(reading.kind === 'read');
  const { proof } = reading;
  const proven = { method: 'GET', uri: 'https://api.example/notes', accessTokenHash: sha256('at') };
  assert.equal(findProofFault(proof, proven, 1_800_000_000), undefined);
  assert.equal(proof.nonce, 'n1');
  const publicKey = createPublicKey({ key: { ...proof.jwk }, format: 'jwk' });
  assert.ok(verify('sha256', Buffer.from(proof.signingInput), { key: publicKey, dsaEncoding: 'ieee-p1363' }, proof.signature));
  assert.equal(await dpopThumbprint(key), sha256(thumbprintInput(proof.jwk)));
  const again = readDpopProof(await dpopProof(key, request));
  assert.ok(again.kind === 'read' && again.proof.jti !== proof.jti);
});

test('nonces are kept by origin, and for thirty-two of them (RFC 9449 §8.2)', () => {
  const nonces = new DpopNonces();
  const keep = (nonce: string | null, sent: string | undefined): boolean => nonces.keep('https://a.example/token', nonce, sent);
  assert.equal(keep('n1', undefined), true);
  assert.equal(keep('n1', undefined), true, 'the answer to another request brought it before');
  assert.equal(keep('n1', 'n1'), false);
  assert.equal(keep('n1', 'n0'), true);
  for (const none of [null, '', 'n'.repeat(1_025)]) assert.equal(keep(none, undefined), false);
  assert.deepEqual([nonces.of('https://a.example/y?z'), nonces.of('https://b.example/')], ['n1', undefined]);
  for (let i = 0; i < 32; i++) nonces.keep(`https://${i}.example/`, 'n', undefined);
  assert.deepEqual([nonces.of('https://a.example/'), nonces.of('https://0.example/')], [undefined, 'n']);
});

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, test } from 'node:test';
import { readDpopProof } from '@hufu/protocol/dpop';
import { OAuthError } from '@hufu/protocol/errors';
import { Trail } from '../decisions/trail.ts';
import { encodeJson } from '../testing/client-assertions.ts';
import { type Prover, prover } from '../testing/proofs.ts';
import { ISSUER, openWorld, START } from '../testing/world.ts';
import { dpopNonce, isFreshNonce, NONCE_SECONDS } from './nonce.ts';
import { type ProofRules, verifyProof } from './verify-proof.ts';

const world = await openWorld();
after(() => world.close());
const holder = await prover();

const HTU = `${ISSUER}/oauth/token`;
const RULES: ProofRules = { nonces: 'as', nonce: 'optional', accessToken: undefined, thumbprint: undefined };
const http = world.http({ method: 'POST', path: '/oauth/token' });

function verify(text: string, rules: Partial<ProofRules> = {}, now: number = START): ReturnType<typeof verifyProof> {
  return verifyProof(world.ctx, http, readDpopProof(text), { ...RULES, ...rules }, new Trail(), now);
}

async function refused(text: string, code: string, detail: RegExp, rules: Partial<ProofRules> = {}, now: number = START): Promise<void> {
  await assert.rejects(verify(text, rules, now), (error: unknown) => {
    assert.ok(error instanceof OAuthError);
    assert.equal(error.code, code, String(error.detail));
    assert.match(error.detail ?? '', detail);
    return true;
  });
}

const proof = (by: Prover = holder, more: object = {}, claims: object = {}, header: object = {}): string =>
  by.prove({ htm: 'POST', htu: HTU, ...more }, claims, header);

test('a proof of each algorithm gives the thumbprint of its key (RFC 9449 §4.3, §6.1; RFC 7638 §3)', async () => {
  for (const alg of ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'PS384', 'PS512']) {
    const by = await prover(alg);
    assert.deepEqual(await verify(proof(by)), { method: 'jkt', thumbprint: by.jkt }, alg);
  }
});

test('a signature by another key, or a key of another kind than its alg, proves nothing (RFC 9449 §4.3, attacks DPO-03)', async () => {
  const other = await prover();
  await refused(proof(other, {}, {}, { jwk: holder.pair.jwk }), 'invalid_dpop_proof', /signature is wrong/);
  await refused(proof(await prover('ES384'), {}, {}, { alg: 'ES256' }), 'invalid_dpop_proof', /signature is wrong/);
  const text = proof();
  const at = text.lastIndexOf('.') + 5;
  await refused(text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1), 'invalid_dpop_proof', /signature is wrong/);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await refused(proof(holder, {}, {}, { jwk: privateKey.export({ format: 'jwk' }) }), 'invalid_dpop_proof', /private/);
  const offCurve = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) };
  await refused(proof(holder, {}, {}, { jwk: offCurve }), 'invalid_dpop_proof', /signature is wrong/);
  await refused(
    `${encodeJson({ typ: 'dpop+jwt', alg: 'none', jwk: holder.pair.jwk })}.${encodeJson({})}.AAAA`,
    'invalid_dpop_proof',
    /read/,
  );
});

test('two proofs in one request are none: what repeated headers are joined by is in no proof (RFC 9449 §4.3)', async () => {
  await refused(`${proof()}, ${proof()}`, 'invalid_dpop_proof', /does not read/);
  await refused('', 'invalid_dpop_proof', /does not read/);
});

test('a proof is used once, whatever else is in it; what failed is not used up (RFC 9449 §11.1, attacks DPO-07)', async () => {
  const jti = { jti: 'the same' };
  await refused(proof(holder, { htm: 'GET' }, jti), 'invalid_dpop_proof', /method/);
  await refused(proof(holder, {}, jti), 'use_dpop_nonce', /no nonce/, { nonce: 'required' });
  await verify(proof(holder, {}, jti));
  await refused(proof(holder, {}, jti), 'invalid_dpop_proof', /used before/);
  await refused(proof(holder, {}, { ...jti, more: 'another proof' }), 'invalid_dpop_proof', /used before/);
  for (const iat of [START + 1, START + 59]) await refused(proof(holder, { iat }, jti), 'invalid_dpop_proof', /used before/);
  await verify(proof(await prover(), {}, jti));
});

test('of fifty racers with one proof one gets through', async () => {
  const text = proof();
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => verify(text)));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a use is remembered for as long as the proof is in time (RFC 9449 §11.1)', async () => {
  const text = proof(holder, { iat: START + 60 });
  await verify(text);
  for (const later of [1, 60, 119, 120]) await refused(text, 'invalid_dpop_proof', /used before/, {}, START + later);
  await refused(text, 'invalid_dpop_proof', /seconds ago/, {}, START + 121);
});

test('a proof with another key than the token has says which (RFC 9449 §7.1, attacks DPO-09)', async () => {
  const token = 'hfa_token';
  const other = await prover();
  await refused(proof(other, { token }), 'invalid_token', new RegExp(other.jkt), { accessToken: token, thumbprint: holder.jkt });
  await refused(proof(holder, { token: 'hfa_other' }), 'invalid_dpop_proof', /ath/, { accessToken: token, thumbprint: holder.jkt });
  await verify(proof(holder, { token }), { accessToken: token, thumbprint: holder.jkt });
});

test('nonces are of now or of a moment ago, of one server kind, and the same on every node (RFC 9449 §8, §9; attacks DPO-11)', async () => {
  const nonce = dpopNonce(world.ctx, 'as', START);
  assert.match(nonce, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(isFreshNonce(world.ctx, 'rs', nonce, START), false);
  const period = START - (START % NONCE_SECONDS);
  for (const [later, fresh] of [
    [0, true],
    [NONCE_SECONDS - 1, true],
    [2 * NONCE_SECONDS - 1, true],
    [2 * NONCE_SECONDS, false],
    [-1, true],
    [-NONCE_SECONDS - 1, false],
  ] as const)
    assert.equal(isFreshNonce(world.ctx, 'as', dpopNonce(world.ctx, 'as', period), period + later), fresh, String(later));
  await verify(proof(holder, { nonce }), { nonce: 'required' });
  await verify(proof(holder, { nonce }));
  for (const wrong of ['', 'x', dpopNonce(world.ctx, 'rs', START), dpopNonce(world.ctx, 'as', START - 2 * NONCE_SECONDS)])
    await refused(proof(holder, { nonce: wrong }), 'use_dpop_nonce', /not one of now/);
  await refused(proof(holder), 'use_dpop_nonce', /no nonce/, { nonce: 'required' });
});

test('the descriptions say nothing of why: that is in the record', async () => {
  await assert.rejects(
    verify(proof(holder, { htm: 'GET' })),
    /^OAuthError: invalid_dpop_proof: the DPoP proof is not valid for this request$/,
  );
});

import assert from 'node:assert/strict';
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { thumbprintInput } from '@hufu/protocol/dpop';
import { connectionCertificate, thumbprintOf } from './certificate.ts';
import { explain } from './explain.ts';
import { type Nonces, statelessNonces } from './nonces.ts';
import { type Admission, type ProtectOptions, protect } from './protect.ts';
import { memoryReplays } from './replays.ts';
import { makeKey, signToken, startIssuer, type TestIssuer, type TestKey } from './testing/issuer.ts';
import { verifier } from './verifier.ts';

const NOW = 1_800_000_000;
const AUDIENCE = 'https://notes.example/api';
const key = makeKey('ES256', 'k1');
const holder = makeKey('ES256', 'holder');
const thief = makeKey('ES256', 'thief');
const thumbprint = ({ publicKey }: TestKey): string =>
  createHash('sha256')
    .update(thumbprintInput({ kty: '', ...publicKey.export({ format: 'jwk' }) }))
    .digest('base64url');

let issuer: TestIssuer;
let now = NOW;
before(async () => {
  issuer = await startIssuer([key]);
});
after(() => issuer.close());

let jtis = 0;

function token(cnf: object | undefined): string {
  jtis++;
  const claims = {
    iss: issuer.issuer,
    aud: AUDIENCE,
    sub: 'tiger',
    client_id: 'app',
    jti: `t${jtis}`,
    iat: NOW,
    exp: NOW + 6_000,
    scope: 'notes:read',
  };
  return signToken(key, { ...claims, ...(cnf === undefined ? {} : { cnf }) });
}

function proof(by: TestKey, text: string, claims: object = {}, header: object = {}): string {
  jtis++;
  const ath = createHash('sha256').update(text).digest('base64url');
  const jwk = by.publicKey.export({ format: 'jwk' });
  return signToken(
    by,
    { jti: `p${jtis}`, htm: 'GET', htu: 'https://notes.example/notes', iat: now, ath, ...claims },
    { typ: 'dpop+jwt', jwk, kid: undefined, ...header },
  );
}

function make(options: ProtectOptions = {}, nonces?: Nonces): ReturnType<typeof protect> {
  const verify = verifier({
    issuer: issuer.issuer,
    audience: AUDIENCE,
    nowMs: () => now * 1000,
    ...(nonces === undefined ? {} : { nonces }),
  });
  return protect(verify, options);
}

interface Shown {
  readonly authorization: string;
  readonly dpop?: string | readonly string[];
}

async function ask(decide: ReturnType<typeof protect>, headers: Shown, more: object = {}): Promise<Admission> {
  return decide({ headers: { ...headers }, method: 'GET', url: '/notes?page=2', ...more });
}

async function refused(
  decide: ReturnType<typeof protect>,
  headers: Shown,
  code: string,
  challenge: RegExp,
  more: object = {},
): Promise<void> {
  const admission = await ask(decide, headers, more);
  assert.ok(admission.kind === 'refused', 'allowed');
  assert.deepEqual([admission.status, admission.error?.code], [401, code], String(admission.error?.detail));
  assert.match(admission.headers['www-authenticate'] ?? '', challenge);
}

test('a token that is bound to a key needs a proof of that key for this request (RFC 9449 §7.1; attacks DPO-01, DPO-07, DPO-09)', async () => {
  const decide = make({ scope: 'notes:read' });
  const text = token({ jkt: thumbprint(holder) });
  const good = { authorization: `DPoP ${text}`, dpop: proof(holder, text) };
  const admission = await ask(decide, good);
  assert.ok(admission.kind === 'allowed');
  assert.deepEqual(admission.token.confirmation, { method: 'jkt', thumbprint: thumbprint(holder) });
  assert.deepEqual(admission.headers, {});
  const DPOP = /^DPoP error="[a-z_]+", error_description="[^"]+", algs="ES256 /;
  await refused(decide, good, 'invalid_dpop_proof', DPOP);
  await refused(decide, { authorization: `DPoP ${text}` }, 'invalid_dpop_proof', DPOP);
  await refused(decide, { authorization: `Bearer ${text}`, dpop: proof(holder, text) }, 'invalid_token', DPOP);
  await refused(decide, { authorization: `DPoP ${text}`, dpop: proof(thief, text) }, 'invalid_token', DPOP);
  await refused(
    decide,
    { authorization: `DPoP ${text}`, dpop: proof(thief, text, {}, { jwk: holder.publicKey.export({ format: 'jwk' }) }) },
    'invalid_dpop_proof',
    DPOP,
  );
  for (const claims of [
    { htm: 'POST' },
    { htu: 'https://notes.example/other' },
    { htu: 'https://other.example/notes' },
    { ath: 'x' },
    { ath: undefined },
    { jti: undefined },
    { iat: now - 61 },
    { iat: now + 61 },
  ])
    await refused(decide, { authorization: `DPoP ${text}`, dpop: proof(holder, text, claims) }, 'invalid_dpop_proof', DPOP);
  const two = [proof(holder, text), proof(holder, text)];
  await refused(decide, { authorization: `DPoP ${text}`, dpop: two }, 'invalid_dpop_proof', DPOP);
  await refused(decide, { authorization: `DPoP ${text}`, dpop: two.join(', ') }, 'invalid_dpop_proof', DPOP);
});

test('a bearer’s token comes as a bearer’s (RFC 9449 §7.2, attacks DPO-10)', async () => {
  const text = token(undefined);
  assert.equal((await ask(make(), { authorization: `Bearer ${text}` })).kind, 'allowed');
  await refused(make(), { authorization: `DPoP ${text}`, dpop: proof(holder, text) }, 'invalid_token', /^DPoP /);
  await refused(make({ senderConstraint: 'required' }), { authorization: `Bearer ${text}` }, 'invalid_token', /^DPoP /);
});

test('the address of a request is the one that its sender knows (RFC 9449 §4.3)', async () => {
  const text = token({ jkt: thumbprint(holder) });
  const behind = make({ baseUrl: 'https://edge.example/v1/' });
  const headers = { authorization: `DPoP ${text}`, dpop: proof(holder, text, { htu: 'https://edge.example/v1/notes' }) };
  assert.equal((await ask(behind, headers)).kind, 'allowed');
  await refused(behind, { authorization: `DPoP ${text}`, dpop: proof(holder, text) }, 'invalid_dpop_proof', /^DPoP /);
  await refused(make(), { authorization: `DPoP ${text}`, dpop: proof(holder, text) }, 'invalid_dpop_proof', /^DPoP /, { url: undefined });
  for (const baseUrl of ['notes.example', 'ftp://x', 'https://x/?y', '']) assert.throws(() => make({ baseUrl }), TypeError);
});

test('nonces are demanded only where they are given, told with each answer, and fresh for a while (RFC 9449 §8.2, §9; attacks DPO-11)', async () => {
  const secret = randomBytes(32);
  const decide = make({}, statelessNonces(secret));
  const text = token({ jkt: thumbprint(holder) });
  const told = await ask(decide, { authorization: `DPoP ${text}`, dpop: proof(holder, text) });
  assert.ok(told.kind === 'refused');
  assert.deepEqual([told.status, told.error?.code], [401, 'use_dpop_nonce']);
  const nonce = told.headers['dpop-nonce'];
  const allowed = await ask(decide, { authorization: `DPoP ${text}`, dpop: proof(holder, text, { nonce }) });
  assert.ok(allowed.kind === 'allowed');
  assert.deepEqual(allowed.headers, { 'dpop-nonce': nonce });
  assert.equal(
    (await ask(make({}, statelessNonces(secret)), { authorization: `DPoP ${text}`, dpop: proof(holder, text, { nonce }) })).kind,
    'allowed',
  );
  await refused(
    make({}, statelessNonces(randomBytes(32))),
    { authorization: `DPoP ${text}`, dpop: proof(holder, text, { nonce }) },
    'use_dpop_nonce',
    /use_dpop_nonce/,
  );
  now += 601;
  await refused(decide, { authorization: `DPoP ${text}`, dpop: proof(holder, text, { nonce }) }, 'use_dpop_nonce', /use_dpop_nonce/);
  now = NOW;
  // Somebody's without types, that has to ask a store first: a promise is no yes.
  const slow = new Proxy(() => false, { apply: () => Promise.resolve(false) });
  const asking: Nonces = { issue: () => 'a', isFresh: slow };
  await refused(make({}, asking), { authorization: `DPoP ${text}`, dpop: proof(holder, text, { nonce: 'b' }) }, 'use_dpop_nonce', /nonce/);
  assert.throws(() => statelessNonces(randomBytes(31)), TypeError);
});

const CERTIFICATE = createHash('sha256').update('certificate').digest('base64url');

test('a token that is bound to a certificate needs that certificate below the request (RFC 8705 §3, attacks DPO-16)', async () => {
  const text = token({ 'x5t#S256': CERTIFICATE });
  const headers = { authorization: `Bearer ${text}` };
  assert.equal((await ask(make({ certificate: () => CERTIFICATE }), headers)).kind, 'allowed');
  assert.equal((await ask(make({ certificate: () => Buffer.from('certificate') }), headers)).kind, 'allowed');
  for (const certificate of [() => undefined, () => 'x', () => thumbprint(thief), () => Buffer.from('another')])
    await refused(make({ certificate }), headers, 'invalid_token', /^Bearer error="invalid_token"/);
  await refused(make(), headers, 'invalid_token', /^Bearer /);
  await refused(make({ certificate: () => CERTIFICATE }), { authorization: `DPoP ${text}` }, 'invalid_token', /^DPoP /);
  const socket = { getPeerX509Certificate: () => ({ raw: Buffer.from('certificate') }) };
  assert.equal((await ask(make(), headers, { socket })).kind, 'allowed');
  assert.equal(
    thumbprintOf(connectionCertificate({ socket: { getPeerX509Certificate: (): X509Certificate | undefined => undefined } })),
    undefined,
  );
  assert.equal(connectionCertificate({ socket: {} }), undefined);
});

test('a key of a kind that nobody here knows is a key that nobody has shown (RFC 7800 §3.1)', async () => {
  for (const cnf of [{ jkt: 'short' }, { kid: 'x' }, { jkt: thumbprint(holder), 'x5t#S256': CERTIFICATE }, {}]) {
    const text = token(cnf);
    await refused(make(), { authorization: `DPoP ${text}`, dpop: proof(holder, text) }, 'invalid_token', /^DPoP /);
  }
});

test('who asks without saying who sends gets no bound token (RFC 9449 §7.2)', async () => {
  const verify = verifier({ issuer: issuer.issuer, audience: AUDIENCE, nowMs: () => now * 1000 });
  for (const cnf of [{ jkt: thumbprint(holder) }, { 'x5t#S256': CERTIFICATE }]) {
    const text = token(cnf);
    for (let round = 0; round < 2; round++) {
      const result = await verify.verify(text);
      assert.ok(result.kind === 'refused');
      assert.equal(result.reason, 'sender_constrained');
    }
  }
});

test('where the proofs that were used cannot be had, nobody can tell: 503, and not a proof that is wrong', async () => {
  const text = token({ jkt: thumbprint(holder) });
  for (const takeOnce of [
    () => Promise.reject(new Error('the store is away')),
    () => {
      throw new Error('the store is away');
    },
  ]) {
    const decide = protect(verifier({ issuer: issuer.issuer, audience: AUDIENCE, nowMs: () => now * 1000, replays: { takeOnce } }));
    const admission = await ask(decide, { authorization: `DPoP ${text}`, dpop: proof(holder, text) });
    assert.ok(admission.kind === 'refused');
    assert.deepEqual([admission.status, admission.reason, admission.headers['retry-after']], [503, 'proofs_unavailable', '5']);
    const found = explain(admission).find(({ outcome }) => outcome === 'unknown');
    assert.deepEqual([found?.check, found?.detail], ['sender', 'the store is away']);
  }
});

test('what was used is remembered until its time, and the memory has an end (RFC 9449 §11.1)', async () => {
  const replays = memoryReplays(3);
  assert.equal(await replays.takeOnce('a', NOW + 10, NOW), true);
  assert.equal(await replays.takeOnce('a', NOW + 10, NOW + 9), false);
  assert.equal(await replays.takeOnce('a', NOW + 30, NOW + 10), true);
  for (const name of ['b', 'c', 'd', 'e']) assert.equal(await replays.takeOnce(name, NOW + 30, NOW + 10), true);
  assert.equal(await replays.takeOnce('e', NOW + 30, NOW + 10), false);
  assert.equal(await replays.takeOnce('a', NOW + 30, NOW + 10), true, 'the oldest fell');
});

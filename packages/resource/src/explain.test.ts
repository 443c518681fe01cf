import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Check, explain } from './explain.ts';
import { type ProtectedRequest, type ProtectOptions, protect } from './protect.ts';
import { INTROSPECTION_ENDPOINT, testIntrospection } from './testing/introspection.ts';
import { makeKey, signToken, startIssuer, type TestIssuer } from './testing/issuer.ts';
import { type VerifierOptions, verifier } from './verifier.ts';

const AUDIENCE = 'https://api.example/notes';
const NOW = 1_800_000_000;
const key = makeKey('ES256', 'es');

let issuer: TestIssuer;
before(async () => {
  issuer = await startIssuer([key]);
});
after(() => issuer.close());

function token(changes: object = {}, header: object = {}): string {
  const claims = { iss: issuer.issuer, aud: AUDIENCE, sub: 's', client_id: 'c', jti: 'j', iat: NOW, exp: NOW + 600, scope: 'a' };
  return signToken(key, { ...claims, ...changes }, header);
}

interface Refused {
  readonly headers?: ProtectedRequest['headers'];
  readonly options?: ProtectOptions;
  readonly verifier?: Partial<VerifierOptions>;
}

const bearer = (text: string): Refused => ({ headers: { authorization: `Bearer ${text}` } });

test('each refusal names the one check that failed; those before it passed, and those after it were not reached', async () => {
  const introspection = testIntrospection();
  const asking = {
    introspection: { credentials: { clientId: 'a', clientSecret: 'very secret' }, endpoint: INTROSPECTION_ENDPOINT },
    fetch: (url: string, init: RequestInit) => (url === INTROSPECTION_ENDPOINT ? introspection.fetch(url, init) : fetch(url, init)),
  };
  const answered = { active: true, aud: AUDIENCE, client_id: 'c', exp: NOW + 600 };
  introspection.answers.set('good', answered);
  introspection.answers.set('other', { ...answered, aud: 'x' });
  introspection.answers.set('over', { ...answered, exp: 1 });
  introspection.answers.set('refresh', { ...answered, token_use: 'refresh_token' });
  const known = (kind: 'revoked' | 'unknown' | 'unmarked') => ({
    revocations: { issuer: issuer.issuer, look: () => ({ kind, reason: 'user_revoked', cause: 'the feed is away' }) as const },
  });
  const cases: readonly (readonly [Check, Refused, 'failed' | 'unknown'])[] = [
    ['presented', {}, 'failed'],
    ['presented', { headers: { authorization: ['Bearer a', 'Bearer b'] } }, 'failed'],
    ['form', bearer('rubbish'), 'failed'],
    ['form', bearer('x'.repeat(9_000)), 'failed'],
    ['type', bearer(token({}, { typ: 'JWT' })), 'failed'],
    ['algorithm', bearer(token({}, { alg: 'HS256' })), 'failed'],
    ['issuer', bearer(token({ iss: 'https://other.example' })), 'failed'],
    ['key', bearer(token({}, { kid: 'nobody' })), 'failed'],
    ['key', { ...bearer(token()), verifier: { jwksUri: 'http://127.0.0.1:1/keys' } }, 'unknown'],
    ['signature', bearer(`${token().slice(0, -6)}AAAAAA`), 'failed'],
    ['audience', bearer(token({ aud: 'https://other.example' })), 'failed'],
    ['claims', bearer(token({ sub: undefined })), 'failed'],
    ['claims', bearer(token({ cnf: { kid: 'x' } })), 'failed'],
    ['time', bearer(token({ exp: NOW - 60 })), 'failed'],
    ['time', bearer(token({ nbf: NOW + 60 })), 'failed'],
    ['time', { ...bearer(token({ iat: NOW - 300 })), verifier: { maxTokenAgeSeconds: 200 } }, 'failed'],
    ['revocation', { ...bearer(token()), verifier: known('revoked') }, 'failed'],
    ['revocation', { ...bearer(token()), verifier: known('unknown') }, 'unknown'],
    ['revocation', { ...bearer(token()), verifier: known('unmarked') }, 'failed'],
    ['revocation', { ...bearer(token({ status: 'active' })), verifier: known('unknown') }, 'failed'],
    ['sender', bearer(token({ cnf: { jkt: 'a'.repeat(43) } })), 'failed'],
    ['sender', { headers: { authorization: `DPoP ${token()}` } }, 'failed'],
    ['sender', { ...bearer(token()), options: { senderConstraint: 'required' } }, 'failed'],
    ['scope', { ...bearer(token()), options: { scope: 'b' } }, 'failed'],
    ['details', { ...bearer(token()), options: { authorizationDetails: (granted) => granted.length > 0 } }, 'failed'],
    ['authentication', { ...bearer(token()), options: { acrValues: ['gold'] } }, 'failed'],
    ['asked', { ...bearer('unknown'), verifier: asking }, 'failed'],
    ['asked', { ...bearer('x'), verifier: { ...asking, fetch: () => Promise.reject(new Error('away')) } }, 'unknown'],
    ['audience', { ...bearer('other'), verifier: asking }, 'failed'],
    ['type', { ...bearer('refresh'), verifier: asking }, 'failed'],
    ['time', { ...bearer('over'), verifier: asking }, 'failed'],
    ['scope', { ...bearer('good'), verifier: asking, options: { scope: 'b' } }, 'failed'],
  ];
  for (const [check, { headers = {}, options = {}, verifier: more = {} }, outcome] of cases) {
    const tokens = verifier({ issuer: issuer.issuer, audience: AUDIENCE, nowMs: () => NOW * 1000, ...more });
    const admission = await protect(tokens, options)({ headers, method: 'GET', url: '/notes' });
    const label = `${check} ${admission.kind === 'refused' ? admission.reason : ''} ${JSON.stringify(headers).slice(0, 60)}`;
    assert.ok(admission.kind === 'refused', label);
    const explained = explain(admission);
    const at = explained.findIndex((one) => one.outcome === 'failed' || one.outcome === 'unknown');
    assert.deepEqual([explained[at]?.check, explained[at]?.outcome], [check, outcome], label);
    assert.ok(
      explained.slice(0, at).every((one) => one.outcome === 'passed'),
      label,
    );
    assert.ok(
      explained.slice(at + 1).every((one) => one.outcome === 'not_reached'),
      label,
    );
    // Nothing in it lets anybody be who showed the token.
    const text = JSON.stringify(explained);
    const shown = String(headers['authorization'] ?? '').slice(7);
    assert.ok(!text.includes('very secret') && (shown.length < 20 || !text.includes(shown.slice(-20))), label);
  }
});

test('what was found, and which options have a say in it, stand with the check', async () => {
  const tokens = verifier({ issuer: issuer.issuer, audience: AUDIENCE, nowMs: () => NOW * 1000 });
  const refused = await tokens.verify(token({ aud: 'https://other.example' }));
  assert.ok(refused.kind === 'refused');
  assert.deepEqual(
    explain(refused).find(({ check }) => check === 'audience'),
    { check: 'audience', outcome: 'failed', detail: '"https://other.example"', options: ['audience'] },
  );
});

test('authorization details decide where the caller says so, and see the request (RFC 9396 §9)', async () => {
  const tokens = verifier({ issuer: issuer.issuer, audience: AUDIENCE, nowMs: () => NOW * 1000 });
  const protection = protect(tokens, {
    authorizationDetails: (granted, request) =>
      granted.some(({ type, account }) => type === 'payment' && request.url === `/${String(account)}`),
  });
  const ask = async (url: string, details: unknown): Promise<number> => {
    const text = token({ authorization_details: details });
    const admission = await protection({ headers: { authorization: `Bearer ${text}` }, url });
    return admission.kind === 'allowed' ? 200 : admission.status;
  };
  assert.equal(await ask('/a', [{ type: 'payment', account: 'a' }]), 200);
  assert.equal(await ask('/b', [{ type: 'payment', account: 'a' }]), 403);
  assert.equal(await ask('/a', undefined), 403);
  for (const wrong of [{}, 'x', [1], [{}], [null], [{ type: 7 }]]) assert.equal(await ask('/a', wrong), 401, JSON.stringify(wrong));
});

import assert from 'node:assert/strict';
import { readArrival, requireError } from '../suite/fapi1-answer.ts';
import { fapiTokenRequest } from '../suite/fapi1-authentication.ts';
import { authorize, codeFields, exchange, type Fapi1Flow, requireAddress, signInFapi1 } from '../suite/fapi1-flow.ts';
import { type Fapi1Run, type Shape, send } from '../suite/fapi1-request.ts';
import { mutualEndpoint } from '../suite/fapi1-run.ts';
import { checkTls } from '../suite/fapi1-tls.ts';
import { assertResourceRefuses, assertTokenRefused, checkRefresh, refresh, requireResource } from '../suite/fapi1-tokens.ts';
import { unaskedClaims } from '../suite/id-token.ts';
import type { Fapi1Module } from './fapi1-module.ts';

/** fapi1-advanced-final: two clients, two kinds of requests. */
export const fapi1Server: Fapi1Module = async (bench) => {
  const { run, clients } = bench;
  const resource = `${run.issuer}/test/resource`;
  await checkTls(bench, resource);
  const { tokens } = await signInFapi1(bench, clients.first);
  await assertResourceRefuses(bench, clients.first, tokens.accessToken, { query: `?access_token=${tokens.accessToken}` });
  const address = { 'x-fapi-customer-ip-address': '2001:db8::1893:25c8:1946' };
  for (const accept of ['application/json; charset=utf-8', 'application/json, application/*+json, */*'])
    await requireResource(bench, clients.first, tokens.accessToken, { headers: { ...address, accept } });
  const strange = unaskedClaims(tokens.id.claims, 'openid');
  run.should(strange.length === 0, `the ID token holds what nobody asked for: ${strange.join(' ')}`);
  const second = await signInAgain(bench, { beside: 'reversed' });
  await assertResourceRefuses(bench, clients.second, second.tokens.accessToken, { from: bench.mutual.first });
};

/** With the second client, in a browser where the person is signed in. */
function signInAgain(bench: Fapi1Run, shape: Shape = {}): Promise<Fapi1Flow> {
  return signInFapi1(bench, bench.clients.second, shape);
}

/** fapi1-advanced-final-user-rejects-authentication */
export const fapi1UserRejects: Fapi1Module = async (bench) => {
  const { run, clients } = bench;
  for (const client of [clients.first, clients.second]) {
    const { url, prepared } = requireAddress(await send(bench, client, { changes: { state: run.random(128) } }));
    const place = await run.browser.visit(url);
    assert.equal(place.page, 'signin');
    const arrival = readArrival(bench, client, { place: await run.browser.click('signin-cancel'), pages: [], signInPage: place });
    assert.ok(arrival.kind === 'answer' && arrival.form === 'usual', 'an error at the client was due');
    assert.equal(requireError(bench, prepared.parameters['state'], arrival.answer), 'access_denied');
  }
};

/** A sign-in with a request that is a little different. */
function signedIn(shape: Shape | ((bench: Fapi1Run) => Shape)): Fapi1Module {
  return async (bench) => {
    await signInFapi1(bench, bench.clients.first, typeof shape === 'function' ? shape(bench) : shape);
  };
}

/** fapi1-advanced-final-ensure-request-object-with-multiple-aud-succeeds */
export const fapi1MultipleAud: Fapi1Module = signedIn(({ run }) => ({
  claims: { aud: [run.issuer, 'https://other1.example.com', 'invalid'] },
  beside: 'bare',
}));
/** fapi1-advanced-final-ensure-authorization-request-without-state-success */
export const fapi1WithoutState: Fapi1Module = signedIn({ changes: { state: undefined } });
/** fapi1-advanced-final-state-only-outside-request-object-not-used */
export const fapi1StateOutside: Fapi1Module = signedIn(({ run }) => ({
  changes: { state: undefined },
  outside: { state: run.random(10) },
}));
/** fapi1-advanced-final-ensure-other-scope-order-succeeds */
export const fapi1OtherScopeOrder: Fapi1Module = signedIn({ changes: { scope: 'email openid' } });
/** fapi1-advanced-final-ensure-different-nonce-inside-and-outside-request-object: what is signed holds. */
export const fapi1DifferentNonce: Fapi1Module = signedIn(({ run }) => ({ outside: { nonce: run.random(10) } }));
/** fapi1-advanced-final-ensure-request-object-with-long-nonce */
export const fapi1LongNonce: Fapi1Module = signedIn(({ run }) => ({ changes: { nonce: run.random(64).repeat(6) } }));
/** fapi1-advanced-final-ensure-request-object-with-64-char-nonce-success */
export const fapi1Nonce64: Fapi1Module = signedIn(({ run }) => ({ changes: { nonce: run.random(64) } }));
/** fapi1-advanced-final-ensure-request-object-with-long-state */
export const fapi1LongState: Fapi1Module = signedIn(({ run }) => ({ changes: { state: run.random(100).repeat(10) } }));
/** fapi1-advanced-final-par-without-duplicate-parameters */
export const fapi1Bare: Fapi1Module = signedIn({ beside: 'bare' });

/** fapi1-advanced-final-ensure-valid-pkce-succeeds: the challenge of RFC 7636 appendix B. */
export const fapi1ValidPkce: Fapi1Module = async (bench) => {
  const { first } = bench.clients;
  const challenge = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' };
  const approved = await authorize(bench, first, { changes: challenge });
  const flow = await exchange(bench, approved, {}, { code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' });
  await requireResource(bench, first, flow.tokens.accessToken);
};

/** fapi1-advanced-final-access-token-type-header-case-sensitivity (RFC 9110 §11.1) */
export const fapi1SchemeCase: Fapi1Module = async (bench) => {
  const { first } = bench.clients;
  const { tokens } = await exchange(bench, await authorize(bench, first));
  await requireResource(bench, first, tokens.accessToken, { scheme: 'bEARER' });
};

/** fapi1-advanced-final-ensure-mtls-holder-of-key-required */
export const fapi1HolderOfKey: Fapi1Module = async (bench) => {
  const { run, clients } = bench;
  for (const url of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint'].map((name) => mutualEndpoint(bench, name)))
    await checkTls(bench, url);
  const approved = await authorize(bench, clients.first);

  const reply = await fapiTokenRequest(bench, clients.first, codeFields(bench, approved), { from: run.http });
  assertTokenRefused(reply, withoutCertificate(bench));
};

/** What a token request without a certificate may be answered with. */
function withoutCertificate({ clients }: Fapi1Run): readonly string[] {
  return clients.first.auth === 'mtls' ? ['invalid_client', 'invalid_request'] : ['invalid_client', 'invalid_grant', 'invalid_request'];
}

/** fapi1-advanced-final-refresh-token */
export const fapi1RefreshToken: Fapi1Module = async (bench) => {
  const { run, clients } = bench;
  const first = await signInFapi1(bench, clients.first);
  const again = await checkRefresh(bench, clients.first, first.tokens, 'openid email');
  await requireResource(bench, clients.first, again.accessToken);
  const token = again.refreshToken ?? first.tokens.refreshToken ?? '';
  assertTokenRefused(await refresh(bench, clients.first, token, 'openid email', { from: run.http }), withoutCertificate(bench));
  const second = await signInAgain(bench);
  await checkRefresh(bench, clients.second, second.tokens, undefined);
  await assertResourceRefuses(bench, clients.second, second.tokens.accessToken, { from: bench.mutual.first });
  assertTokenRefused(await refresh(bench, clients.first, second.tokens.refreshToken ?? ''), ['invalid_grant']);
};

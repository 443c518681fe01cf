import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { authenticationRequest, type Changes, readAnswer, readError, sendRequest } from '../suite/authorization.ts';
import { assertErrorPage, isBackAtClient } from '../suite/error-page.ts';
import { type Flow, idTokenClaims, idTokenOf, signIn } from '../suite/flow.ts';
import { unaskedClaims } from '../suite/id-token.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import { goThrough } from '../suite/person.ts';
import { obtainClient } from '../suite/registration.ts';
import { brings, type ClientAuth } from '../suite/variant.ts';
import type { Module } from './module.ts';

/** oidcc-server: the whole way, with the hashes and the code's strength. */
export const server: Module = (run) => happyFlow(run, run.variant.clientAuth);

/** oidcc-server-client-secret-post */
export const serverClientSecretPost: Module = (run) => happyFlow(run, 'client_secret_post');

async function happyFlow(run: ModuleRun, auth: ClientAuth): Promise<void> {
  const client = await obtainClient(run, { auth });
  const flow = await signIn(run, client);
  checkCode(flow);
  if (flow.tokens !== undefined) run.should(flow.tokens.body['expires_in'] !== undefined, 'the token endpoint does not say expires_in');
  for (const claims of idTokenClaims(flow)) {
    run.should(claims['name'] === undefined, 'the ID token holds name, which nobody asked for');
    const strange = unaskedClaims(claims, flow.parameters['scope'] ?? '');
    run.should(strange.length === 0, `the ID token holds what nobody asked for: ${strange.join(' ')}`);
  }
}

/** RFC 6749 §10.10: at least 128 bits long, and not made of a few letters. */
function checkCode({ answer, parameters }: Flow): void {
  const code = answer.get('code');
  if (!(parameters['response_type'] ?? '').split(' ').includes('code')) return;
  assert.ok(code !== undefined && code.length * 8 >= 128, 'the code is too short');
  assert.ok(shannonBits(code) >= 96, 'the code has too little entropy');
}

function shannonBits(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let perLetter = 0;
  for (const count of counts.values()) perLetter -= (count / text.length) * Math.log2(count / text.length);
  return perLetter * text.length;
}

/** oidcc-response-type-missing */
export const responseTypeMissing: Module = async (run) => {
  const client = await obtainClient(run);
  const parameters = authenticationRequest(run, client, { response_type: undefined });
  const journey = await sendRequest(run, parameters);
  if (!isBackAtClient(run, journey.place)) return assertErrorPage(run, journey, /response_type/);
  // What is to be answered how is not known without it.
  const delivery = run.variant.responseMode === 'form_post' ? 'form_post' : 'query';
  const error = readError(run, client, journey, parameters, delivery);
  assert.ok(error === 'invalid_request' || error === 'unsupported_response_type', error);
};

/** Sign-ins that a further parameter must not disturb. */
function withParameters(changes: Changes | ((run: ModuleRun) => Changes)): Module {
  return async (run) => {
    const client = await obtainClient(run);
    await signIn(run, client, { changes: typeof changes === 'function' ? changes(run) : changes });
  };
}

/** oidcc-display-page */
export const displayPage: Module = withParameters({ display: 'page' });
/** oidcc-display-popup */
export const displayPopup: Module = withParameters({ display: 'popup' });
/** oidcc-ensure-request-with-unknown-parameter-succeeds */
export const unknownParameter: Module = withParameters({ extra: 'foobar' });
/** oidcc-ui-locales: a language that we do not have. */
export const uiLocales: Module = withParameters({ ui_locales: 'se' });
/** oidcc-claims-locales */
export const claimsLocales: Module = withParameters({ claims_locales: 'se' });
/** oidcc-login-hint: somebody whom nobody knows. */
export const loginHint: Module = withParameters((run) => ({ login_hint: `buffy@${new URL(run.issuer).hostname}` }));

/** oidcc-ensure-request-with-acr-values-succeeds */
export const acrValues: Module = async (run) => {
  const offered = run.metadata['acr_values_supported'];
  const wanted = Array.isArray(offered) && offered.length > 0 ? offered.map(String) : ['1', '2'];
  const client = await obtainClient(run);
  const flow = await signIn(run, client, { changes: { acr_values: wanted.join(' ') } });
  for (const { acr } of idTokenClaims(flow))
    run.should(typeof acr === 'string' && wanted.includes(acr), `the acr ${String(acr)} is none of those that were asked for`);
};

/** oidcc-ensure-post-request-succeeds: the request as a form of another site. */
export const postRequest: Module = async (run) => {
  const client = await obtainClient(run);
  const endpoint = run.endpoint('authorization_endpoint');
  await signIn(run, client, { send: async (parameters) => goThrough(run.browser, await run.browser.post(endpoint, parameters)) });
};

/** oidcc-ensure-request-without-nonce-succeeds-for-code-flow */
export const withoutNonceSucceeds: Module = async (run) => {
  const client = await obtainClient(run);
  const flow = await signIn(run, client, { changes: { nonce: undefined } });
  assert.equal(idTokenOf(flow).claims['nonce'], undefined, 'nonce of nowhere');
};

/** oidcc-ensure-request-without-nonce-fails */
export const withoutNonceFails: Module = async (run) => {
  assert.ok(brings(run.variant.responseType, 'id_token'), 'for ID tokens of the front channel alone');
  const client = await obtainClient(run);
  const parameters = authenticationRequest(run, client, { nonce: undefined });
  const journey = await sendRequest(run, parameters);
  if (!isBackAtClient(run, journey.place)) return assertErrorPage(run, journey, /nonce/);
  assert.equal(readError(run, client, journey, parameters), 'invalid_request');
  assert.equal(readAnswer(run, client, journey).has('id_token'), false);
};

/** oidcc-ensure-request-with-valid-pkce-succeeds */
export const validPkce: Module = async (run) => {
  const client = await obtainClient(run);
  const verifier = run.random(43);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  await signIn(run, client, {
    changes: { code_challenge: challenge, code_challenge_method: 'S256' },
    exchange: { code_verifier: verifier },
  });
};

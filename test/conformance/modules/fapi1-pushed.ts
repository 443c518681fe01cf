import assert from 'node:assert/strict';
import type { Proof } from '../suite/fapi1-authentication.ts';
import { approve, assertPushRefused, assertUrlRefused, exchange, type Refusal, requireAddress, signInFapi1 } from '../suite/fapi1-flow.ts';
import { type Fapi1Run, prepare, push, send } from '../suite/fapi1-request.ts';
import { requireResource } from '../suite/fapi1-tokens.ts';
import { objectOf } from '../suite/https-client.ts';
import { goThrough } from '../suite/person.ts';
import { ScriptlessBrowser } from '../suite/scriptless-browser.ts';
import type { Fapi1Module } from './fapi1-module.ts';
import { refused } from './fapi1-objects.ts';

const URI_PAGE = /request_uri/;
const OVER: Refusal = { answered: ['invalid_request_uri'], page: URI_PAGE, plainToo: 'plain-too' };

/** fapi1-advanced-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds: somebody reloads the page. */
export const reusedBefore: Fapi1Module = async (bench) => {
  const { first } = bench.clients;
  const sent = requireAddress(await send(bench, first));
  assert.equal((await bench.run.browser.visit(sent.url)).page, 'signin');
  const flow = await exchange(bench, await approve(bench, sent));
  await requireResource(bench, first, flow.tokens.accessToken);
};

/** fapi1-advanced-final-par-attempt-reuse-request_uri (RFC 9126 §7.3): no second answer, only a page that says so, to another browser too. */
export const reusedAfter: Fapi1Module = async (bench) => {
  const { first } = bench.clients;
  const sent = requireAddress(await send(bench, first));
  await exchange(bench, await approve(bench, sent));
  for (const browser of [bench.run.browser, new ScriptlessBrowser(bench.run.http)]) {
    const { place } = await goThrough(browser, await browser.visit(sent.url));
    assert.ok(place.url.startsWith(bench.run.issuer) && place.page === 'completed', `${place.url} ${place.page}`);
  }
};

/** fapi1-advanced-final-par-attempt-to-use-expired-request_uri */
export const expiredUri: Fapi1Module = async (bench) => {
  const { first } = bench.clients;
  const { url, expiresIn = 0 } = requireAddress(await send(bench, first));
  assert.ok(expiresIn > 0 && expiresIn <= 30 * 60, `expires_in ${expiresIn}`);
  await bench.run.provider.wait(expiresIn + 1);
  await assertUrlRefused(bench, url, first, undefined, OVER);
};

/** fapi1-advanced-final-par-attempt-to-use-request_uri-for-different-client */
export const uriOfAnother: Fapi1Module = async (bench) => {
  const { first, second } = bench.clients;
  const sent = requireAddress(await send(bench, first, { sentAs: second }));
  const answered = ['invalid_request', 'invalid_request_object', 'invalid_request_uri'];
  await assertUrlRefused(bench, sent.url, second, undefined, { answered, page: URI_PAGE, plainToo: 'plain-too' });
};

/** fapi1-advanced-final-par-authorization-request-containing-request_uri-form-param (RFC 9126 §2.1) */
export const uriBeside: Fapi1Module = async (bench) => {
  const reply = await push(bench, prepare(bench, bench.clients.first), {}, { more: { request_uri: strangeUri(bench) } });
  assertPushRefused(reply, ['invalid_request', 'invalid_request_object', 'request_uri_not_supported']);
};

/** fapi1-advanced-final-par-authorization-request-containing-request_uri */
export const uriWithin: Fapi1Module = async (bench) => {
  const prepared = prepare(bench, bench.clients.first, { claims: { request_uri: strangeUri(bench) } });
  assertPushRefused(await push(bench, prepared), ['invalid_request_object']);
};

function strangeUri({ run }: Fapi1Run): string {
  return `urn:ietf:params:oauth:request_uri:${run.random(20)}`;
}

/** fapi1-advanced-final-par-attempt-invalid-http-method */
export const wrongMethod: Fapi1Module = async (bench) => {
  const { status } = await push(bench, prepare(bench, bench.clients.first), {}, { method: 'PUT' });
  assert.ok(status >= 400 && status < 500, `PUT is answered with ${status}`);
};

/** fapi1-advanced-final-par-attempt-invalid-redirect_uri */
export const wrongRedirectUri: Fapi1Module = async (bench) => {
  const prepared = prepare(bench, bench.clients.first, { changes: { redirect_uri: `${bench.run.base}/no/such/callback` } });
  assertPushRefused(await push(bench, prepared), ['invalid_request', 'invalid_request_object']);
};

/** fapi1-advanced-final-par-ensure-pkce-required (FAPI 1.0 Advanced §5.2.2 no. 18) */
export const challengeMissing: Fapi1Module = refused(() => ({ changes: { code_challenge: undefined, code_challenge_method: undefined } }), {
  pushed: ['invalid_request'],
});
/** fapi1-advanced-final-par-plain-pkce-rejected */
export const plainChallenge: Fapi1Module = refused(
  ({ run }) => ({ changes: { code_challenge: run.random(43), code_challenge_method: 'plain' } }),
  { pushed: ['invalid_request'] },
);

/** The assertion for the endpoint may be for any name of ours (RFC 9126 §2). */
function audience(name: string): Fapi1Module {
  return async (bench) => {
    await signInFapi1(bench, bench.clients.first, { proof: { assertion: { aud: bench.run.endpoint(name) } } });
  };
}

/** fapi1-advanced-final-par-test-pushed-authorization-url-as-audience-for-client-JWT-assertion */
export const pushedUrlAsAudience: Fapi1Module = audience('pushed_authorization_request_endpoint');
/** fapi1-advanced-final-par-token-endpoint-url-as-audience-for-client-JWT-assertion */
export const tokenUrlAsAudience: Fapi1Module = audience('token_endpoint');

function refusedPush(proof: (bench: Fapi1Run) => Proof): Fapi1Module {
  return async (bench) => {
    const reply = await push(bench, prepare(bench, bench.clients.first), proof(bench));
    assert.equal(objectOf(reply, 'pushed request')['request_uri'], undefined);
    assertPushRefused(reply, ['invalid_client', 'invalid_request']);
  };
}

/** fapi1-advanced-final-par-ensure-client-assertion-with-wrong-aud-fails */
export const pushWrongAud: Fapi1Module = refusedPush(() => ({ assertion: { aud: 'https://other1.example.com/par' } }));
/** fapi1-advanced-final-par-ensure-client-assertion-with-wrong-iss-fails */
export const pushWrongIss: Fapi1Module = refusedPush(({ run }) => ({ assertion: { iss: run.random(10) } }));
/** fapi1-advanced-final-par-ensure-client-assertion-with-wrong-sub-fails */
export const pushWrongSub: Fapi1Module = refusedPush(({ run }) => ({ assertion: { sub: run.random(10) } }));

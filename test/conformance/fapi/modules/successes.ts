import assert from 'node:assert/strict';
import type { Changes } from '../../suite/authorization.ts';
import type { Browser, Place } from '../../suite/browser.ts';
import { unaskedClaims } from '../../suite/id-token.ts';
import { USER } from '../../suite/provider-config.ts';
import { readCode, readRefusal } from '../answer.ts';
import { type FapiFlow, type FapiFlowOptions, fapiSignIn, pushedUrl, redeem, visitPushed } from '../flow.ts';
import { push, readPushed } from '../push.ts';
import { fapiRequest, scopeOf } from '../request.ts';
import { callResource, requireResource, resourceUrl } from '../resource.ts';
import { checkTls } from '../tls.ts';
import { readFapiTokens } from '../tokens.ts';
import type { FapiModule } from './fapi-module.ts';

/** A sign-in of the first client that has to work. */
export function success(options: FapiFlowOptions = {}): FapiModule {
  return async (fapi) => {
    await fapiSignIn(fapi, fapi.first, options);
  };
}

function requested(changes: Changes): FapiModule {
  return success({ changes });
}

/** happy-flow: two clients; what the second one gets is nothing to the first. */
export const happyFlow: FapiModule = async (fapi) => {
  const { run, first, second } = fapi;
  await checkTls([resourceUrl(fapi)]);
  const one = await fapiSignIn(fapi, first);
  if (one.idToken !== undefined)
    run.should(unaskedClaims(one.idToken.claims, scopeOf(fapi)).length === 0, 'the ID token has what nobody asked for');
  const inQuery = `${resourceUrl(fapi)}?access_token=${encodeURIComponent(one.tokens.accessToken)}`;
  const reply = await (fapi.variant.senderConstrain === 'dpop' ? run.http : first.certified).send(inQuery);
  assert.ok(reply.status >= 400 && reply.status < 500, `a token in the query: ${reply.status}`);
  const accepts = ['application/json; charset=utf-8', 'application/json, application/*+json, */*'];
  for (const accept of accepts)
    await requireResource(fapi, first, one.tokens.accessToken, {
      headers: { accept, 'x-fapi-customer-ip-address': '2001:db8::1893:25c8:1946' },
    });
  // The second one binds its code by the parameter alone (RFC 9449 §10).
  const bound = fapi.variant.senderConstrain === 'dpop' ? { dpop_jkt: second.proofKey.thumbprint } : {};
  const longer = fapi.variant.openid === 'openid_connect' ? { nonce: run.random(43) } : {};
  const other = await fapiSignIn(fapi, second, { changes: { ...bound, ...longer } });
  await assertForeign(other, (token) => callResource(fapi, first, token));
};

/** A token with the key of another client (RFC 8705 §3, RFC 9449 §7.1). */
export async function assertForeign({ tokens }: FapiFlow, call: (token: string) => ReturnType<typeof callResource>): Promise<void> {
  const reply = await call(tokens.accessToken);
  assert.ok(reply.status >= 400 && reply.status < 500, `the token of another client: ${reply.status}`);
}

/** user-rejects-authentication: on the sign-in page, and on the page that asks for consent. */
export const userRejects: FapiModule = async (fapi) => {
  const { run, first, second } = fapi;
  for (const client of [first, second]) {
    const request = fapiRequest(fapi, client, { state: run.random(128), prompt: 'consent' });
    const { requestUri } = readPushed(await push(fapi, client, request));
    const start = await run.browser.visit(pushedUrl(fapi, request, requestUri));
    assert.equal(start.page, 'signin');
    const place = await (client === first ? run.browser.click('signin-cancel') : denyConsent(run.browser));
    assert.equal(readRefusal(fapi, client, { place, pages: [], signInPage: start }, request), 'access_denied');
  }
};

async function denyConsent(browser: Browser): Promise<Place> {
  await browser.fill('username', USER.username);
  await browser.fill('password', USER.password);
  assert.equal((await browser.click('signin-submit')).page, 'consent');
  return browser.click('consent-deny');
}

/** ensure-request-object-with-multiple-aud-succeeds */
export const multipleAudiences: FapiModule = async (fapi) => {
  const aud = [fapi.run.issuer, 'https://other1.example.com', 'invalid'];
  await fapiSignIn(fapi, fapi.first, { push: { object: { claims: { aud } } }, visit: { duplicates: 'none' } });
};

/** ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted */
export const objectOf8SecondsAhead: FapiModule = async (fapi) => {
  const nbf = fapi.run.provider.nowSeconds() + 8;
  await fapiSignIn(fapi, fapi.first, { push: { object: { claims: { nbf } } } });
};

/** ensure-authorization-request-without-state-success */
export const withoutState: FapiModule = requested({ state: undefined });

/** ensure-authorization-request-without-nonce-success */
export const withoutNonce: FapiModule = async (fapi) => {
  const { idToken } = await fapiSignIn(fapi, fapi.first, { changes: { nonce: undefined } });
  assert.equal(idToken?.claims['nonce'], undefined, 'nonce of nowhere');
};

/** ensure-authorization-request-with-64-char-nonce-success */
export const nonceOf64: FapiModule = (fapi) => requested({ nonce: fapi.run.random(64) })(fapi);
/** ensure-authorization-request-with-long-nonce: it may be refused, but not cut. */
export const longNonce: FapiModule = (fapi) => requested({ nonce: fapi.run.random(384) })(fapi);
/** ensure-authorization-request-with-long-state */
export const longState: FapiModule = (fapi) => requested({ state: fapi.run.random(1000) })(fapi);
/** ensure-other-scope-order-succeeds */
export const otherScopeOrder: FapiModule = (fapi) => requested({ scope: scopeOf(fapi).split(' ').toReversed().join(' ') })(fapi);

/** access-token-type-header-case-sensitivity (RFC 9110 §11.1) */
export const schemeInOtherLetters: FapiModule = (fapi) =>
  success({ resource: { scheme: fapi.variant.senderConstrain === 'dpop' ? 'dpOp' : 'bEARER' } })(fapi);

/** ensure-different-nonce-inside-and-outside-request-object: what stands beside the request_uri is not heard. */
export const nonceBeside: FapiModule = (fapi) => success({ visit: { beside: { nonce: fapi.run.random(10) } } })(fapi);
/** ensure-different-state-inside-and-outside-request-object */
export const stateBeside: FapiModule = (fapi) => success({ visit: { beside: { state: fapi.run.random(10) } } })(fapi);

/** state-only-outside-request-object-not-used */
export const stateOnlyBeside: FapiModule = async (fapi) => {
  const options = { changes: { state: undefined }, visit: { beside: { state: fapi.run.random(10) } } };
  await fapiSignIn(fapi, fapi.first, options);
};

/** par-without-duplicate-parameters */
export const withoutDuplicates: FapiModule = success({ visit: { duplicates: 'none' } });

/** par-ensure-reused-request-uri-prior-to-auth-completion-succeeds: a page that was only looked at has used nothing up. */
export const visitedTwice: FapiModule = async (fapi) => {
  const { run, first } = fapi;
  const request = fapiRequest(fapi, first);
  const { requestUri } = readPushed(await push(fapi, first, request));
  assert.equal((await run.browser.visit(pushedUrl(fapi, request, requestUri))).page, 'signin');
  const journey = await visitPushed(fapi, request, requestUri);
  const coded = { request, requestUri, journey, code: readCode(fapi, first, journey, request) };
  readFapiTokens(fapi, await redeem(fapi, first, coded));
};

import assert from 'node:assert/strict';
import {
  answerNotices,
  awaitDecision,
  awaitNotice,
  finishCiba,
  noticesAfter,
  notificationUrl,
  pollInVain,
  signInCiba,
} from '../suite/ciba-flow.ts';
import { ask, type CibaRun, decide, poll, readPending } from '../suite/ciba-request.ts';
import type { Proof } from '../suite/fapi1-authentication.ts';
import { mutualEndpoint } from '../suite/fapi1-run.ts';
import { checkTls } from '../suite/fapi1-tls.ts';
import { assertResourceRefuses, assertTokenRefused, checkRefresh, refresh, requireResource } from '../suite/fapi1-tokens.ts';
import { asTexts } from '../suite/json.ts';
import type { SiteReply } from '../suite/site.ts';
import type { CibaModule } from './ciba-module.ts';
import { assertHttps, assertOneOf, checkFapiDiscovery } from './fapi1-discovery.ts';

/** fapi-ciba-id1-discovery-end-point-verification (OpenID Connect CIBA §4) */
export const cibaDiscovery: CibaModule = async (bench) => {
  const { run, variant } = bench;
  checkFapiDiscovery(bench);
  assertHttps(mutualEndpoint(bench, 'backchannel_authentication_endpoint'), 'backchannel_authentication_endpoint');
  assertOneOf(bench, 'backchannel_authentication_request_signing_alg_values_supported', ['PS256', 'ES256']);
  const userCode = run.metadata['backchannel_user_code_parameter_supported'];
  run.should(userCode === undefined || typeof userCode === 'boolean', 'backchannel_user_code_parameter_supported is no switch');
  assert.ok(run.offers('grant_types_supported', 'urn:openid:params:grant-type:ciba'), 'the grant type is not offered');
  assert.ok(run.offers('backchannel_token_delivery_modes_supported', variant.mode), `${variant.mode} is not offered`);
};

/** fapi-ciba-id1: two clients, two kinds of requests. */
export const cibaServer: CibaModule = async (bench) => {
  const { run, clients } = bench;
  await checkTls(bench, `${run.issuer}/test/resource`);
  const { tokens } = await signInCiba(bench, clients.first);
  await assertResourceRefuses(bench, clients.first, tokens.accessToken, { query: `?access_token=${tokens.accessToken}` });
  for (const accept of ['application/json; charset=utf-8', 'application/json, application/*+json, */*'])
    await requireResource(bench, clients.first, tokens.accessToken, { headers: { accept } });
  run.site.forget(notificationUrl(bench));
  const acrs = run.metadata['acr_values_supported'];
  const acr = acrs === undefined ? undefined : asTexts(acrs, 'acr_values_supported').join(' ');
  const second = await signInCiba(bench, clients.second, { claims: { acr_values: acr, requested_expiry: 300 } }, run.random(30).repeat(34));
  if (acr !== undefined)
    assert.ok(acr.split(' ').includes(String(second.tokens.id.claims['acr'])), 'acr is none of those that were asked for');
  await assertResourceRefuses(bench, clients.second, second.tokens.accessToken, { from: bench.mutual.first });
  assertTokenRefused(await poll(bench, second.asked), ['invalid_grant']);
};

/** fapi-ciba-id1-user-rejects-authentication */
export const userRejects: CibaModule = async (bench) => {
  const asked = await ask(bench, bench.clients.first);
  await pollInVain(bench, asked);
  await decide(bench, asked, 'deny');
  readPending(await awaitDecision(bench, asked), ['access_denied']);
};

/** fapi-ciba-id1-multiple-call-to-token-endpoint: twenty without a pause. */
export const manyPolls: CibaModule = async (bench) => {
  const asked = await ask(bench, bench.clients.first);
  await pollInVain(bench, asked);
  const errors = new Set<string>();
  for (let count = 0; count < 20; count += 1)
    errors.add(readPending(await poll(bench, asked), ['authorization_pending', 'slow_down', 'invalid_request']));
  assert.ok(errors.has('slow_down') || errors.has('invalid_request'), 'nobody minds twenty requests at once');
  if (bench.variant.mode === 'ping') {
    await decide(bench, asked, 'allow');
    await awaitNotice(bench, asked);
  }
};

/** fapi-ciba-id1-auth-req-id-expired */
export const expired: CibaModule = async (bench) => {
  const asked = await ask(bench, bench.clients.first, { claims: { requested_expiry: 10 } });
  assert.ok(asked.expiresIn <= 10, `expires_in ${asked.expiresIn}`);
  readPending(await poll(bench, asked), ['authorization_pending', 'slow_down']);
  await bench.run.provider.wait(asked.expiresIn + 5);
  readPending(await poll(bench, asked), ['expired_token']);
};

/** fapi-ciba-id1-ensure-wrong-auth-req-id-in-token-endpoint-request: the first client's id, the second client. */
export const idOfAnother: CibaModule = async (bench) => {
  const asked = await ask(bench, bench.clients.first);
  assertTokenRefused(await poll(bench, { ...asked, client: bench.clients.second }), ['invalid_grant']);
};

/** fapi-ciba-id1-ensure-wrong-client-id-in-token-endpoint-request: the second client's name, the first one's certificate. */
export const wrongClientId: CibaModule = async (bench) => {
  const asked = await ask(bench, bench.clients.first);
  const reply = await poll(bench, { ...asked, client: bench.clients.second }, { from: bench.mutual.first });
  assertTokenRefused(reply, ['invalid_client']);
};

/** A request that is pending, asked for with a proof that is none. */
function refusedProof(proof: (bench: CibaRun) => Proof, codes: readonly string[]): CibaModule {
  return async (bench) => {
    const asked = await ask(bench, bench.clients.first);
    assertTokenRefused(await poll(bench, asked, proof(bench)), codes);
  };
}

/** fapi-ciba-id1-ensure-without-client-assertion-in-token-endpoint-request */
export const withoutAssertion: CibaModule = refusedProof(() => ({ with: 'none' }), ['invalid_client', 'invalid_request']);
/** fapi-ciba-id1-ensure-client-assertion-signature-algorithm-in-token-endpoint-request-is-RS256-fails */
export const assertionRs256: CibaModule = refusedProof(() => ({ alg: 'RS256' }), ['invalid_client']);

/** fapi-ciba-id1-ensure-client-assertion-with-iss-aud-to-token-endpoint-succeeds */
export const issuerAsAudience: CibaModule = async (bench) => {
  const asked = await ask(bench, bench.clients.first);
  const proof = { assertion: { aud: bench.run.issuer } };
  readPending(await poll(bench, asked, proof), ['authorization_pending', 'slow_down']);
};

/** fapi-ciba-id1-ensure-mtls-holder-of-key-required */
export const holderOfKey: CibaModule = async (bench) => {
  const { run, clients } = bench;
  for (const name of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint']) await checkTls(bench, mutualEndpoint(bench, name));
  const asked = await ask(bench, clients.first);
  const codes =
    clients.first.auth === 'mtls' ? ['invalid_client', 'invalid_request'] : ['invalid_client', 'invalid_grant', 'invalid_request'];
  assertTokenRefused(await poll(bench, asked, { from: run.http }), codes);
};

/** fapi-ciba-id1-refresh-token */
export const refreshToken: CibaModule = async (bench) => {
  const { run, clients } = bench;
  const first = await signInCiba(bench, clients.first);
  await requireResource(bench, clients.first, (await checkRefresh(bench, clients.first, first.tokens, 'openid email')).accessToken);
  run.site.forget(notificationUrl(bench));
  const second = await signInCiba(bench, clients.second);
  await requireResource(bench, clients.second, (await checkRefresh(bench, clients.second, second.tokens, undefined)).accessToken);
  assertTokenRefused(await refresh(bench, clients.first, second.tokens.refreshToken ?? ''), ['invalid_grant']);
};

/** What the client answers does not matter to what it was told. */
export function notified(reply: SiteReply): CibaModule {
  return async (bench) => {
    answerNotices(bench, reply);
    await signInCiba(bench, bench.clients.first);
  };
}

/** Told once, and once alone, whatever the answer. */
async function toldOnce(bench: CibaRun, reply: SiteReply, seconds: number): Promise<void> {
  answerNotices(bench, reply);
  const asked = await ask(bench, bench.clients.first);
  await pollInVain(bench, asked);
  await decide(bench, asked, 'allow');
  await awaitNotice(bench, asked);
  assert.equal(await noticesAfter(bench, seconds), 1, 'the client was told again');
  await finishCiba(bench, asked, await poll(bench, asked));
}

/** fapi-ciba-id1-ping-with-mtls-ciba-notification-endpoint-response-401-and-require-server-does-not-retry */
export const notRepeated: CibaModule = (bench) => toldOnce(bench, { status: 401, type: 'text/plain', body: 'no' }, 5);

/** fapi-ciba-id1-ping-backchannel-notification-endpoint-return-redirect-request: nobody follows it. */
export const notRedirected: CibaModule = async (bench) => {
  const elsewhere = `${bench.run.base}/invalid-ciba-notification-endpoint`;
  await toldOnce(bench, { status: 301, location: elsewhere, type: 'text/plain', body: '' }, 15);
  assert.equal(bench.run.site.requestsFor(elsewhere).length, 0, 'the redirect was followed');
};

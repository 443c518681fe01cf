import assert from 'node:assert/strict';
import type { Changes } from '../suite/authorization.ts';
import type { Client } from '../suite/client.ts';
import { assertUntouched } from '../suite/error-page.ts';
import { type Flow, idTokenOf, signIn } from '../suite/flow.ts';
import { visibleText } from '../suite/html.ts';
import { asNumber, asObject, asText, type Json } from '../suite/json.ts';
import { checkSignature, readJwt, signRs256, unsecured } from '../suite/jwt.ts';
import { logOut } from '../suite/log-out.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import { obtainClient } from '../suite/registration.ts';
import type { SiteRequest } from '../suite/site.ts';
import type { Module } from './module.ts';
import { refusedSilently } from './prompts.ts';

/** The suite's state is of every character that a state may have (RFC 6749 appendix A.5), but those that forms write in two ways. */
const STATE = Array.from({ length: 0x7f - 0x21 }, (_, index) => String.fromCharCode(0x21 + index))
  .join('')
  .replace(/[+;]/g, '~');

/** oidcc-rp-initiated-logout */
export const rpInitiatedLogout: Module = async (run) => {
  const { client, query } = await leave(run, {});
  assert.deepEqual([...query], [['state', STATE]], 'parameters at post_logout_redirect_uri');
  await refusedSilently(run, client, { state: run.random(128) });
};

/** oidcc-rp-initiated-logout-no-state */
export const rpInitiatedLogoutNoState: Module = async (run) => {
  const { client, query } = await leave(run, { state: undefined });
  assert.deepEqual([...query], [], 'parameters at post_logout_redirect_uri');
  await refusedSilently(run, client, { state: run.random(128) });
};

async function leave(run: ModuleRun, changes: Changes): Promise<{ readonly client: Client; readonly query: URLSearchParams }> {
  const client = await logoutClient(run);
  await endSession(run, client, idTokenOf(await signIn(run, client)).text, changes);
  return { client, query: requireRedirect(run, client).query };
}

/** oidcc-rp-initiated-logout-bad-post-logout-redirect-uri */
export const badPostLogoutRedirectUri: Module = (run) =>
  staysOnPage(run, /post_logout_redirect_uri is not registered/, () => ({
    post_logout_redirect_uri: `${run.base}/bad_post_logout_redirect_uri`,
  }));

/** oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri */
export const queryAddedToPostLogoutRedirectUri: Module = (run) =>
  staysOnPage(run, /post_logout_redirect_uri is not registered/, ({ client }) => ({
    post_logout_redirect_uri: `${client.postLogoutRedirectUri}?foo=bar`,
  }));

/** oidcc-rp-initiated-logout-modified-id-token-hint: without a signature any more. */
export const modifiedIdTokenHint: Module = (run) =>
  staysOnPage(run, /id_token_hint is not valid/, ({ flow }) => ({ id_token_hint: unsecured(idTokenOf(flow).claims) }));

/** oidcc-rp-initiated-logout-bad-id-token-hint: signed by the client itself. */
export const badIdTokenHint: Module = (run) =>
  staysOnPage(run, /id_token_hint is not valid/, ({ client }) => {
    const now = run.provider.nowSeconds();
    const claims = { iss: client.clientId, sub: 'SubjectID', aud: run.issuer, nonce: 'flibble', iat: now, exp: now + 300 };
    return { id_token_hint: signRs256(claims, client.key) };
  });

/** oidcc-rp-initiated-logout-no-id-token-hint: nobody vouches for the address. */
export const noIdTokenHint: Module = (run) => staysOnPage(run, /id_token_hint is missing/, () => ({ id_token_hint: undefined }));

/** The person stays with the provider: on a page that tells what is wrong, or on one that asks (a photograph of it is the proof). */
async function staysOnPage(
  run: ModuleRun,
  phrase: RegExp,
  change: (signedIn: { readonly client: Client; readonly flow: Flow }) => Changes,
): Promise<void> {
  const client = await logoutClient(run);
  const flow = await signIn(run, client);
  const changes = change({ client, flow });
  const place = await run.browser.visit(endSessionUrl(run, client, idTokenOf(flow).text, changes));
  assert.ok(place.url.startsWith(run.issuer), `the browser went to ${place.url}`);
  assert.ok(place.page === 'error' || place.page === 'logout', `page ${place.page}`);
  if (place.page === 'error') assert.match(visibleText(place.html), phrase);
  assertUntouched(
    run,
    [client.postLogoutRedirectUri, ...Object.values(changes).filter((value) => value?.startsWith(run.base) === true)].map(String),
  );
}

/** oidcc-rp-initiated-logout-no-params */
export const noParameters: Module = (run) =>
  endsHere(run, { id_token_hint: undefined, post_logout_redirect_uri: undefined, state: undefined });
/** oidcc-rp-initiated-logout-only-state */
export const onlyState: Module = (run) => endsHere(run, { id_token_hint: undefined, post_logout_redirect_uri: undefined });
/** oidcc-rp-initiated-logout-no-post-logout-redirect-uri */
export const noPostLogoutRedirectUri: Module = (run) => endsHere(run, { post_logout_redirect_uri: undefined });

/** The session ends and the page says so. */
async function endsHere(run: ModuleRun, changes: Changes): Promise<void> {
  const client = await logoutClient(run);
  const place = await endSession(run, client, idTokenOf(await signIn(run, client)).text, changes);
  assert.equal(place.page, 'signed-out');
  assert.match(visibleText(place.html), /\bSigned out\b/i, 'the page to be photographed');
  assertUntouched(run, [client.postLogoutRedirectUri]);
  await refusedSilently(run, client);
}

/** oidcc-frontchannel-rp-initiated-logout (OpenID Connect Front-Channel Logout §3) */
export const frontchannelLogout: Module = async (run) => {
  const uri = `${run.base}/frontchannel_logout`;
  const members = { frontchannel_logout_uri: uri, frontchannel_logout_session_required: true };
  const client = await logoutClient(run, members);
  const { claims, text } = idTokenOf(await signIn(run, client));
  await endSession(run, client, text, {});
  const request = await run.site.awaitRequest(uri, 1, FRAME_MS);
  assert.ok(request !== undefined, 'frontchannel_logout_uri was not loaded');
  assert.equal(request.method, 'GET');
  assert.deepEqual(
    Object.fromEntries(request.query),
    { iss: run.issuer, sid: asText(claims['sid'], 'ID token: sid') },
    'frontchannel_logout_uri',
  );
  assert.deepEqual([...requireRedirect(run, client).query], [['state', STATE]], 'parameters at post_logout_redirect_uri');
  await refusedSilently(run, client);
};

const FRAME_MS = 60_000;
const BACK_CHANNEL_MS = 60_000;

/** oidcc-backchannel-rp-initiated-logout (OpenID Connect Back-Channel Logout §2.4, §2.5) */
export const backchannelLogout: Module = async (run) => {
  const uri = `${run.base}/backchannel_logout`;
  const members = { backchannel_logout_uri: uri, backchannel_logout_session_required: true };
  const client = await logoutClient(run, members);
  const { claims, text } = idTokenOf(await signIn(run, client));
  await endSession(run, client, text, {});
  const request = await run.site.awaitRequest(uri, 1, BACK_CHANNEL_MS);
  assert.ok(request !== undefined, 'no logout token came');
  checkLogoutRequest(run, client, request, claims);
  assert.deepEqual([...requireRedirect(run, client).query], [['state', STATE]], 'parameters at post_logout_redirect_uri');
  await refusedSilently(run, client);
};

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

function checkLogoutRequest(run: ModuleRun, client: Client, request: SiteRequest, idToken: Json): void {
  assert.equal(request.method, 'POST');
  assert.equal(request.headers['content-type']?.split(';')[0], 'application/x-www-form-urlencoded');
  const form = new URLSearchParams(request.body);
  run.should(
    [...form.keys()].every((name) => name === 'logout_token'),
    `the logout request says more: ${[...form.keys()].join(' ')}`,
  );
  const token = readJwt(form.get('logout_token') ?? '', 'logout token');
  checkSignature(token, run.jwks, 'logout token');
  const { header, claims } = token;
  assert.equal(header['alg'], client.idTokenAlg, 'logout token: alg');
  if (header['typ'] !== undefined) assert.match(String(header['typ']), /^(?:application\/)?logout\+jwt$/i, 'logout token: typ');
  assert.equal(claims['iss'], run.issuer, 'logout token: iss');
  assert.deepEqual(Array.isArray(claims['aud']) ? claims['aud'] : [claims['aud']], [client.clientId], 'logout token: aud');
  const now = run.provider.nowSeconds();
  assert.ok(Math.abs(asNumber(claims['iat'], 'logout token: iat') - now) < 60, 'logout token: iat');
  assert.ok(asNumber(claims['exp'], 'logout token: exp') > now, 'logout token: exp');
  asText(claims['jti'], 'logout token: jti');
  const events = asObject(claims['events'], 'logout token: events');
  assert.deepEqual(events, { [LOGOUT_EVENT]: {} }, 'logout token: events');
  assert.ok(!('nonce' in claims), 'logout token: nonce');
  if (claims['sub'] !== undefined) assert.equal(claims['sub'], idToken['sub'], 'logout token: sub');
  // Required where the client asked for it (§2.2); certification demands it anyway.
  assert.equal(claims['sid'], asText(idToken['sid'], 'ID token: sid'), 'logout token: sid');
}

export function logoutClient(run: ModuleRun, members: Json = {}): Promise<Client> {
  return obtainClient(run, { members: { post_logout_redirect_uris: [`${run.base}/post_logout_redirect`], ...members } });
}

function endSessionUrl(run: ModuleRun, client: Client, idToken: string, changes: Changes): string {
  const url = new URL(run.endpoint('end_session_endpoint'));
  const request: Changes = { id_token_hint: idToken, post_logout_redirect_uri: client.postLogoutRedirectUri, state: STATE, ...changes };
  for (const [name, value] of Object.entries(request)) if (value !== undefined) url.searchParams.append(name, value);
  return url.href;
}

/** Ends the session; says yes where the provider asks. */
export async function endSession(run: ModuleRun, client: Client, idToken: string, changes: Changes): ReturnType<typeof logOut> {
  return logOut(run.browser, endSessionUrl(run, client, idToken, changes));
}

export function requireRedirect(run: ModuleRun, client: Client): SiteRequest {
  const requests = run.site.requestsFor(client.postLogoutRedirectUri);
  const [request] = requests;
  assert.ok(request !== undefined && requests.length === 1, `the browser came ${requests.length} times to post_logout_redirect_uri`);
  return request;
}

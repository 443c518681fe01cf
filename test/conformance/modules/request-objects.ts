import assert from 'node:assert/strict';
import { authenticationRequest, authorizationUrl, type Parameters, readAnswer } from '../suite/authorization.ts';
import type { Client } from '../suite/client.ts';
import { assertErrorPage, assertUntouched, isBackAtClient } from '../suite/error-page.ts';
import { finish, signIn } from '../suite/flow.ts';
import type { Json } from '../suite/json.ts';
import { signRs256, unsecured } from '../suite/jwt.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import { goThrough, type Journey } from '../suite/person.ts';
import { obtainClient, registerClient } from '../suite/registration.ts';
import type { Module } from './module.ts';

/** What stands outside beside the object (OpenID Connect Core §6.1: the OAuth 2.0 syntax demands it). */
const OUTSIDE: readonly string[] = ['response_type', 'client_id', 'scope', 'redirect_uri'];
const NOT_OFFERED = '`none` is not in request_object_signing_alg_values_supported';

type Seal = (run: ModuleRun, client: Client, claims: Json) => string;

const unsigned: Seal = (_run, _client, claims) => unsecured(claims);
const signed: Seal = (run, client, claims) => signRs256({ ...claims, aud: run.issuer, iss: client.clientId }, client.key);

/** oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported: by value. */
export const unsignedRequestObject: Module = async (run) => {
  noteSkip(run);
  const client = await obtainClient(run);
  await assertNotPassedOver(run, client, byValue(run, client, unsigned), 'request_not_supported');
  assert.equal(run.metadata['request_parameter_supported'], true, 'request_parameter_supported');
  await signIn(run, client, { send: byValue(run, client, signed) });
};

/** oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported: by reference. */
export const requestUriUnsignedOrRejected: Module = (run) => unsignedByReference(run);

/** oidcc-request-uri-unsigned: the same in the Dynamic profile, which demands request_uri. */
export const requestUriUnsigned: Module = (run) => unsignedByReference(run);

async function unsignedByReference(run: ModuleRun): Promise<void> {
  noteSkip(run);
  assert.equal(run.metadata['request_uri_parameter_supported'], true, 'request_uri_parameter_supported');
  const uri = requestUri(run);
  const client = await registerClient(run, { members: { request_uris: [uri] } });
  await assertNotPassedOver(run, client, byReference(run, client, uri, unsigned), 'request_uri_not_supported');
  await signIn(run, client, { send: byReference(run, client, uri, signed) });
}

/** oidcc-request-uri-signed-rs256 */
export const requestUriSignedRs256: Module = async (run) => {
  assert.equal(run.metadata['request_uri_parameter_supported'], true, 'request_uri_parameter_supported');
  assert.ok(run.offers('request_object_signing_alg_values_supported', 'RS256'), 'RS256 for request objects is not offered');
  const uri = requestUri(run);
  const client = await registerClient(run, { members: { request_uris: [uri], request_object_signing_alg: 'RS256' } });
  await signIn(run, client, { send: byReference(run, client, uri, signed) });
  assert.equal(run.site.requestsFor(uri).length, 1, 'the request object was not fetched');
};

/** oidcc-ensure-request-object-with-redirect-uri: the redirect URI inside counts, not the one outside. */
export const requestObjectWithRedirectUri: Module = async (run) => {
  noteSkip(run);
  const client = await obtainClient(run);
  const outside = `${client.redirectUri}_invalid`;
  const send =
    (seal: Seal) =>
    (parameters: Parameters): Promise<Journey> =>
      visit(run, { ...outsideOf(parameters), redirect_uri: outside, request: seal(run, client, parameters) });
  await assertNotPassedOver(run, client, send(unsigned), 'request_not_supported');
  const parameters = authenticationRequest(run, client);
  const journey = await send(signed)(parameters);
  // The suite would be content with a page of errors here; who says that request objects are heard has to hear them.
  await finish(run, client, parameters, journey);
  assertUntouched(run, [outside]);
};

/** The suite leaves such a module where the server offers only signed objects, which is as good (OpenID Connect Core §15.2). */
function noteSkip(run: ModuleRun): void {
  assert.ok(!run.offers('request_object_signing_alg_values_supported', 'none'), 'the module would have to be run as it stands');
  run.skip(NOT_OFFERED);
}

/** A request object that cannot be heard is refused; acting on what stands beside it would be the worst answer. */
async function assertNotPassedOver(
  run: ModuleRun,
  client: Client,
  send: (parameters: Parameters) => Promise<Journey>,
  unsupported: string,
): Promise<void> {
  const journey = await send(authenticationRequest(run, client));
  assert.deepEqual(
    journey.pages.filter((page) => page === 'signin' || page === 'consent'),
    [],
    'an unsigned request object was passed over',
  );
  if (!isBackAtClient(run, journey.place))
    return assertErrorPage(run, journey, /request(?: object|_uri)? is not|redirect_uri is not registered/);
  // How the answer was to travel stood in the object that nobody heard.
  const delivery = run.variant.responseType === 'code' ? 'query' : 'fragment';
  const error = readAnswer(run, client, journey, delivery).get('error') ?? '';
  assert.ok([unsupported, 'invalid_request_object', 'invalid_request'].includes(error), `error ${error}`);
}

function byValue(run: ModuleRun, client: Client, seal: Seal): (parameters: Parameters) => Promise<Journey> {
  return (parameters) => visit(run, { ...outsideOf(parameters), request: seal(run, client, parameters) });
}

function byReference(run: ModuleRun, client: Client, uri: string, seal: Seal): (parameters: Parameters) => Promise<Journey> {
  return (parameters) => {
    const body = seal(run, client, parameters);
    run.site.publish(uri, () => ({ type: 'application/oauth-authz-req+jwt', body }));
    return visit(run, { ...outsideOf(parameters), request_uri: uri });
  };
}

/** With a fragment, which names the object's content (OpenID Connect Core §6.2). */
function requestUri(run: ModuleRun): string {
  return `${run.base}/requesturi/${run.random(64)}#${run.random(43)}`;
}

function outsideOf(parameters: Parameters): Parameters {
  return Object.fromEntries(OUTSIDE.flatMap((name) => (parameters[name] === undefined ? [] : [[name, parameters[name]]])));
}

async function visit(run: ModuleRun, parameters: Parameters): Promise<Journey> {
  return goThrough(run.browser, await run.browser.visit(authorizationUrl(run, parameters)));
}

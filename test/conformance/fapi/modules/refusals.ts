import assert from 'node:assert/strict';
import { type Changes, sendRequest } from '../../suite/authorization.ts';
import { assertErrorPage, assertUntouched, isBackAtClient } from '../../suite/error-page.ts';
import { assertFinished, readRefusal } from '../answer.ts';
import type { FapiClient } from '../clients.ts';
import { endpoint, type FapiRun } from '../fapi-run.ts';
import { fapiSignIn, visitPushed } from '../flow.ts';
import { type PushOptions, push, readPushError, readPushed } from '../push.ts';
import { type FapiRequest, fapiRequest, type ObjectChanges } from '../request.ts';
import type { FapiModule } from './fapi-module.ts';

/** Everything that a client has to hear is said where the request is pushed. */
export async function assertPushRefused(
  fapi: FapiRun,
  request: FapiRequest,
  options: PushOptions,
  errors: readonly string[],
): Promise<void> {
  const error = readPushError(await push(fapi, fapi.first, request, options));
  assert.ok(errors.includes(error), `error ${error}, not ${errors.join(' or ')}`);
}

/** A request with such parameters. */
function refusedWith(changes: Changes, errors: readonly string[]): FapiModule {
  return (fapi) => assertPushRefused(fapi, fapiRequest(fapi, fapi.first, changes), {}, errors);
}

const INVALID = ['invalid_request'];
const INVALID_OBJECT = ['invalid_request_object'];
const EITHER = [...INVALID, ...INVALID_OBJECT];

/** ensure-request-object-without-redirect-uri-fails, ensure-redirect-uri-in-authorization-request */
export const redirectUriMissing: FapiModule = refusedWith({ redirect_uri: undefined }, EITHER);

/** plain-fapi-tolerate-unregistered-redirect-uri: allowed by RFC 9126 §2.4, but not demanded. */
export const redirectUriUnregistered: FapiModule = async (fapi) => {
  const { run, first } = fapi;
  const redirect_uri = `${first.redirectUri}/${run.random(10)}`;
  await assertPushRefused(fapi, fapiRequest(fapi, first, { redirect_uri }), {}, EITHER);
  assertUntouched(run, [redirect_uri]);
};

const RESPONSE_TYPE_ERRORS = ['unsupported_response_type', 'invalid_request', 'unauthorized_client'];
/** ensure-response-type-code-idtoken-fails */
export const codeIdToken: FapiModule = refusedWith({ response_type: 'code id_token' }, RESPONSE_TYPE_ERRORS);
/** ensure-response-type-token-fails */
export const token: FapiModule = refusedWith({ response_type: 'token' }, RESPONSE_TYPE_ERRORS);

/** par-ensure-pkce-required (RFC 7636 §4.4.1) */
export const pkceMissing: FapiModule = refusedWith({ code_challenge: undefined, code_challenge_method: undefined }, INVALID);
/** par-plain-pkce-rejected: the verifier is its own challenge. */
export const pkcePlain: FapiModule = async (fapi) => {
  const { verifier } = fapiRequest(fapi, fapi.first);
  for (const code_challenge_method of ['plain', undefined])
    await refusedWith({ code_challenge: verifier, code_challenge_method }, INVALID)(fapi);
};

/** ensure-unsigned-authorization-request-without-using-par-fails */
export const notPushed: FapiModule = async (fapi) => {
  const { run, first } = fapi;
  const request = fapiRequest(fapi, first);
  const journey = await sendRequest(run, request.parameters);
  if (isBackAtClient(run, journey.place)) assert.equal(readRefusal(fapi, first, journey, request), 'invalid_request');
  else assertErrorPage(run, journey, /push|request/);
};

/** par-authorization-request-containing-request_uri-form-param (RFC 9126 §2.1) */
export const requestUriInForm: FapiModule = async (fapi) => {
  const beside = { request_uri: `urn:fdc:example.com:${fapi.run.random(43)}` };
  await assertPushRefused(fapi, fapiRequest(fapi, fapi.first), { beside }, [...EITHER, 'request_uri_not_supported']);
};

/** par-attempt-invalid-http-method */
export const pushByPut: FapiModule = async (fapi) => {
  const { status } = await push(fapi, fapi.first, fapiRequest(fapi, fapi.first), { method: 'PUT' });
  assert.ok(status >= 400 && status < 600, `status ${status}`);
  const url = endpoint(fapi, 'pushed_authorization_request_endpoint');
  assert.equal((await fapi.run.http.send(url)).status, 405, 'GET');
};

/** par-attempt-reuse-request_uri: it has had its answer. */
export const requestUriAgain: FapiModule = async (fapi) => {
  const { request, requestUri } = await fapiSignIn(fapi, fapi.first);
  assertFinished(fapi, await visitPushed(fapi, request, requestUri));
};

/** par-attempt-to-use-expired-request_uri */
export const requestUriExpired: FapiModule = async (fapi) => {
  const request = fapiRequest(fapi, fapi.first);
  const { requestUri, expiresIn } = readPushed(await push(fapi, fapi.first, request));
  await fapi.run.provider.wait(expiresIn);
  assertErrorPage(fapi.run, await visitPushed(fapi, request, requestUri), /request_uri has expired/);
};

/** par-attempt-to-use-request_uri-for-different-client */
export const requestUriOfAnother: FapiModule = async (fapi) => {
  const { first, second } = fapi;
  const request = fapiRequest(fapi, first);
  const { requestUri } = readPushed(await push(fapi, first, request));
  const journey = await visitPushed(fapi, request, requestUri, { beside: { client_id: second.clientId } });
  assertErrorPage(fapi.run, journey, /request_uri is not valid/);
};

/** A request object that is not right. */
export function refusedObject(object: (fapi: FapiRun) => ObjectChanges, errors: readonly string[] = INVALID_OBJECT): FapiModule {
  return (fapi) => assertPushRefused(fapi, fapiRequest(fapi, fapi.first), { object: object(fapi) }, errors);
}

const MINUTE = 60;
const now = ({ run }: FapiRun): number => run.provider.nowSeconds();

/** ensure-request-object-without-exp-fails (FAPI 2.0 Message Signing §5.3.1) */
export const objectWithoutExp: FapiModule = refusedObject(() => ({ claims: { exp: undefined } }));
/** ensure-request-object-without-nbf-fails */
export const objectWithoutNbf: FapiModule = refusedObject(() => ({ claims: { nbf: undefined } }));
/** ensure-expired-request-object-fails */
export const objectExpired: FapiModule = refusedObject((fapi) => ({ claims: { exp: now(fapi) - 5 * MINUTE } }));
/** ensure-request-object-with-bad-aud-fails */
export const objectForOthers: FapiModule = refusedObject((fapi) => ({ claims: { aud: `${fapi.run.issuer}/token` } }));
/** ensure-request-object-with-exp-over-60-fails */
export const objectOf70Minutes: FapiModule = refusedObject((fapi) => ({ claims: { exp: now(fapi) + 70 * MINUTE } }));
/** ensure-request-object-with-nbf-over-60-fails */
export const objectSince70Minutes: FapiModule = refusedObject((fapi) => ({ claims: { nbf: now(fapi) - 70 * MINUTE } }));
/** ensure-signed-request-object-with-RS256-fails */
export const objectByRs256: FapiModule = refusedObject(() => ({ alg: 'RS256' }));
/** ensure-request-object-signature-algorithm-is-not-none */
export const objectUnsigned: FapiModule = refusedObject(() => ({ alg: 'none' }));
/** ensure-request-object-with-invalid-signature-fails */
export const objectSpoilt: FapiModule = refusedObject(() => ({ spoil: spoilSignature }));
/** ensure-matching-key-in-authorization-request: the second client's key. */
export const objectByAnother: FapiModule = refusedObject(({ second }) => ({ key: second.key }), EITHER);
/** par-authorization-request-containing-request_uri: inside the object (RFC 9101 §4). */
export const requestUriInObject: FapiModule = refusedObject(({ run }) => ({ claims: { request_uri: `urn:example:${run.random(43)}` } }));

/** ensure-unsigned-request-at-par-endpoint-fails */
export const objectMissing: FapiModule = (fapi) => assertPushRefused(fapi, fapiRequest(fapi, fapi.first), { as: 'unsigned' }, INVALID);

/** Another first character of the signature. */
export function spoilSignature(jws: string): string {
  const start = jws.lastIndexOf('.') + 1;
  return `${jws.slice(0, start)}${jws[start] === 'A' ? 'B' : 'A'}${jws.slice(start + 1)}`;
}

/** ensure-mismatched-dpop-jkt-fails: the parameter names one key, the proof has another (RFC 9449 §10.1). */
export const mismatchedDpopJkt: FapiModule = async (fapi) => {
  const request = fapiRequest(fapi, fapi.first, { dpop_jkt: fapi.second.proofKey.thumbprint });
  await assertPushRefused(fapi, request, { proof: {} }, ['invalid_request', 'invalid_dpop_proof']);
};

/** Assertions at the endpoint for pushed requests. */
function refusedAssertion(claims: (fapi: FapiRun, client: FapiClient) => Readonly<Record<string, unknown>>): FapiModule {
  return (fapi) => {
    const authentication = { claims: claims(fapi, fapi.first) };
    return assertPushRefused(fapi, fapiRequest(fapi, fapi.first), { authentication }, ['invalid_client', 'invalid_request']);
  };
}

/** par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails */
export const assertionOf62SecondsAhead: FapiModule = refusedAssertion((fapi) => ({
  nbf: now(fapi) + 62,
  iat: now(fapi) + 62,
  exp: now(fapi) + 122,
}));
/** par-test-array-as-audience-fails (FAPI 2.0 Security Profile §5.3.2.1) */
export const assertionForMany: FapiModule = refusedAssertion(({ run }) => ({ aud: [run.issuer, 'https://other1.example.com'] }));
/** par-test-par-endpoint-url-as-audience-fails */
export const assertionForPar: FapiModule = refusedAssertion((fapi) => ({ aud: endpoint(fapi, 'pushed_authorization_request_endpoint') }));
/** par-test-token-endpoint-url-as-audience-fails */
export const assertionForTokens: FapiModule = refusedAssertion((fapi) => ({ aud: endpoint(fapi, 'token_endpoint') }));

/** par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted */
export const assertionOf8SecondsAhead: FapiModule = async (fapi) => {
  const ahead = now(fapi) + 8;
  await fapiSignIn(fapi, fapi.first, { push: { authentication: { claims: { nbf: ahead, iat: ahead } } } });
};

import assert from 'node:assert/strict';
import type { HttpReply } from '../../suite/https-client.ts';
import { readTokenError } from '../../suite/token-endpoint.ts';
import type { FapiClient } from '../clients.ts';
import { endpoint, type FapiRun } from '../fapi-run.ts';
import { codeFields, fapiSignIn, obtainCode, redeem } from '../flow.ts';
import { makeProofKey } from '../proof.ts';
import { callResource } from '../resource.ts';
import { checkTls } from '../tls.ts';
import { type TokenOptions, tokenRequest } from '../tokens.ts';
import type { FapiVariant } from '../variant.ts';
import type { FapiModule } from './fapi-module.ts';

/** A refusal of the token endpoint with one of these codes. */
export function assertTokenError(reply: HttpReply, errors: readonly string[]): void {
  const error = readTokenError(reply);
  assert.ok(errors.includes(error), `error ${error}, not ${errors.join(' or ')}`);
}

const GRANT = ['invalid_grant'];
const CLIENT = ['invalid_client'];
const CLIENT_OR_REQUEST = ['invalid_client', 'invalid_request'];
const SENDER = ['invalid_request', 'invalid_grant', 'invalid_dpop_proof'];

/** A code with a token request that has to fail. */
function refusedRequest(options: (fapi: FapiRun) => TokenOptions, errors: readonly string[]): FapiModule {
  return async (fapi) => {
    const coded = await obtainCode(fapi, fapi.first);
    assertTokenError(await redeem(fapi, fapi.first, coded, options(fapi)), errors);
  };
}

/** ensure-client-id-in-token-endpoint: one client's name, another one's proof. */
export const anotherClientId: FapiModule = async (fapi) => {
  const { first, second, variant } = fapi;
  const coded = await obtainCode(fapi, first);
  // The assertion says that it is the second client's, and the first one has signed it; or its certificate is the first one's.
  const stranger: FapiClient = { ...first, clientId: second.clientId };
  const beside = variant.clientAuth === 'mtls' ? {} : { client_id: second.clientId };
  assertTokenError(await tokenRequest(fapi, stranger, { ...codeFields(coded), ...beside }), [...CLIENT, ...GRANT]);
};

/** ensure-holder-of-key-required: no proof, or no certificate. */
export const holderOfKeyRequired: FapiModule = async (fapi) => {
  const { first, variant } = fapi;
  await checkTls(['authorization_endpoint', 'token_endpoint'].map((name) => endpoint(fapi, name)));
  const coded = await obtainCode(fapi, first);
  const reply = await redeem(fapi, first, coded, variant.senderConstrain === 'dpop' ? { proof: 'none' } : { certificate: 'none' });
  assertTokenError(reply, holderErrors(variant));
};

function holderErrors({ clientAuth, senderConstrain }: FapiVariant): readonly string[] {
  if (senderConstrain === 'dpop') return SENDER;
  return clientAuth === 'mtls' ? CLIENT_OR_REQUEST : [...CLIENT_OR_REQUEST, ...GRANT];
}

/** ensure-authorization-code-is-bound-to-client */
export const codeOfAnother: FapiModule = async (fapi) => {
  const coded = await obtainCode(fapi, fapi.first);
  const reply = await redeem(fapi, fapi.second, coded);
  assert.equal(reply.status, 400);
  assertTokenError(reply, GRANT);
};

/** attempt-reuse-authorization-code-after-one-second (FAPI 2.0 Security Profile §5.3.2.2) */
export const codeAgain: FapiModule = async (fapi) => {
  const { run, first } = fapi;
  const flow = await fapiSignIn(fapi, first);
  await run.provider.wait(1);
  const reply = await redeem(fapi, first, flow);
  assert.equal(reply.status, 400);
  assertTokenError(reply, GRANT);
  const { status } = await callResource(fapi, first, flow.tokens.accessToken);
  run.should(status >= 400 && status < 500, `the access token of a code that was used twice still works (${status})`);
};

/** ensure-token-endpoint-fails-with-expired-auth-code: a minute at most (FAPI 2.0 Security Profile §5.3.2.1). */
export const codeExpired: FapiModule = async (fapi) => {
  const coded = await obtainCode(fapi, fapi.first);
  await fapi.run.provider.wait(62);
  assertTokenError(await redeem(fapi, fapi.first, coded), GRANT);
};

/** ensure-pkce-code-verifier-required (RFC 7636 §4.6) */
export const verifierMissing: FapiModule = async (fapi) => {
  const { code_verifier: _, ...fields } = codeFields(await obtainCode(fapi, fapi.first));
  assertTokenError(await tokenRequest(fapi, fapi.first, fields), GRANT);
};

/** incorrect-pkce-code-verifier-rejected */
export const verifierWrong: FapiModule = async (fapi) => {
  const fields = codeFields(await obtainCode(fapi, fapi.first));
  assertTokenError(await tokenRequest(fapi, fapi.first, { ...fields, code_verifier: fapi.run.random(43) }), GRANT);
};

/** ensure-signed-client-assertion-with-RS256-fails (FAPI 2.0 Security Profile §5.4.1) */
export const assertionByRs256: FapiModule = refusedRequest(() => ({ authentication: { alg: 'RS256' } }), CLIENT);
/** ensure-client-assertion-in-token-endpoint */
export const assertionMissing: FapiModule = refusedRequest(() => ({ authentication: 'none' }), CLIENT_OR_REQUEST);
/** ensure-client-assertion-with-exp-is-5-minutes-in-past-fails */
export const assertionExpired: FapiModule = refusedRequest(
  ({ run }) => ({ authentication: { claims: { exp: run.provider.nowSeconds() - 300 } } }),
  CLIENT_OR_REQUEST,
);
/** ensure-client-assertion-with-wrong-aud-fails */
export const assertionForOthers: FapiModule = refusedRequest(
  () => ({ authentication: { claims: { aud: 'https://rs.example/api/userinfo' } } }),
  CLIENT_OR_REQUEST,
);
/** ensure-client-assertion-with-no-sub-fails */
export const assertionWithoutSubject: FapiModule = refusedRequest(
  () => ({ authentication: { claims: { sub: undefined } } }),
  CLIENT_OR_REQUEST,
);

/** ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt: the request came with a proof, the code with another key (RFC 9449 §10.1). */
export const mismatchedProof: FapiModule = async (fapi) => {
  const coded = await obtainCode(fapi, fapi.first, { push: { proof: {} } });
  const other = { ...fapi.first, proofKey: makeProofKey('ES256') };
  assertTokenError(await redeem(fapi, other, coded), SENDER);
};

/** ensure-token-endpoint-fails-with-mismatched-dpop-jkt (RFC 9449 §10) */
export const mismatchedJkt: FapiModule = async (fapi) => {
  const coded = await obtainCode(fapi, fapi.first, { changes: { dpop_jkt: fapi.second.proofKey.thumbprint } });
  assertTokenError(await redeem(fapi, fapi.first, coded), SENDER);
};

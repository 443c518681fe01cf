import assert from 'node:assert/strict';
import { type FapiRun, mutualEndpoint } from '../suite/fapi1-run.ts';
import { asText, asTexts } from '../suite/json.ts';
import { KNOWN_METADATA } from '../suite/known-metadata.ts';
import type { Fapi1Module } from './fapi1-module.ts';

/** FAPI 1.0 Advanced §8.6 */
const ALGS: readonly string[] = ['PS256', 'ES256'];
const CERTIFICATE_METHODS: readonly string[] = ['tls_client_auth', 'self_signed_tls_client_auth'];

/** fapi1-advanced-final-discovery-end-point-verification */
export const fapi1Discovery: Fapi1Module = async (bench) => {
  const { run, variant } = bench;
  if (variant.response === 'jarm') {
    assert.ok(run.offers('response_types_supported', 'code'), 'response type code is not offered');
    assert.ok(run.offers('response_modes_supported', 'jwt'), 'response mode jwt is not offered');
    for (const name of ['signing_alg', 'encryption_alg', 'encryption_enc']) {
      const list = run.metadata[`authorization_${name}_values_supported`];
      if (list !== undefined) asTexts(list, `authorization_${name}_values_supported`);
    }
  } else {
    assert.ok(run.offers('response_types_supported', 'code id_token'), 'response type code id_token is not offered');
  }
  checkFapiDiscovery(bench);
  if (variant.request === 'pushed') {
    assertHttps(mutualEndpoint(bench, 'pushed_authorization_request_endpoint'), 'pushed_authorization_request_endpoint');
    assert.ok(run.offers('code_challenge_methods_supported', 'S256'), 'S256 is not offered');
  } else {
    assert.equal(run.metadata['request_parameter_supported'], true, 'request_parameter_supported');
    assert.ok(run.metadata['require_pushed_authorization_requests'] !== true, 'only pushed requests are taken');
  }
  assertOneOf(bench, 'request_object_signing_alg_values_supported', ALGS);
  assertHttps(run.endpoint('authorization_endpoint'), 'authorization_endpoint');
  for (const type of asTexts(run.metadata['subject_types_supported'], 'subject_types_supported'))
    assert.match(type, /^(?:public|pairwise)$/);
  assert.ok(run.offers('grant_types_supported', 'authorization_code'), 'authorization_code is not offered');
  assert.ok(run.offers('scopes_supported', 'openid'), 'openid is not offered');
};

/** What the plans for FAPI 1.0 Advanced and FAPI-CIBA look at alike. */
export function checkFapiDiscovery(bench: FapiRun): void {
  const { run, clients } = bench;
  const { metadata } = run;
  assert.equal(run.issuer, run.provider.issuer, 'issuer is not where the document lies');
  const strange = Object.keys(metadata).filter((name) => !KNOWN_METADATA.has(name));
  run.should(strange.length === 0, `discovery has members that nobody registered: ${strange.join(' ')}`);
  assert.equal(metadata['tls_client_certificate_bound_access_tokens'], true, 'tls_client_certificate_bound_access_tokens');
  assertOneOf(bench, 'id_token_signing_alg_values_supported', ALGS);
  assertOneOf(bench, 'token_endpoint_auth_methods_supported', clients.first.auth === 'mtls' ? CERTIFICATE_METHODS : ['private_key_jwt']);
  assertOneOf(bench, 'token_endpoint_auth_signing_alg_values_supported', ALGS);
  if (metadata['userinfo_signing_alg_values_supported'] !== undefined) assertOneOf(bench, 'userinfo_signing_alg_values_supported', ALGS);
  assertHttps(mutualEndpoint(bench, 'token_endpoint'), 'token_endpoint');
  for (const name of ['jwks_uri', 'registration_endpoint'])
    if (name === 'jwks_uri' || metadata[name] !== undefined) assertHttps(asText(metadata[name], name), name);
  for (const scope of asTexts(metadata['scopes_supported'], 'scopes_supported'))
    assert.match(scope, /^[\x21\x23-\x5b\x5d-\x7e]+$/, 'scopes_supported');
}

export function assertOneOf({ run }: FapiRun, list: string, values: readonly string[]): void {
  const offered = asTexts(run.metadata[list], list);
  assert.ok(
    values.some((value) => offered.includes(value)),
    `${list} has none of ${values.join(', ')}`,
  );
}

export function assertHttps(url: string, name: string): void {
  assert.equal(new URL(url).protocol, 'https:', name);
}

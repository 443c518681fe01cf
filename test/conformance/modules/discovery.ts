import assert from 'node:assert/strict';
import { asText, asTexts } from '../suite/json.ts';
import { KNOWN_METADATA } from '../suite/known-metadata.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import type { Module } from './module.ts';

/** The response types in a set's spelling: `id_token token` and `token id_token` are one. */
function spelling(responseType: string): string {
  return responseType.split(' ').toSorted().join(' ');
}

/** oidcc-discovery-endpoint-verification (OpenID Connect Discovery §3, §4, RFC 8414 §2) */
export const discovery: Module = async (run) => {
  const { metadata } = run;
  assert.equal(run.issuer, run.provider.issuer, 'issuer is not where the document lies');
  const issuer = new URL(run.issuer);
  assert.ok(issuer.protocol === 'https:' && issuer.search === '' && issuer.hash === '', `issuer ${run.issuer}`);
  checkResponseTypes(run);
  checkGrantTypes(run);
  for (const name of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'jwks_uri']) assertHttps(run, name);
  if (run.variant.registration === 'dynamic') assertHttps(run, 'registration_endpoint');
  assertEndpointsAreHttps(run);
  const subjects = asTexts(metadata['subject_types_supported'], 'subject_types_supported');
  assert.ok(
    subjects.length > 0 && subjects.every((type) => type === 'public' || type === 'pairwise'),
    `subject types ${subjects.join(' ')}`,
  );
  assert.ok(run.offers('id_token_signing_alg_values_supported', 'RS256'), 'RS256 for ID tokens is not offered');
  run.should(run.offers('request_object_signing_alg_values_supported', 'RS256'), 'RS256 for request objects is not offered');
  for (const name of ['request_parameter_supported', 'request_uri_parameter_supported', 'claims_parameter_supported'])
    assert.equal(typeof metadata[name], 'boolean', name);
  run.should(asTexts(metadata['claims_supported'], 'claims_supported').length > 0, 'claims_supported is empty');
  const scopes = asTexts(metadata['scopes_supported'], 'scopes_supported');
  assert.ok(scopes.includes('openid'), 'openid is not in scopes_supported');
  for (const scope of scopes) assert.match(scope, /^[\x21\x23-\x5b\x5d-\x7e]+$/, 'scopes_supported');
  checkLocales(run);
  asTexts(metadata['code_challenge_methods_supported'], 'code_challenge_methods_supported');
  const strange = Object.keys(metadata).filter((name) => !KNOWN_METADATA.has(name));
  run.should(strange.length === 0, `discovery has members that nobody registered: ${strange.join(' ')}`);
  checkKinds(run);
};

function checkResponseTypes(run: ModuleRun): void {
  const offered = asTexts(run.metadata['response_types_supported'], 'response_types_supported').map(spelling);
  // OpenID Connect Discovery §3: a provider with dynamic registration must have these.
  const due = run.variant.registration === 'dynamic' ? ['code', 'id_token', 'id_token token'] : ['code'];
  for (const responseType of due) assert.ok(offered.includes(spelling(responseType)), `response type ${responseType} is not offered`);
}

function checkGrantTypes(run: ModuleRun): void {
  const offered = asTexts(run.metadata['grant_types_supported'], 'grant_types_supported');
  assert.ok(offered.length > 0, 'grant_types_supported is empty');
  if (run.variant.registration !== 'dynamic') return;
  for (const grantType of ['authorization_code', 'implicit'])
    assert.ok(offered.includes(grantType), `grant type ${grantType} is not offered`);
}

/** BCP 47, written as everybody writes it (RFC 5646 §2.1.1). */
function checkLocales(run: ModuleRun): void {
  for (const name of ['ui_locales_supported', 'claims_locales_supported']) {
    if (run.metadata[name] === undefined) continue;
    const tags = asTexts(run.metadata[name], name);
    for (const tag of tags) run.should(Intl.getCanonicalLocales(tag)[0] === tag, `${name}: ${tag} is not written as usual`);
  }
}

/** Lists are lists of texts, never empty (RFC 8414 §3.2); switches are switches; addresses are addresses. */
function checkKinds({ metadata }: ModuleRun): void {
  for (const [name, value] of Object.entries(metadata)) {
    if (/_(?:endpoint|uri|iframe)$/.test(name)) assert.ok(URL.canParse(asText(value, name)), `${name} is no address`);
    else if (typeof value === 'object') assert.ok(asTexts(value, name).length > 0, `${name} is empty`);
    else assert.ok(typeof value === 'boolean' || typeof value === 'string', name);
  }
}

function assertEndpointsAreHttps(run: ModuleRun): void {
  for (const name of Object.keys(run.metadata).filter((key) => key.endsWith('_endpoint'))) assertHttps(run, name);
}

function assertHttps(run: ModuleRun, name: string): void {
  assert.equal(new URL(asText(run.metadata[name], name)).protocol, 'https:', name);
}

function assertTrue(run: ModuleRun, name: string): void {
  assert.equal(run.metadata[name], true, name);
}

/** oidcc-rp-initiated-logout-discovery-endpoint-verification */
export const rpInitiatedLogoutDiscovery: Module = async (run) => {
  assertEndpointsAreHttps(run);
  assertHttps(run, 'end_session_endpoint');
};

/** oidcc-frontchannel-logout-discovery-endpoint-verification (OpenID Connect Front-Channel Logout §3) */
export const frontchannelLogoutDiscovery: Module = async (run) => {
  assertEndpointsAreHttps(run);
  assertTrue(run, 'frontchannel_logout_supported');
  assertTrue(run, 'frontchannel_logout_session_supported');
  assertHttps(run, 'end_session_endpoint');
};

/** oidcc-backchannel-logout-discovery-endpoint-verification (OpenID Connect Back-Channel Logout §2.1) */
export const backchannelLogoutDiscovery: Module = async (run) => {
  assertEndpointsAreHttps(run);
  assertTrue(run, 'backchannel_logout_supported');
  assertTrue(run, 'backchannel_logout_session_supported');
  assertHttps(run, 'end_session_endpoint');
};

/** oidcc-session-management-discovery-endpoint-verification (OpenID Connect Session Management §3.3) */
export const sessionManagementDiscovery: Module = async (run) => {
  assertHttps(run, 'check_session_iframe');
  assertHttps(run, 'end_session_endpoint');
};

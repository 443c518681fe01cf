import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { asObject, asText, asTexts } from '../../suite/json.ts';
import { readKeys } from '../../suite/jwt.ts';
import { KNOWN_METADATA } from '../../suite/known-metadata.ts';
import { endpoint, type FapiRun } from '../fapi-run.ts';
import type { FapiModule } from './fapi-module.ts';

/** FAPI 2.0 Security Profile §5.4.1. */
const ALGS: readonly string[] = ['PS256', 'ES256', 'EdDSA', 'Ed25519'];
const CERTIFICATE_METHODS: readonly string[] = ['tls_client_auth', 'self_signed_tls_client_auth'];
const MIN_RSA_BITS = 2_048;

/** discovery-end-point-verification (RFC 8414 §2, RFC 9126 §5, RFC 9207 §3, RFC 8705 §3.3) */
export const discovery: FapiModule = async (fapi) => {
  const { run, variant } = fapi;
  const { metadata } = run;
  assert.equal(run.issuer, run.provider.issuer, 'issuer is not where the document lies');
  const strange = Object.keys(metadata).filter((name) => !KNOWN_METADATA.has(name));
  run.should(strange.length === 0, `discovery has members that nobody registered: ${strange.join(' ')}`);
  requireOffer(run, 'response_types_supported', ['code']);
  assert.equal(metadata['authorization_response_iss_parameter_supported'], true, 'authorization_response_iss_parameter_supported');
  for (const name of ['pushed_authorization_request_endpoint', 'authorization_endpoint', 'token_endpoint', 'jwks_uri'])
    assert.equal(new URL(endpoint(fapi, name)).protocol, 'https:', name);
  assert.equal(typeof (metadata['require_pushed_authorization_requests'] ?? false), 'boolean', 'require_pushed_authorization_requests');
  requireOffer(run, 'code_challenge_methods_supported', ['S256']);
  requireOffer(run, 'token_endpoint_auth_signing_alg_values_supported', ALGS);
  if (metadata['userinfo_signing_alg_values_supported'] !== undefined) requireOffer(run, 'userinfo_signing_alg_values_supported', ALGS);
  requireOffer(run, 'token_endpoint_auth_methods_supported', variant.clientAuth === 'mtls' ? CERTIFICATE_METHODS : ['private_key_jwt']);
  checkSender(fapi);
  checkSigned(fapi);
  for (const scope of asTexts(metadata['scopes_supported'], 'scopes_supported')) assert.match(scope, /^[\x21\x23-\x5b\x5d-\x7e]+$/);
  checkKeys(fapi);
  if (variant.openid === 'plain_oauth') return;
  requireOffer(run, 'scopes_supported', ['openid']);
  requireOffer(run, 'id_token_signing_alg_values_supported', ALGS);
  assert.ok(asTexts(metadata['subject_types_supported'], 'subject_types_supported').length > 0, 'subject_types_supported');
};

function checkSender({ run, variant }: FapiRun): void {
  if (variant.senderConstrain === 'dpop') requireOffer(run, 'dpop_signing_alg_values_supported', ALGS);
  else assert.equal(run.metadata['tls_client_certificate_bound_access_tokens'], true, 'tls_client_certificate_bound_access_tokens');
  if (run.metadata['mtls_endpoint_aliases'] === undefined) return;
  for (const [name, url] of Object.entries(asObject(run.metadata['mtls_endpoint_aliases'], 'mtls_endpoint_aliases')))
    assert.equal(new URL(asText(url, name)).protocol, 'https:', `mtls_endpoint_aliases: ${name}`);
}

function checkSigned({ run, variant }: FapiRun): void {
  if (variant.request === 'signed') requireOffer(run, 'request_object_signing_alg_values_supported', ALGS);
  if (variant.answer === 'plain') return;
  requireOffer(run, 'response_modes_supported', ['jwt']);
  requireOffer(run, 'authorization_signing_alg_values_supported', ALGS);
  for (const name of ['authorization_encryption_alg_values_supported', 'authorization_encryption_enc_values_supported'])
    if (run.metadata[name] !== undefined) asTexts(run.metadata[name], name);
}

/** FAPI 2.0 Security Profile §5.4.1: RSA keys of 2,048 bits, EC keys of 224. */
function checkKeys({ run }: FapiRun): void {
  for (const jwk of readKeys(run.jwks)) {
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const { modulusLength = MIN_RSA_BITS } = key.asymmetricKeyDetails ?? {};
    assert.ok(modulusLength >= MIN_RSA_BITS, `the key ${String(jwk['kid'])} has ${modulusLength} bits`);
  }
}

function requireOffer(run: FapiRun['run'], list: string, anyOf: readonly string[]): void {
  const offered = asTexts(run.metadata[list], list);
  assert.ok(
    anyOf.some((value) => offered.includes(value)),
    `${list} has none of ${anyOf.join(', ')}`,
  );
}

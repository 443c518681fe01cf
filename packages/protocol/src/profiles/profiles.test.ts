import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readClientMetadata } from '../client-metadata.ts';
import { formatPath } from '../field-reader.ts';
import { PROFILES } from './registry.ts';

const KEYS = {
  keys: [
    {
      kty: 'EC',
      crv: 'P-256',
      kid: 'k',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
  ],
};

const FAPI2 = {
  redirect_uris: ['https://app.example/cb'],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'private_key_jwt',
  id_token_signed_response_alg: 'PS256',
  dpop_bound_access_tokens: true,
  jwks: KEYS,
};
const FAPI1 = {
  ...FAPI2,
  dpop_bound_access_tokens: undefined,
  tls_client_certificate_bound_access_tokens: true,
  grant_types: ['authorization_code', 'implicit'],
  response_types: ['code id_token'],
};

/** What is wrong with a client of that profile: the members, in order. */
function faultsOf(profile: string, metadata: Record<string, unknown>): readonly string[] {
  const written = Object.fromEntries(Object.entries({ ...metadata, hufu: { profile } }).filter(([, value]) => value !== undefined));
  const reading = readClientMetadata(written, { source: 'configuration' });
  return reading.kind === 'read' ? [] : reading.faults.map(({ path }) => formatPath(path));
}

test('a client that has what its profile wants is accepted (FAPI 2.0 Security Profile §5.3, FAPI 1.0 Advanced §5.2.2)', () => {
  assert.deepEqual(faultsOf('fapi2_security', FAPI2), []);
  assert.deepEqual(faultsOf('fapi2_message_signing', { ...FAPI2, require_signed_request_object: true }), []);
  assert.deepEqual(faultsOf('fapi2_message_signing', { ...FAPI2, authorization_signed_response_alg: 'ES256' }), []);
  assert.deepEqual(faultsOf('fapi1_advanced', FAPI1), []);
  assert.deepEqual(
    faultsOf('oauth21', { redirect_uris: ['http://localhost/cb'], token_endpoint_auth_method: 'none', application_type: 'native' }),
    [],
  );
  assert.deepEqual(faultsOf('mcp', { redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'none' }), []);
});

test('each thing that FAPI 2.0 wants of a registration is missed by its name (FAPI 2.0 Security Profile §5.3.2, §5.4.1)', () => {
  const missing = (part: Record<string, unknown>): readonly string[] => faultsOf('fapi2_security', { ...FAPI2, ...part });
  assert.deepEqual(missing({ token_endpoint_auth_method: 'client_secret_basic' }), ['token_endpoint_auth_method']);
  assert.deepEqual(missing({ dpop_bound_access_tokens: undefined }), ['dpop_bound_access_tokens']);
  assert.deepEqual(missing({ dpop_bound_access_tokens: undefined, tls_client_certificate_bound_access_tokens: true }), []);
  assert.deepEqual(missing({ id_token_signed_response_alg: undefined }), ['id_token_signed_response_alg']);
  assert.deepEqual(missing({ id_token_signed_response_alg: 'RS256' }), ['id_token_signed_response_alg']);
  assert.deepEqual(missing({ request_object_signing_alg: 'RS256' }), ['request_object_signing_alg']);
  assert.deepEqual(missing({ token_endpoint_auth_signing_alg: 'RS512' }), ['token_endpoint_auth_signing_alg']);
  assert.deepEqual(missing({ redirect_uris: ['http://localhost/cb'] }), ['redirect_uris']);
  assert.deepEqual(missing({ grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'code id_token'] }), [
    'grant_types',
    'response_types',
  ]);
});

test('message signing signs requests or answers (FAPI 2.0 Message Signing §5.3)', () => {
  assert.deepEqual(faultsOf('fapi2_message_signing', FAPI2), ['require_signed_request_object']);
  assert.deepEqual(faultsOf('fapi2_message_signing', { ...FAPI2, authorization_signed_response_alg: 'RS256' }), [
    'authorization_signed_response_alg',
  ]);
});

test('FAPI 1.0 Advanced binds tokens to certificates and signs every answer (FAPI 1.0 Advanced §5.2.2, §8.6)', () => {
  const missing = (part: Record<string, unknown>): readonly string[] => faultsOf('fapi1_advanced', { ...FAPI1, ...part });
  assert.deepEqual(missing({ tls_client_certificate_bound_access_tokens: undefined }), ['tls_client_certificate_bound_access_tokens']);
  assert.deepEqual(missing({ response_types: ['code', 'code id_token'] }), ['authorization_signed_response_alg']);
  assert.deepEqual(missing({ id_token_signed_response_alg: 'EdDSA' }), ['id_token_signed_response_alg']);
  assert.deepEqual(missing({ response_types: ['code id_token', 'id_token'] }), ['response_types']);
});

test('OAuth 2.1 has neither tokens in addresses nor codes without PKCE (OAuth 2.1 §10)', () => {
  const base = { redirect_uris: ['https://app.example/cb'], client_secret: 's' };
  assert.deepEqual(
    faultsOf('oauth21', {
      ...base,
      client_secret: undefined,
      grant_types: ['authorization_code', 'implicit'],
      response_types: ['code', 'code token'],
    }),
    ['response_types'],
  );
});

test('nobody gets into or out of a profile by registering (RFC 7591 §2)', () => {
  const reading = readClientMetadata({ ...FAPI2, hufu: { profile: 'fapi2_security' } }, { source: 'registration' });
  assert.equal(reading.kind === 'read' ? reading.metadata.settings.profile : 'refused', undefined);
  assert.deepEqual(faultsOf('fapi3', FAPI2), ['hufu.profile']);
  assert.deepEqual([...PROFILES.keys()], ['oauth21', 'mcp', 'fapi2_security', 'fapi2_message_signing', 'fapi1_advanced']);
});

test('what OAuth 2.1 took out is not there (OAuth 2.1 §10)', () => {
  const client = { redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'client_secret_basic' };
  for (const profile of ['oauth21', 'mcp']) {
    const read = (part: Record<string, unknown>): readonly string[] => {
      const reading = readClientMetadata({ ...client, ...part }, { source: 'configuration' });
      return reading.kind === 'read' ? [] : reading.faults.map(({ path }) => formatPath(path));
    };
    const grantTypes = ['authorization_code', 'password'];
    assert.deepEqual(read({ grant_types: grantTypes, hufu: { profile, unsafe_password_grant: true } }), ['grant_types']);
    assert.deepEqual(read({ grant_types: grantTypes, hufu: { unsafe_password_grant: true } }), []);
    assert.deepEqual(read({ grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'id_token'], hufu: { profile } }), [
      'response_types',
    ]);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildOauthMetadata,
  buildOpenidConfiguration,
  findIssuerFault,
  oauthMetadataPath,
  openidConfigurationPath,
  type ServerDescription,
} from './server-metadata.ts';

const SERVER: ServerDescription = {
  issuer: 'https://as.example/t/acme',
  endpoints: {
    authorization_endpoint: '/oauth/authorize',
    token_endpoint: '/oauth/token',
    userinfo_endpoint: '/oauth/userinfo',
    jwks_uri: '/oauth/jwks',
    introspection_endpoint: '/oauth/introspect',
    revocation_endpoint: '/oauth/revoke',
    end_session_endpoint: '/oauth/logout',
  },
  scopes: ['openid', 'email', 'offline_access', 'read'],
  responseTypes: ['code'],
  responseModes: ['query', 'fragment', 'form_post'],
  grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
  authMethods: ['client_secret_basic', 'client_secret_post', 'none'],
  codeChallengeMethods: ['S256'],
  idTokenAlgs: ['RS256', 'ES256'],
  authorizationAlgs: ['ES256'],
  authorizationDetailsTypes: ['payment'],
  verificationAlgs: ['ES256', 'HS256'],
  encryptionAlgs: ['ECDH-ES', 'dir'],
  decryptionAlgs: ['RSA-OAEP'],
  contentEncryptionAlgs: ['A128GCM'],
  dpopAlgs: ['ES256', 'EdDSA'],
  clientCertificates: false,
  displays: ['page'],
  clientIdDocuments: false,
  subjectTypes: ['public'],
  prompts: ['none', 'login', 'consent'],
  uiLocales: ['en', 'zh-CN'],
};

test('the discovery document has what OpenID Connect Discovery 1.0 §3 asks for, in a fixed order', () => {
  assert.deepEqual(Object.entries(buildOpenidConfiguration(SERVER)), [
    ['issuer', 'https://as.example/t/acme'],
    ['authorization_endpoint', 'https://as.example/t/acme/oauth/authorize'],
    ['token_endpoint', 'https://as.example/t/acme/oauth/token'],
    ['jwks_uri', 'https://as.example/t/acme/oauth/jwks'],
    ['scopes_supported', ['openid', 'email', 'offline_access', 'read']],
    ['response_types_supported', ['code']],
    ['response_modes_supported', ['query', 'fragment', 'form_post']],
    ['grant_types_supported', ['authorization_code', 'refresh_token', 'client_credentials']],
    ['token_endpoint_auth_methods_supported', ['client_secret_basic', 'client_secret_post', 'none']],
    ['ui_locales_supported', ['en', 'zh-CN']],
    ['revocation_endpoint', 'https://as.example/t/acme/oauth/revoke'],
    ['revocation_endpoint_auth_methods_supported', ['client_secret_basic', 'client_secret_post', 'none']],
    ['introspection_endpoint', 'https://as.example/t/acme/oauth/introspect'],
    ['introspection_endpoint_auth_methods_supported', ['client_secret_basic', 'client_secret_post']],
    ['introspection_signing_alg_values_supported', ['RS256', 'ES256']],
    ['introspection_encryption_alg_values_supported', ['ECDH-ES', 'dir']],
    ['introspection_encryption_enc_values_supported', ['A128GCM']],
    ['dpop_signing_alg_values_supported', ['ES256', 'EdDSA']],
    ['code_challenge_methods_supported', ['S256']],
    ['authorization_response_iss_parameter_supported', true],
    ['authorization_signing_alg_values_supported', ['ES256']],
    ['authorization_encryption_alg_values_supported', ['ECDH-ES', 'dir']],
    ['authorization_encryption_enc_values_supported', ['A128GCM']],
    ['authorization_details_types_supported', ['payment']],
    ['request_object_signing_alg_values_supported', ['ES256', 'HS256']],
    ['request_object_encryption_alg_values_supported', ['RSA-OAEP']],
    ['request_object_encryption_enc_values_supported', ['A128GCM']],
    ['request_parameter_supported', true],
    ['request_uri_parameter_supported', true],
    ['require_request_uri_registration', true],
    ['userinfo_endpoint', 'https://as.example/t/acme/oauth/userinfo'],
    ['end_session_endpoint', 'https://as.example/t/acme/oauth/logout'],
    ['subject_types_supported', ['public']],
    ['id_token_signing_alg_values_supported', ['RS256', 'ES256']],
    ['id_token_encryption_alg_values_supported', ['ECDH-ES', 'dir']],
    ['id_token_encryption_enc_values_supported', ['A128GCM']],
    ['userinfo_signing_alg_values_supported', ['RS256', 'ES256']],
    ['userinfo_encryption_alg_values_supported', ['ECDH-ES', 'dir']],
    ['userinfo_encryption_enc_values_supported', ['A128GCM']],
    ['display_values_supported', ['page']],
    ['claim_types_supported', ['normal']],
    ['claims_supported', ['sub', 'email', 'email_verified', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce']],
    ['claims_parameter_supported', true],
    ['frontchannel_logout_supported', true],
    ['frontchannel_logout_session_supported', true],
    ['backchannel_logout_supported', true],
    ['backchannel_logout_session_supported', true],
    ['prompt_values_supported', ['none', 'login', 'consent']],
  ]);
});

test('RFC 8414 §2 has its own document, without what only OpenID Connect has', () => {
  const oauth = buildOauthMetadata(SERVER);
  const openid = buildOpenidConfiguration(SERVER);
  for (const [name, value] of Object.entries(oauth)) assert.deepEqual(openid[name], value, name);
  for (const name of ['userinfo_endpoint', 'id_token_signing_alg_values_supported', 'claims_supported', 'prompt_values_supported'])
    assert.equal(Object.hasOwn(oauth, name), false, name);
  for (const name of ['issuer', 'response_types_supported', 'jwks_uri', 'token_endpoint']) assert.ok(Object.hasOwn(oauth, name), name);
});

test('request objects are told of in both documents: plain OAuth has them too (RFC 9101 §4)', () => {
  const oauth = buildOauthMetadata(SERVER);
  assert.deepEqual(oauth['request_object_signing_alg_values_supported'], ['ES256', 'HS256']);
  for (const name of ['request_parameter_supported', 'request_uri_parameter_supported', 'require_request_uri_registration'])
    assert.equal(oauth[name], true, name);
});

test('where certificates arrive, metadata says so and where to (RFC 8705 §3.3, §5; RFC 9449 §5.1; RFC 9701 §7)', () => {
  const metadata = buildOauthMetadata({ ...SERVER, clientCertificates: true });
  assert.equal(metadata['tls_client_certificate_bound_access_tokens'], true);
  assert.deepEqual(metadata['mtls_endpoint_aliases'], {
    token_endpoint: 'https://as.example/t/acme/oauth/token',
    revocation_endpoint: 'https://as.example/t/acme/oauth/revoke',
    introspection_endpoint: 'https://as.example/t/acme/oauth/introspect',
    userinfo_endpoint: 'https://as.example/t/acme/oauth/userinfo',
  });
  assert.deepEqual(metadata['dpop_signing_alg_values_supported'], ['ES256', 'EdDSA']);
  assert.equal(Object.hasOwn(buildOauthMetadata(SERVER), 'mtls_endpoint_aliases'), false);
});

test('what the server has not is not told (RFC 8414 §3.2)', () => {
  const bare = buildOpenidConfiguration({
    ...SERVER,
    endpoints: { token_endpoint: '/token' },
    acrValues: [],
    scopes: ['read'],
    prompts: [],
  });
  for (const name of [
    'jwks_uri',
    'introspection_endpoint_auth_methods_supported',
    'revocation_endpoint_auth_methods_supported',
    'acr_values_supported',
    'prompt_values_supported',
    'service_documentation',
  ]) {
    assert.equal(Object.hasOwn(bare, name), false, name);
  }
  assert.deepEqual(bare['claims_supported'], ['iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce']);
});

test('what a server has or does is told where its standard says (RFC 8628 §4, RFC 9126 §5, RFC 9207 §3, RFC 9396 §10, JARM §4, OpenID Connect Prompt Create §4.2)', () => {
  const endpoints = { device_authorization_endpoint: '/oauth/device_authorization', pushed_authorization_request_endpoint: '/oauth/par' };
  const more = { ...SERVER, endpoints: { ...SERVER.endpoints, ...endpoints }, prompts: ['none', 'create'] };
  const openid = buildOpenidConfiguration(more);
  for (const [name, path] of Object.entries(endpoints)) {
    assert.equal(openid[name], `https://as.example/t/acme${path}`);
    assert.equal(buildOauthMetadata(more)[name], openid[name]);
    assert.equal(Object.hasOwn(buildOpenidConfiguration(SERVER), name), false, name);
  }
  assert.equal(buildOauthMetadata(SERVER)['authorization_response_iss_parameter_supported'], true);
  assert.deepEqual(openid['prompt_values_supported'], ['none', 'create']);
});

test('promised contexts and own claims are told (OpenID Connect Discovery 1.0 §3)', () => {
  const told = buildOpenidConfiguration({
    ...SERVER,
    scopes: ['openid'],
    acrValues: ['phr'],
    claims: ['roles', 'sub'],
    serviceDocumentation: 'https://docs.example',
  });
  assert.deepEqual(told['claims_supported'], ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'roles']);
  assert.deepEqual(told['acr_values_supported'], ['phr']);
  assert.equal(told['service_documentation'], 'https://docs.example');
});

test('the two documents lie before and behind the issuer’s path (RFC 8414 §3.1, OpenID Connect Discovery 1.0 §4)', () => {
  assert.equal(oauthMetadataPath('https://as.example'), '/.well-known/oauth-authorization-server');
  assert.equal(oauthMetadataPath('https://as.example/t/acme'), '/.well-known/oauth-authorization-server/t/acme');
  assert.equal(openidConfigurationPath('http://localhost:4400'), '/.well-known/openid-configuration');
  assert.equal(openidConfigurationPath('https://as.example/t/acme'), '/t/acme/.well-known/openid-configuration');
});

test('an issuer is https without query, fragment or a slash at its end (RFC 8414 §2)', () => {
  for (const issuer of ['https://as.example', 'https://as.example:8443/t/acme', 'http://localhost:4400'])
    assert.equal(findIssuerFault(issuer), undefined, issuer);
  const bad = [
    'http://as.example',
    'https://as.example/',
    'https://as.example/t/',
    'https://as.example?x',
    'https://as.example#',
    'https://u@as.example',
    'as.example',
    '',
  ];
  for (const issuer of bad) assert.notEqual(findIssuerFault(issuer), undefined, issuer);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CLIENT_REGISTRIES,
  type ClientMetadata,
  type ClientMetadataRules,
  JWT_BEARER_GRANT,
  readClientMetadata,
  refuseRegistration,
  SAML2_BEARER_GRANT,
  TOKEN_EXCHANGE_GRANT,
  writeClientMetadata,
} from './client-metadata.ts';
import { DEFAULT_SETTINGS } from './client-settings.ts';
import { formatPath } from './field-reader.ts';

const WEB = { redirect_uris: ['https://app.example/cb'] };
const CONFIGURATION: ClientMetadataRules = { source: 'configuration' };
const REGISTRATION: ClientMetadataRules = { source: 'registration' };

const accept = (input: unknown, rules = CONFIGURATION): ClientMetadata => {
  const reading = readClientMetadata(input, rules);
  assert.ok(reading.kind === 'read', JSON.stringify(reading));
  return reading.metadata;
};
const faultsOf = (input: unknown, rules = CONFIGURATION): readonly string[] => {
  const reading = readClientMetadata(input, rules);
  assert.ok(reading.kind === 'refused', JSON.stringify(input));
  return reading.faults.map(({ path, message }) => `${formatPath(path)} ${message}`);
};
const assertFaultAt = (path: string, input: unknown, rules = CONFIGURATION) => {
  const faults = faultsOf(input, rules);
  assert.ok(
    faults.some((fault) => fault.startsWith(`${path} `)),
    `${JSON.stringify(input)}: ${faults.join('; ')}`,
  );
};

const FULL = {
  application_type: 'web',
  redirect_uris: ['https://app.example/cb', 'http://localhost:3000/cb'],
  post_logout_redirect_uris: ['https://app.example/bye'],
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  response_types: ['code'],
  response_modes: ['query', 'form_post'],
  scope: 'openid profile',
  client_name: 'Tiger',
  'client_name#zh-CN': '虎',
  client_uri: 'https://app.example',
  logo_uri: 'https://app.example/logo.png',
  policy_uri: 'https://app.example/policy',
  'policy_uri#de': 'https://app.example/datenschutz',
  tos_uri: 'https://app.example/terms',
  contacts: ['ops@app.example'],
  initiate_login_uri: 'https://app.example/login',
  jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: 'a' }] },
  software_id: '4NRB1-0XZABZI9E6-5SM3R',
  software_version: '2.1',
  subject_type: 'pairwise',
  sector_identifier_uri: 'https://app.example/sector.json',
  request_uris: ['https://app.example/request.jwt'],
  require_pushed_authorization_requests: true,
  authorization_details_types: ['payment'],
  frontchannel_logout_uri: 'https://app.example/front',
  frontchannel_logout_session_required: true,
  backchannel_logout_uri: 'https://app.example/back',
  backchannel_logout_session_required: false,
  id_token_signed_response_alg: 'ES256',
  id_token_encrypted_response_alg: 'ECDH-ES+A256KW',
  id_token_encrypted_response_enc: 'A256GCM',
  userinfo_signed_response_alg: 'RS256',
  userinfo_encrypted_response_alg: 'A128KW',
  userinfo_encrypted_response_enc: 'A128CBC-HS256',
  authorization_signed_response_alg: 'PS256',
  authorization_encrypted_response_alg: 'ECDH-ES',
  authorization_encrypted_response_enc: 'A256GCM',
  introspection_signed_response_alg: 'ES256',
  introspection_encrypted_response_alg: 'ECDH-ES',
  introspection_encrypted_response_enc: 'A128GCM',
  dpop_bound_access_tokens: true,
  request_object_signing_alg: 'none',
  request_object_encryption_alg: 'RSA-OAEP-256',
  request_object_encryption_enc: 'A128GCM',
  require_signed_request_object: true,
  token_endpoint_auth_signing_alg: 'HS256',
  default_acr_values: ['urn:hufu:acr:1'],
  default_max_age: 3600,
  require_auth_time: true,
  hufu: {
    resource_server_of: ['https://api.example', 'urn:example:orders'],
    follows_revocations: true,
    first_party: true,
    pkce: 'optional',
    dpop_nonce: 'required',
    access_token_ttl: 600,
    refresh_token: { absolute: 2_592_000, idle: 86_400, rotation: 'off' },
    max_grants_per_user: 5,
    secret_overlap: 86_400,
    sign_in: { acr: 'urn:hufu:acr:2' },
    devices: { max: 3, per: 'type', on_exceed: 'refuse', binding: 'none' },
  },
};

test('what is left out has the defaults of the standards (RFC 7591 §2, OpenID Connect Registration §2)', () => {
  const metadata = accept(WEB);
  assert.equal(metadata.tokenEndpointAuthMethod, 'client_secret_basic');
  assert.deepEqual(metadata.grantTypes, ['authorization_code']);
  assert.deepEqual(metadata.responseTypes, ['code']);
  assert.equal(metadata.applicationType, 'web');
  assert.equal(metadata.idTokenSignedResponseAlg, 'RS256');
  assert.equal(metadata.requireAuthTime, false);
  assert.equal(metadata.requirePushedAuthorizationRequests, false);
  assert.deepEqual([metadata.authorizationDetailsTypes, metadata.authorizationSignedResponseAlg], [undefined, undefined]);
  assert.equal(metadata.scopes, undefined);
  assert.deepEqual(metadata.settings, DEFAULT_SETTINGS);
  assert.equal(metadata.settings.maxGrantsPerUser, 100);
  assert.equal(metadata.settings.firstParty, false);
});

test('everything that is written is read and written again (RFC 7591 §2, §3.2.1, RFC 9126 §6, RFC 9396 §10, JARM §3)', () => {
  const metadata = accept(FULL);
  assert.deepEqual(writeClientMetadata(metadata), FULL);
  assert.deepEqual(metadata.settings, {
    resourceServerOf: ['https://api.example', 'urn:example:orders'],
    followsRevocations: true,
    profile: undefined,
    firstParty: true,
    pkce: 'optional',
    dpopNonce: 'required',
    accessTokenTtlSeconds: 600,
    refreshToken: { absoluteSeconds: 2_592_000, idleSeconds: 86_400, rotation: 'off' },
    maxGrantsPerUser: 5,
    secretOverlapSeconds: 86_400,
    tokenExchange: undefined,
    unsafePasswordGrant: false,
    signIn: { acr: 'urn:hufu:acr:2' },
    devices: { max: 3, per: 'type', onExceed: 'refuse', binding: 'none' },
  });
  assert.deepEqual(metadata.clientName, { untagged: 'Tiger', tagged: [['zh-CN', '虎']] });
});

test('what the store has is what was read, with its defaults filled in', () => {
  fc.assert(
    fc.property(fc.subarray(Object.keys(FULL)), (names) => {
      const input = Object.fromEntries(
        Object.entries({ ...FULL, ...WEB }).filter(([name]) => names.includes(name) || name === 'redirect_uris'),
      );
      const reading = readClientMetadata(input, CONFIGURATION);
      if (reading.kind === 'refused') return assert.match(JSON.stringify(reading.faults), /response_types|jwks|sector_identifier_uri|_enc/);
      const stored: unknown = JSON.parse(JSON.stringify(writeClientMetadata(reading.metadata)));
      assert.deepEqual(accept(stored, { source: 'store' }), reading.metadata);
      return undefined;
    }),
  );
});

test('a client without redirects needs no response type (RFC 7591 §2.1)', () => {
  const machine = accept({ grant_types: ['client_credentials'] });
  assert.deepEqual(machine.responseTypes, []);
  assert.deepEqual(machine.redirectUris, []);
  assert.deepEqual(accept({ grant_types: [] }).grantTypes, []);
});

test('grant types and response types belong together (RFC 7591 §2.1)', () => {
  assert.deepEqual(faultsOf({ ...WEB, response_types: [] }), ['response_types has none that belongs to authorization_code']);
  assert.deepEqual(faultsOf({ grant_types: ['client_credentials'], response_types: ['code'] }), [
    'response_types has code, which needs the grant type authorization_code',
  ]);
  assert.deepEqual(faultsOf({ grant_types: ['refresh_token', 'client_credentials'] }), [
    'grant_types has refresh_token, but no grant type that brings a refresh token',
  ]);
  const types = 'code, id_token, id_token token, code id_token, code token, code id_token token';
  assert.deepEqual(faultsOf({ ...WEB, response_types: ['token', 'code'] }), [`response_types[0] is not one of ${types}`]);
  assert.deepEqual(faultsOf({ ...WEB, response_types: ['code id_token'] }), [
    'response_types has code id_token, which needs the grant type implicit',
  ]);
  const known = Object.keys(CLIENT_REGISTRIES.grantTypes).join(', ');
  assert.deepEqual(faultsOf({ ...WEB, grant_types: ['nonsense', 'constructor'] }), [
    `grant_types[0] is not one of ${known}`,
    `grant_types[1] is not one of ${known}`,
  ]);
});

test('passwords and exchanges need their settings, and their settings the grant type (RFC 8693 §2.1, RFC 9700 §2.4)', () => {
  const password = { grant_types: ['password'] };
  assert.deepEqual(faultsOf(password), ['grant_types has password, which needs hufu.unsafe_password_grant (RFC 9700 §2.4)']);
  assert.equal(accept({ ...password, hufu: { unsafe_password_grant: true } }).settings.unsafePasswordGrant, true);
  for (const name of ['password', JWT_BEARER_GRANT, SAML2_BEARER_GRANT, TOKEN_EXCHANGE_GRANT]) {
    const settings = { hufu: { unsafe_password_grant: true } };
    assert.deepEqual(faultsOf({ grant_types: [name], token_endpoint_auth_method: 'none', ...settings }), [
      `grant_types has ${name}, which a client with token_endpoint_auth_method none may not use`,
    ]);
  }
  const exchange = {
    audiences: ['https://api.example/', 'urn:example:vault'],
    scopes: ['read'],
    impersonation: true,
    id_jag: [{ audience: 'https://chat.example', client_id: 'us', scopes: ['chat'] }],
  };
  const whole = { grant_types: [TOKEN_EXCHANGE_GRANT], hufu: { token_exchange: exchange } };
  assert.deepEqual(writeClientMetadata(accept(whole)).hufu?.token_exchange, exchange);
  assert.deepEqual(accept({ ...whole, hufu: { token_exchange: {} } }).settings.tokenExchange, {
    audiences: [],
    scopes: [],
    impersonation: false,
    idJag: [],
  });
  assert.deepEqual(faultsOf({ ...WEB, hufu: { token_exchange: exchange } }), [
    `hufu.token_exchange is of no use without the grant type ${TOKEN_EXCHANGE_GRANT}`,
  ]);
  const wrong = { audiences: ['x', 'urn:a#b'], scopes: ['a b'], actors: [], id_jag: [{ audience: 'chat', client_id: 'a b' }, {}] };
  assert.deepEqual(faultsOf({ ...whole, hufu: { token_exchange: wrong } }), [
    'hufu.token_exchange.audiences[0] is not an absolute URI',
    'hufu.token_exchange.audiences[1] has a fragment',
    'hufu.token_exchange.scopes[0] is not a scope',
    'hufu.token_exchange.id_jag[0].audience is not an https URI',
    'hufu.token_exchange.id_jag[0].client_id is not visible ASCII',
    'hufu.token_exchange.id_jag[1].audience is missing',
    'hufu.token_exchange.id_jag[1].client_id is missing',
    'hufu.token_exchange.actors is not known',
  ]);
});

test('the code grant needs a redirect URI (RFC 7591 §2)', () => {
  assert.deepEqual(faultsOf({}), ['redirect_uris is needed for authorization_code']);
  assert.deepEqual(faultsOf({ redirect_uris: [] }), ['redirect_uris is needed for authorization_code']);
  assert.deepEqual(faultsOf({ redirect_uris: ['https://*'] }), ['redirect_uris[0] has a wildcard; each URI is registered as it is']);
  assert.deepEqual(faultsOf({ redirect_uris: 'https://app.example/cb' }), ['redirect_uris is not a list']);
});

test('a public client has no secret and may not act for itself (RFC 6749 §4.4, RFC 7591 §2)', () => {
  assert.deepEqual(faultsOf({ token_endpoint_auth_method: 'none', grant_types: ['client_credentials'] }), [
    'grant_types has client_credentials, which a client with token_endpoint_auth_method none may not use',
  ]);
  const spa = { ...WEB, token_endpoint_auth_method: 'none' };
  assert.deepEqual(faultsOf(spa, { ...CONFIGURATION, secret: 'given' }), ['client_secret has no use: token_endpoint_auth_method is none']);
  assert.equal(accept(spa, { ...CONFIGURATION, secret: 'absent' }).tokenEndpointAuthMethod, 'none');
  assert.deepEqual(faultsOf(WEB, { ...CONFIGURATION, secret: 'absent' }), [
    'client_secret is needed: token_endpoint_auth_method is client_secret_basic',
  ]);
  assert.equal(accept(WEB, { ...CONFIGURATION, secret: 'given' }).tokenEndpointAuthMethod, 'client_secret_basic');
});

test('the configuration ignores nothing: unknown members are faults, also within hufu', () => {
  assert.deepEqual(faultsOf({ ...WEB, client_id: 'x', redirect_uri: 'x', hufu: { firstparty: true, refresh_token: { idel: 1 } } }), [
    'hufu.refresh_token.idel is not known',
    'hufu.firstparty is not known',
    'client_id is not known',
    'redirect_uri is not known',
  ]);
  assert.equal(accept({ ...WEB, client_id: 'x' }, { ...CONFIGURATION, elsewhere: ['client_id'] }).applicationType, 'web');
  assert.deepEqual(faultsOf({ ...WEB, logo_uri: null }), ['logo_uri is not a text']);
});

test('a registration’s unknown and privileged members are not taken (RFC 7591 §2, §3.1)', () => {
  const input: unknown = JSON.parse(
    `{"redirect_uris":["https://app.example/cb"],"hufu":{"first_party":true,"profile":"x","resource_server_of":["https://api.example"],"access_token_ttl":"9999h"},
      "client_id":"admin","client_secret":"x","service_account":true,"skip_consent":true,"is_first_party":true,"tenant_id":1,"ssf.enabled":true,
      "__proto__":{"requireAuthTime":true,"first_party":true},"constructor":{"prototype":{"x":1}},"logo_uri":null}`,
  );
  assert.deepEqual(accept(input, REGISTRATION), accept(WEB));
  assert.equal(Object.hasOwn(Object.prototype, 'x'), false);
  assertFaultAt('grant_types[0]', { ...WEB, grant_types: ['urn:example:nonsense'] }, REGISTRATION);
});

test('a newer version’s members in the store are passed over, and hufu is read', () => {
  assert.equal(
    accept({ ...WEB, from_the_future: 1, hufu: { first_party: true, later: 1, refresh_token: { later: 1 } } }, { source: 'store' }).settings
      .firstParty,
    true,
  );
});

test('every URI runs the same check (RFC 7591 §2, §5)', () => {
  const bad = [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'JaVaScRiPt:alert(1)',
    'http://app.example/',
    'https://u@app.example/',
    '//app.example/',
    'https://app.example/ ',
  ];
  for (const uri of bad) {
    for (const name of [
      'jwks_uri',
      'logo_uri',
      'client_uri',
      'policy_uri',
      'tos_uri',
      'initiate_login_uri',
      'logo_uri#en',
      'tos_uri#zh-CN',
    ]) {
      assertFaultAt(name, { ...WEB, [name]: uri }, REGISTRATION);
    }
    for (const name of ['redirect_uris', 'post_logout_redirect_uris']) assertFaultAt(`${name}[0]`, { ...WEB, [name]: [uri] }, REGISTRATION);
  }
});

test('private hosts can be refused to strangers, except where a browser is sent (RFC 7591 §5)', () => {
  const rules: ClientMetadataRules = { ...REGISTRATION, isHostRefused: (host) => host === '10.0.0.1' || host === 'localhost' };
  for (const name of ['jwks_uri', 'logo_uri', 'client_uri', 'policy_uri', 'tos_uri']) {
    assert.deepEqual(faultsOf({ ...WEB, [name]: 'https://10.0.0.1/x' }, rules), [`${name} names a host that is not allowed`]);
    assert.deepEqual(faultsOf({ ...WEB, [name]: 'http://localhost:8080/x' }, rules), [`${name} names a host that is not allowed`]);
    accept({ ...WEB, [name]: 'https://10.0.0.1/x' });
  }
  assert.deepEqual(faultsOf({ ...WEB, initiate_login_uri: 'https://10.0.0.1/x' }, rules), [
    'initiate_login_uri names a host that is not allowed',
  ]);
  assert.deepEqual(faultsOf({ ...WEB, initiate_login_uri: 'http://127.0.0.1/x' }, REGISTRATION), [
    'initiate_login_uri is not an https URI',
  ]);
  accept({ redirect_uris: ['http://localhost:3000/cb', 'https://10.0.0.1/cb'] }, rules);
});

test('the front-channel logout page has the origin of a redirect URI (Front-Channel Logout §2)', () => {
  const at = (uri: string) => ({ redirect_uris: ['https://app.example/cb', 'https://b.example:8443/cb'], frontchannel_logout_uri: uri });
  for (const uri of ['https://app.example/bye?x=1', 'https://app.example:443/', 'https://b.example:8443/']) {
    for (const rules of [CONFIGURATION, REGISTRATION])
      assert.deepEqual(accept(at(uri), rules).frontchannelLogout, { uri, sessionRequired: false });
  }
  for (const uri of ['https://evil.test/', 'https://app.example:8443/', 'http://localhost/', 'https://b.example/'])
    for (const rules of [CONFIGURATION, REGISTRATION]) assertFaultAt('frontchannel_logout_uri', at(uri), rules);
  assert.equal(
    accept(at('https://evil.test/'), { source: 'store' }).frontchannelLogout?.uri,
    'https://evil.test/',
    'what is kept stays readable',
  );
});

test('a native client has private-use schemes, a web client has not (RFC 8252 §7.1)', () => {
  accept({ application_type: 'native', redirect_uris: ['com.example.app:/cb'], post_logout_redirect_uris: ['com.example.app:/bye'] });
  assertFaultAt('redirect_uris[0]', { redirect_uris: ['com.example.app:/cb'] });
  assertFaultAt('application_type', { ...WEB, application_type: 'desktop' });
});

test('a name that strangers choose is bounded and plain (RFC 7591 §5)', () => {
  assert.equal(accept({ ...WEB, client_name: '<img src=x>' }, REGISTRATION).clientName?.untagged, '<img src=x>');
  for (const name of ['a\nb', 'a\u202eb', '\u2066a', 'x'.repeat(201), '', ' ', 7, ['a']])
    assertFaultAt('client_name', { ...WEB, client_name: name }, REGISTRATION);
  assertFaultAt('client_name#de', { ...WEB, 'client_name#de': 'a\u202eb' }, REGISTRATION);
});

test('keys come by value or by reference, not both, and are public (RFC 7591 §2)', () => {
  assert.deepEqual(faultsOf({ ...WEB, jwks: FULL.jwks, jwks_uri: 'https://app.example/jwks' }), [
    'jwks_uri stands beside jwks; one is enough',
  ]);
  assertFaultAt('jwks.keys[0]', { ...WEB, jwks: { keys: [{ ...FULL.jwks.keys[0], d: 'AQ' }] } });
});

test('values are of their kind and within their bounds (RFC 7591 §2)', () => {
  const wrong: readonly (readonly [string, Record<string, unknown>])[] = [
    ['token_endpoint_auth_method', { token_endpoint_auth_method: 'secret_handshake' }],
    ['token_endpoint_auth_method', { token_endpoint_auth_method: 'toString' }],
    ['response_modes[0]', { response_modes: ['web_message'] }],
    ['scope', { scope: 'a  b' }],
    ['scope', { scope: '' }],
    ['scope', { scope: ['openid'] }],
    ['contacts[0]', { contacts: ['a\r\nb'] }],
    ['contacts', { contacts: Array.from({ length: 21 }, (_, at) => `c${at}`) }],
    ['id_token_signed_response_alg', { id_token_signed_response_alg: 'none' }],
    ['id_token_signed_response_alg', { id_token_signed_response_alg: 'none' }],
    ['default_max_age', { default_max_age: -1 }],
    ['default_max_age', { default_max_age: '60' }],
    ['require_auth_time', { require_auth_time: 'true' }],
    ['redirect_uris', { redirect_uris: Array.from({ length: 500 }, (_, at) => `https://app.example/${at}`) }],
    ['hufu', { hufu: true }],
    ['hufu.profile', { hufu: { profile: 'fapi2' } }],
    ['hufu.first_party', { hufu: { first_party: 'yes' } }],
    ['hufu.access_token_ttl', { hufu: { access_token_ttl: '1w' } }],
    ['hufu.access_token_ttl', { hufu: { access_token_ttl: 0 } }],
    ['hufu.access_token_ttl', { hufu: { access_token_ttl: '195d' } }],
    ['hufu.refresh_token', { hufu: { refresh_token: 'off' } }],
    ['hufu.refresh_token.idle', { hufu: { refresh_token: { absolute: '1d', idle: '2d' } } }],
    ['hufu.refresh_token.rotation', { hufu: { refresh_token: { rotation: 'never' } } }],
    ['hufu.max_grants_per_user', { hufu: { max_grants_per_user: 0 } }],
    ['hufu.resource_server_of[1]', { hufu: { resource_server_of: ['https://api.example', '/api'] } }],
    ['hufu.resource_server_of[0]', { hufu: { resource_server_of: ['https://api.example#x'] } }],
  ];
  for (const [path, members] of wrong) assertFaultAt(path, { ...WEB, ...members });
});

test('durations of hufu are written in every form; rotation is a switch', () => {
  const { settings } = accept({
    ...WEB,
    hufu: { access_token_ttl: '10m', refresh_token: { absolute: '30d', idle: '12h', rotation: true } },
  });
  assert.equal(settings.accessTokenTtlSeconds, 600);
  assert.deepEqual(settings.refreshToken, { absoluteSeconds: 2_592_000, idleSeconds: 43_200, rotation: 'on' });
  assert.equal(accept({ ...WEB, hufu: { refresh_token: { rotation: false } } }).settings.refreshToken.rotation, 'off');
});

test('duplicates in a list fold', () => {
  assert.deepEqual(
    accept({ redirect_uris: ['https://a.example/', 'https://a.example/'], grant_types: ['authorization_code', 'authorization_code'] })
      .redirectUris,
    ['https://a.example/'],
  );
});

test('a new grant type, method and profile are a line of the registries', () => {
  const registries = {
    ...CLIENT_REGISTRIES,
    authMethods: { ...CLIENT_REGISTRIES.authMethods, secret_handshake: { secret: 'none', client: 'confidential' } },
    grantTypes: { ...CLIENT_REGISTRIES.grantTypes, ciba: { clients: 'any', redirects: false, refreshes: true } },
    profiles: ['fapi2'],
  } as const;
  const rules = { ...CONFIGURATION, registries, secret: 'absent' } as const;
  const metadata = accept(
    {
      ...WEB,
      token_endpoint_auth_method: 'secret_handshake',
      grant_types: ['implicit', 'ciba', 'refresh_token'],
      response_types: ['id_token'],
      hufu: { profile: 'fapi2' },
    },
    rules,
  );
  assert.equal(metadata.settings.profile, 'fapi2');
  assert.deepEqual(faultsOf({ ...WEB, grant_types: ['implicit'], token_endpoint_auth_method: 'none' }, rules), [
    'response_types has none that belongs to implicit',
  ]);
});

test('what is keyed with a secret needs one, and what is keyed with a key pair says which (OpenID Connect Registration §2, Core §10)', () => {
  const secret = { ...CONFIGURATION, secret: 'absent' } as const;
  assertFaultAt('jwks', { ...WEB, token_endpoint_auth_method: 'private_key_jwt' });
  assertFaultAt('jwks', { ...WEB, id_token_encrypted_response_alg: 'RSA-OAEP' });
  assertFaultAt('jwks', { ...WEB, userinfo_encrypted_response_alg: 'ECDH-ES' });
  assertFaultAt('jwks', { ...WEB, authorization_encrypted_response_alg: 'ECDH-ES' });
  assertFaultAt('authorization_signed_response_alg', { ...WEB, authorization_signed_response_alg: 'none' });
  assertFaultAt('token_endpoint_auth_method', { ...WEB, token_endpoint_auth_method: 'none', authorization_signed_response_alg: 'HS256' });
  assertFaultAt('token_endpoint_auth_method', { ...WEB, token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'HS256' });
  const jwks = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] };
  const byKey = { ...WEB, token_endpoint_auth_method: 'private_key_jwt', jwks };
  accept(byKey, secret);
  assert.deepEqual(faultsOf({ ...byKey, id_token_signed_response_alg: 'HS256' }, secret), [
    'client_secret is needed: an algorithm is keyed with it',
  ]);
  accept({ ...byKey, id_token_signed_response_alg: 'HS256' }, { ...secret, secret: 'given' });
  assertFaultAt('id_token_encrypted_response_enc', { ...WEB, id_token_encrypted_response_enc: 'A128GCM' });
  assert.deepEqual(accept({ ...WEB, userinfo_encrypted_response_alg: 'dir' }).userinfoEncryption, { alg: 'dir', enc: 'A128CBC-HS256' });
});

test('an unsigned request object is for an administrator to allow, not for a stranger to ask (OpenID Connect Registration §2)', () => {
  assert.equal(accept({ ...WEB, request_object_signing_alg: 'none' }).requestObjectSigningAlg, 'none');
  assertFaultAt('request_object_signing_alg', { ...WEB, request_object_signing_alg: 'none' }, REGISTRATION);
});

test('a pairwise client has one host, or a sector identifier (OpenID Connect Core §8.1)', () => {
  const two = { redirect_uris: ['https://a.example/cb', 'https://b.example/cb'], subject_type: 'pairwise' };
  assertFaultAt('sector_identifier_uri', two);
  assert.equal(accept({ ...two, sector_identifier_uri: 'https://a.example/s' }).subjectType, 'pairwise');
  assert.equal(accept({ ...two, redirect_uris: ['https://a.example/cb', 'https://a.example/cb2'] }).subjectType, 'pairwise');
});

test('only a client that can prove itself may go without a code challenge (RFC 9700 §2.1.1)', () => {
  assert.equal(accept({ ...WEB, hufu: { pkce: 'optional' } }).settings.pkce, 'optional');
  assertFaultAt('hufu.pkce', { ...WEB, token_endpoint_auth_method: 'none', hufu: { pkce: 'optional' } });
});

test('a registration is refused under the code that its first fault has (RFC 7591 §3.2.2)', () => {
  const refusalOf = (input: unknown) => {
    const reading = readClientMetadata(input, REGISTRATION);
    assert.ok(reading.kind === 'refused');
    return refuseRegistration(reading.faults);
  };
  const redirect = refusalOf({ redirect_uris: ['javascript:alert(1)'] });
  assert.deepEqual([redirect.code, redirect.status], ['invalid_redirect_uri', 400]);
  assert.match(redirect.description, /^redirect_uris\[0\] has a scheme/);
  const name = refusalOf({ ...WEB, 'client_name#<script>': 'x' });
  assert.deepEqual([name.code, name.status], ['invalid_client_metadata', 400]);
  assert.equal(name.description, 'client_name has no language tag after its # (BCP 47)');
  assert.match(refusalOf([]).description, /^the metadata is not an object/);
  assert.equal(refusalOf({ redirect_uris: [] }).code, 'invalid_redirect_uri');
});

test('any input is read or refused with faults; nothing is thrown', () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom('code', 'https://app.example/cb', 'none', '10m'));
  const members = fc.dictionary(fc.constantFrom(...Object.keys(FULL), '__proto__', 'x'), value);
  fc.assert(
    fc.property(fc.oneof(members, fc.anything()), fc.constantFrom('configuration', 'registration', 'store'), (input, source) => {
      const reading = readClientMetadata(input, { source });
      assert.ok(reading.kind === 'read' || (reading.faults.length > 0 && reading.faults.length <= 100));
    }),
    { numRuns: 300 },
  );
});

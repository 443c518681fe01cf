import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import type { Config } from '@hufu/server/config/config';
import { readConfig } from '@hufu/server/config/read-config';
import type { ClientRecord } from '@hufu/store/port';
import { checkProfiles, checkRegistered } from './profiles.ts';

const KEY =
  '{ kty: EC, crv: P-256, kid: k, x: f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU, y: x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0 }';
const BANK = `  - { client_id: bank, token_endpoint_auth_method: private_key_jwt, redirect_uris: [https://bank.example/cb], dpop_bound_access_tokens: true, id_token_signed_response_alg: ES256, jwks: { keys: [${KEY}] }, hufu: { profile: fapi2_security } }`;
const PLAIN =
  '  - { client_id: plain, client_secret: a-secret-of-32-characters-0123456789, redirect_uris: [https://app.example/cb], hufu: { profile: oauth21 } }';

function configOf(clients: string, more: { readonly issuer?: string; readonly alg?: string; readonly policies?: string } = {}): Config {
  const text = `
issuer: ${more.issuer ?? 'https://id.example'}
signing: { algorithms: [ES256, RS256] }
policies: { ${more.policies ?? ''} }
clients:
${clients}
resources:
  - { identifier: 'https://api.example/', token_format: jwt, signing_alg: ${more.alg ?? 'ES256'} }
  - { identifier: 'https://files.example/', token_format: opaque }
`;
  return readConfig({ text, file: 'hufu.yaml', env: {} });
}

const said = (config: Config): readonly string[] => checkProfiles(config).map(({ level, about, text }) => `${level} ${about}: ${text}`);

test('a client with a profile meets it, and the server is asked for what no client can say (FAPI 2.0 Security Profile §5.2, §5.4.1, FAPI 1.0 Advanced §8.5, §8.6)', () => {
  assert.deepEqual(said(configOf(`${BANK}\n${PLAIN}`)), ['ok client bank: meets fapi2_security', 'ok client plain: meets oauth21']);
  assert.deepEqual(said(configOf(BANK, { issuer: 'http://localhost:4400', alg: 'RS256' })).slice(1), [
    'warning profile fapi2_security: the issuer is plain http, which it does not allow',
    'warning profile fapi2_security: access tokens for https://api.example/ are signed with RS256; it knows PS256, ES256, EdDSA, Ed25519',
  ]);
  assert.deepEqual(said(configOf(PLAIN, { issuer: 'http://localhost:4400', alg: 'RS256' })), ['ok client plain: meets oauth21']);
});

test('a client that asks for passwords is named each time (RFC 9700 §2.4)', () => {
  const old = `  - { client_id: old, client_secret: a-secret-of-32-characters-0123456789, grant_types: [password], hufu: { unsafe_password_grant: true } }`;
  assert.match(said(configOf(old)).join(), /^warning client old: asks users for their passwords/);
});

test('who registered before the profile was set, and would not be registered now, is counted (OAuth 2.1 §10)', () => {
  const row = (id: string, source: ClientRecord['source'], types: readonly string[]): ClientRecord => ({
    clientId: clientId(id),
    metadata: {
      redirect_uris: ['https://app.example/cb'],
      grant_types: types.length === 1 ? ['authorization_code'] : ['authorization_code', 'implicit'],
      response_types: types,
    },
    secrets: [],
    enabled: true,
    source,
    epoch: 0,
    version: 1,
    createdAt: 0,
  });
  const rows = [
    row('fine', 'registered', ['code']),
    row('one', 'registered', ['code', 'code token']),
    row('two', 'registered', ['code', 'code token']),
    row('ours', 'config', ['code', 'code token']),
  ];
  const findings = checkRegistered(configOf(PLAIN, { policies: 'registered_clients: { profile: oauth21 }' }), rows);
  assert.deepEqual(
    findings.map(({ text }) => text),
    ['2 were registered before they had to meet oauth21, such as one: response_types has code token, which OAuth 2.1 does not allow'],
  );
  assert.deepEqual(checkRegistered(configOf(PLAIN), rows), []);
});

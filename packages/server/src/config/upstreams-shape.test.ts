import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samlKey } from '../testing/saml.ts';
import { ConfigError } from './problem.ts';
import { readConfig } from './read-config.ts';
import type { Upstream } from './upstream-config.ts';

function read(entry: string): readonly Upstream[] {
  return readConfig({ text: `issuer: https://id.example\nupstreams:\n${entry}`, file: 'hufu.yaml', env: {} }).upstreams;
}

function faults(entry: string): readonly string[] {
  try {
    read(entry);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

const OIDC = 'name: corp, kind: oidc, issuer: https://corp.example, client_id: c';

test('an entry is what its kind or its preset makes of it, with what it leaves out filled in', () => {
  const [corp] = read(`  - { ${OIDC}, client_secret: s }`);
  assert.deepEqual(
    { ...corp, clientAuth: undefined },
    {
      name: 'corp',
      preset: undefined,
      label: undefined,
      enabled: true,
      link: 'off',
      domains: [],
      create: false,
      claims: {},
      kind: 'oidc',
      issuer: 'https://corp.example',
      clientId: 'c',
      clientAuth: undefined,
      scopes: ['openid', 'profile', 'email'],
      idTokenAlg: 'RS256',
      responseMode: 'query',
      userinfo: true,
      trustAmr: false,
    },
  );
  assert.equal(JSON.stringify(corp).includes('"s"'), false, 'a secret prints nowhere');
  const [google] = read('  - { name: g, preset: google, client_id: c, client_secret: s }');
  assert.ok(google?.kind === 'oidc');
  assert.deepEqual([google.preset, google.issuer, google.userinfo], ['google', 'https://accounts.google.com', false]);
});

test('each preset says what it needs', () => {
  for (const [preset, missing] of [
    ['google', ['client_id', 'client_secret']],
    ['github', ['client_id', 'client_secret']],
    ['microsoft', ['tenant', 'client_id', 'client_secret']],
    ['apple', ['client_id', 'team_id', 'key_id', 'private_key']],
    ['wechat', ['client_id', 'client_secret']],
    ['alipay', ['client_id', 'private_key', 'alipay_public_key']],
    ['dingtalk', ['client_id', 'client_secret']],
  ] as const)
    assert.deepEqual(
      faults(`  - { name: x, preset: ${preset} }`),
      missing.map((key) => `upstreams[0].${key}: is missing`),
      preset,
    );
  assert.deepEqual(faults('  - { name: x, preset: gogle }'), ['upstreams[0].preset: is not one of the allowed values']);
  assert.deepEqual(faults('  - { name: x }'), ['upstreams[0].kind: is missing']);
  assert.deepEqual(faults('  - { name: x, kind: oidc, preset: google }'), ['upstreams[0].kind: cannot stand beside preset']);
});

test('Microsoft’s pattern tenants are refused: any tenant could speak for anybody', () => {
  const entry = (tenant: string): string => `  - { name: m, preset: microsoft, client_id: c, client_secret: s, tenant: '${tenant}' }`;
  for (const tenant of ['common', 'organizations', 'contoso.onmicrosoft.com', '']) assert.equal(faults(entry(tenant)).length, 1, tenant);
  const [consumers] = read(entry('consumers'));
  assert.equal(
    consumers?.kind === 'oidc' && consumers.issuer,
    'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
  );
});

test('linking by address needs the domains that the upstream may speak for (attacks FED-01)', () => {
  assert.deepEqual(faults(`  - { ${OIDC}, client_secret: s, link: verified_email }`), [
    'upstreams[0].domains: is needed with link: verified_email',
  ]);
  assert.deepEqual(faults(`  - { ${OIDC}, client_secret: s, link: verified_email, domains: [] }`), [
    'upstreams[0].domains: is needed with link: verified_email',
  ]);
  for (const domain of ['example', 'EXAMPLE.com', '*.example.com', '@example.com', 'exämple.com'])
    assert.equal(faults(`  - { ${OIDC}, client_secret: s, link: verified_email, domains: ['${domain}'] }`).length, 1, domain);
  assert.deepEqual(faults(`  - { ${OIDC}, client_secret: s, link: verified_email, domains: [example.com] }`), []);
  // Those that say of no address whether it is verified cannot.
  for (const entry of ['name: w, preset: wechat, client_id: c, client_secret: s', 'name: l, kind: ldap, url: ldaps://x, base_dn: dc=x'])
    assert.deepEqual(
      faults(`  - { ${entry}, link: verified_email, domains: [example.com] }`).map((text) => text.split(': ')[1]),
      ['unknown key', 'unknown key'],
    );
});

test('names stand in addresses, and each once', () => {
  for (const name of ['Corp', 'a b', '-a', 'a/b', 'a'.repeat(33), '..'])
    assert.equal(faults(`  - { ${OIDC.replace('name: corp', `name: '${name}'`)}, client_secret: s }`).length, 1, name);
  assert.equal(faults(`  - { ${OIDC}, client_secret: s }\n  - { ${OIDC}, client_secret: s }`).length, 1);
});

test('a secret is there where it is used, and nothing goes in the clear', () => {
  assert.deepEqual(faults(`  - { ${OIDC} }`), ['upstreams[0].client_secret: is missing']);
  assert.deepEqual(faults(`  - { ${OIDC}, client_auth: none, client_secret: s }`), [
    'upstreams[0].client_secret: has no use with client_auth: none',
  ]);
  assert.deepEqual(faults(`  - { ${OIDC}, client_auth: none }`), []);
  assert.equal(faults(`  - { ${OIDC.replace('https:', 'http:')}, client_secret: s }`).length, 1);
  assert.equal(faults(`  - { ${OIDC}, client_secret: s, id_token_alg: HS256 }`).length, 1);
  const ldap = (url: string, more = ''): readonly string[] => faults(`  - { name: l, kind: ldap, url: '${url}', base_dn: dc=x${more} }`);
  assert.deepEqual(ldap('ldap://directory.example'), ['upstreams[0].url: sends passwords in the clear']);
  for (const [url, more] of [
    ['ldap://directory.example', ', start_tls: true'],
    ['ldaps://directory.example:636', ''],
    ['ldap://localhost', ''],
  ] as const)
    assert.deepEqual(ldap(url, more), []);
  assert.deepEqual(ldap('ldaps://x', ', bind_dn: cn=x'), ['upstreams[0].bind_dn: and bind_password stand together']);
  assert.equal(ldap('ldaps://x', ", filter: '(uid=*)'").length, 1);
  assert.equal(ldap('https://x').length, 1);
});

test('a SAML identity provider is known by its certificates, of RSA keys that are long enough', () => {
  const saml = (pem: string): string =>
    `  - name: s\n    kind: saml\n    entity_id: e\n    sso_url: https://idp.example/sso\n    certificates:\n      - |\n        ${pem.trim().replaceAll('\n', '\n        ')}\n`;
  assert.deepEqual(faults(saml(samlKey().certificate)), []);
  assert.deepEqual(faults(saml('nothing')), ['upstreams[0].certificates[0]: is not a certificate']);
});

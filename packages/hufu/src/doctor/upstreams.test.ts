import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { samlKey } from '@hufu/server/testing/saml';
import { openWorld } from '@hufu/server/testing/world';
import { checkUpstreams } from './upstreams.ts';

const SAML_END = Date.parse('2049-12-20T00:00:00Z') / 1000;

test('the doctor asks each upstream for what it tells anybody, and says what its rules let in (OpenID Connect Discovery §4)', async () => {
  const server = createServer((request, response) => {
    const issuer = `http://${request.headers.host ?? ''}`;
    const metadata = {
      issuer,
      authorization_endpoint: `${issuer}/a`,
      token_endpoint: `${issuer}/t`,
      id_token_signing_alg_values_supported: ['ES256'],
      scopes_supported: ['openid', 'profile'],
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const pem = samlKey().certificate.trim().replaceAll('\n', '\n        ');
  const world = await openWorld({
    empty: true,
    yaml: `
policies: { outbound: { allow_hosts: [127.0.0.1] } }
upstreams:
  - { name: corp, kind: oidc, issuer: 'http://127.0.0.1:${port}', client_id: c, client_secret: s, create: true, link: verified_email, domains: [corp.example] }
  - { name: gone, kind: oidc, issuer: 'http://127.0.0.1:1', client_id: c, client_secret: s }
  - { name: off, kind: oidc, issuer: 'http://127.0.0.1:1', client_id: c, client_secret: s, enabled: false }
  - { name: directory, kind: ldap, url: 'ldaps://localhost:1', base_dn: 'dc=example' }
  - name: adfs
    kind: saml
    entity_id: adfs
    sso_url: https://adfs.example/sso
    certificates:
      - |
        ${pem}
`,
  });
  try {
    const findings = await checkUpstreams(world.ctx, SAML_END);
    const said = findings.map(({ level, about, text }) => `${level} ${about.slice('upstream '.length)}: ${text.slice(0, 50)}`);
    assert.deepEqual(said, [
      'warning corp: makes accounts for whoever it knows (create), alth',
      'warning corp: signs in whoever it says has an address at corp.ex',
      'warning corp: signs ID tokens with ES256, and id_token_alg is RS',
      'warning corp: does not list the scopes email',
      'warning corp: names no jwks_uri: no ID token of it can be verifi',
      'ok corp: answers; people come back to https://id.example/si',
      'problem gone: cannot be reached, or is not what the configuratio',
      'ok off: is switched off',
      'problem directory: cannot be reached, or is not what the configuratio',
      'warning adfs: a certificate ends on 2049-12-31; have its success',
      'ok adfs: answers; people come back to https://id.example/si',
    ]);
  } finally {
    await world.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});

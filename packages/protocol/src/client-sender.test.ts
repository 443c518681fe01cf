import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientMetadata, readClientMetadata, writeClientMetadata } from './client-metadata.ts';
import { formatPath } from './field-reader.ts';

const BASE = { grant_types: ['client_credentials'] };
const JWKS = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] };

function accept(input: object): ClientMetadata {
  const reading = readClientMetadata({ ...BASE, ...input }, { source: 'registration' });
  assert.ok(reading.kind === 'read', JSON.stringify(reading));
  return reading.metadata;
}

function faultsOf(input: object): readonly string[] {
  const reading = readClientMetadata({ ...BASE, ...input }, { source: 'registration' });
  return reading.kind === 'read' ? [] : reading.faults.map(({ path, message }) => `${formatPath(path)} ${message}`);
}

test('a client of tls_client_auth registers one member that its certificate is compared with (RFC 8705 §2.1.2)', () => {
  const method = { token_endpoint_auth_method: 'tls_client_auth' };
  for (const [field, value] of [
    ['subject_dn', 'CN=client,O=Example'],
    ['san_dns', 'client.example'],
    ['san_uri', 'https://client.example/id'],
    ['san_ip', '2001:db8::1'],
    ['san_email', 'client@client.example'],
  ] as const) {
    const metadata = accept({ ...method, [`tls_client_auth_${field}`]: value });
    assert.deepEqual(metadata.tlsClientAuth, { field, value });
    assert.equal(Object(writeClientMetadata(metadata))[`tls_client_auth_${field}`], value);
  }
  assert.match(faultsOf(method).join(), /tls_client_auth_subject_dn is needed/);
  assert.match(
    faultsOf({ ...method, tls_client_auth_san_dns: 'a', tls_client_auth_subject_dn: 'CN=a' }).join(),
    /san_dns stands beside another/,
  );
  assert.match(faultsOf({ ...method, tls_client_auth_subject_dn: '' }).join(), /is empty/);
  assert.match(faultsOf({ ...method, tls_client_auth_san_ip: 'client.example' }).join(), /is not an IP address/);
  assert.match(faultsOf({ tls_client_auth_san_dns: 'a' }).join(), /tls_client_auth_san_dns has no use/);
});

test('a client of self_signed_tls_client_auth registers its keys (RFC 8705 §2.2.2)', () => {
  const method = { token_endpoint_auth_method: 'self_signed_tls_client_auth' };
  accept({ ...method, jwks: JWKS });
  accept({ ...method, jwks_uri: 'https://client.example/jwks' });
  assert.match(faultsOf(method).join(), /^jwks is needed/);
});

test('tokens are bound to one key: its proofs or its certificate (RFC 9449 §5.2, RFC 8705 §3.4)', () => {
  assert.equal(accept({ dpop_bound_access_tokens: true }).dpopBoundAccessTokens, true);
  assert.equal(accept({ tls_client_certificate_bound_access_tokens: true }).certificateBoundAccessTokens, true);
  const neither = accept({});
  assert.equal(neither.dpopBoundAccessTokens || neither.certificateBoundAccessTokens, false);
  assert.match(
    faultsOf({ dpop_bound_access_tokens: true, tls_client_certificate_bound_access_tokens: true }).join(),
    /^dpop_bound_access_tokens stands beside/,
  );
});

test('a client whose tokens are bound gets none through the browser: there they would be a bearer’s (RFC 9449 §5.2, attacks DPO-15)', () => {
  const front = { grant_types: ['authorization_code', 'implicit'], redirect_uris: ['https://app.example/cb'] };
  for (const flag of ['dpop_bound_access_tokens', 'tls_client_certificate_bound_access_tokens']) {
    for (const type of ['id_token token', 'code token', 'code id_token token'])
      assert.match(faultsOf({ ...front, response_types: ['code', type], [flag]: true }).join(), /^response_types has .*bound to no key/);
    accept({ ...front, response_types: ['code', 'id_token', 'code id_token'], [flag]: true });
  }
  accept({ ...front, response_types: ['code', 'code token', 'id_token'] });
});

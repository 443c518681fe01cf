import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildResourceMetadata, resourceMetadataUrl } from './resource-metadata.ts';

test('a resource says who it is, whose tokens it takes and what for, and nothing that it was not told (RFC 9728 §2, RFC 9449 §4)', () => {
  const metadata = buildResourceMetadata({
    resource: 'https://api.example/notes',
    authorizationServers: ['https://id.example'],
    scopes: ['notes:read'],
    bearerMethods: ['header'],
    dpopAlgs: [],
    certificateBound: true,
  });
  assert.deepEqual(metadata, {
    resource: 'https://api.example/notes',
    authorization_servers: ['https://id.example'],
    scopes_supported: ['notes:read'],
    bearer_methods_supported: ['header'],
    tls_client_certificate_bound_access_tokens: true,
  });
});

test('the metadata lies between the host and the path of its resource (RFC 9728 §3.1)', () => {
  const base = '/.well-known/oauth-protected-resource';
  for (const [resource, url] of [
    ['https://api.example', `https://api.example${base}`],
    ['https://api.example/', `https://api.example${base}`],
    ['https://api.example/notes', `https://api.example${base}/notes`],
    ['https://api.example:8443/a/b?t=1', `https://api.example:8443${base}/a/b?t=1`],
    ['http://localhost:4400', `http://localhost:4400${base}`],
  ] as const) {
    assert.equal(resourceMetadataUrl(resource), url);
  }
  for (const none of ['urn:api', 'https://api.example/#x', 'notes', '']) assert.throws(() => resourceMetadataUrl(none), TypeError, none);
});

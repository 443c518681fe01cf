import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { grantTypes } from './grants/registry.ts';
import { routes } from './routes.ts';
import { oauthMetadata, openidConfiguration, ownResourceMetadata } from './server-description.ts';
import { ISSUER, openWorld } from './testing/world.ts';

const world = await openWorld();
after(() => world.close());

test('discovery says what there is: each address is a route, each list comes from its registry (RFC 8414 §2, OpenID Connect Discovery §3)', () => {
  const metadata: Record<string, unknown> = JSON.parse(openidConfiguration(world.ctx.config).body.toString());
  assert.equal(metadata['issuer'], ISSUER);
  const paths = routes(world.ctx, undefined).map(({ path }) => path);
  const addresses = Object.entries(metadata).filter(([name]) => name.endsWith('_endpoint') || name === 'jwks_uri');
  assert.ok(addresses.length >= 7);
  for (const [name, value] of addresses) {
    assert.ok(String(value).startsWith(`${ISSUER}/`), name);
    assert.ok(paths.includes(String(value).slice(ISSUER.length)), name);
  }
  assert.deepEqual(metadata['id_token_signing_alg_values_supported'], ['ES256', 'HS256', 'HS384', 'HS512']);
  assert.deepEqual(metadata['response_types_supported'], [
    'code',
    'id_token',
    'id_token token',
    'code id_token',
    'code token',
    'code id_token token',
  ]);
  assert.deepEqual(metadata['response_modes_supported'], [
    'query',
    'fragment',
    'form_post',
    'jwt',
    'query.jwt',
    'fragment.jwt',
    'form_post.jwt',
  ]);
  assert.equal(String(metadata['request_object_signing_alg_values_supported']).includes('none'), false);
  assert.deepEqual(metadata['code_challenge_methods_supported'], ['S256']);
  assert.deepEqual(
    metadata['grant_types_supported'],
    [...grantTypes.keys(), 'implicit'].filter((name) => name !== 'password'),
  );
  assert.deepEqual(metadata['scopes_supported'], [
    'openid',
    'profile',
    'email',
    'address',
    'phone',
    'offline_access',
    'read',
    'write',
    'unlock',
  ]);
  assert.equal(metadata['authorization_response_iss_parameter_supported'], true);
  // RFC 8628 §4, OpenID Connect CIBA §4.
  assert.equal(metadata['device_authorization_endpoint'], `${ISSUER}/oauth/device_authorization`);
  assert.deepEqual(metadata['backchannel_token_delivery_modes_supported'], ['poll', 'ping', 'push']);
  assert.equal(metadata['backchannel_user_code_parameter_supported'], false);
  assert.equal(String(metadata['backchannel_authentication_request_signing_alg_values_supported']).includes('HS'), false);
});

test('both documents are made once, each with its own ETag (RFC 8414 §3.2, RFC 9110 §8.8.3)', () => {
  const [openid, oauth] = [openidConfiguration(world.ctx.config), oauthMetadata(world.ctx.config)];
  assert.equal(JSON.parse(oauth.body.toString()).issuer, ISSUER);
  assert.match(openid.etag, /^"[\w-]{22}"$/);
  assert.equal(openid.etag, openidConfiguration(world.ctx.config).etag);
});

test('the server describes itself as a resource: whose tokens it takes, and what for (RFC 9728 §2, §3)', () => {
  const {
    resource,
    authorization_servers: servers,
    scopes_supported: scopes,
    ...more
  } = JSON.parse(ownResourceMetadata(world.ctx.config).body.toString());
  assert.deepEqual([resource, servers, more.bearer_methods_supported], [ISSUER, [ISSUER], ['header', 'body']]);
  assert.ok(scopes.includes('openid') && !scopes.includes('read'));
  assert.ok(more.dpop_signing_alg_values_supported.includes('ES256'));
  assert.equal('tls_client_certificate_bound_access_tokens' in more, false);
});

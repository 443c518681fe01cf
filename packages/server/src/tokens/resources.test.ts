import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { API, ISSUER, openWorld, VAULT } from '../testing/world.ts';
import { findResource, ownResource, requireKnownScopes, resourcesFor, scopesAt } from './resources.ts';

const EXTRA = 'https://extra.example/';
const world = await openWorld({
  empty: true,
  yaml: `
resources:
- { identifier: '${API}', scopes: [read, write] }
- { identifier: '${VAULT}', scopes: [read, unlock], token_format: opaque }
- { identifier: '${EXTRA}', scopes: [write, unlock, extra] }
`,
});
after(() => world.close());

test('a request is for the resources that it names, each once, whatever the scopes (RFC 8707 §2)', () => {
  assert.deepEqual(resourcesFor(world.ctx, [VAULT, API, VAULT], ['write']), [VAULT, API]);
  assert.deepEqual(resourcesFor(world.ctx, [ISSUER], []), [ISSUER], 'our own may be named');
});

test('an unknown resource is invalid_target, to the character (RFC 8707 §2)', () => {
  for (const identifier of [
    'https://other.example/',
    API.slice(0, -1),
    API.toUpperCase(),
    `${API}#x`,
    '',
    `https://x/${'y'.repeat(500)}`,
  ]) {
    assert.throws(() => resourcesFor(world.ctx, [API, identifier], []), { code: 'invalid_target', detail: identifier.slice(0, 200) });
  }
});

test('without a name it is the first of the list that offers all scopes, or else the first for each (RFC 8707 §2.1)', () => {
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['read'], [API]],
    [['openid', 'read', 'write'], [API]],
    [['unlock'], [VAULT]],
    [['read', 'unlock'], [VAULT]],
    [['unlock', 'write'], [EXTRA]],
    [
      ['read', 'write', 'unlock'],
      [API, VAULT],
    ],
    [
      ['read', 'extra'],
      [API, EXTRA],
    ],
    [['extra', 'openid'], [EXTRA]],
  ];
  for (const [scopes, expected] of cases) assert.deepEqual(resourcesFor(world.ctx, [], scopes), expected, scopes.join(' '));
});

test('without scopes of an API it is our own userinfo, whose tokens are opaque and short (OpenID Connect Core §5.3)', () => {
  for (const scopes of [[], ['openid'], ['openid', 'profile', 'offline_access'], ['nobody-offers-this']])
    assert.deepEqual(resourcesFor(world.ctx, [], scopes), [ISSUER]);
  assert.deepEqual(findResource(world.ctx, ISSUER), ownResource(ISSUER));
  assert.deepEqual(ownResource(ISSUER), {
    identifier: ISSUER,
    scopes: [],
    tokenFormat: 'opaque',
    signingAlg: 'ES256',
    tokenTtlSeconds: 600,
  });
});

test('an access token has what its resource offers, and the OpenID scopes, in their order (RFC 6749 §3.3)', () => {
  const vault = findResource(world.ctx, VAULT) ?? assert.fail();
  assert.deepEqual(scopesAt(vault, ['write', 'unlock', 'openid', 'read']), ['unlock', 'openid', 'read']);
  assert.deepEqual(scopesAt(ownResource(ISSUER), ['read', 'email']), ['email']);
});

test('a scope that nobody offers, or not the named resource, is invalid_scope (RFC 6749 §3.3, RFC 8707 §2)', () => {
  requireKnownScopes(world.ctx, ['openid', 'offline_access', 'read', 'extra'], []);
  requireKnownScopes(world.ctx, ['openid', 'read'], [VAULT]);
  requireKnownScopes(world.ctx, ['write', 'unlock'], [API, VAULT]);
  assert.throws(() => requireKnownScopes(world.ctx, ['read', 'delete'], []), { code: 'invalid_scope', detail: 'delete' });
  assert.throws(() => requireKnownScopes(world.ctx, ['write'], [VAULT]), { code: 'invalid_scope', detail: 'write' });
});

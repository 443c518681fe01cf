import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readHolder } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { claimsOf, tokensOf } from '../testing/visits.ts';
import { API, BASIC_YAML, ISSUER, openWorld, VAULT } from '../testing/world.ts';
import { narrow as narrowed } from './narrow.ts';
import { isRefreshable } from './user-tokens.ts';

const world = await openWorld();
after(() => world.close());

function narrow(
  ctx: Context,
  grant: GrantRecord,
  named: readonly string[],
  asked: readonly string[] | undefined,
): ReturnType<typeof narrowed> {
  return narrowed(ctx, grant, named, asked, new Trail());
}

function grant(scopes: readonly string[], resources: readonly string[]): GrantRecord {
  return { scopes, resources } as unknown as GrantRecord;
}

test('within a grant the whole of it is the default, at the first resource that offers it (RFC 6749 §6, RFC 8707 §2.2)', () => {
  const whole = grant(['openid', 'read', 'unlock'], [API, VAULT]);
  assert.deepEqual(narrow(world.ctx, whole, [], undefined), {
    resource: world.ctx.config.resources[1],
    scopes: ['openid', 'read', 'unlock'],
  });
  const nobodyOffersAll = grant(['write', 'unlock'], [API, VAULT]);
  const first = narrow(world.ctx, nobodyOffersAll, [], undefined);
  assert.equal(first.resource.identifier, API);
  assert.deepEqual(first.scopes, ['write'], "another resource's scopes are not for this one");
});

test('fewer scopes choose the resource anew, more are invalid_scope (RFC 6749 §6)', () => {
  const whole = grant(['openid', 'write', 'unlock'], [API, VAULT]);
  assert.equal(narrow(world.ctx, whole, [], ['unlock']).resource.identifier, VAULT);
  assert.deepEqual(narrow(world.ctx, whole, [], ['openid']).scopes, ['openid']);
  assert.throws(() => narrow(world.ctx, whole, [], ['unlock', 'read']), { code: 'invalid_scope', detail: 'read' });
});

test('a resource of the grant may be named, one of them and no other (RFC 8707 §2.2)', () => {
  const whole = grant(['openid', 'write', 'unlock'], [API, VAULT]);
  const named = narrow(world.ctx, whole, [VAULT], undefined);
  assert.equal(named.resource.identifier, VAULT);
  assert.deepEqual(named.scopes, ['openid', 'unlock']);
  assert.throws(() => narrow(world.ctx, whole, [API, VAULT], undefined), { code: 'invalid_target' });
  assert.throws(() => narrow(world.ctx, whole, [ISSUER], undefined), { code: 'invalid_target', detail: ISSUER }, 'ours, but not granted');
  assert.throws(() => narrow(world.ctx, whole, ['https://gone.example/'], undefined), { code: 'invalid_target' });
});

test('a resource that has left the configuration since is invalid_target, not an error of ours (RFC 8707 §2.2)', () => {
  const old = grant(['openid', 'old'], ['https://gone.example/']);
  assert.throws(() => narrow(world.ctx, old, [], undefined), { code: 'invalid_target', description: 'the resource is no longer there' });
});

test('a token response: Bearer, seconds left, the granted scope, a refresh token and an ID token where they are due (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3)', async () => {
  const full = await tokensOf(world, { scope: 'openid read' });
  assert.deepEqual(Object.keys(full).toSorted(), ['access_token', 'expires_in', 'id_token', 'refresh_token', 'scope', 'token_type']);
  assert.equal(full['token_type'], 'Bearer');
  assert.equal(full['expires_in'], 600);
  assert.equal(full['scope'], 'openid read');
  const holder = readHolder(world.ctx.keys.tally, 'refresh', String(full['refresh_token'])) ?? assert.fail();
  assert.equal(holder.generation, 1);

  const plain = await tokensOf(world, { scope: 'read' });
  assert.equal('id_token' in plain, false, 'no openid, no ID token');
  const nothing = await tokensOf(world, { scope: undefined });
  assert.equal('scope' in nothing, false);
  assert.match(String(nothing['access_token']), /^hfa_/);
});

test('a client without the refresh grant gets none, and its grant ends with the access token (RFC 6749 §1.5)', async () => {
  const own = await openWorld({
    yaml: BASIC_YAML.replace('grant_types: [authorization_code, refresh_token]', 'grant_types: [authorization_code]'),
  });
  const tokens = await tokensOf(own);
  assert.equal('refresh_token' in tokens, false);
  const [row] = await own.store.listGrants(own.tenant, {}, 10);
  assert.ok(row);
  assert.equal(isRefreshable(row), false);
  assert.equal(row.expiresAt, claimsOf(tokens['access_token'])['exp']);
  await own.close();
});

test("a client's own lifetime of access tokens counts before the resource's", async () => {
  const own = await openWorld({
    yaml: BASIC_YAML.replace('hufu: { first_party: true }', 'hufu: { first_party: true, access_token_ttl: 90s }'),
  });
  assert.equal((await tokensOf(own))['expires_in'], 90);
  await own.close();
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { claimsOf, postToken } from '../testing/visits.ts';
import { API, BASIC_YAML, ISSUER, openWorld, SECRETS, START, VAULT } from '../testing/world.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';

const world = await openWorld();
after(() => world.close());

type Reply = Awaited<ReturnType<typeof postToken>>;
const MACHINE = { basic: `machine:${SECRETS.machine}` };

function ask(part: Record<string, string> = {}, at = world, headers: Record<string, string> = MACHINE): Promise<Reply> {
  return postToken(at, { grant_type: 'client_credentials', ...part }, headers);
}

test('a client gets a token for itself: no refresh token, no user, and its own id as subject (RFC 6749 §4.4.2, §4.4.3, RFC 9068 §2.2)', async () => {
  const reply = await ask({ scope: 'read' });
  assert.equal(reply.status, 200);
  assert.deepEqual(Object.keys(reply.json).toSorted(), ['access_token', 'expires_in', 'scope', 'token_type']);
  const claims = claimsOf(reply.json['access_token']);
  assert.deepEqual([claims['sub'], claims['client_id'], claims['aud'], claims['scope']], ['machine', 'machine', API, 'read']);
  assert.equal('auth_time' in claims, false);
});

test('nothing is written for a token: the client has one grant for itself', async () => {
  const own = await openWorld();
  await ask({}, own);
  const before = await own.store.listGrants(own.tenant, {}, 10);
  for (const part of [{}, { scope: 'read' }, { scope: 'unlock' }, { resource: API }]) assert.equal((await ask(part, own)).status, 200);
  assert.deepEqual(await own.store.listGrants(own.tenant, {}, 10), before);
  assert.equal(before.length, 1);
  await own.close();
});

test('without scope it is what the client registered, as far as the resource offers it; a client that registered nothing gets nothing (RFC 6749 §3.3)', async () => {
  const all = await ask();
  assert.equal(claimsOf(all.json['access_token'])['aud'], API);
  assert.equal(all.json['scope'], 'read write', 'unlock is not of this resource, and the answer says so');
  const own = await openWorld({ yaml: BASIC_YAML.replace('    scope: read write unlock\n', '') });
  const none = await ask({}, own);
  assert.equal('scope' in none.json, false);
  const live = await readAccessToken(own.ctx, String(none.json['access_token']), START);
  assert.ok(live.kind === 'live');
  assert.deepEqual([live.resource, live.scopes], [ISSUER, []]);
  assert.equal((await ask({ scope: 'unlock' }, own)).json['scope'], 'unlock', 'it may ask for what there is');
  await own.close();
});

test('a scope beyond the registration, and the scopes of a user, are invalid_scope (RFC 6749 §3.3)', async () => {
  for (const scope of ['delete', 'openid', 'offline_access', 'read profile']) {
    const reply = await ask({ scope });
    assert.deepEqual([reply.status, reply.json['error'], (await world.why(reply)).failed], [400, 'invalid_scope', 'scope'], scope);
  }
  const api = await ask({ scope: 'write' }, world, { basic: `api:${SECRETS.api}` });
  assert.deepEqual([api.json['error'], (await world.why(api)).detail], ['invalid_scope', 'write']);
});

test('the resource decides the format, and one token is for one of them (RFC 8707 §2)', async () => {
  const vault = await ask({ resource: VAULT, scope: 'unlock' });
  assert.match(String(vault.json['access_token']), /^hfm_/);
  assert.equal(vault.json['expires_in'], 300);
  const two = await postToken(
    world,
    `grant_type=client_credentials&resource=${encodeURIComponent(API)}&resource=${encodeURIComponent(VAULT)}`,
    MACHINE,
  );
  assert.equal(two.json['error'], 'invalid_target');
  assert.equal((await ask({ resource: 'https://other.example/' })).json['error'], 'invalid_target');
  assert.equal((await ask({ resource: VAULT, scope: 'write' })).json['error'], 'invalid_scope');
});

test('a public client has no credentials (RFC 6749 §4.4)', async () => {
  const reply = await ask({ client_id: 'spa' }, world, {});
  assert.equal(reply.json['error'], 'unauthorized_client');
});

test('a platform with more resources and scopes than a token can point at serves its machines all the same (decision 0002)', async () => {
  const resources = Array.from(
    { length: 300 },
    (_, i) => `  - { identifier: 'urn:example:r${i}', scopes: [s${i}, t${i}], token_format: opaque }`,
  );
  const yaml = `clients:\n  - { client_id: machine, client_secret: ${SECRETS.machine}, grant_types: [client_credentials] }\nresources:\n${resources.join('\n')}\n`;
  const own = await openWorld({ yaml });
  for (const i of [0, 255, 256, 299]) {
    const reply = await ask({ scope: `s${i}` }, own);
    assert.equal(reply.status, 200, JSON.stringify(reply.json));
    const live = await readAccessToken(own.ctx, String(reply.json['access_token']), START);
    assert.ok(live.kind === 'live', `s${i}`);
    assert.deepEqual([live.resource, live.scopes, live.expiresAt], [`urn:example:r${i}`, [`s${i}`], START + 600]);
  }
  await own.close();
});

test('a client whose profile wants it names the resource for its own tokens too (RFC 8707 §2)', async () => {
  const own = await openWorld({ yaml: BASIC_YAML.replace('    scope: read write unlock\n', '$&    hufu: { profile: mcp }\n') });
  assert.equal((await ask({ scope: 'read' }, own)).json['error'], 'invalid_target');
  assert.equal((await ask({ scope: 'read', resource: API }, own)).status, 200);
  await own.close();
});

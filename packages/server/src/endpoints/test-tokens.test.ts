import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { post, postToken } from '../testing/visits.ts';
import { API, openWorld, type World } from '../testing/world.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';
import { testTokens } from './test-tokens.ts';

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

const ALICE = { client_id: 'spa', username: 'alice', scope: 'openid read', resource: API };

test('in mode test tokens of a user are made without a page, and are tokens like any others (product M27)', async () => {
  const { status, json } = await post(world, testTokens, ALICE);
  assert.equal(status, 200, JSON.stringify(json));
  const token = await readAccessToken(world.ctx, String(json['access_token']), world.now());
  assert.ok(token.kind === 'live');
  assert.deepEqual([token.grant.clientId, token.resource, token.scopes], ['spa', API, ['openid', 'read']]);
  const renewed = await postToken(world, { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(json['refresh_token']) });
  assert.equal(renewed.status, 200);
});

test('nobody, no client, a scope that the client may not ask for, a resource that there is not: each is said, and recorded', async () => {
  const refused = async (part: Readonly<Record<string, string>>): Promise<unknown> => {
    const { json, headers } = await post(world, testTokens, { ...ALICE, ...part });
    assert.match(String(headers['hufu-decision']), /./);
    return json['error'];
  };
  assert.equal(await refused({ username: 'nobody' }), 'invalid_grant');
  assert.equal(await refused({ client_id: 'nobody' }), 'invalid_client');
  assert.equal(await refused({ scope: 'hufu:admin:owner' }), 'invalid_scope');
  assert.equal(await refused({ scope: 'openid', resource: 'https://else.example/' }), 'invalid_target');
  const alice = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  await world.store.setUserEnabled(world.tenant, alice.id, false, world.now());
  assert.equal(await refused({}), 'invalid_grant');
});

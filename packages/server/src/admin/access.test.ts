import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { readConfig } from '../config/read-config.ts';
import { ADMIN_YAML, ask, openAdminWorld, personToken, roleToken } from '../testing/admin-world.ts';
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from '../testing/exchange-world.ts';
import { postToken } from '../testing/visits.ts';
import { BASIC_YAML, START, type World } from '../testing/world.ts';

const ADMIN = 'https://id.example/admin/v1';

let world: World;
before(async () => {
  world = await openAdminWorld();
});
after(() => world.close());

async function userOf(at: World, name: string): Promise<NonNullable<Awaited<ReturnType<World['store']['findUserByName']>>>> {
  return (await at.store.findUserByName(at.tenant, name)) ?? assert.fail(name);
}

test('a role is looked up at each request: what is taken away is gone at once', async () => {
  const owner = await personToken(world, 'u-owner');
  const bob = await personToken(world, 'bob');
  const params = { sub: 'bob-sub' };
  assert.equal((await ask(world, bob, 'clients.list')).status, 403);
  const given = await ask(world, owner, 'administrators.put', { params, body: { role: 'support' } });
  assert.deepEqual([given.status, given.json['changed_by']], [200, 'user:sub-owner']);
  assert.equal((await ask(world, bob, 'clients.list')).status, 200);
  assert.deepEqual((await ask(world, bob, 'me.get')).json['role'], 'support');
  assert.equal((await ask(world, owner, 'administrators.remove', { params })).status, 204);
  assert.equal((await ask(world, bob, 'clients.list')).status, 403);
  assert.equal((await ask(world, owner, 'administrators.remove', { params })).status, 404);
});

test('hufu.yaml’s administrators are nobody else’s to change, and names that are not its users stop the start', async () => {
  const owner = await personToken(world, 'u-owner');
  const params = { sub: 'sub-read' };
  const put = await ask(world, owner, 'administrators.put', { params, body: { role: 'owner' } });
  assert.deepEqual([put.status, put.json['error']], [409, 'conflict']);
  assert.equal((await ask(world, owner, 'administrators.remove', { params })).status, 409);
  const yaml = `issuer: https://id.example\nmode: test\n${BASIC_YAML}policies: { administrators: { mallory: owner } }\n`;
  assert.throws(() => readConfig({ text: yaml, file: 'hufu.yaml', env: {} }), /is no user of this file/);
  assert.throws(() => readConfig({ text: yaml.replace('mallory: owner', 'alice: root'), file: 'hufu.yaml', env: {} }), /support/);
});

test('who takes the name of a configured administrator by signing up is none', async () => {
  const own = await openAdminWorld();
  await own.store.deleteUser(own.tenant, (await userOf(own, 'u-owner')).id, START);
  await own.store.createUser(
    own.tenant,
    { sub: 'mallory', username: 'U-Owner', passwordHash: undefined, claims: {}, source: 'sign_up' },
    START,
  );
  assert.equal((await ask(own, await personToken(own, 'u-owner'), 'clients.list')).status, 403);
  await own.close();
});

test('the last owner keeps the role, and is not disabled, locked or deleted', async () => {
  const own = await openAdminWorld({ yaml: ADMIN_YAML.replace(', u-owner: owner', '') });
  const machine = await roleToken(own, 'owner');
  const params = { sub: 'alice-sub' };
  assert.equal((await ask(own, machine, 'administrators.put', { params, body: { role: 'owner' } })).status, 200);
  assert.equal((await ask(own, machine, 'administrators.put', { params, body: { role: 'read' } })).status, 409);
  assert.equal((await ask(own, machine, 'administrators.remove', { params })).status, 409);
  for (const name of ['users.disable', 'users.delete', 'users.lock'] as const) {
    const { status, json } = await ask(own, machine, name, { params, headers: { 'if-match': '*' } });
    assert.deepEqual([status, json['error']], [409, 'conflict'], name);
  }
  await ask(own, machine, 'administrators.put', { params: { sub: 'bob-sub' }, body: { role: 'owner' } });
  assert.equal((await ask(own, machine, 'users.lock', { params, body: { seconds: 60 } })).status, 200);
  await own.close();
});

test('nobody changes a user whose role is larger than their own', async () => {
  const support = await personToken(world, 'u-support');
  const machine = await roleToken(world, 'support');
  const calls = [
    'users.factors.reset',
    'users.revoke',
    'users.lock',
    'users.unlock',
    'users.sessions.end',
    'users.devices.remove',
  ] as const;
  for (const name of calls)
    for (const token of [support, machine]) {
      const above = await ask(world, token, name, { params: { sub: 'sub-security' } });
      assert.deepEqual([above.status, above.json['error']], [403, 'access_denied'], name);
      assert.equal((await world.why(above)).failed, 'admin_below');
    }
  for (const sub of ['bob-sub', 'sub-read', 'sub-support'])
    assert.equal((await ask(world, machine, 'users.factors.reset', { params: { sub } })).status, 200, sub);
  const bySecurity = await ask(world, await roleToken(world, 'security'), 'users.delete', {
    params: { sub: 'sub-owner' },
    headers: { 'if-match': '*' },
  });
  assert.equal(bySecurity.status, 403);
});

test('an owner whose token says less is less, also to users with a larger role', async () => {
  const token = await personToken(world, 'u-owner', 'hufu:admin:support');
  assert.equal((await ask(world, token, 'me.get')).json['role'], 'support');
  const above = await ask(world, token, 'users.factors.reset', { params: { sub: 'sub-security' } });
  assert.deepEqual([above.status, above.json['error']], [403, 'access_denied']);
});

test('somebody who is locked or disabled, and whose client is, does nothing any more', async () => {
  const own = await openAdminWorld();
  const token = await personToken(own, 'u-owner');
  const { id } = await userOf(own, 'u-owner');
  assert.equal((await ask(own, token, 'me.get')).status, 200);
  await own.store.lockUser(own.tenant, id, START + 60, START);
  assert.equal((await ask(own, token, 'me.get')).status, 401);
  await own.store.lockUser(own.tenant, id, undefined, START);
  const console = (await own.store.findClient(own.tenant, clientId('console'))) ?? assert.fail();
  await own.store.putClient(own.tenant, { ...console, source: 'registered' }, START);
  assert.equal((await ask(own, await personToken(own, 'u-owner').catch(() => token), 'me.get')).status >= 401, true);
  await own.close();
});

test('no scope of the admin API goes into an exchanged token, whatever the configuration lets be exchanged (RFC 8693 §2.2.2)', async () => {
  const exchange = `hufu: { first_party: true, token_exchange: { audiences: ['${ADMIN}'], scopes: ['hufu:admin:owner'] } }`;
  const resource = `  - { identifier: '${ADMIN}', scopes: ['hufu:admin:owner'], token_format: opaque }\nusers:`;
  const yaml = ADMIN_YAML.replace('hufu: { first_party: true }\n  - client_id: plain', `${exchange}\n  - client_id: plain`)
    .replace('refresh_token]\n    scope: openid hufu', `refresh_token, '${TOKEN_EXCHANGE}']\n    scope: openid hufu`)
    .replace('users:', resource);
  const own = await openAdminWorld({ yaml });
  const token = await personToken(own, 'u-owner');
  const fields = { grant_type: TOKEN_EXCHANGE, subject_token: token, subject_token_type: ACCESS_TOKEN, audience: ADMIN };
  for (const scope of [{}, { scope: 'hufu:admin:owner' }]) {
    const reply = await postToken(own, { ...fields, ...scope }, { basic: 'console:admin-secret-0123456789abcdef01234567' });
    assert.deepEqual([reply.status, reply.json['error']], [400, 'invalid_scope']);
  }
  await own.close();
});

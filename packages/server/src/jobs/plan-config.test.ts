import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import { readConfig } from '../config/read-config.ts';
import { tokensOf } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, SECRETS, START } from '../testing/world.ts';
import { type ConfigChange, planConfig } from './plan-config.ts';

const said = (changes: readonly ConfigChange[]): readonly string[] =>
  changes.map(
    (change) => `${change.kind} ${'clientId' in change ? change.clientId : 'username' in change ? change.username : change.about}`,
  );

test('a plan is what a start would do, and does nothing', async () => {
  const store = await openMemory();
  const first = await openWorld({ store, yaml: BASIC_YAML });
  await tokensOf(first);
  assert.deepEqual(await planConfig(first.ctx, START), [], 'of what has just been applied');
  const everything = async (): Promise<unknown> => [
    await store.listClients(first.tenant, '', 100),
    await store.listUsers(first.tenant, 0, 100),
  ];
  const before = await everything();

  const yaml = BASIC_YAML.replace(/ {2}- client_id: spa[\s\S]*?(?= {2}- client_id: web)/, '')
    .replace('client_id: web', 'client_id: web\n    client_name: Another')
    .replace('name: Alice', 'name: Alicia')
    .concat("  - { username: carol, password: 'carols long password' }\n")
    .replace(
      'clients:\n',
      'clients:\n  - { client_id: fresh, token_endpoint_auth_method: none, redirect_uris: [https://fresh.example/cb] }\n',
    );
  const config = readConfig({ text: `issuer: https://id.example\nmode: test\n${yaml}`, file: 'hufu.yaml', env: {} });
  const changes = await planConfig({ ...first.ctx, config }, START + 1);
  assert.deepEqual(said(changes), [
    'client_added fresh',
    'client_changed web',
    'client_disabled spa',
    'claims_changed alice',
    'user_added carol',
  ]);
  const [, web, spa] = changes;
  assert.ok(web?.kind === 'client_changed' && spa?.kind === 'client_disabled');
  assert.deepEqual(
    [web.before['client_name'], web.after['client_name'], web.secretsChange, web.comesBack],
    [undefined, 'Another', false, false],
  );
  assert.deepEqual([spa.grants, spa.users, spa.usernames], [1, 1, ['alice']]);
  assert.deepEqual(await everything(), before);
  await first.close();
});

test('a client that would prove itself otherwise loses what was granted to it; another secret is told without being shown', async () => {
  const store = await openMemory();
  const world = await openWorld({ store, yaml: BASIC_YAML });
  await tokensOf(world);
  const plan = (yaml: string): Promise<readonly ConfigChange[]> =>
    planConfig(
      { ...world.ctx, config: readConfig({ text: `issuer: https://id.example\nmode: test\n${yaml}`, file: 'hufu.yaml', env: {} }) },
      START + 1,
    );
  const spa = BASIC_YAML.replace(
    'Reader\n    token_endpoint_auth_method: none',
    "Reader\n    client_secret: 'spa-secret-0123456789abcdef0123456789'",
  );
  const ends = await plan(spa);
  assert.deepEqual(said(ends), ['grants_end spa', 'client_changed spa']);
  assert.deepEqual(ends[0], { kind: 'grants_end', clientId: 'spa', grants: 1, users: 1, usernames: ['alice'] });
  const [secret] = await plan(BASIC_YAML.replace(SECRETS.web, 'wax-secret-0123456789abcdef0123456789'));
  assert.ok(secret?.kind === 'client_changed' && secret.secretsChange);
  assert.doesNotMatch(JSON.stringify([ends, secret]), /-secret-/);
  await store.createUser(world.tenant, { sub: 'x', username: 'zoe', passwordHash: undefined, claims: {}, source: 'sign_up' }, START);
  assert.deepEqual(said(await plan(`${BASIC_YAML}  - { username: zoe, password: 'zoes long password' }\n`)), ['warning zoe']);
  await world.close();
});

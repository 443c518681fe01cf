import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { openMemory } from '@hufu/store/memory';
import { type ClientRecord, type Store, StoreUnavailable } from '@hufu/store/port';
import { readableSecrets } from '../client-keys/client-secret.ts';
import { findClient } from '../clients.ts';
import { token } from '../endpoints/token.ts';
import { post, tokensOf } from '../testing/visits.ts';
import { BASIC_YAML, CHEAP_HASH, openWorld, SECRETS, START, type World } from '../testing/world.ts';
import { applyConfig } from './apply-config.ts';

function clientOf(world: World, id: string): Promise<ClientRecord | undefined> {
  return world.store.findClient(world.tenant, clientId(id));
}

/** Worlds on one store, one after the other: a server that starts anew with another file. */
async function onOneStore(act: (open: (yaml: string) => Promise<World>, store: Store) => Promise<void>): Promise<void> {
  const store = await openMemory();
  const worlds: World[] = [];
  await act(async (yaml) => {
    const world = await openWorld({ store, yaml });
    worlds.push(world);
    return world;
  }, store);
  for (const world of worlds) await world.close();
  await store.close();
}

test('a second start with the same file changes nothing', async () => {
  await onOneStore(async (open, store) => {
    const first = await open(BASIC_YAML);
    const before = [await store.listClients(first.tenant, '', 100), await store.listUsers(first.tenant, 0, 100)];
    const second = await open(BASIC_YAML);
    await applyConfig(second.ctx, START + 1_000);
    assert.deepEqual([await store.listClients(first.tenant, '', 100), await store.listUsers(first.tenant, 0, 100)], before);
    assert.deepEqual(
      second.events('config.applied').map(({ clients, disabled, usersCreated }) => [clients, disabled, usersCreated]),
      [
        [6, 0, 0],
        [6, 0, 0],
      ],
    );
  });
});

test('a client that is no longer in the file is disabled, and lives again with its grants when it comes back', async () => {
  await onOneStore(async (open) => {
    const first = await open(BASIC_YAML);
    const refresh = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String((await tokensOf(first))['refresh_token']) };
    const without = BASIC_YAML.replace(/ {2}- client_id: spa[\s\S]*?(?= {2}- client_id: web)/, '');
    const second = await open(without);
    assert.deepEqual([(await clientOf(second, 'spa'))?.enabled, (await clientOf(second, 'web'))?.enabled], [false, true]);
    assert.equal(second.events('config.applied')[0]?.['disabled'], 1);
    assert.equal((await post(second, token, refresh)).json['error'], 'invalid_client');
    const third = await open(without);
    assert.equal(third.events('config.applied')[0]?.['disabled'], 0, 'once');
    const fourth = await open(BASIC_YAML);
    assert.equal((await post(fourth, token, refresh)).status, 200);
  });
});

test('a client that somebody registered is not of the file, and stays', async () => {
  await onOneStore(async (open, store) => {
    const world = await open(BASIC_YAML);
    const metadata = { redirect_uris: ['https://own.example/cb'], token_endpoint_auth_method: 'none' };
    await store.putClient(
      world.tenant,
      { clientId: clientId('registered'), metadata, secrets: [], enabled: true, source: 'registered' },
      START,
    );
    await applyConfig(world.ctx, START);
    assert.equal((await clientOf(world, 'registered'))?.enabled, true);
  });
});

test('what was bound to one way of proving oneself is not to be had by another (attacks REF-13)', async () => {
  await onOneStore(async (open) => {
    const first = await open(BASIC_YAML);
    const refresh = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String((await tokensOf(first))['refresh_token']) };
    const confidential = BASIC_YAML.replace(
      'token_endpoint_auth_method: none',
      'client_secret: now-it-has-a-secret-0123456789\n    token_endpoint_auth_method: client_secret_post',
    );
    const second = await open(confidential);
    const reply = await post(second, token, { ...refresh, client_secret: 'now-it-has-a-secret-0123456789' });
    assert.deepEqual(
      [reply.json['error'], (await second.why(reply)).detail],
      ['invalid_grant', `the grant is dead since ${START}: client_revoked`],
    );
    assert.equal((await clientOf(second, 'spa'))?.epoch, 2);
    const third = await open(confidential.replace('client_name: Reader', 'client_name: Writer'));
    assert.equal((await clientOf(third, 'spa'))?.epoch, 2, 'any other change revokes nothing');
  });
});

test('a start that is cut off between the two is made good by the next (attacks REF-13)', async () => {
  await onOneStore(async (open, store) => {
    const first = await open(BASIC_YAML);
    const refresh = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String((await tokensOf(first))['refresh_token']) };
    const confidential = BASIC_YAML.replace(
      'token_endpoint_auth_method: none',
      'client_secret: now-it-has-a-secret-0123456789\n    token_endpoint_auth_method: client_secret_post',
    );
    for (const cut of ['revokeClient', 'putClient']) {
      const wrap = (real: Store): Store =>
        new Proxy(real, {
          get(target, name) {
            const verb: unknown = Reflect.get(target, name);
            if (name === cut) return () => Promise.reject(new StoreUnavailable('cut off'));
            return typeof verb === 'function' ? verb.bind(target) : verb;
          },
        });
      await assert.rejects(openWorld({ store, wrap, yaml: confidential }), StoreUnavailable);
    }
    const second = await open(confidential);
    assert.equal(
      (await post(second, token, { ...refresh, client_secret: 'now-it-has-a-secret-0123456789' })).json['error'],
      'invalid_grant',
    );
  });
});

test('secrets follow the file: the same one keeps its row, another replaces it at once', async () => {
  await onOneStore(async (open) => {
    const first = await open(BASIC_YAML);
    const before = (await clientOf(first, 'web'))?.secrets ?? [];
    const second = await open(BASIC_YAML.replace('web-secret-0', 'new-secret-0'));
    const after = (await clientOf(second, 'web'))?.secrets ?? [];
    assert.equal(after.length, 1);
    assert.notEqual(after[0]?.hash, before[0]?.hash);
    assert.equal(JSON.stringify(after).includes('new-secret'), false);
    assert.deepEqual((await clientOf(second, 'spa'))?.secrets, []);
  });
});

test('with an overlap the secret before is good beside the new one until its end, however often the server starts', async () => {
  await onOneStore(async (open) => {
    const withOverlap = BASIC_YAML.replace(
      /(client_id: web\n[\s\S]*?)hufu: \{ first_party: true \}/,
      '$1hufu: { first_party: true, secret_overlap: 1d }',
    );
    const ends = async (world: World): Promise<readonly number[]> =>
      ((await clientOf(world, 'web'))?.secrets ?? []).map(({ expiresAt }) => expiresAt);
    assert.deepEqual(await ends(await open(withOverlap)), [0]);
    const changed = withOverlap.replace('web-secret-0', 'new-secret-0');
    const second = await open(changed);
    assert.deepEqual(await ends(second), [0, START + 86_400]);
    const version = (await clientOf(second, 'web'))?.version;
    const third = await open(changed);
    assert.equal((await clientOf(third, 'web'))?.version, version, 'another start changes nothing');
    const back = await open(withOverlap);
    assert.deepEqual(await ends(back), [0, START + 86_400], 'the first one again: the second is the old one now');
    assert.deepEqual(await ends(await open(BASIC_YAML)), [0], 'no overlap, no old one');
  });
});

test('a secret can be read as long as an algorithm of the client is keyed with it, and no longer (OpenID Connect Core §10.1)', async () => {
  await onOneStore(async (open) => {
    const keyed = BASIC_YAML.replace('client_id: web\n', 'client_id: web\n    id_token_signed_response_alg: HS256\n');
    const sealedOf = async (world: World): Promise<string | undefined> => (await clientOf(world, 'web'))?.secrets[0]?.sealed;
    const readable = async (world: World): Promise<readonly string[]> =>
      readableSecrets(world.ctx, (await findClient(world.ctx, 'web')) ?? assert.fail(), START);
    const first = await open(BASIC_YAML);
    const before = await clientOf(first, 'web');
    assert.deepEqual([await sealedOf(first), await readable(first)], [undefined, []]);
    const second = await open(keyed);
    assert.deepEqual(await readable(second), [SECRETS.web]);
    assert.deepEqual((await clientOf(second, 'web'))?.secrets[0]?.hash, before?.secrets[0]?.hash, 'the same secret');
    const version = (await clientOf(second, 'web'))?.version;
    const third = await open(keyed);
    assert.equal((await clientOf(third, 'web'))?.version, version, 'another start changes nothing');
    const without = await open(BASIC_YAML);
    assert.deepEqual([await sealedOf(without), await readable(without)], [undefined, []], 'the same secret, hashed alone');
    const changed = await open(keyed.replace('web-secret-0', 'new-secret-0'));
    assert.deepEqual(await readable(changed), [SECRETS.web.replace('web-secret-0', 'new-secret-0')]);
    const last = await open(BASIC_YAML);
    assert.deepEqual([await sealedOf(last), await readable(last)], [undefined, []]);
    assert.ok(!JSON.stringify(await last.store.listClients(last.tenant, '', 100)).includes('secret-0123'));
  });
});

test('users are made where they are missing; passwords stay theirs, claims follow the file', async () => {
  await onOneStore(async (open, store) => {
    const first = await open(BASIC_YAML);
    const alice = (await store.findUserByName(first.tenant, 'alice')) ?? assert.fail();
    assert.deepEqual([alice.sub, alice.passwordHash, alice.claims['name']], ['alice-sub', CHEAP_HASH, 'Alice Example']);
    const own = CHEAP_HASH.replace('SPqh', 'SPqi');
    await store.changePassword(first.tenant, alice.id, 0, own, { session: undefined, revokes: 'all' }, START);
    await open(BASIC_YAML.replace('Alice Example', 'Alice Renamed'));
    const then = (await store.findUserByName(first.tenant, 'alice')) ?? assert.fail();
    assert.deepEqual([then.passwordHash, then.claims['name'], then.sub], [own, 'Alice Renamed', 'alice-sub']);
    await open(BASIC_YAML.replace(/ {2}- \{ username: bob.*\n/, ''));
    assert.equal((await store.findUserByName(first.tenant, 'bob'))?.enabled, true, 'a user who is no longer in the file is not thrown out');
  });
});

test('a plain password is hashed, and a user without sub gets one that nobody has (OpenID Connect Core §2 sub)', async () => {
  await onOneStore(async (open, store) => {
    const world = await open('users: [{ username: carol, password: a plain password }, { username: dave, password: a plain password }]');
    const [carol, dave] = [await store.findUserByName(world.tenant, 'carol'), await store.findUserByName(world.tenant, 'dave')];
    assert.match(carol?.passwordHash ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.equal(await world.ctx.passwords.verify(carol?.passwordHash, 'a plain password'), true);
    assert.match(carol?.sub ?? '', /^[\w-]{20}$/);
    assert.notEqual(carol?.sub, dave?.sub);
  });
});

test('a name that somebody took by signing up is told, and their account gets nothing of what the file says of another', async () => {
  await onOneStore(async (open, store) => {
    const { tenant } = await open(BASIC_YAML);
    const squatter = { sub: 'own', username: 'Carol', passwordHash: undefined, claims: { name: 'C' }, source: 'sign_up' } as const;
    await store.createUser(tenant, squatter, START);
    const second = await open(
      `${BASIC_YAML}  - { username: carol, password: a plain password, claims: { email: carol@corp.example, email_verified: true } }\n`,
    );
    assert.deepEqual((await store.findUserByName(tenant, 'carol'))?.claims, { name: 'C' });
    assert.deepEqual(
      second.events('config.user_taken').map(({ level, username, sub }) => [level, username, sub]),
      [['warn', 'carol', 'own']],
    );
  });
});

test('a user whose sub somebody else has is told, not passed over', async () => {
  await onOneStore(async (open, store) => {
    await open(BASIC_YAML);
    const second = await open(BASIC_YAML.replace('username: alice', 'username: alicia'));
    assert.equal(await store.findUserByName(second.tenant, 'alicia'), undefined);
    assert.deepEqual(
      second.events('config.user_taken').map(({ level, sub }) => [level, sub]),
      [['warn', 'alice-sub']],
    );
    assert.equal(second.events('config.applied')[0]?.['usersCreated'], 0);
  });
});

test('of a user whose address somebody else has verified, everything else is as the file says', async () => {
  await onOneStore(async (open, store) => {
    const { tenant } = await open(BASIC_YAML);
    const eve = { sub: 'eve-sub', username: 'eve', passwordHash: undefined, source: 'sign_up' } as const;
    const claims = { email: 'alice@corp.example', email_verified: true };
    const made = await store.createUser(tenant, { ...eve, claims }, START);
    const moved = BASIC_YAML.replace('name: Alice Example, email: alice@example.com', 'name: Alice Renamed, email: alice@corp.example');
    const second = await open(moved);
    assert.deepEqual(
      second.events('config.email_taken').map(({ level, username }) => [level, username]),
      [['warn', 'alice']],
    );
    const alice = (await store.findUserByName(tenant, 'alice')) ?? assert.fail();
    assert.deepEqual(alice.claims, { name: 'Alice Renamed', email: 'alice@corp.example', email_verified: false });
    assert.equal((await store.findUserByEmail(tenant, 'alice@corp.example'))?.id, made.user.id, 'the address is whose it was');
    assert.equal(await store.findUserByEmail(tenant, 'alice@example.com'), undefined);
  });
});

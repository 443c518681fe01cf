import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '@hufu/store/port';
import { BROWSER, getOf, hiddenOf, postOf } from '../../testing/pages.ts';
import { signedIn } from '../../testing/visits.ts';
import { BASIC_YAML, CHEAP_HASH, openWorld, START, type World } from '../../testing/world.ts';
import { profileGet, profilePost } from './profile.ts';

const PATH = '/account/profile';
const YAML = `${BASIC_YAML}\npolicies: { brute_force: off, profile: { editable: [name] } }`;
const OLD = { folded: 'old@post.example', address: 'old@post.example' };

/** Mei saves a name, and `meanwhile` happens right before each write of it. */
async function save(meanwhile: (world: World) => Promise<void>): Promise<{ readonly world: World; readonly location: string }> {
  let act = async (): Promise<void> => undefined;
  const wrap = (store: Store): Store => ({
    ...store,
    setClaims: async (...named) => {
      await act();
      return await store.setClaims(...named);
    },
  });
  const world = await openWorld({ yaml: YAML, wrap });
  const claims = { email: OLD.address, email_verified: true };
  const mei = { sub: 'mei-sub', username: 'mei', passwordHash: CHEAP_HASH, claims, source: 'sign_up' } as const;
  await world.store.createUser(world.tenant, mei, START);
  const cookie = `${BROWSER}; ${(await signedIn(world, 'mei')).cookie}`;
  const page = await profileGet(world.ctx, getOf(world, PATH, cookie));
  act = () => meanwhile(world);
  const done = await profilePost(world.ctx, postOf(world, PATH, { ...hiddenOf(page), name: 'Mei' }, { cookie }));
  return { world, location: String(done.headers['location']) };
}

async function move(world: World, address: string): Promise<void> {
  const { store, tenant } = world;
  const { id, authVersion } = (await store.findUserByName(tenant, 'mei')) ?? assert.fail();
  const options = { forgetsCredentials: false, session: undefined };
  assert.equal((await store.verifyEmail(tenant, id, authVersion, { address, folded: address }, options, START)).kind, 'done');
}

test('an address that is verified while a profile is saved stays, and the profile is saved', async () => {
  let turns = 0;
  const { world, location } = await save(async (there) => {
    turns += 1;
    if (turns === 1) await move(there, 'new@post.example');
  });
  assert.match(location, /^\/account\/profile\?outcome=profile_saved/);
  const mei = (await world.store.findUserByName(world.tenant, 'mei')) ?? assert.fail();
  assert.deepEqual(mei.claims, { email: 'new@post.example', email_verified: true, name: 'Mei' });
  assert.equal((await world.store.findUserByEmail(world.tenant, 'new@post.example'))?.id, mei.id);
  assert.equal(await world.store.findUserByEmail(world.tenant, OLD.folded), undefined);
  await world.close();
});

test('where the account changes faster than a profile is saved, the page says so and nothing is lost', async () => {
  let turns = 0;
  const { world, location } = await save(async (there) => {
    turns += 1;
    await move(there, `new${turns}@post.example`);
  });
  assert.match(location, /outcome=changed/);
  assert.equal(turns, 3);
  const mei = (await world.store.findUserByName(world.tenant, 'mei')) ?? assert.fail();
  assert.deepEqual(mei.claims, { email: 'new3@post.example', email_verified: true });
  await world.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnavailable } from '@hufu/store/port';
import { takeLetter, takeOutbox } from '../../testing/mails.ts';
import { BROWSER, getOf, hiddenOf, pageOf, postOf } from '../../testing/pages.ts';
import { signedIn } from '../../testing/visits.ts';
import { BASIC_YAML, CHEAP_HASH, openWorld } from '../../testing/world.ts';
import { deleteGet, deletePost } from './data.ts';

const PATH = '/account/data/delete';

test('who deletes their account is told once it is deleted, at the address that it had, and not where it stays', async () => {
  let away = true;
  const world = await openWorld({
    yaml: `${BASIC_YAML}\npolicies: { brute_force: off }`,
    wrap: (store) => ({
      ...store,
      deleteUser: async (...named) => {
        if (away) throw new StoreUnavailable('away');
        return await store.deleteUser(...named);
      },
    }),
  });
  const claims = { email: 'mei@post.example', email_verified: true };
  const mei = { sub: 'mei-sub', username: 'mei', passwordHash: CHEAP_HASH, claims, source: 'sign_up' } as const;
  await world.store.createUser(world.tenant, mei, world.now());
  const visitor = await signedIn(world, 'mei');
  const cookie = `${BROWSER}; ${visitor.cookie}`;
  const page = await deleteGet(world.ctx, getOf(world, PATH, cookie));
  assert.deepEqual([page.status, pageOf(page)], [200, 'account-delete']);
  const send = (): ReturnType<typeof deletePost> =>
    deletePost(world.ctx, postOf(world, PATH, { ...hiddenOf(page), username: 'mei' }, { cookie }));
  assert.equal((await send()).status, 503);
  assert.deepEqual(await takeOutbox(world), [], 'nothing has happened');
  away = false;
  assert.equal((await send()).status, 200);
  assert.equal((await takeLetter(world)).to, 'mei@post.example');
  assert.equal(await world.store.findUserByName(world.tenant, 'mei'), undefined);
  await world.close();
});

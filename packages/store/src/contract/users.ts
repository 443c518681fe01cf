import assert from 'node:assert/strict';
import {
  APP,
  type Case,
  countKinds,
  deathOf,
  makeCode,
  makeGrant,
  makeScene,
  makeSession,
  makeUser,
  NOW,
  opening,
  race,
  setPassword,
  someCode,
  someRedemption,
  someSession,
} from './bench.ts';

export function userCases(define: Case): void {
  define('a user comes back as created, by id and by any form of the name', async (b) => {
    const { store, second, tenant } = b;
    const made = await store.createUser(
      tenant,
      { sub: 's1', username: 'Ａda.Łovelace', passwordHash: undefined, claims: { age: 36, nested: { a: [1] } } },
      NOW,
    );
    assert.equal(made.kind, 'created');
    assert.deepEqual(made.user, {
      id: 1,
      sub: 's1',
      username: 'Ａda.Łovelace',
      passwordHash: undefined,
      claims: { age: 36, nested: { a: [1] } },
      source: 'config',
      enabled: true,
      createdAt: NOW,
      updatedAt: NOW,
      passwordChangedAt: NOW,
      authVersion: 0,
      lockedUntil: undefined,
    });
    assert.deepEqual(await second.findUser(tenant, made.user.id), made.user);
    for (const name of ['Ａda.Łovelace', 'ada.łovelace', 'ADA.ŁOVELACE'])
      assert.deepEqual(await store.findUserByName(tenant, name), made.user);
    assert.equal(await store.findUserByName(tenant, 'ada'), undefined);
  });

  define('a user who is made disabled, or locked, is so from the first moment on', async (b) => {
    const user = { sub: 's1', username: 'eve', passwordHash: 'x', claims: {}, enabled: false, lockedUntil: NOW + 60 };
    const made = await b.store.createUser(b.tenant, user, NOW);
    assert.deepEqual([made.kind, made.user.enabled, made.user.lockedUntil], ['created', false, NOW + 60]);
    assert.deepEqual(await b.second.findUserByName(b.tenant, 'eve'), made.user);
  });

  define('whose account it is by their own doing is kept, and stays when the claims change', async (b) => {
    const own = await b.store.createUser(
      b.tenant,
      { sub: 's1', username: 'eve', passwordHash: undefined, claims: {}, source: 'sign_up' },
      NOW,
    );
    assert.equal(own.user.source, 'sign_up');
    assert.equal((await makeUser(b)).source, 'config');
    await b.store.setClaims(b.tenant, own.user.id, { name: 'Eve' }, NOW + 1);
    assert.equal((await b.second.findUserByName(b.tenant, 'eve'))?.source, 'sign_up');
    assert.deepEqual(
      (await b.store.listUsers(b.tenant, 0, 10)).map(({ source }) => source),
      ['sign_up', 'config'],
    );
  });

  define('a name or a subject that is taken leaves everything as it was', async (b) => {
    const ada = await makeUser(b);
    const again = await b.store.createUser(b.tenant, { sub: 'new', username: 'ADA', passwordHash: 'x', claims: {} }, NOW + 1);
    assert.deepEqual(again, { kind: 'taken', user: ada });
    const sameSub = await b.store.createUser(b.tenant, { sub: ada.sub, username: 'bob', passwordHash: 'x', claims: {} }, NOW + 1);
    assert.deepEqual(sameSub, { kind: 'taken', user: ada });
    assert.deepEqual(await b.store.listUsers(b.tenant, 0, 10), [ada]);
  });

  define('of fifty who want one name at once, one is created', async (b) => {
    const answers = await race(
      b,
      async (store, index) =>
        await store.createUser(
          b.tenant,
          { sub: `s${index}`, username: index % 3 === 0 ? 'Eve' : 'eve', passwordHash: undefined, claims: {} },
          NOW,
        ),
    );
    assert.deepEqual(countKinds(answers), { created: 1, taken: 49 });
    assert.equal(new Set(answers.map((answer) => answer.user.sub)).size, 1);
    assert.equal((await b.store.listUsers(b.tenant, 0, 10)).length, 1);
  });

  define('users are listed in the order of their ids, page by page', async (b) => {
    for (const name of ['c', 'a', 'b']) await makeUser(b, name);
    const names = async (after: number, limit: number): Promise<string[]> =>
      (await b.store.listUsers(b.tenant, after, limit)).map((user) => user.username);
    assert.deepEqual(await names(0, 10), ['c', 'a', 'b']);
    assert.deepEqual(await names(1, 1), ['a']);
    assert.deepEqual(await names(3, 10), []);
  });

  define('claims are replaced, and the password stays', async (b) => {
    const ada = await makeUser(b);
    assert.equal(await b.store.setClaims(b.tenant, ada.id, { email: 'a@example' }, NOW + 5), 'done');
    assert.deepEqual(await b.store.findUser(b.tenant, ada.id), { ...ada, claims: { email: 'a@example' }, updatedAt: NOW + 5 });
  });

  define('an upgrade of the hash never undoes a change of password', async (b) => {
    const { store, tenant } = b;
    const ada = await makeUser(b);
    assert.equal(await store.upgradePasswordHash(tenant, ada.id, '$argon2id$1', '$argon2id$2'), 'done');
    assert.deepEqual(await store.findUser(tenant, ada.id), { ...ada, passwordHash: '$argon2id$2' });
    assert.equal(await setPassword(b, ada.id, undefined, NOW + 9), 'done');
    assert.equal(await store.upgradePasswordHash(tenant, ada.id, '$argon2id$2', '$argon2id$3'), 'changed');
    const now = await store.findUser(tenant, ada.id);
    assert.deepEqual([now?.passwordHash, now?.passwordChangedAt, now?.updatedAt], ['new', NOW + 9, NOW + 9]);
  });

  define('an upgrade of the hash revokes nothing', async (b) => {
    const scene = await makeScene(b);
    const grant = await makeGrant(b, scene);
    assert.equal(await b.store.upgradePasswordHash(b.tenant, scene.user.id, '$argon2id$1', '$argon2id$2'), 'done');
    assert.equal(await deathOf(b, grant), undefined);
    assert.equal((await b.store.findSession(b.tenant, scene.session.id))?.endedAt, undefined);
    assert.deepEqual(await b.store.readRevocations(b.tenant, 0, 10), []);
  });

  define('a new password ends every session but the kept one and revokes every grant and code', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const kept = await makeSession(b, scene.user);
    const bob = await makeUser(b, 'bob');
    const bobs = await makeSession(b, bob);
    const grants = [
      await makeGrant(b, scene),
      await makeGrant(b, scene, { offline: true }),
      await makeCode(b, scene),
      await makeGrant(b, scene, { sessionId: kept.id }),
    ];
    const bobsGrant = await makeGrant(b, { ...scene, user: bob, session: bobs });
    assert.equal(await setPassword(b, scene.user.id, kept.id, NOW + 3), 'done');
    for (const id of grants) assert.equal(await deathOf(b, id), 'password_changed');
    assert.equal(await deathOf(b, bobsGrant), undefined);
    assert.equal((await store.findSession(tenant, scene.session.id))?.endedAt, NOW + 3);
    assert.equal((await store.findSession(tenant, kept.id))?.endedAt, undefined);
    assert.equal((await store.findSession(tenant, bobs.id))?.endedAt, undefined);
    const fresh = await store.createGrant(tenant, someCode({ ...scene, session: kept }), NOW + 4);
    assert.equal(fresh.kind, 'created', 'the kept session goes on');
  });

  define('a user who is disabled loses sessions, grants and codes, and gets none of them back when enabled', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const grant = await makeGrant(b, scene, { offline: true });
    const code = await makeCode(b, scene);
    assert.equal(await store.setUserEnabled(tenant, scene.user.id, false, NOW + 1), 'done');
    assert.equal((await store.findUser(tenant, scene.user.id))?.enabled, false);
    assert.deepEqual(await store.createGrant(tenant, someCode(scene), NOW + 1), { kind: 'refused', reason: 'user_inactive' });
    assert.deepEqual(await store.openSession(tenant, someSession(scene.user), opening(scene.user), NOW + 1), {
      kind: 'refused',
      reason: 'user_inactive',
    });

    assert.equal(await store.setUserEnabled(tenant, scene.user.id, true, NOW + 2), 'done');
    assert.equal((await store.findUser(tenant, scene.user.id))?.enabled, true);
    for (const id of [grant, code]) assert.equal(await deathOf(b, id), 'user_disabled');
    assert.equal((await store.rotate(tenant, grant, 1, 1, NOW + 2)).kind, 'lost');
    assert.equal((await store.exchangeCode(tenant, code, someRedemption(), NOW + 2)).kind, 'lost');
    assert.equal((await store.findSession(tenant, scene.session.id))?.endedAt, NOW + 1);
    assert.deepEqual(await store.createGrant(tenant, someCode(scene), NOW + 2), { kind: 'refused', reason: 'session_ended' });
    assert.equal(
      (await store.openSession(tenant, someSession(scene.user), opening(scene.user, undefined, { authVersion: 1 }), NOW + 2)).kind,
      'opened',
    );
  });

  define('enabling a user who is enabled, or disabling one who is not, changes nothing', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    assert.equal(await store.setUserEnabled(tenant, scene.user.id, true, NOW + 7), 'done');
    assert.deepEqual(await store.findUser(tenant, scene.user.id), scene.user);
    await store.setUserEnabled(tenant, scene.user.id, false, NOW + 8);
    const logged = await store.readRevocations(tenant, 0, 10);
    await store.setUserEnabled(tenant, scene.user.id, false, NOW + 9);
    assert.deepEqual(await store.readRevocations(tenant, 0, 10), logged);
  });

  define('no grant of a user outlives a disablement, however they race', async (b) => {
    const scene = await makeScene(b);
    const answers = await race(b, async (store, index) => {
      if (index === 25) return await store.setUserEnabled(b.tenant, scene.user.id, false, NOW);
      return await store.createGrant(b.tenant, someCode(scene), NOW);
    });
    for (const answer of answers) {
      if (typeof answer === 'object' && answer.kind === 'created') assert.equal(await deathOf(b, answer.id), 'user_disabled');
    }
    assert.deepEqual(await b.store.listGrants(b.tenant, { userId: scene.user.id, clientId: APP }, 100), []);
  });
}

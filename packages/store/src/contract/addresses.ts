import assert from 'node:assert/strict';
import type { UserRecord, Users } from '../port.ts';
import { type Bench, type Case, countKinds, deathOf, makeGrant, makeScene, makeSession, makeUser, NOW, race } from './bench.ts';
import { add, someTotp } from './factors.ts';

export function addressCases(define: Case): void {
  define('a user is found by the address that they have shown to be theirs, in any case of its letters, and by no other', async (b) => {
    const { store, second, tenant } = b;
    const ada = await makeUser(b);
    await store.setClaims(tenant, ada.id, { email: 'Ada@Example.com' }, NOW);
    assert.equal(await second.findUserByEmail(tenant, 'ada@example.com'), undefined, 'nobody has shown it');
    assert.deepEqual(await verify(b, ada, 0, 'Ada@Example.com'), { kind: 'done', authVersion: 1 });
    const found = await second.findUserByEmail(tenant, 'ADA@example.com');
    assert.deepEqual([found?.id, found?.claims], [ada.id, { email: 'Ada@Example.com', email_verified: true }]);
    assert.equal(await second.findUserByEmail(b.otherTenant, 'ada@example.com'), undefined);
    // The Kelvin sign is no k, nor a dotless i an i, whatever other foldings say.
    for (const other of ['ada@example.co', 'ad\u0430@example.com', 'ada@exampl\u212a.com', ''])
      assert.equal(await second.findUserByEmail(tenant, other), undefined, other);
    assert.deepEqual(await verify(b, ada, 1, 'ada@example.com'), { kind: 'done', authVersion: 1 }, 'it was theirs already');
    assert.deepEqual(await verify(b, ada, 1, 'new@example.com'), { kind: 'done', authVersion: 2 });
    assert.equal(await second.findUserByEmail(tenant, 'ada@example.com'), undefined);
    assert.equal((await second.findUserByEmail(tenant, 'new@example.com'))?.id, ada.id);
    assert.equal(await b.countRows('verified_emails'), 1);
  });

  define('an address is proved under the version that was judged, by an active user, and is one user’s', async (b) => {
    const { store, tenant } = b;
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    await verify(b, ada, 0, 'a@example.com');
    assert.equal((await verify(b, bob, 1, 'b@example.com')).kind, 'changed');
    assert.equal((await verify(b, bob, 0, 'A@example.com')).kind, 'taken');
    assert.deepEqual(await store.findUser(tenant, bob.id), bob);
    assert.equal(await store.setClaims(tenant, bob.id, { email: 'a@EXAMPLE.com', email_verified: true }, NOW + 1), 'email_taken');
    assert.deepEqual(await store.findUser(tenant, bob.id), bob);
    await store.lockUser(tenant, bob.id, NOW + 60, NOW);
    assert.equal((await verify(b, bob, 1, 'b@example.com')).kind, 'unknown');
    await assert.rejects(
      store.verifyEmail(tenant, ada.id, 1, { address: 'x@example.com', folded: 'y@example.com' }, PLAIN, NOW),
      TypeError,
    );
  });

  define('claims that were read before an address was proved are not written over it', async (b) => {
    const { store, second, tenant } = b;
    const ada = await makeUser(b);
    await verify(b, ada, 0, 'a@example.com');
    const after = (await store.findUser(tenant, ada.id))?.claims;
    assert.equal(await second.setClaims(tenant, ada.id, { email: 'a@example.com', email_verified: true, name: 'Ada' }, NOW, 0), 'changed');
    assert.deepEqual((await store.findUser(tenant, ada.id))?.claims, after);
    assert.equal(await second.setClaims(tenant, ada.id, { email: 'a@example.com', email_verified: true, name: 'Ada' }, NOW, 1), 'done');
    assert.equal((await store.findUser(tenant, ada.id))?.claims['name'], 'Ada');
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        index % 2 === 0
          ? await store.setClaims(tenant, ada.id, { email: 'a@example.com', email_verified: true, name: String(index) }, NOW, 1)
          : await verify({ ...b, store: second }, ada, 1, 'b@example.com'),
      ),
    );
    assert.equal((await second.findUserByEmail(tenant, 'b@example.com'))?.id, ada.id);
    assert.equal(await second.findUserByEmail(tenant, 'a@example.com'), undefined);
  });

  define('claims that say that an address is verified make it theirs, and others give it back', async (b) => {
    const { store, tenant } = b;
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    const say = async (user: UserRecord, email: string, verified: unknown): Promise<string> =>
      await store.setClaims(tenant, user.id, { email, email_verified: verified }, NOW);
    const versions = async (): Promise<unknown[]> =>
      await Promise.all([ada, bob].map(async ({ id }) => (await store.findUser(tenant, id))?.authVersion));
    assert.equal(await say(ada, 'a@example.com', true), 'done');
    assert.deepEqual(await versions(), [1, 0]);
    await store.setClaims(tenant, ada.id, { email: 'A@example.com', email_verified: true, name: 'Ada' }, NOW);
    assert.deepEqual(await versions(), [1, 0], 'it is the same');
    assert.equal(await say(bob, 'a@example.com', 'true'), 'done', 'a word is no truth');
    assert.equal((await store.findUserByEmail(tenant, 'a@example.com'))?.id, ada.id);
    assert.equal(await say(ada, 'a@example.com', false), 'done');
    assert.deepEqual(await versions(), [2, 0]);
    assert.equal(await store.findUserByEmail(tenant, 'a@example.com'), undefined);
    assert.equal(await say(bob, 'a@example.com', true), 'done');
    assert.equal((await store.findUserByEmail(tenant, 'a@example.com'))?.id, bob.id);
    const made = await store.createUser(tenant, someUser('eve', 'A@example.com'), NOW);
    assert.deepEqual([made.kind, made.user.id], ['taken', bob.id]);
    assert.equal((await store.createUser(tenant, someUser('eve', 'e@example.com'), NOW)).kind, 'created');
    assert.equal((await store.findUserByEmail(tenant, 'e@example.com'))?.username, 'eve');
  });

  define('of fifty users who prove one address at once, in whatever way, one has it', async (b) => {
    const users = await Promise.all(Array.from({ length: 40 }, async (_, index) => await makeUser(b, `u${index}`)));
    const answers = await race(b, async (store, index) => {
      const user = users[index];
      if (user === undefined) return { kind: (await store.createUser(b.tenant, someUser(`n${index}`, 'a@example.com'), NOW)).kind };
      if (index % 3 > 0) return await verify({ ...b, store }, user, 0, 'a@example.com');
      return { kind: await store.setClaims(b.tenant, user.id, { email: 'a@example.com', email_verified: true }, NOW) };
    });
    const { done = 0, created = 0 } = countKinds(answers);
    assert.equal(done + created, 1, JSON.stringify(countKinds(answers)));
    const all = await b.store.listUsers(b.tenant, 0, 100);
    const holders = all.filter(({ claims }) => claims['email_verified'] === true);
    assert.deepEqual(
      holders.map(({ id }) => id),
      [(await b.store.findUserByEmail(b.tenant, 'a@example.com'))?.id],
    );
  });

  define('two users who swap their addresses at once wait for each other and never in a circle', async (b) => {
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    const addresses = ['a@example.com', 'b@example.com'];
    await race(b, async (store, index) => {
      const user = index % 4 < 2 ? ada : bob;
      return await store.setClaims(b.tenant, user.id, { email: addresses[index % 2], email_verified: true }, NOW);
    });
    const found = await Promise.all(addresses.map(async (address) => await b.store.findUserByEmail(b.tenant, address)));
    for (const [index, user] of found.entries()) if (user !== undefined) assert.equal(user.claims['email'], addresses[index]);
  });

  define('an address counts only while the claims say so: whoever proves it then has it', async (b) => {
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    await verify(b, ada, 0, 'a@example.com');
    await b.store.setClaims(b.tenant, ada.id, {}, NOW);
    assert.equal(await b.countRows('verified_emails'), 0);
    assert.equal((await verify(b, bob, 0, 'a@example.com')).kind, 'done');
    assert.equal((await b.store.findUserByEmail(b.tenant, 'a@example.com'))?.id, bob.id);
  });

  define('who proves an address may end what was there before them: password, factors, accounts, sessions and grants', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const own = await makeSession(b, scene.user);
    await add(b, scene.user, someTotp());
    await store.putRecoveryCodes(tenant, scene.user.id, 1, ['x'], undefined, NOW);
    const link = (version: number, upstream: string): ReturnType<typeof store.linkIdentity> =>
      store.linkIdentity(tenant, scene.user.id, version, { upstream, issuer: 'i', subject: '1', label: '' }, own.id, NOW);
    await link(2, 'corp');
    await link(3, 'directory');
    const dying = [await makeGrant(b, scene), await makeGrant(b, scene, { offline: true })];
    const living = await makeGrant(b, { ...scene, session: own });
    const options = { forgetsCredentials: true, spares: ['directory', 'another'], session: own.id };
    const email = { address: 'a@example.com', folded: 'a@example.com' };
    const done = await store.verifyEmail(tenant, scene.user.id, 4, email, options, NOW + 7);
    assert.deepEqual(done, { kind: 'done', authVersion: 5 });
    const user = await store.findUser(tenant, scene.user.id);
    assert.deepEqual([user?.passwordHash, user?.passwordChangedAt, user?.authVersion], [undefined, NOW + 7, 5]);
    assert.deepEqual(await store.listFactors(tenant, scene.user.id), []);
    assert.deepEqual(
      (await store.listIdentities(tenant, scene.user.id)).map(({ upstream }) => upstream),
      ['directory'],
      'what is spared stays linked',
    );
    assert.equal(await store.countRecoveryCodes(tenant, scene.user.id), 0);
    assert.equal((await store.findSession(tenant, scene.session.id))?.endedReason, 'credential_removed');
    assert.equal((await store.findSession(tenant, own.id))?.endedAt, undefined);
    for (const id of dying) assert.equal(await deathOf(b, id), 'credential_removed');
    assert.equal(await deathOf(b, living), undefined);
    assert.ok((await store.readRevocations(tenant, 0, 100)).every(({ kind }) => kind !== 'user'));
  });
}

const PLAIN = { forgetsCredentials: false, session: undefined };

async function verify(b: Bench, user: UserRecord, version: number, address: string): ReturnType<Users['verifyEmail']> {
  return await b.store.verifyEmail(b.tenant, user.id, version, { address, folded: address.toLowerCase() }, PLAIN, NOW);
}

function someUser(name: string, email: string): Parameters<Users['createUser']>[1] {
  return { sub: name, username: name, passwordHash: undefined, claims: { email, email_verified: true } };
}

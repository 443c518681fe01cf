import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import type { Delivery, Store } from '../port.ts';
import {
  APP,
  type Bench,
  type Case,
  makeScene,
  makeSession,
  makeUser,
  NOW,
  opening,
  race,
  type Scene,
  setPassword,
  someClient,
  someCode,
  someSession,
} from './bench.ts';

/** Whoever ends a session owes its participants a word of it (OpenID Connect Back-Channel Logout §2.5). */
export function signOutCases(define: Case): void {
  define(
    'the end of a session is told to each participant who wants to hear of it, once (OpenID Connect Back-Channel Logout §2.5)',
    async (b) => {
      const { store, second, tenant } = b;
      const scene = await makeScene(b);
      const other = { ...scene, client: await store.putClient(tenant, someClient(clientId('other')), NOW) };
      await join(b, scene, 'b');
      await join(b, scene, 'a');
      await join(b, scene, 'deaf', false);
      await store.createGrant(tenant, { ...someCode(other, { participation: { sid: 'a', backchannel: true } }), subject: 'pairwise' }, NOW);
      await store.endSession(tenant, scene.session.id, 'signed_out', NOW + 5);
      await second.endSession(tenant, scene.session.id, 'signed_out', NOW + 6);
      const common = { createdAt: NOW + 5, attempt: 1 };
      assert.deepEqual(await take(b, NOW + 5), [
        { id: 1, clientId: APP, subject: scene.user.sub, sid: 'a', ...common },
        { id: 2, clientId: APP, subject: scene.user.sub, sid: 'b', ...common },
        { id: 3, clientId: 'other', subject: 'pairwise', sid: 'a', ...common },
      ]);
      assert.equal(await b.countRows('deliveries'), 3);
    },
  );

  define('a session without participants, and one that is unknown, are told to nobody', async (b) => {
    const scene = await makeScene(b);
    await b.store.endSession(b.tenant, scene.session.id, 'signed_out', NOW);
    await b.store.revokeUser(b.tenant, scene.user.id, 'revoked_by_user', NOW);
    assert.deepEqual(await take(b), []);
    assert.equal(await b.countRows('deliveries'), 0);
  });

  define('a new password tells the participants of every session but the kept one', async (b) => {
    const { scene, sessions, others } = await makeThree(b);
    await setPassword(b, scene.user.id, sessions[1]?.id);
    assert.deepEqual(await sids(b), ['0', '2']);
    await b.store.endSession(b.tenant, others.session.id, 'signed_out', NOW);
    assert.deepEqual(await sids(b), ['bob']);
  });

  define('a user who is disabled, and one who is signed out everywhere, are signed out at the clients of every session', async (b) => {
    const { scene, others } = await makeThree(b);
    await b.store.setUserEnabled(b.tenant, scene.user.id, false, NOW);
    await b.second.setUserEnabled(b.tenant, scene.user.id, false, NOW);
    await b.second.setUserEnabled(b.tenant, scene.user.id, true, NOW);
    await b.second.revokeUser(b.tenant, scene.user.id, 'revoked_by_admin', NOW);
    assert.deepEqual(await sids(b), ['0', '1', '2']);
    await b.second.revokeUser(b.tenant, others.user.id, 'revoked_by_admin', NOW);
    await b.second.revokeUser(b.tenant, others.user.id, 'revoked_by_admin', NOW);
    assert.deepEqual(await sids(b), ['bob']);
  });

  define('a session whose end was told before is not told again with its user’s', async (b) => {
    const { scene } = await makeThree(b);
    await b.store.endSession(b.tenant, scene.session.id, 'signed_out', NOW);
    await b.store.revokeUser(b.tenant, scene.user.id, 'revoked_by_user', NOW);
    assert.deepEqual(await sids(b), ['0', '1', '2']);
  });

  define('who signs in again is not signed out; who signs in as somebody else is', async (b) => {
    const scene = await makeScene(b);
    await join(b, scene, 'first');
    const again = await b.store.openSession(b.tenant, someSession(scene.user), opening(scene.user, scene.session.id), NOW);
    assert.ok(again.kind === 'opened');
    assert.deepEqual(await sids(b), []);
    await join(b, { ...scene, session: again.session }, 'second');
    const bob = await makeUser(b, 'bob');
    const opened = await b.store.openSession(b.tenant, someSession(bob), opening(bob, again.session.id), NOW);
    assert.equal(opened.kind, 'opened');
    assert.deepEqual(await sids(b), ['first', 'second']);
    await b.store.revokeUser(b.tenant, scene.user.id, 'revoked_by_user', NOW);
    await b.store.endSession(b.tenant, scene.session.id, 'signed_out', NOW);
    await b.store.openSession(b.tenant, someSession(bob), opening(bob, again.session.id), NOW);
    assert.deepEqual(await sids(b), [], 'once');
  });

  define('with an inactive user nothing is replaced, and nobody is told', async (b) => {
    const scene = await makeScene(b);
    const bob = await makeUser(b, 'bob');
    await b.store.setUserEnabled(b.tenant, bob.id, false, NOW);
    await join(b, scene, 'sid');
    assert.equal((await b.store.openSession(b.tenant, someSession(bob), opening(bob, scene.session.id), NOW)).kind, 'refused');
    assert.deepEqual(await sids(b), []);
  });

  define('a client that is disabled is told all the same, its users are signed in there', async (b) => {
    const scene = await makeScene(b);
    await join(b, scene, 'sid');
    await b.store.putClient(b.tenant, { ...someClient(), enabled: false }, NOW);
    await b.store.endSession(b.tenant, scene.session.id, 'signed_out', NOW);
    assert.deepEqual(await sids(b), ['sid']);
  });

  for (const [what, end] of ENDS) {
    define(`whoever joins while ${what} is either refused or told, once`, async (b) => {
      for (let round = 0; round < 3; round += 1) {
        const scene = await makeScene(b, b.tenant, `user${round}`);
        const bob = await makeUser(b, `bob${round}`);
        const joined: string[] = [];
        await race(b, async (store, index) => {
          if (index % 25 === 10 + round) return await end(store, b, { ...scene, bob });
          const sid = `${round}-${index}`;
          const grant = someCode(scene, { participation: { sid, backchannel: true } });
          const { kind } = await (index % 3 === 0 ? store.admit(b.tenant, grant, NOW) : store.createGrant(b.tenant, grant, NOW));
          if (kind !== 'refused') joined.push(sid);
          return kind;
        });
        assert.deepEqual((await sids(b)).toSorted(), joined.toSorted());
      }
    });
  }

  define('fifty who end one session at once tell its participants once', async (b) => {
    const scene = await makeScene(b);
    for (const sid of ['a', 'b', 'c']) await join(b, scene, sid);
    const bob = await makeUser(b, 'bob');
    await race(b, async (store, index) => await ENDS[index % ENDS.length]?.[1](store, b, { ...scene, bob }));
    assert.deepEqual(await sids(b), ['a', 'b', 'c']);
  });

  define('sessions that end at once number their deliveries without a gap', async (b) => {
    const scene = await makeScene(b);
    const sessions: Scene['session'][] = [];
    for (let index = 0; index < 50; index += 1) {
      const session = await makeSession(b, scene.user);
      for (const sid of ['a', 'b']) await join(b, { ...scene, session }, `${index}${sid}`);
      sessions.push(session);
    }
    await race(b, async (store, index) => await store.endSession(b.tenant, sessions[index]?.id ?? scene.session.id, 'signed_out', NOW));
    const taken = await take(b);
    assert.deepEqual(
      taken.map(({ id }) => id),
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
    assert.equal(new Set(taken.map(({ sid }) => sid)).size, 100);
  });
}

type End = (store: Store, b: Bench, scene: Scene & { readonly bob: Scene['user'] }) => Promise<unknown>;

/** Every verb that ends a session. */
const ENDS: readonly (readonly [what: string, end: End])[] = [
  ['their session ends', async (store, b, { session }) => await store.endSession(b.tenant, session.id, 'signed_out', NOW)],
  ['their user gets a new password', async (store, b, { user }) => await setPassword(b, user.id, undefined, NOW, 'all', store)],
  ['their user is disabled', async (store, b, { user }) => await store.setUserEnabled(b.tenant, user.id, false, NOW)],
  ['their user is signed out', async (store, b, { user }) => await store.revokeUser(b.tenant, user.id, 'revoked_by_user', NOW)],
  [
    'somebody else takes the place of their user',
    async (store, b, { session, bob }) => await store.openSession(b.tenant, someSession(bob), opening(bob, session.id), NOW),
  ],
];

/** A user with three sessions, a participant in each, and another user with one. */
async function makeThree(b: Bench): Promise<{ scene: Scene; sessions: readonly Scene['session'][]; others: Scene }> {
  const scene = await makeScene(b);
  const sessions = [scene.session, await makeSession(b, scene.user), await makeSession(b, scene.user)];
  for (const [index, session] of sessions.entries()) await join(b, { ...scene, session }, `${index}`);
  const bob = await makeUser(b, 'bob');
  const others = { ...scene, user: bob, session: await makeSession(b, bob) };
  await join(b, others, 'bob');
  return { scene, sessions, others };
}

async function join(b: Bench, scene: Scene, sid: string, backchannel = true): Promise<void> {
  const made = await b.store.createGrant(b.tenant, someCode(scene, { participation: { sid, backchannel } }), NOW);
  assert.equal(made.kind, 'created');
}

async function take(b: Bench, now: number = NOW): Promise<Delivery[]> {
  return await b.second.takeDeliveries(b.tenant, 1000, 60, now);
}

/** What there is to deliver, which is then delivered. */
async function sids(b: Bench): Promise<string[]> {
  const taken = await take(b);
  for (const { id, attempt } of taken) await b.store.settleDelivery(b.tenant, id, attempt, { kind: 'delivered' }, NOW);
  return taken.map(({ sid }) => sid);
}

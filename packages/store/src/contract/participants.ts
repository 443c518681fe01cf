import assert from 'node:assert/strict';
import { clientId, type SessionId, sessionId } from '@hufu/protocol/ids';
import type { Participation, Store } from '../port.ts';
import { FALL_AFTER_SECONDS, MAX_PARTICIPANTS, PURGE_EVERY } from '../retention.ts';
import {
  APP,
  type Bench,
  type Case,
  DAY,
  makeScene,
  makeSession,
  makeUser,
  NOW,
  opening,
  race,
  type Scene,
  someAccess,
  someClient,
  someCode,
  someSession,
} from './bench.ts';

export function participantCases(define: Case): void {
  define('whoever was told of a session takes part in it, by a code, an access token or an ID token alone', async (b) => {
    const { store, second, tenant } = b;
    const scene = await makeScene(b);
    const [other, third] = [await elsewhere(b, scene, 'B'), await elsewhere(b, scene, 'a')];
    const [one, two, three]: Participation[] = [
      { sid: 'one', backchannel: true },
      { sid: 'two', backchannel: false },
      { sid: 'three', backchannel: true },
    ];
    await store.createGrant(tenant, { ...someCode(third, { participation: one }), subject: 'pairwise' }, NOW);
    await second.createGrant(tenant, someAccess(other, { participation: two }), NOW);
    await store.admit(tenant, someCode(scene, { participation: three }), NOW);
    const participants = [
      { clientId: 'B', sid: 'two', subject: scene.user.sub, backchannel: false },
      { clientId: 'a', sid: 'one', subject: 'pairwise', backchannel: true },
      { clientId: 'app', sid: 'three', subject: scene.user.sub, backchannel: true },
    ];
    for (const node of [store, second]) assert.deepEqual(await node.listParticipants(tenant, scene.session.id, 10), participants);
    assert.deepEqual(
      await store.listParticipants(tenant, scene.session.id, 2),
      participants.slice(0, 2),
      'by client id, and no more than asked for',
    );
    assert.deepEqual(await store.listParticipants(tenant, sessionId(99), 10), []);
  });

  define('a grant without a participation, and a refused one with it, leave no participant', async (b) => {
    const scene = await makeScene(b);
    await b.store.createGrant(b.tenant, someCode(scene), NOW);
    for (const node of [b.store, b.second]) {
      const refused = someCode(scene, { needsConsent: true, participation: { sid: 'sid', backchannel: true } });
      assert.equal((await node.createGrant(b.tenant, refused, NOW)).kind, 'refused');
      assert.equal((await node.admit(b.tenant, refused, NOW)).kind, 'refused');
    }
    assert.equal(await b.countRows('participants'), 0);
  });

  define('one row for each session, client and sid; what the client wants to hear is what it wanted last', async (b) => {
    const scene = await makeScene(b);
    for (const backchannel of [true, true, false]) await join(b.store, b, scene, { sid: 'same', backchannel });
    assert.deepEqual(await sidsOf(b, scene.session.id), ['same -']);
    await join(b.second, b, scene, { sid: 'same', backchannel: true });
    await join(b.second, b, scene, { sid: 'another', backchannel: false });
    assert.deepEqual(await sidsOf(b, scene.session.id), ['another -', 'same told']);
  });

  define('a sid that is too long, or none, and a participation in no session, are misuse', async (b) => {
    const scene = await makeScene(b);
    for (const sid of ['', 's'.repeat(65)]) {
      const grant = someCode(scene, { participation: { sid, backchannel: true } });
      await assert.rejects(async () => await b.store.createGrant(b.tenant, grant, NOW), TypeError);
      await assert.rejects(async () => await b.store.admit(b.tenant, grant, NOW), TypeError);
    }
    const unbound = someCode(scene, { sessionId: undefined, participation: { sid: 'sid', backchannel: true } });
    await assert.rejects(async () => await b.store.createGrant(b.tenant, unbound, NOW), TypeError);
    assert.deepEqual([await b.countRows('grants'), await b.countRows('participants')], [0, 0]);
    await join(b.store, b, scene, { sid: 's'.repeat(64), backchannel: true });
    assert.equal(await b.countRows('participants'), 1);
  });

  define('two hundred take part in a session; later ones are left out and get their grant, those who do are kept up to date', async (b) => {
    const scene = await makeScene(b);
    await race(b, async (store, index) => {
      for (let step = 0; step < 5; step += 1) {
        const grant = someCode(scene, { participation: { sid: `${index}-${step}`, backchannel: false } });
        const { kind } = await (step % 2 === 0 ? store.admit(b.tenant, grant, NOW) : store.createGrant(b.tenant, grant, NOW));
        assert.notEqual(kind, 'refused');
      }
    });
    assert.equal(MAX_PARTICIPANTS, 200);
    const there = await b.store.listParticipants(b.tenant, scene.session.id, 1000);
    assert.equal(there.length, 200);
    assert.equal(
      (await b.store.createGrant(b.tenant, someCode(scene, { participation: { sid: 'late', backchannel: true } }), NOW)).kind,
      'created',
    );
    const [first] = there;
    assert.ok(first !== undefined);
    await join(b.second, b, scene, { sid: first.sid, backchannel: true });
    const after = await b.store.listParticipants(b.tenant, scene.session.id, 1000);
    assert.equal(after.length, 200);
    assert.deepEqual(
      after.filter(({ backchannel }) => backchannel).map(({ sid }) => sid),
      [first.sid],
    );
    const session = await makeSession(b, scene.user);
    await join(b.store, b, { ...scene, session }, { sid: 'other', backchannel: true });
    assert.deepEqual(await sidsOf(b, session.id), ['other told'], 'each session has its own number');
  });

  define('participants follow the session of the same user, with the sid that they know', async (b) => {
    const scene = await makeScene(b);
    await join(b.store, b, scene, { sid: 'first', backchannel: true });
    const second = await replace(b, scene);
    await join(b.second, b, { ...scene, session: second }, { sid: 'second', backchannel: true });
    const third = await replace(b, { ...scene, session: second });
    assert.deepEqual(await sidsOf(b, third.id), ['first told', 'second told']);
    for (const { id } of [scene.session, second]) assert.deepEqual(await sidsOf(b, id), []);
  });

  define('participants stay with a session of which another user takes the place', async (b) => {
    const scene = await makeScene(b);
    await join(b.store, b, scene, { sid: 'sid', backchannel: true });
    const next = await replace(b, { ...scene, user: await makeUser(b, 'bob') });
    assert.deepEqual(await sidsOf(b, next.id), []);
    assert.deepEqual(await sidsOf(b, scene.session.id), ['sid told']);
  });

  define('nobody’s participation is lost when sessions are replaced while grants are made', async (b) => {
    const scene = await makeScene(b);
    const answers = await race(b, async (store, index) => {
      if (index === 20) return await store.openSession(b.tenant, someSession(scene.user), opening(scene.user, scene.session.id), NOW);
      return await store.createGrant(
        b.tenant,
        someCode(scene, { participation: { sid: `${index}`.padStart(2, '0'), backchannel: true } }),
        NOW,
      );
    });
    const opened = answers[20];
    assert.ok(opened?.kind === 'opened');
    const joined = answers.flatMap(({ kind }, index) => (kind === 'created' ? [`${`${index}`.padStart(2, '0')} told`] : []));
    assert.deepEqual(await sidsOf(b, opened.session.id), joined);
    assert.deepEqual(await sidsOf(b, scene.session.id), []);
  });

  define('participants fall with the row of their session, and not before', async (b) => {
    const scene = await makeScene(b);
    const late = { ...scene, session: await makeSession(b, scene.user) };
    for (const one of [scene, late]) await join(b.store, b, one, { sid: 'sid', backchannel: true });
    await b.store.endSession(b.tenant, scene.session.id, 'signed_out', NOW);
    const churn = async (now: number): Promise<void> => {
      for (let index = 0; index < 2 * PURGE_EVERY + 2; index += 1)
        await b.store.openSession(b.tenant, someSession(scene.user), opening(scene.user), now);
    };
    await churn(NOW + DAY - 1);
    assert.deepEqual(await sidsOf(b, scene.session.id), ['sid told'], 'of a session that has ended, too');
    await churn(NOW + DAY);
    assert.equal(await b.store.findSession(b.tenant, scene.session.id), undefined);
    assert.deepEqual(await sidsOf(b, scene.session.id), []);
    assert.deepEqual(await sidsOf(b, late.session.id), ['sid told']);
    await churn(NOW + DAY + FALL_AFTER_SECONDS);
    assert.equal(await b.countRows('participants'), 0);
  });

  define('a participant of one tenant is none of another', async (b) => {
    const scene = await makeScene(b);
    await makeScene(b, b.otherTenant, 'bob');
    await join(b.store, b, scene, { sid: 'sid', backchannel: true });
    assert.deepEqual(await b.store.listParticipants(b.otherTenant, scene.session.id, 10), []);
    await b.store.endSession(b.otherTenant, scene.session.id, 'signed_out', NOW);
    assert.equal(await b.countRows('deliveries'), 0);
    assert.deepEqual(await sidsOf(b, scene.session.id), ['sid told']);
  });
}

async function elsewhere(b: Bench, scene: Scene, id: string): Promise<Scene> {
  return { ...scene, client: await b.store.putClient(b.tenant, someClient(clientId(id)), NOW) };
}

async function join(store: Store, b: Bench, scene: Scene, participation: Participation): Promise<void> {
  const { user, session } = scene;
  const made = await store.createGrant(b.tenant, someCode(scene, { participation, userId: user.id, sessionId: session.id }), NOW);
  assert.equal(made.kind, 'created');
}

/** `sid told`, or `sid -` of a participant who is not told of the end, by client and sid. */
async function sidsOf(b: Bench, session: SessionId): Promise<string[]> {
  const participants = await b.second.listParticipants(b.tenant, session, 1000);
  assert.ok(participants.every(({ clientId: id }) => id === APP));
  return participants.map(({ sid, backchannel }) => `${sid} ${backchannel ? 'told' : '-'}`);
}

async function replace(b: Bench, scene: Scene): Promise<Scene['session']> {
  const opened = await b.store.openSession(b.tenant, someSession(scene.user), opening(scene.user, scene.session.id), NOW);
  assert.ok(opened.kind === 'opened');
  return opened.session;
}

import assert from 'node:assert/strict';
import type { SessionRefusal } from '../port.ts';
import { MAX_SESSIONS, MAX_SESSIONS_OF_DEVICE } from '../retention.ts';
import {
  type Bench,
  type Case,
  DAY,
  deathOf,
  makeGrant,
  makeScene,
  makeUser,
  mustFind,
  NOW,
  opening,
  race,
  setPassword,
  someBrowser,
  someSession,
} from './bench.ts';
import { signIn } from './devices.ts';

/** What a sign-in has to find as it was judged, and what becomes of the sessions beside it. */
export function openingCases(define: Case): void {
  define('a sign-in that was judged under another version of the credentials opens nothing and ends nothing', async (b) => {
    const { user, session } = await makeScene(b);
    await setPassword(b, user.id, session.id);
    assert.equal(
      await refusal(async () => await b.store.openSession(b.tenant, someSession(user), opening(user, session.id), NOW)),
      'credentials_changed',
    );
    assert.deepEqual([await b.countRows('sessions'), await b.countRows('devices')], [1, 1]);
    assert.equal((await b.store.findSession(b.tenant, session.id))?.endedAt, undefined);
    const current = (await b.store.findUser(b.tenant, user.id)) ?? assert.fail();
    const opened = await b.second.openSession(b.tenant, someSession(current), opening(current, session.id), NOW);
    assert.ok(opened.kind === 'opened');
    assert.equal(opened.session.authVersion, 1);
  });

  define('nobody signs in while an administrator has locked them, from that very second on they do', async (b) => {
    const user = await makeUser(b);
    await b.store.lockUser(b.tenant, user.id, NOW + 60, NOW);
    const locked = (await b.store.findUser(b.tenant, user.id)) ?? assert.fail();
    const open = async (now: number): Promise<string> =>
      (await b.second.openSession(b.tenant, someSession(locked), opening(locked), now)).kind;
    assert.deepEqual([await open(NOW + 59), await open(NOW + 60)], ['refused', 'opened']);
  });

  define('the reasons come in their order: the user, their credentials, the session', async (b) => {
    const { user } = await makeScene(b);
    const gone = { replaces: undefined, stepsUp: true, authVersion: 7 };
    const open = async (): Promise<SessionRefusal | undefined> =>
      await refusal(async () => await b.store.openSession(b.tenant, someSession(user), opening(user, undefined, gone), NOW));
    assert.equal(await open(), 'credentials_changed');
    await b.store.setUserEnabled(b.tenant, user.id, false, NOW);
    assert.equal(await open(), 'user_inactive');
  });

  define(
    'a step-up needs the session that it builds on: alive, and the same user’s; of two at once one has it (attacks SES-11)',
    async (b) => {
      const scene = await makeScene(b);
      const { user, session } = scene;
      const bobs = await signIn(b, await makeUser(b, 'bob'));
      const step = async (replaces = session, now = NOW): Promise<string> =>
        (await refusal(
          async () => await b.store.openSession(b.tenant, someSession(user), opening(user, replaces.id, { stepsUp: true }), now),
        )) ?? 'opened';
      assert.equal(await step(bobs.session), 'session_ended');
      assert.equal(await step(session, session.expiresAt), 'session_ended');
      const raced = await race(b, async (store) => {
        const opened = await store.openSession(b.tenant, someSession(user), opening(user, session.id, { stepsUp: true }), NOW);
        return opened.kind === 'opened' ? 'opened' : opened.reason;
      });
      assert.equal(raced.filter((kind) => kind === 'opened').length, 1);
      assert.ok(raced.every((kind) => kind === 'opened' || kind === 'session_ended'));
      assert.equal((await b.store.listSessions(b.tenant, user.id, 99, NOW)).length, 1);
    },
  );

  define('a session whose user signs in anew at the same browser is renewed: told as such, and everything goes on', async (b) => {
    const scene = await makeScene(b);
    const [online, offline] = [await makeGrant(b, scene), await makeGrant(b, scene, { offline: true })];
    const from = (await b.store.readRevocations(b.tenant, 0, 99)).at(-1)?.seq ?? 0;
    const opened = await b.store.openSession(b.tenant, someSession(scene.user), opening(scene.user, scene.session.id), NOW + 1);
    assert.ok(opened.kind === 'opened');
    const old = (await b.second.findSession(b.tenant, scene.session.id)) ?? assert.fail();
    assert.deepEqual([old.endedAt, old.endedReason, old.endedBy], [NOW + 1, 'renewed', opened.session.id]);
    assert.equal(opened.session.turn, 2);
    for (const id of [online, offline]) {
      const grant = await mustFind(b, id);
      // Whoever has the session's cookie is at that browser, whatever became of its other one.
      assert.deepEqual([grant.dead, grant.sessionId, grant.deviceId], [undefined, opened.session.id, opened.session.deviceId]);
    }
    assert.deepEqual(
      (await b.store.readRevocations(b.tenant, from, 9)).map(({ subject, reason }) => `${subject} ${reason}`),
      [`${scene.session.id} session_renewed`],
    );
    await assert.rejects(async () => await b.store.endSession(b.tenant, opened.session.id, 'renewed', NOW), TypeError);
  });

  define('somebody else’s sign-in at a browser signs out whoever was there', async (b) => {
    const scene = await makeScene(b);
    const grant = await makeGrant(b, scene);
    const bob = await makeUser(b, 'bob');
    const opened = await b.store.openSession(b.tenant, someSession(bob), opening(bob, scene.session.id), NOW + 1);
    assert.ok(opened.kind === 'opened');
    const old = await b.second.findSession(b.tenant, scene.session.id);
    assert.deepEqual([old?.endedReason, old?.endedBy, await deathOf(b, grant)], ['signed_out', opened.session.id, 'signed_out']);
  });

  define(
    'a device has at most four live sessions: the one that signed in first is renewed by the fifth, and its grants go there',
    async (b) => {
      const scene = await makeScene(b);
      const browser = someBrowser();
      const there: number[] = [];
      let first = scene;
      for (let index = 0; index < MAX_SESSIONS_OF_DEVICE; index += 1) {
        const { session } = await signIn(b, scene.user, browser);
        if (index === 0) first = { ...scene, session };
        there.push(session.id);
      }
      const grant = await makeGrant(b, first);
      const fifth = await signIn(b, scene.user, browser);
      const old = await b.store.findSession(b.tenant, first.session.id);
      assert.deepEqual([old?.endedReason, old?.endedBy], ['renewed', fifth.session.id]);
      assert.deepEqual([await deathOf(b, grant), (await mustFind(b, grant)).sessionId], [undefined, fifth.session.id]);
      const live = (await b.store.listSessions(b.tenant, scene.user.id, 99, NOW)).map(({ id }) => id).toSorted((one, other) => one - other);
      assert.deepEqual(live, [scene.session.id, ...there.slice(1), fifth.session.id]);
    },
  );

  define('a user has at most a hundred live sessions, of whatever devices; those that have expired are none', async (b) => {
    const user = await makeUser(b);
    const late = await b.store.openSession(b.tenant, someSession(user, { expiresAt: NOW + 1 }), opening(user), NOW);
    assert.ok(late.kind === 'opened');
    const first = await signIn(b, user, undefined, {}, NOW + 1);
    for (let index = 1; index < MAX_SESSIONS; index += 1) await signIn(b, user, undefined, {}, NOW + 1);
    assert.equal((await b.store.findSession(b.tenant, first.session.id))?.endedAt, undefined);
    const last = await signIn(b, user, undefined, {}, NOW + 2);
    const old = await b.store.findSession(b.tenant, first.session.id);
    assert.deepEqual([old?.endedReason, old?.endedBy], ['renewed', last.session.id]);
    assert.equal((await b.store.findSession(b.tenant, late.session.id))?.endedAt, undefined);
    assert.equal((await b.store.listSessions(b.tenant, user.id, 999, NOW + 2)).length, MAX_SESSIONS);
  });

  define('sign-ins of one user are in one order, whichever node they come through', async (b) => {
    const user = await makeUser(b);
    const turns = await race(b, async (store) => (await signIn(b, user, undefined, {}, NOW, store)).session.turn);
    assert.deepEqual(
      turns.toSorted((one, other) => one - other),
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
    assert.equal((await b.store.listDevices(b.tenant, user.id)).length, 50);
  });

  define('fifty who finish at one browser at once make one device', async (b) => {
    const user = await makeUser(b);
    const browser = someBrowser();
    const made = await race(b, async (store) => await signIn(b, user, browser, {}, NOW, store));
    assert.equal(made.filter(({ isNewDevice }) => isNewDevice).length, 1);
    assert.equal(await b.countRows('devices'), 1);
    assert.equal((await b.store.listSessions(b.tenant, user.id, 99, NOW)).length, MAX_SESSIONS_OF_DEVICE);
    assert.equal((await b.store.listSessions(b.tenant, user.id, 99, NOW + DAY)).length, 0);
  });
}

async function refusal(open: () => Promise<Awaited<ReturnType<Bench['store']['openSession']>>>): Promise<SessionRefusal | undefined> {
  const answer = await open();
  return answer.kind === 'refused' ? answer.reason : undefined;
}

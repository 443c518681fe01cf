import assert from 'node:assert/strict';
import type { GrantId } from '@hufu/protocol/ids';
import type { DeviceLimit, DeviceType, SessionRecord, SignedInAt } from '../port.ts';
import {
  type Bench,
  type Case,
  countKinds,
  DAY,
  deathOf,
  HOUR,
  makeCode,
  makeGrant,
  makeScene,
  makeUser,
  mustFind,
  NOW,
  opening,
  race,
  type Scene,
  someAccess,
  someBrowser,
  someCode,
  someRedemption,
  someSession,
} from './bench.ts';
import { signIn } from './devices.ts';

const ONE: DeviceLimit = { max: 1, per: 'all', onExceed: 'replace' };
const THREE: DeviceLimit = { ...ONE, max: 3 };
const REFUSE: DeviceLimit = { ...ONE, onExceed: 'refuse' };
/** A grant that can be refreshed. */
const REFRESHED = { idleSeconds: HOUR };

/** How many devices of a user may be signed in. */
export function deviceLimitCases(define: Case): void {
  define(
    'a device that is replaced loses its sessions and every grant, offline ones and codes too, and says by what (attacks SES-14)',
    async (b) => {
      const { store, tenant } = b;
      const scene = await makeScene(b);
      await store.createGrant(tenant, someCode(scene, { participation: { sid: 'sid', backchannel: true } }), NOW);
      const front = await store.createGrant(tenant, someAccess(scene), NOW);
      assert.ok(front.kind === 'created');
      const dying = [
        await makeGrant(b, scene),
        await makeGrant(b, scene, { offline: true }, REFRESHED),
        await makeCode(b, scene),
        front.id,
      ];
      const child = await makeGrant(b, scene, { parentId: dying[0] });
      const next = await signIn(b, scene.user, undefined, { limit: ONE }, NOW + 5);
      assert.equal(next.replaced, 1);
      const old = await b.second.findSession(tenant, scene.session.id);
      assert.deepEqual([old?.endedAt, old?.endedReason, old?.endedBy], [NOW + 5, 'session_replaced', next.session.id]);
      for (const id of dying) assert.deepEqual((await mustFind(b, id)).dead, { reason: 'session_replaced', at: NOW + 5 });
      assert.notEqual(await deathOf(b, child), undefined);
      assert.equal(await b.countRows('deliveries'), 1);
      const told = (await store.readRevocations(tenant, 0, 99)).map(({ kind, reason }) => `${kind} ${reason}`);
      assert.deepEqual(
        [told[0], told[1], ...new Set(told.slice(2))],
        ['device session_replaced', 'session session_replaced', 'grant session_replaced'],
      );
      assert.deepEqual(await store.listSessions(tenant, scene.user.id, 9, NOW + 5), [next.session]);
    },
  );

  define('nothing of anybody else, and nothing of the device itself, falls to its limit', async (b) => {
    const scene = await makeScene(b);
    const bob = await signIn(b, await makeUser(b, 'bob'));
    const browser = someBrowser();
    const first = await signIn(b, scene.user, browser, { limit: ONE });
    const grant = await makeGrant(b, { ...scene, session: first.session }, { offline: true }, REFRESHED);
    const again = await signIn(b, scene.user, browser, { limit: ONE });
    assert.equal(again.replaced, 0);
    assert.deepEqual([await deathOf(b, grant), await endOf(b, first.session)], [undefined, undefined]);
    assert.equal(await endOf(b, bob.session), undefined);
  });

  define('the one that signed in longest ago falls, by turns and not by ids or clocks', async (b) => {
    const user = await makeUser(b);
    const browsers = [someBrowser(), someBrowser(), someBrowser()];
    const made: SessionRecord[] = [];
    // Each node has its block of ids, so that the order of ids is another one; and the clocks run backwards.
    for (const [index, browser] of browsers.entries())
      made.push((await signIn(b, user, browser, { limit: THREE }, NOW + 9 - index, index % 2 === 0 ? b.store : b.second)).session);
    const again = await signIn(b, user, browsers[0], { limit: THREE }, NOW);
    const fourth = await signIn(b, user, undefined, { limit: THREE }, NOW);
    assert.deepEqual(
      [...(await Promise.all(made.map(async (session) => await endOf(b, session)))), await endOf(b, again.session)],
      [undefined, 'session_replaced', undefined, undefined],
    );
    assert.equal(fourth.replaced, 1);
    const fifth = await signIn(b, user, undefined, { limit: ONE }, NOW);
    assert.equal(fifth.replaced, 3);
    assert.deepEqual(await b.store.listSessions(b.tenant, user.id, 9, NOW), [fifth.session]);
  });

  define('devices are counted by type where the policy says so, and a tablet is a mobile', async (b) => {
    const user = await makeUser(b);
    const limit: DeviceLimit = { ...ONE, per: 'type' };
    const at = async (type: DeviceType): Promise<SessionRecord> => (await signIn(b, user, someBrowser({ type }), { limit })).session;
    const [desktop, mobile, tv] = [await at('desktop'), await at('mobile'), await at('tv')];
    const ends = async (): Promise<unknown[]> => [await endOf(b, desktop), await endOf(b, mobile), await endOf(b, tv)];
    assert.deepEqual(await ends(), [undefined, undefined, undefined]);
    await at('tablet');
    assert.deepEqual(await ends(), [undefined, 'session_replaced', undefined]);
    await at('other');
    assert.deepEqual(await ends(), [undefined, 'session_replaced', 'session_replaced']);
  });

  define('a browser that says that it is of another type stays what it was', async (b) => {
    const user = await makeUser(b);
    const limit: DeviceLimit = { ...ONE, per: 'type' };
    const browser = someBrowser({ type: 'desktop' });
    const first = await signIn(b, user, browser, { limit });
    await b.store.endSession(b.tenant, first.session.id, 'signed_out', NOW);
    const mobile = await signIn(b, user, someBrowser({ type: 'mobile' }), { limit });
    const again = await signIn(b, user, { ...browser, type: 'mobile' }, { limit });
    assert.deepEqual([again.replaced, await endOf(b, mobile.session)], [0, undefined]);
  });

  define('where the policy refuses, nothing is written: not the device, and the browser’s session stays', async (b) => {
    const { user, session } = await makeScene(b);
    const other = await makeUser(b, 'bob');
    const bobs = await signIn(b, other);
    const refused = { kind: 'refused', reason: 'too_many_devices' };
    const open = async (replaces?: SessionRecord): Promise<unknown> =>
      await b.second.openSession(b.tenant, someSession(user), opening(user, replaces?.id, { limit: REFUSE }), NOW);
    assert.deepEqual(await open(), refused);
    assert.deepEqual(await open(bobs.session), refused);
    assert.deepEqual([await endOf(b, session), await endOf(b, bobs.session)], [undefined, undefined]);
    assert.deepEqual([await b.countRows('sessions'), await b.countRows('devices')], [2, 2]);
    assert.deepEqual(await b.store.readRevocations(b.tenant, 0, 9), []);
    const renewed = await b.store.openSession(b.tenant, someSession(user), opening(user, session.id, { limit: REFUSE }), NOW);
    assert.equal(renewed.kind, 'opened', 'what is renewed makes room for itself');
  });

  define('whoever is refused may sign another device out in the same act, and nobody else’s', async (b) => {
    const scene = await makeScene(b);
    const device = scene.session.deviceId ?? assert.fail();
    const grant = await makeGrant(b, scene, { offline: true }, REFRESHED);
    const bob = await signIn(b, await makeUser(b, 'bob'));
    const open = async (ids: readonly number[]): Promise<string> => {
      const signsOut = ids.map((id) => ({ kind: 'device', id }) as const);
      return (
        await b.store.openSession(b.tenant, someSession(scene.user), opening(scene.user, undefined, { limit: REFUSE, signsOut }), NOW)
      ).kind;
    };
    assert.equal(await open([bob.session.deviceId ?? 0]), 'refused');
    assert.deepEqual([await deathOf(b, grant), await endOf(b, bob.session)], [undefined, undefined]);
    assert.equal(await open([device, device, bob.session.deviceId ?? 0]), 'opened');
    assert.deepEqual([await deathOf(b, grant), await endOf(b, scene.session)], ['signed_out', 'signed_out']);
    const told = (await b.store.readRevocations(b.tenant, 0, 99)).map(({ kind, subject }) => `${kind} ${subject}`);
    assert.deepEqual(told, [`device ${device}`, `session ${scene.session.id}`, `grant ${grant}`]);
    assert.equal(await endOf(b, bob.session), undefined);
  });

  define('what has no device is signed out in the same act as well, told, or not at all', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    await store.createGrant(tenant, someCode(scene, { participation: { sid: 'sid', backchannel: true } }), NOW);
    const online = await makeGrant(b, scene);
    const free = { sessionId: undefined, offline: true };
    const grants = [await makeGrant(b, scene, free, REFRESHED), await makeGrant(b, scene, free, REFRESHED)];
    await b.changeRows('UPDATE grants SET device_id = NULL');
    await b.changeRows('UPDATE sessions SET device_id = NULL');
    const bob = await makeUser(b, 'bob');
    const bobs = await makeGrant(b, { ...scene, user: bob }, free, REFRESHED);
    const open = async (ids: readonly GrantId[]): Promise<string> => {
      const places: SignedInAt[] = [{ kind: 'session', id: scene.session.id }, ...ids.map((id) => ({ kind: 'grant', id }) as const)];
      const conditions = opening(scene.user, undefined, { limit: REFUSE, signsOut: places });
      return (await store.openSession(tenant, someSession(scene.user), conditions, NOW + 5)).kind;
    };
    assert.equal(await open([...grants.slice(1), bobs]), 'refused');
    assert.equal(await endOf(b, scene.session), undefined, 'who is not let in has signed nobody out');
    for (const id of [online, ...grants]) assert.equal(await deathOf(b, id), undefined);
    assert.equal(await open([...grants, bobs]), 'opened');
    assert.equal(await endOf(b, scene.session), 'signed_out');
    for (const id of [online, ...grants]) assert.deepEqual((await mustFind(b, id)).dead, { reason: 'signed_out', at: NOW + 5 });
    assert.equal(await deathOf(b, bobs), undefined);
    assert.equal((await store.takeDeliveries(tenant, 9, 60, NOW + 5)).length, 1);
  });

  define('a device counts while a grant of it can be refreshed, and no longer', async (b) => {
    const scene = await makeScene(b);
    const { user } = scene;
    const grant = await makeGrant(b, scene, { offline: true }, REFRESHED);
    await b.store.endSession(b.tenant, scene.session.id, 'signed_out', NOW);
    const open = async (now: number): Promise<string> =>
      (await b.store.openSession(b.tenant, someSession(user, { expiresAt: now + 1 }), opening(user, undefined, { limit: REFUSE }), now))
        .kind;
    assert.equal(await open(NOW), 'refused');
    assert.equal(await open(NOW + HOUR), 'opened', 'idle for too long');
    await b.store.rotate(b.tenant, grant, 1, 1, NOW + HOUR - 1);
    assert.equal(await open(NOW + HOUR + 10), 'refused');
    await b.store.revokeGrant(b.tenant, grant, 'revoked_by_user', NOW + HOUR + 10);
    assert.equal(await open(NOW + HOUR + 20), 'opened');
  });

  define('what nobody can refresh, and what comes from another grant, holds no place', async (b) => {
    const scene = await makeScene(b);
    const parent = await makeGrant(b, scene, { sessionId: undefined, offline: true }, REFRESHED);
    const child = await makeGrant(b, scene, { parentId: parent, offline: true }, REFRESHED);
    await makeGrant(b, scene, { offline: true });
    await b.store.endSession(b.tenant, scene.session.id, 'signed_out', NOW);
    const limit: DeviceLimit = { ...REFUSE, max: 2 };
    assert.equal((await signIn(b, scene.user, undefined, { limit })).replaced, 0, 'beside the parent alone');
    assert.equal(await deathOf(b, child), undefined);
  });

  define('a grant without a session is a device by its key, or by itself, and falls by when it was exchanged', async (b) => {
    const scene = await makeScene(b);
    const free = { sessionId: undefined, offline: true };
    const [one, same, other] = [
      await makeGrant(b, scene, free, { ...REFRESHED, boundKey: 'jkt:a' }),
      await makeGrant(b, scene, free, { ...REFRESHED, boundKey: 'jkt:a' }),
      await makeGrant(b, scene, free, REFRESHED),
    ];
    const next = await signIn(b, scene.user, undefined, { limit: { ...ONE, max: 4 } }, NOW + 1);
    assert.equal(next.replaced, 0, 'two keys, a session, and this one');
    const last = await signIn(b, scene.user, undefined, { limit: { ...ONE, max: 2 } }, NOW + 2);
    assert.equal(last.replaced, 3);
    for (const id of [one, same, other]) assert.equal(await deathOf(b, id), 'session_replaced');
    assert.deepEqual([await endOf(b, scene.session), await endOf(b, next.session)], ['session_replaced', undefined]);
  });

  for (const max of [1, 3]) {
    define(`of fifty who sign in at once ${max} stay signed in where the latest replace the others (attacks SES-14)`, async (b) => {
      const scene = await makeScene(b);
      const made = await race(b, async (store) => {
        const { session } = await signIn(b, scene.user, undefined, { limit: { ...ONE, max } }, NOW, store);
        const code = await store.createGrant(b.tenant, someCode({ ...scene, session }, { offline: true }), NOW);
        if (code.kind === 'created') await store.exchangeCode(b.tenant, code.id, someRedemption(REFRESHED), NOW);
        return { session, grant: code.kind === 'created' ? code.id : undefined };
      });
      const live = await b.second.listSessions(b.tenant, scene.user.id, 99, NOW);
      assert.equal(live.length, max);
      const turns = made.map(({ session }) => session.turn).toSorted((one, other) => one - other);
      assert.deepEqual(
        live.map(({ turn }) => turn).toSorted((one, other) => one - other),
        turns.slice(-max),
      );
      for (const { session, grant } of made) {
        const isLive = live.some(({ id }) => id === session.id);
        if (!isLive) assert.equal(await endOf(b, session), 'session_replaced');
        if (grant !== undefined) assert.equal(await deathOf(b, grant), isLive ? undefined : 'session_replaced');
      }
    });

    define(`of fifty who sign in at once ${max} are let in where the others are refused`, async (b) => {
      const user = await makeUser(b);
      const answers = await race(
        b,
        async (store) => await store.openSession(b.tenant, someSession(user), opening(user, undefined, { limit: { ...REFUSE, max } }), NOW),
      );
      assert.deepEqual(countKinds(answers), { opened: max, refused: 50 - max });
      assert.equal((await b.store.listSessions(b.tenant, user.id, 99, NOW)).length, max);
      assert.equal(await b.countRows('devices'), max);
    });
  }

  define('once a sign-in elsewhere is acknowledged no refresh brings the old device back', async (b) => {
    const scene = await makeScene(b);
    const grant = await makeGrant(b, scene, { offline: true }, REFRESHED);
    const code = await makeCode(b, scene);
    let isReplaced = false;
    const late: string[] = [];
    await race(b, async (store, index) => {
      if (index === 20) {
        await signIn(b, scene.user, undefined, { limit: ONE }, NOW, store);
        isReplaced = true;
        return;
      }
      for (let step = 0; step < 4; step += 1) {
        const beganLate = isReplaced;
        const generation = (await mustFind(b, grant)).generation;
        const answers = [
          await store.rotate(b.tenant, grant, generation, 1, NOW),
          await store.exchangeCode(b.tenant, code, someRedemption(), NOW),
          await store.createGrant(b.tenant, someCode(scene), NOW),
        ];
        if (beganLate) late.push(...answers.map(({ kind }) => kind));
      }
    });
    assert.ok(
      late.every((kind) => kind === 'lost' || kind === 'refused'),
      late.join(' '),
    );
    assert.deepEqual([await deathOf(b, grant), await deathOf(b, code)], ['session_replaced', 'session_replaced']);
    assert.equal((await b.store.listSessions(b.tenant, scene.user.id, 9, NOW + DAY)).length, 0);
  });
}

export async function endOf({ second, tenant }: Bench, session: Scene['session']): Promise<string | undefined> {
  return (await second.findSession(tenant, session.id))?.endedReason;
}

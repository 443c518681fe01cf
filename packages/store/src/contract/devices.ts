import assert from 'node:assert/strict';
import type { DeviceRecord, OpenConditions, SeenDevice, SessionRecord, Store, UserRecord } from '../port.ts';
import { MAX_DEVICES, SEEN_EVERY_SECONDS } from '../retention.ts';
import {
  type Bench,
  type Case,
  countKinds,
  DAY,
  deathOf,
  hashText,
  makeCode,
  makeGrant,
  makeScene,
  makeUser,
  mustFind,
  NOW,
  opening,
  race,
  setPassword,
  someBrowser,
  someClient,
  someCode,
  someSession,
} from './bench.ts';

/** Where users sign in. */
export function deviceCases(define: Case): void {
  define(
    'a browser is one device of a user from its first sign-in on: name and type stay, what it says of itself is of the last',
    async (b) => {
      const user = await makeUser(b);
      const browser = someBrowser({ type: 'mobile', name: 'Firefox · Android' });
      const first = await signIn(b, user, browser, { place: 'CH' });
      const again = { ...browser, type: 'desktop' as const, name: 'Other', agent: 'Firefox 141 · Android' };
      const second = await b.second.openSession(b.tenant, someSession(user, { device: again }), opening(user), NOW + 5);
      assert.ok(second.kind === 'opened');
      assert.deepEqual([first.isNewDevice, second.isNewDevice, second.session.deviceId], [true, false, first.session.deviceId]);
      const device: DeviceRecord = {
        id: first.session.deviceId ?? 0,
        userId: user.id,
        name: 'Firefox · Android',
        type: 'mobile',
        agent: 'Firefox 141 · Android',
        place: 'CH',
        createdAt: NOW,
        seenAt: NOW + 5,
        trustedUntil: 0,
        authVersion: 0,
      };
      assert.deepEqual(await b.store.listDevices(b.tenant, user.id), [device]);
      assert.deepEqual(await b.second.findDevice(b.tenant, user.id, browser.browserHash), device);
      assert.deepEqual(await b.second.findSessionDevice(b.tenant, second.session.id), device);
    },
  );

  define('one browser of two users is a device of each; of another tenant, or of nobody, there is none', async (b) => {
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    const browser = someBrowser();
    const [one, two] = [await signIn(b, ada, browser), await signIn(b, bob, browser)];
    assert.notEqual(one.session.deviceId, two.session.deviceId);
    assert.deepEqual(
      (await b.store.listDevices(b.tenant, ada.id)).map(({ id }) => id),
      [one.session.deviceId],
    );
    assert.deepEqual(await b.store.listDevices(b.otherTenant, ada.id), []);
    assert.equal(await b.store.findDevice(b.tenant, ada.id, hashText('another')), undefined);
    assert.equal(await b.store.findSessionDevice(b.otherTenant, one.session.id), undefined);
  });

  define('devices are listed by when they were last seen, and renamed by their owner alone', async (b) => {
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    const browsers = [someBrowser(), someBrowser(), someBrowser()];
    for (const [index, browser] of browsers.entries()) await signIn(b, ada, browser, {}, NOW + index);
    await signIn(b, ada, browsers[0] ?? assert.fail(), {}, NOW + 9);
    const ids = (await b.store.listDevices(b.tenant, ada.id)).map(({ id }) => id);
    assert.deepEqual(
      ids,
      [1, 3, 2].map((n) => (ids[0] ?? 0) + n - 1),
    );
    const [id = 0] = ids;
    assert.equal(await b.store.renameDevice(b.tenant, bob.id, id, 'mine'), 'unknown');
    assert.equal(await b.store.renameDevice(b.otherTenant, ada.id, id, 'mine'), 'unknown');
    assert.equal(await b.second.renameDevice(b.tenant, ada.id, id, 'Küche'), 'done');
    assert.equal((await b.store.listDevices(b.tenant, ada.id))[0]?.name, 'Küche');
  });

  define('trust is used by one of fifty who have its secret, and each use makes the next', async (b) => {
    const { user, id, browser } = await makeTrusted(b);
    const answers = await race(b, async (store, index) => ({
      kind: await store.useTrust(b.tenant, user.id, browser.browserHash, hashText('trust'), hashText(`next-${index}-`), NOW),
    }));
    assert.deepEqual(countKinds(answers), { used: 1, none: 49 });
    const index = answers.findIndex(({ kind }) => kind === 'used');
    assert.equal(await b.store.useTrust(b.tenant, user.id, browser.browserHash, hashText('trust'), hashText('x'), NOW), 'none');
    assert.equal(await b.store.useTrust(b.tenant, user.id, browser.browserHash, hashText(`next-${index}-`), hashText('y'), NOW), 'used');
    assert.equal((await b.store.findDevice(b.tenant, user.id, browser.browserHash))?.id, id);
  });

  define('trust ends in time, with whatever raises the version, with a disablement, and when its owner says so', async (b) => {
    const { user, id, browser } = await makeTrusted(b);
    const use = async (now: number = NOW, secret = 'trust'): Promise<string> =>
      await b.second.useTrust(b.tenant, user.id, browser.browserHash, hashText(secret), hashText(secret), now);
    assert.deepEqual([await use(NOW + DAY - 1), await use(NOW + DAY)], ['used', 'none']);
    assert.equal(await b.store.useTrust(b.tenant, user.id, hashText('elsewhere'), hashText('trust'), hashText('x'), NOW), 'none');
    await b.store.distrustDevices(b.tenant, user.id);
    assert.deepEqual([await use(), (await b.store.listDevices(b.tenant, user.id))[0]?.trustedUntil], ['none', 0]);
    assert.equal(await b.store.trustDevice(b.tenant, user.id, id, 0, hashText('again'), NOW + DAY, NOW), 'done');
    await setPassword(b, user.id, undefined);
    assert.equal(await use(NOW, 'again'), 'none');
    assert.equal(await b.store.trustDevice(b.tenant, user.id, id, 0, hashText('late'), NOW + DAY, NOW), 'changed');
    assert.equal(await b.store.trustDevice(b.tenant, user.id, id, 1, hashText('third'), NOW + DAY, NOW), 'done');
    assert.equal(await use(NOW, 'third'), 'used');
    await b.store.setUserEnabled(b.tenant, user.id, false, NOW);
    assert.equal(await use(NOW, 'third'), 'none');
    assert.equal(await b.store.trustDevice(b.tenant, user.id, 99, 2, hashText('third'), NOW + DAY, NOW), 'unknown');
  });

  define(
    'trust ends with a new password of a node of the version before, which raises nothing, also in the second when it began',
    async (b) => {
      const { user, id, browser } = await makeTrusted(b);
      const use = async (): Promise<string> =>
        await b.second.useTrust(b.tenant, user.id, browser.browserHash, hashText('trust'), hashText('trust'), NOW + 60);
      assert.equal(await use(), 'used', 'the password that they began with is as old as they are');
      for (const [changedAt, expected] of [
        [NOW + 6, 'none'],
        [NOW + 5, 'none'],
        [NOW + 4, 'used'],
      ] as const) {
        assert.equal(await b.store.trustDevice(b.tenant, user.id, id, 0, hashText('trust'), NOW + DAY, NOW + 5), 'done');
        await b.changeRows(`UPDATE users SET password_changed_at = ${changedAt}`);
        assert.equal(await use(), expected);
      }
    },
  );

  define(
    'a device that is removed loses its sessions, every grant and code, its trust and its row, and nobody else anything',
    async (b) => {
      const { store, tenant } = b;
      const scene = await makeScene(b);
      const device = scene.session.deviceId ?? assert.fail();
      const elsewhere = { ...scene, session: (await signIn(b, scene.user)).session };
      await store.createGrant(tenant, someCode(scene, { participation: { sid: 'sid', backchannel: true } }), NOW);
      const dying = [await makeGrant(b, scene), await makeGrant(b, scene, { offline: true }), await makeCode(b, scene)];
      const living = [await makeGrant(b, elsewhere), await makeGrant(b, scene, { sessionId: undefined })];
      const bob = await makeUser(b, 'bob');
      assert.equal(await store.removeDevice(tenant, bob.id, device, NOW), 'unknown');
      assert.equal(await store.removeDevice(tenant, scene.user.id, device, NOW + 5), 'done');
      for (const id of dying) assert.deepEqual((await mustFind(b, id)).dead, { reason: 'revoked_by_user', at: NOW + 5 });
      for (const id of living) assert.equal(await deathOf(b, id), undefined);
      const ended = await b.second.findSession(tenant, scene.session.id);
      assert.deepEqual([ended?.endedAt, ended?.endedReason], [NOW + 5, 'revoked_by_user']);
      assert.equal((await store.findSession(tenant, elsewhere.session.id))?.endedAt, undefined);
      assert.equal((await store.listDevices(tenant, scene.user.id)).length, 1);
      assert.equal(await b.countRows('deliveries'), 1);
      assert.equal(await store.removeDevice(tenant, scene.user.id, device, NOW + 6), 'unknown');
    },
  );

  define('a grant belongs to the device of its session, and one without a session to none', async (b) => {
    const scene = await makeScene(b);
    const [code, free] = [await makeCode(b, scene), await makeGrant(b, scene, { sessionId: undefined })];
    assert.equal((await mustFind(b, code)).deviceId, scene.session.deviceId);
    assert.equal((await mustFind(b, free)).deviceId, undefined);
  });

  define(
    'a hundred devices are remembered: those fall first that nobody trusts, is signed in at or has an app at, the longest unseen before',
    async (b) => {
      const scene = await makeScene(b);
      const { user } = scene;
      const used = await signIn(b, user, undefined, {}, NOW);
      await makeGrant(b, { ...scene, session: used.session }, { offline: true }, { idleSeconds: DAY });
      for (const { id } of [scene.session, used.session]) await b.store.endSession(b.tenant, id, 'signed_out', NOW);
      const trusted = await signIn(b, user, undefined, {}, NOW);
      await b.store.trustDevice(b.tenant, user.id, trusted.session.deviceId ?? 0, 0, hashText('trust'), NOW + DAY, NOW);
      await b.store.endSession(b.tenant, trusted.session.id, 'signed_out', NOW);
      const here = await signIn(b, user, undefined, {}, NOW);
      const seen: number[] = [];
      for (let index = 1; index < MAX_DEVICES + 3; index += 1) {
        const { session } = await signIn(b, user, undefined, {}, NOW + index);
        await b.store.endSession(b.tenant, session.id, 'signed_out', NOW + index);
        seen.push(session.deviceId ?? 0);
      }
      const left = (await b.store.listDevices(b.tenant, user.id)).map(({ id }) => id);
      assert.equal(left.length, MAX_DEVICES);
      const kept = [here, trusted, used].map(({ session }) => session.deviceId);
      assert.deepEqual(left, [...seen.slice(5).toReversed(), ...kept]);
    },
  );

  define('that a session is used is written once in ten minutes, with its device and where it was', async (b) => {
    const user = await makeUser(b);
    const { session } = await signIn(b, user);
    const seen = async (): Promise<unknown[]> => {
      const [there, device] = [await b.second.findSession(b.tenant, session.id), await b.second.findSessionDevice(b.tenant, session.id)];
      return [there?.lastSeenAt, there?.place, device?.seenAt, device?.place];
    };
    await b.store.seeSession(b.tenant, session.id, 'CH', NOW + SEEN_EVERY_SECONDS - 1);
    assert.deepEqual(await seen(), [NOW, undefined, NOW, undefined]);
    const late = NOW + SEEN_EVERY_SECONDS;
    await b.store.seeSession(b.tenant, session.id, 'CH', late);
    assert.deepEqual(await seen(), [late, 'CH', late, 'CH']);
    await b.store.seeSession(b.tenant, session.id, undefined, late + SEEN_EVERY_SECONDS);
    assert.deepEqual(await seen(), [late + SEEN_EVERY_SECONDS, 'CH', late + SEEN_EVERY_SECONDS, 'CH']);
    await b.store.endSession(b.tenant, session.id, 'signed_out', late);
    await b.store.seeSession(b.tenant, session.id, 'DE', late + DAY);
    await b.store.seeSession(b.otherTenant, session.id, 'DE', late + DAY);
    assert.equal((await seen())[1], 'CH');
  });

  define('whoever signs out everywhere else keeps this session and this device, and loses all else, offline or not', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const browser = someBrowser();
    const before = await signIn(b, scene.user, browser);
    const keeping = [await makeGrant(b, { ...scene, session: before.session }, { offline: true })];
    const dying = [await makeGrant(b, { ...scene, session: before.session })];
    const here = { ...scene, session: (await signIn(b, scene.user, browser)).session };
    keeping.push(await makeGrant(b, here), await makeGrant(b, here, { offline: true }), await makeCode(b, here));
    const free = { sessionId: undefined, offline: true };
    const tv = await makeGrant(b, scene, free);
    keeping.push(await makeGrant(b, scene, { ...free, parentId: keeping[1] }));
    dying.push(
      tv,
      await makeGrant(b, scene),
      await makeGrant(b, scene, { offline: true }),
      await makeGrant(b, scene, { ...free, parentId: tv }),
    );
    await store.createGrant(tenant, someCode(scene, { participation: { sid: 'sid', backchannel: true } }), NOW);
    const bob = await makeUser(b, 'bob');
    const bobs = await signIn(b, bob);
    const end = async (): Promise<unknown> =>
      await store.endOtherSessions(tenant, scene.user.id, here.session.id, 'revoked_by_user', NOW + 5);
    const from = (await store.readRevocations(tenant, 0, 99)).length;
    assert.deepEqual(await end(), { ended: 2 });
    const told = (await store.readRevocations(tenant, from, 99)).map(({ kind, subject, reason }) => [kind, subject, reason]);
    assert.deepEqual(told[0], ['device', String(scene.session.deviceId), 'revoked_by_user']);
    assert.deepEqual(
      told.map(([kind]) => kind),
      ['device', 'session', 'session', ...Array.from({ length: told.length - 3 }, () => 'grant')],
    );
    for (const id of keeping) assert.equal(await deathOf(b, id), undefined);
    const deaths = await Promise.all(dying.map(async (id) => await deathOf(b, id)));
    assert.deepEqual(deaths, [...Array.from({ length: 4 }, () => 'revoked_by_user'), 'parent_ended']);
    assert.deepEqual(await b.second.listSessions(tenant, scene.user.id, 9, NOW + 5), [here.session]);
    const devices = await b.second.listDevices(tenant, scene.user.id);
    assert.deepEqual(
      devices.map(({ id }) => id),
      [here.session.deviceId],
    );
    assert.equal((await store.takeDeliveries(tenant, 9, 60, NOW + 5)).length, 1);
    assert.equal((await store.findSession(tenant, bobs.session.id))?.endedAt, undefined);
    assert.deepEqual(await end(), { ended: 0 });
    assert.equal((await store.readRevocations(tenant, from, 99)).length, told.length);
  });
}

export interface SignedIn {
  readonly session: SessionRecord;
  readonly isNewDevice: boolean;
  readonly replaced: number;
}

/** A sign-in that has to succeed, at a browser of its own where none is named. */
export async function signIn(
  b: Bench,
  user: UserRecord,
  device: SeenDevice = someBrowser(),
  more: Partial<OpenConditions> & { readonly place?: string } = {},
  now: number = NOW,
  store: Store = b.store,
): Promise<SignedIn> {
  const { place, ...conditions } = more;
  const opened = await store.openSession(b.tenant, someSession(user, { device, place }), opening(user, undefined, conditions), now);
  assert.ok(opened.kind === 'opened', JSON.stringify(opened));
  return opened;
}

async function makeTrusted(b: Bench): Promise<{ user: UserRecord; id: number; browser: SeenDevice }> {
  await b.store.putClient(b.tenant, someClient(), NOW);
  const user = await makeUser(b);
  const browser = someBrowser();
  const id = (await signIn(b, user, browser)).session.deviceId ?? assert.fail();
  assert.equal(await b.store.trustDevice(b.tenant, user.id, id, 0, hashText('trust'), NOW + DAY, NOW), 'done');
  return { user, id, browser };
}

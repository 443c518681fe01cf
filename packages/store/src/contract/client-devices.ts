import assert from 'node:assert/strict';
import { clientId, type GrantId } from '@hufu/protocol/ids';
import type { DeviceLimit, DeviceType, Exchanged, SignedInAt, Store } from '../port.ts';
import {
  type Bench,
  type Case,
  countKinds,
  deathOf,
  HOUR,
  makeCode,
  makeGrant,
  makeScene,
  makeUser,
  mustFind,
  NOW,
  race,
  type Scene,
  someBrowser,
  someClient,
  someCode,
  someRedemption,
} from './bench.ts';
import { endOf } from './device-limits.ts';
import { signIn } from './devices.ts';

const ONE: DeviceLimit = { max: 1, per: 'all', onExceed: 'replace' };
const REFUSE: DeviceLimit = { ...ONE, onExceed: 'refuse' };

/** On how many devices of a user a client may be used. */
export function clientDeviceCases(define: Case): void {
  define('a code that is exchanged on another device replaces the client there: its grants and codes, and nothing of others', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const other = { ...scene, client: await store.putClient(tenant, someClient(clientId('other')), NOW) };
    const elsewhere = await at(b, scene);
    const participation = { sid: 'sid', backchannel: true };
    const dying = [await makeGrant(b, scene, { offline: true }), await makeCode(b, scene)];
    for (const one of [scene, other]) await store.createGrant(tenant, someCode(one, { participation }), NOW);
    const living = [await makeGrant(b, other, { offline: true })];
    const taken = await exchange(b, await makeCode(b, elsewhere), ONE);
    assert.ok(taken.kind === 'taken');
    for (const id of dying) assert.deepEqual((await mustFind(b, id)).dead, { reason: 'session_replaced', at: NOW + 5 });
    for (const id of [...living, taken.grant.id]) assert.equal(await deathOf(b, id), undefined);
    assert.equal(await endOf(b, scene.session), undefined, 'the browser itself stays signed in');
    const left = await b.second.listParticipants(tenant, scene.session.id, 9);
    assert.deepEqual(
      left.map((participant) => participant.clientId),
      ['other'],
    );
    const [delivery, ...more] = await store.takeDeliveries(tenant, 9, 60, NOW + 5);
    assert.deepEqual([delivery?.clientId, delivery?.sid, more.length], [scene.client.clientId, 'sid', 0]);
    await store.endSession(tenant, scene.session.id, 'signed_out', NOW + 6);
    assert.deepEqual(
      (await store.takeDeliveries(tenant, 9, 60, NOW + 6)).map((told) => told.clientId),
      ['other'],
    );
  });

  define('a client is told of the session of a grant of the version before, which knows no device', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const join = async (one: Scene, sid: string): Promise<unknown> =>
      await store.createGrant(tenant, someCode(one, { participation: { sid, backchannel: true } }), NOW);
    await join(scene, 'first');
    await makeGrant(b, scene);
    const here = await at(b, scene);
    await join(here, 'second');
    await makeGrant(b, here);
    await b.changeRows('UPDATE grants SET device_id = NULL');
    assert.equal((await exchange(b, await makeCode(b, here), ONE)).kind, 'taken');
    const told = await store.takeDeliveries(tenant, 9, 60, NOW + 5);
    assert.deepEqual(
      told.map(({ sid }) => sid),
      ['first'],
      'and not of the one that it is used in',
    );
    assert.deepEqual(await b.second.listParticipants(tenant, scene.session.id, 9), []);
    assert.equal((await b.second.listParticipants(tenant, here.session.id, 9)).length, 1);
  });

  define('where the policy refuses, the code stays as it is, and is exchanged once there is room', async (b) => {
    const scene = await makeScene(b);
    const first = await makeGrant(b, scene, { offline: true }, { idleSeconds: HOUR });
    const code = await makeCode(b, await at(b, scene));
    assert.deepEqual(await exchange(b, code, REFUSE), { kind: 'refused', reason: 'too_many_devices' });
    const there = await mustFind(b, code);
    assert.deepEqual([there.generation, there.dead, there.secretHash], [0, undefined, undefined]);
    assert.equal(await deathOf(b, first), undefined);
    await b.store.revokeGrant(b.tenant, first, 'revoked_by_user', NOW);
    assert.equal((await exchange(b, code, REFUSE, {}, b.second)).kind, 'taken');
  });

  define('a client that is signed out at a place is told of it, in the same act, and elsewhere it stays', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const [there, here] = [await at(b, scene), await at(b, scene)];
    const other = { ...scene, client: await store.putClient(tenant, someClient(clientId('other')), NOW) };
    for (const [sid, one] of Object.entries({ scene, there, here, other }))
      await store.createGrant(tenant, someCode(one, { participation: { sid, backchannel: true } }), NOW);
    const free = { sessionId: undefined, offline: true };
    const [dying, also, staying, others] = [
      [await makeGrant(b, scene, { offline: true }), await makeCode(b, scene)],
      await makeGrant(b, scene, free),
      [await makeGrant(b, there), await makeCode(b, here), await makeGrant(b, scene, free)],
      await makeGrant(b, other),
    ];
    const places = [{ kind: 'device', id: scene.session.deviceId ?? 0 } as const, { kind: 'grant', id: also } as const];
    const { client, user } = scene;
    const bob = await makeUser(b, 'bob');
    assert.deepEqual(await store.signOutClient(tenant, bob.id, client.clientId, places, here.session.id, NOW), { revoked: 0 });
    assert.deepEqual(await store.signOutClient(tenant, user.id, client.clientId, places, here.session.id, NOW + 5), { revoked: 4 });
    for (const id of [...dying, also]) assert.deepEqual((await mustFind(b, id)).dead, { reason: 'revoked_by_user', at: NOW + 5 });
    for (const id of [...staying, others]) assert.equal(await deathOf(b, id), undefined);
    assert.deepEqual(
      (await store.takeDeliveries(tenant, 9, 60, NOW + 5)).map(({ sid, clientId: told }) => [told, sid]),
      [[client.clientId, 'scene']],
    );
    assert.deepEqual(
      (await b.second.listParticipants(tenant, scene.session.id, 9)).map(({ sid }) => sid),
      ['other'],
    );
    assert.equal(await endOf(b, scene.session), undefined, 'the browser itself stays signed in');
  });

  define('a client stays in the session where it goes on, whatever grant of it was signed out', async (b) => {
    const { store, tenant } = b;
    const here = await makeScene(b);
    const there = await at(b, here);
    for (const [sid, one] of Object.entries({ here, there }))
      await store.createGrant(tenant, someCode(one, { participation: { sid, backchannel: true } }), NOW);
    const [mine, first, second] = [await makeGrant(b, here), await makeGrant(b, there), await makeGrant(b, there)];
    await b.changeRows('UPDATE grants SET device_id = NULL');
    const signOut = async (places: readonly SignedInAt[]): Promise<readonly string[]> => {
      await store.signOutClient(tenant, here.user.id, here.client.clientId, places, here.session.id, NOW);
      return (await store.takeDeliveries(tenant, 9, 60, NOW)).map(({ sid }) => sid);
    };
    const grants = (...ids: readonly GrantId[]): readonly SignedInAt[] => ids.map((id) => ({ kind: 'grant', id }));
    assert.deepEqual(await signOut(grants(mine, first)), [], 'another grant of it stays in the other session');
    assert.deepEqual(
      await signOut([
        { kind: 'device', id: here.session.deviceId ?? 0 },
        { kind: 'session', id: here.session.id },
      ]),
      [],
    );
    assert.deepEqual(await signOut(grants(second)), ['there']);
    assert.equal((await store.listParticipants(tenant, here.session.id, 9)).length, 1);
  });

  define('the same device, and the same key, is no other one', async (b) => {
    const scene = await makeScene(b);
    const grant = await makeGrant(b, scene, {}, { boundKey: 'jkt:a' });
    assert.equal((await exchange(b, await makeCode(b, scene), REFUSE)).kind, 'taken');
    const free = { sessionId: undefined, offline: true };
    assert.equal((await exchange(b, await makeCode(b, scene, free), REFUSE, { boundKey: 'jkt:a' })).kind, 'taken');
    assert.equal((await exchange(b, await makeCode(b, scene, free), REFUSE, { boundKey: 'jkt:b' })).kind, 'refused');
    assert.equal((await exchange(b, await makeCode(b, scene, free), REFUSE)).kind, 'refused');
    assert.equal(await deathOf(b, grant), undefined);
  });

  define('those that were exchanged longest ago go, as many as are too many', async (b) => {
    const scene = await makeScene(b);
    const grants: GrantId[] = [];
    for (const [index, now] of [NOW + 9, NOW + 3, NOW + 6].entries()) {
      const code = await makeCode(b, await at(b, scene));
      const taken = await b.store.exchangeCode(b.tenant, code, someRedemption({ devices: { ...ONE, max: 3 } }), now);
      assert.equal(taken.kind, 'taken', `${index}`);
      grants.push(code);
    }
    assert.equal((await exchange(b, await makeCode(b, await at(b, scene)), { ...ONE, max: 2 }, {}, b.store, NOW + 20)).kind, 'taken');
    assert.deepEqual(await Promise.all(grants.map(async (id) => await deathOf(b, id))), [
      undefined,
      'session_replaced',
      'session_replaced',
    ]);
  });

  define('devices are counted by type where the client’s policy says so', async (b) => {
    const scene = await makeScene(b);
    const limit: DeviceLimit = { ...ONE, per: 'type' };
    const on = async (type: DeviceType): Promise<GrantId> => {
      const { session } = await signIn(b, scene.user, someBrowser({ type }));
      const code = await makeCode(b, { ...scene, session });
      assert.equal((await exchange(b, code, limit)).kind, 'taken');
      return code;
    };
    const [desktop, mobile] = [await on('desktop'), await on('mobile')];
    await on('tablet');
    assert.deepEqual([await deathOf(b, desktop), await deathOf(b, mobile)], [undefined, 'session_replaced']);
  });

  define('what is dead, over, of another client or comes from another grant takes no place', async (b) => {
    const scene = await makeScene(b);
    const parent = await makeGrant(b, scene);
    const elsewhere = await at(b, scene);
    await makeGrant(b, elsewhere, { parentId: parent });
    await makeGrant(b, await at(b, scene), { offline: true }, { idleSeconds: 1 });
    await makeGrant(b, await at(b, scene), {}, { expiresAt: NOW + 5 });
    await b.store.revokeGrant(b.tenant, await makeGrant(b, await at(b, scene)), 'revoked_by_user', NOW);
    const other = await b.store.putClient(b.tenant, someClient(clientId('other')), NOW);
    await makeGrant(b, { ...(await at(b, scene)), client: other });
    assert.equal((await exchange(b, await makeCode(b, scene), REFUSE)).kind, 'taken');
  });

  define('a code that is spent, over or dead is lost under a limit as it is without one', async (b) => {
    const scene = await makeScene(b);
    const [spent, dead, late] = [await makeGrant(b, scene), await makeCode(b, scene), await makeCode(b, scene, { expiresAt: NOW + 5 })];
    await b.store.revokeGrant(b.tenant, dead, 'code_misused', NOW);
    for (const id of [spent, dead, late]) assert.equal((await exchange(b, id, ONE)).kind, 'lost');
    const answers = await race(b, async (store) => await exchange(b, await codeOf(b, scene), ONE, {}, store));
    assert.deepEqual(countKinds(answers), { taken: 1, lost: 49 });
  });

  for (const max of [1, 3]) {
    define(`of fifty devices that exchange at once the client stays on ${max}`, async (b) => {
      const scene = await makeScene(b);
      const codes = await Promise.all(Array.from({ length: 50 }, async () => await makeCode(b, await at(b, scene), { maxCodes: 99 })));
      const answers = await race(b, async (store, index) => await exchange(b, codes[index] ?? assert.fail(), { ...ONE, max }, {}, store));
      const alive = await Promise.all(codes.map(async (id) => (await deathOf(b, id)) === undefined));
      assert.equal(alive.filter(Boolean).length, max);
      for (const [index, isAlive] of alive.entries()) if (isAlive) assert.equal(answers[index]?.kind, 'taken');
    });

    define(`of fifty devices that exchange at once ${max} have the client, and the others are refused`, async (b) => {
      const scene = await makeScene(b);
      const codes = await Promise.all(Array.from({ length: 50 }, async () => await makeCode(b, await at(b, scene), { maxCodes: 99 })));
      const answers = await race(
        b,
        async (store, index) => await exchange(b, codes[index] ?? assert.fail(), { ...REFUSE, max }, {}, store),
      );
      assert.deepEqual(countKinds(answers), { taken: max, refused: 50 - max });
    });
  }
}

/** The same user at another browser. */
async function at(b: Bench, scene: Scene): Promise<Scene> {
  return { ...scene, session: (await signIn(b, scene.user)).session };
}

const codes = new WeakMap<Scene, Promise<GrantId>>();

/** One code for all who ask. */
async function codeOf(b: Bench, scene: Scene): Promise<GrantId> {
  const made = codes.get(scene) ?? makeCode(b, scene);
  codes.set(scene, made);
  return await made;
}

async function exchange(
  b: Bench,
  id: GrantId,
  devices: DeviceLimit,
  more: { readonly boundKey?: string } = {},
  store: Store = b.store,
  now: number = NOW + 5,
): Promise<Exchanged> {
  return await store.exchangeCode(b.tenant, id, someRedemption({ devices, ...more }), now);
}

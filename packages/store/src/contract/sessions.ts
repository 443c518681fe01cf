import assert from 'node:assert/strict';
import type { SessionRecord } from '../port.ts';
import {
  type Bench,
  type Case,
  DAY,
  deathOf,
  makeCode,
  makeGrant,
  makeScene,
  makeSession,
  makeUser,
  mustFind,
  NOW,
  opening,
  race,
  type Scene,
  someClient,
  someCode,
  someSession,
} from './bench.ts';

export function sessionCases(define: Case): void {
  define('a session comes back as opened', async (b) => {
    await b.store.putClient(b.tenant, someClient(), NOW);
    const user = await makeUser(b);
    const { device, ...asked } = someSession(user, { fingerprint: 'f', place: 'CH', methods: [{ method: 'passkey', at: NOW, n: [1] }] });
    const opened = await b.store.openSession(b.tenant, { ...asked, device }, opening(user), NOW);
    assert.ok(opened.kind === 'opened');
    const { session } = opened;
    assert.deepEqual(session, {
      ...asked,
      id: 1,
      createdAt: NOW,
      endedAt: undefined,
      authVersion: 0,
      turn: 1,
      deviceId: 1,
      browserHash: device.browserHash,
      endedReason: undefined,
      endedBy: undefined,
      lastSeenAt: NOW,
    });
    assert.deepEqual([opened.isNewDevice, opened.replaced], [true, 0]);
    assert.deepEqual(await b.second.findSession(b.tenant, session.id), session);
  });

  define('the sessions of a user are listed while they live, newest first, and nobody else’s', async (b) => {
    const { user, session } = await makeScene(b);
    const second = await makeSession(b, user);
    const ended = await makeSession(b, user);
    await makeSession(b, await makeUser(b, 'bob'));
    await makeScene(b, b.otherTenant);
    await b.store.endSession(b.tenant, ended.id, 'signed_out', NOW + 1);
    const list = (limit: number, now = NOW + 1): Promise<SessionRecord[]> => b.second.listSessions(b.tenant, user.id, limit, now);
    assert.deepEqual(await list(10), [second, session]);
    assert.deepEqual(await list(1), [second]);
    assert.deepEqual(await list(10, session.expiresAt), []);
  });

  define('a user who is not there gets no session', async (b) => {
    const { user } = await makeScene(b, b.otherTenant);
    assert.deepEqual(await b.store.openSession(b.tenant, someSession(user), opening(user), NOW), {
      kind: 'refused',
      reason: 'user_inactive',
    });
    assert.equal(await b.countRows('sessions'), 1);
  });

  define(
    'ending a session kills its online grants and all its codes; offline grants and other sessions live (OpenID Connect Core §11)',
    async (b) => {
      const { store, tenant } = b;
      const scene = await makeScene(b);
      const elsewhere = await makeSession(b, scene.user);
      const online = await makeGrant(b, scene);
      const offline = await makeGrant(b, scene, { offline: true });
      const code = await makeCode(b, scene);
      const offlineCode = await makeCode(b, scene, { offline: true });
      const other = await makeGrant(b, { ...scene, session: elsewhere });
      const unbound = await makeGrant(b, scene, { sessionId: undefined });

      assert.equal(await store.endSession(tenant, scene.session.id, 'signed_out', NOW + 5), 'ended');
      for (const id of [online, code, offlineCode]) assert.deepEqual((await mustFind(b, id)).dead, { reason: 'signed_out', at: NOW + 5 });
      for (const id of [offline, other, unbound]) assert.equal(await deathOf(b, id), undefined);
      assert.equal((await store.findSession(tenant, scene.session.id))?.endedAt, NOW + 5);
      assert.equal((await store.findSession(tenant, elsewhere.id))?.endedAt, undefined);
      assert.equal((await store.rotate(tenant, offline, 1, 1, NOW + 6)).kind, 'taken');
    },
  );

  define('a session that ended stays ended at its first end, and is told once', async (b) => {
    const { session } = await makeScene(b);
    assert.equal(await b.store.endSession(b.tenant, session.id, 'signed_out', NOW + 1), 'ended');
    assert.equal(await b.store.endSession(b.tenant, session.id, 'signed_out', NOW + 9), 'ended');
    assert.equal((await b.store.findSession(b.tenant, session.id))?.endedAt, NOW + 1);
    assert.equal((await b.store.readRevocations(b.tenant, 0, 10)).length, 1);
  });

  define('a session that replaces another one of the same user takes over its grants and codes', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const online = await makeGrant(b, scene);
    const grants = [online, await makeCode(b, scene), await makeGrant(b, scene, { offline: true })];
    const next = await replace(b, scene);
    assert.notEqual(next.id, scene.session.id);
    for (const id of grants) {
      const grant = await mustFind(b, id);
      assert.deepEqual([grant.sessionId, grant.dead], [next.id, undefined]);
    }
    assert.equal((await store.findSession(tenant, scene.session.id))?.endedAt, NOW + 1);
    assert.deepEqual(await store.createGrant(tenant, someCode(scene), NOW + 1), { kind: 'refused', reason: 'session_ended' });
    await store.endSession(tenant, next.id, 'signed_out', NOW + 2);
    assert.equal(await deathOf(b, online), 'signed_out');
  });

  define("a session that replaces another user's ends it with its grants", async (b) => {
    const scene = await makeScene(b);
    const online = await makeGrant(b, scene);
    const offline = await makeGrant(b, scene, { offline: true });
    const bob = await makeUser(b, 'bob');
    const next = await replace(b, { ...scene, user: bob });
    assert.equal(next.userId, bob.id);
    assert.equal(await deathOf(b, online), 'signed_out');
    const kept = await mustFind(b, offline);
    assert.deepEqual([kept.dead, kept.sessionId, kept.userId], [undefined, scene.session.id, scene.user.id]);
  });

  define('a replaced session that is unknown or over is nothing', async (b) => {
    const scene = await makeScene(b);
    await b.store.endSession(b.tenant, scene.session.id, 'signed_out', NOW);
    const next = await replace(b, scene);
    assert.equal((await b.store.findSession(b.tenant, scene.session.id))?.endedAt, NOW);
    assert.equal((await b.store.findSession(b.tenant, next.id))?.endedAt, undefined);
  });

  define('with an inactive user nothing is replaced', async (b) => {
    const scene = await makeScene(b);
    const bob = await makeUser(b, 'bob');
    await b.store.setUserEnabled(b.tenant, bob.id, false, NOW);
    assert.deepEqual(await b.store.openSession(b.tenant, someSession(bob), opening(bob, scene.session.id), NOW), {
      kind: 'refused',
      reason: 'user_inactive',
    });
    assert.equal((await b.store.findSession(b.tenant, scene.session.id))?.endedAt, undefined);
  });

  define('fifty sessions opened at once have fifty ids', async (b) => {
    const user = await makeUser(b);
    const opened = await race(b, async (store) => await store.openSession(b.tenant, someSession(user), opening(user), NOW));
    const ids = opened.map((answer) => (answer.kind === 'opened' ? answer.session.id : 0));
    assert.equal(new Set(ids).size, 50);
    assert.equal(await b.countRows('sessions'), 50);
  });

  define('no code is created for a session once its end was acknowledged', async (b) => {
    const scene = await makeScene(b);
    const answers = await race(b, async (store, index) => {
      if (index === 20) return await store.endSession(b.tenant, scene.session.id, 'signed_out', NOW);
      return await store.createGrant(b.tenant, someCode(scene), NOW);
    });
    for (const answer of answers) {
      if (typeof answer === 'object' && answer.kind === 'created') assert.equal(await deathOf(b, answer.id), 'signed_out');
    }
    assert.deepEqual(await b.second.createGrant(b.tenant, someCode(scene), NOW), { kind: 'refused', reason: 'session_ended' });
  });

  define('a session that expired gets no code', async (b) => {
    const scene = await makeScene(b);
    const late = NOW + DAY;
    assert.deepEqual(await b.store.createGrant(b.tenant, someCode(scene, { expiresAt: late + 60 }), late), {
      kind: 'refused',
      reason: 'session_ended',
    });
    assert.equal((await b.store.createGrant(b.tenant, someCode(scene, { expiresAt: late + 60 }), late - 1)).kind, 'created');
  });
}

async function replace(b: Bench, scene: Scene): Promise<SessionRecord> {
  const opened = await b.store.openSession(b.tenant, someSession(scene.user), opening(scene.user, scene.session.id), NOW + 1);
  assert.equal(opened.kind, 'opened');
  return opened.session;
}

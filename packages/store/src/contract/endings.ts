import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import {
  APP,
  type Case,
  deathOf,
  makeCode,
  makeGrant,
  makeScene,
  makeSession,
  makeUser,
  mustFind,
  NOW,
  someClient,
  someCode,
  someRedemption,
} from './bench.ts';

export function endingCases(define: Case): void {
  define('revoking a client kills every grant from before, and new ones live', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const elsewhere = { ...scene, client: await store.putClient(tenant, someClient(clientId('other')), NOW) };
    const [grant, code, other] = [await makeGrant(b, scene, { offline: true }), await makeCode(b, scene), await makeGrant(b, elsewhere)];
    assert.equal(await store.revokeClient(tenant, APP, NOW + 5), 'revoked');
    for (const id of [grant, code]) assert.deepEqual((await mustFind(b, id)).dead, { reason: 'client_revoked', at: NOW + 5 });
    assert.equal(await deathOf(b, other), undefined);
    assert.equal((await b.second.rotate(tenant, grant, 1, 1, NOW + 6)).kind, 'lost');
    assert.equal((await b.second.exchangeCode(tenant, code, someRedemption(), NOW + 6)).kind, 'lost');
    const fresh = await makeGrant(b, scene);
    assert.equal(await deathOf(b, fresh), undefined);
    assert.equal((await store.rotate(tenant, fresh, 1, 1, NOW + 7)).kind, 'taken');
    assert.equal(await deathOf(b, grant), 'client_revoked');
  });

  define('a disabled client suspends its grants until it is enabled again', async (b) => {
    const { store, second, tenant } = b;
    const scene = await makeScene(b);
    const [grant, code] = [await makeGrant(b, scene), await makeCode(b, scene)];
    await second.putClient(tenant, { ...someClient(), enabled: false }, NOW + 1);
    for (const id of [grant, code]) assert.deepEqual((await mustFind(b, id)).dead, { reason: 'client_disabled', at: NOW + 1 });
    await store.putClient(tenant, { ...someClient(), enabled: false, metadata: {} }, NOW + 2);
    assert.deepEqual(
      (await mustFind(b, grant)).dead,
      { reason: 'client_disabled', at: NOW + 1 },
      'since it was disabled, whatever is put later',
    );
    const lost = await store.rotate(tenant, grant, 1, 1, NOW + 2);
    assert.deepEqual([lost.kind, lost.grant?.dead?.reason], ['lost', 'client_disabled']);
    assert.equal((await store.exchangeCode(tenant, code, someRedemption(), NOW + 2)).kind, 'lost');
    assert.deepEqual(await store.createGrant(tenant, someCode(scene), NOW + 2), { kind: 'refused', reason: 'client_inactive' });
    await second.putClient(tenant, someClient(), NOW + 3);
    assert.equal((await store.rotate(tenant, grant, 1, 1, NOW + 4)).kind, 'taken');
    assert.equal((await store.exchangeCode(tenant, code, someRedemption(), NOW + 4)).kind, 'taken');
  });

  define('of a user who is locked nothing is exchanged, rotated or granted; from that second on all of it goes on', async (b) => {
    const { store, second, tenant } = b;
    const scene = await makeScene(b);
    const parent = await makeGrant(b, scene);
    const grants = [await makeGrant(b, scene), await makeGrant(b, scene, { parentId: parent })];
    const codes = [await makeCode(b, scene, { expiresAt: NOW + 900 }), await makeCode(b, scene, { expiresAt: NOW + 900 })];
    await store.lockUser(tenant, scene.user.id, NOW + 60, NOW);
    const devices = { max: 9, per: 'all', onExceed: 'replace' } as const;
    const kinds = async (now: number): Promise<string[]> => [
      ...(await Promise.all(grants.map(async (id) => (await second.rotate(tenant, id, 1, 1, now)).kind))),
      (await store.exchangeCode(tenant, codes[0] ?? assert.fail(), someRedemption(), now)).kind,
      (await store.exchangeCode(tenant, codes[1] ?? assert.fail(), someRedemption({ devices }), now)).kind,
      (await store.createGrant(tenant, someCode(scene, { expiresAt: NOW + 900 }), now)).kind,
    ];
    assert.deepEqual(await kinds(NOW + 59), ['lost', 'lost', 'lost', 'lost', 'refused']);
    assert.equal((await mustFind(b, parent)).suspendedUntil, NOW + 60);
    assert.equal(await deathOf(b, parent), undefined);
    assert.deepEqual(await kinds(NOW + 60), ['taken', 'taken', 'taken', 'taken', 'created']);
  });

  define('a death of its own is told before its client’s', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const [first, then] = [await makeGrant(b, scene), await makeGrant(b, scene)];
    await store.revokeGrant(tenant, first, 'revoked_by_user', NOW);
    await store.putClient(tenant, { ...someClient(), enabled: false }, NOW + 1);
    await store.revokeClient(tenant, APP, NOW + 2);
    assert.equal(await deathOf(b, first), 'revoked_by_user');
    assert.equal(await deathOf(b, then), 'client_revoked');
    assert.equal(await store.revokeGrant(tenant, then, 'revoked_by_admin', NOW + 3), 'revoked');
    assert.equal(await deathOf(b, then), 'revoked_by_admin');
  });

  define('signing a user out everywhere ends all sessions, grants and codes, and no one else’s', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const another = await makeSession(b, scene.user);
    const bob = await makeUser(b, 'bob');
    const bobs = await makeSession(b, bob);
    const own = await store.ownGrant(tenant, APP, ['a'], [], 1, NOW);
    const dying = [
      await makeGrant(b, scene),
      await makeGrant(b, scene, { offline: true, sessionId: another.id }),
      await makeCode(b, scene),
    ];
    const living = [own.id, await makeGrant(b, { ...scene, user: bob, session: bobs })];
    assert.deepEqual(await store.revokeUser(tenant, scene.user.id, 'revoked_by_admin', NOW + 1), { revokedGrants: 3 });
    for (const id of dying) assert.deepEqual((await mustFind(b, id)).dead, { reason: 'revoked_by_admin', at: NOW + 1 });
    for (const id of living) assert.equal(await deathOf(b, id), undefined);
    for (const session of [scene.session, another]) assert.equal((await store.findSession(tenant, session.id))?.endedAt, NOW + 1);
    assert.equal((await store.findSession(tenant, bobs.id))?.endedAt, undefined);
    assert.equal((await store.findUser(tenant, scene.user.id))?.enabled, true);
    assert.deepEqual(await store.revokeUser(tenant, scene.user.id, 'revoked_by_user', NOW + 2), { revokedGrants: 0 });
    for (const id of dying) assert.equal(await deathOf(b, id), 'revoked_by_admin');
  });
}

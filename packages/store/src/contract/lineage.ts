import assert from 'node:assert/strict';
import { clientId, type GrantId, grantId } from '@hufu/protocol/ids';
import { FALL_AFTER_SECONDS, MAX_LINEAGE, PURGE_EVERY, REVOKED_KEPT_SECONDS } from '../retention.ts';
import {
  APP,
  type Bench,
  type Case,
  DAY,
  deathOf,
  grantOf,
  HOUR,
  makeCode,
  makeGrant,
  makeScene,
  mustFind,
  NOW,
  race,
  type Scene,
  setPassword,
  someAccess,
  someClient,
  someCode,
  someRedemption,
} from './bench.ts';

/** Grants that come from others (RFC 8693). */
export function lineageCases(define: Case): void {
  define('a grant that comes from another names it, lives beside it, and no longer than that (RFC 8693 §2.2)', async (b) => {
    const scene = await makeScene(b);
    const parent = await makeGrant(b, scene, {}, { expiresAt: NOW + HOUR });
    const child = await make(b, scene, parent, { expiresAt: NOW + DAY });
    const grandchild = await make(b, scene, child, { expiresAt: NOW + 60 });
    assert.deepEqual(
      [await mustFind(b, child), await mustFind(b, grandchild)].map(({ parentId, dead, expiresAt }) => [parentId, dead, expiresAt]),
      [
        [parent, undefined, NOW + HOUR],
        [child, undefined, NOW + 60],
      ],
    );
    assert.deepEqual(await b.second.findGrant(b.tenant, child), await mustFind(b, child));
    assert.equal((await mustFind(b, parent)).parentId, undefined);
  });

  for (const [what, end] of ENDS) {
    define(`${what} ends what comes from its grant, and what comes from that`, async (b) => {
      const scene = await makeScene(b);
      await b.store.giveConsent(b.tenant, scene.user.id, APP, ['openid', 'email'], [], NOW);
      const other = { ...scene, client: await b.store.putClient(b.tenant, someClient(clientId('other')), NOW) };
      const parent = await makeGrant(b, scene);
      const child = await make(b, other, parent, FOREIGN);
      const grandchild = await make(b, other, child, FOREIGN);
      const beside = await make(b, other, await makeGrant(b, other, { sessionId: undefined, userId: (await bob(b)).id }), FOREIGN);
      // Remembered by both before.
      for (const store of [b.store, b.second]) assert.equal((await store.findGrant(b.tenant, grandchild))?.dead, undefined);
      await end(b, scene, parent);
      for (const store of [b.store, b.second]) {
        for (const id of [child, grandchild])
          assert.deepEqual((await store.findGrant(b.tenant, id))?.dead, { reason: 'parent_ended', at: NOW + 7 });
        assert.equal((await store.findGrant(b.tenant, beside))?.dead, undefined);
        const listed = await store.listGrants(b.tenant, { clientId: other.client.clientId }, 10);
        const ended = listed.filter(({ dead }) => dead?.reason === 'parent_ended').map(({ id }) => id);
        assert.deepEqual(ended, [grandchild, child]);
        const late = await store.createGrant(b.tenant, someAccess(other, { ...FOREIGN, parentId: child }), NOW + 8);
        assert.deepEqual(late, { kind: 'refused', reason: 'parent_ended' });
      }
    });
  }

  define('a client that is disabled suspends what comes from its grants', async (b) => {
    const scene = await makeScene(b);
    const other = { ...scene, client: await b.store.putClient(b.tenant, someClient(clientId('other')), NOW) };
    const child = await makeRefreshable(b, other, await makeGrant(b, scene));
    await b.store.putClient(b.tenant, { ...someClient(), enabled: false }, NOW + 1);
    assert.deepEqual((await mustFind(b, child)).dead, { reason: 'parent_ended', at: NOW + 1 });
    assert.equal((await b.second.rotate(b.tenant, child, 1, 1, NOW + 1)).kind, 'lost');
    await b.store.putClient(b.tenant, someClient(), NOW + 2);
    assert.equal(await deathOf(b, child), undefined);
    assert.equal((await b.second.rotate(b.tenant, child, 1, 1, NOW + 2)).kind, 'taken');
  });

  define('its own death is named before its parent’s', async (b) => {
    const scene = await makeScene(b);
    const parent = await makeGrant(b, scene);
    const child = await make(b, scene, parent);
    await b.store.revokeGrant(b.tenant, parent, 'revoked_by_user', NOW);
    assert.equal(await b.store.revokeGrant(b.tenant, child, 'revoked_by_client', NOW + 1), 'revoked');
    assert.equal(await deathOf(b, child), 'revoked_by_client');
  });

  define('what comes from a living grant is exchanged and rotated like any other, never beyond its parent’s end', async (b) => {
    const scene = await makeScene(b);
    const parent = await makeGrant(b, scene, {}, { expiresAt: NOW + HOUR });
    const id = await makeCode(b, scene, { parentId: parent });
    const taken = await b.store.exchangeCode(b.tenant, id, someRedemption({ expiresAt: NOW + DAY, boundKey: 'jkt:k' }), NOW);
    assert.equal(taken.kind, 'taken');
    assert.deepEqual([taken.grant?.expiresAt, taken.grant?.boundKey, taken.grant?.generation], [NOW + HOUR, 'jkt:k', 1]);
    const rotated = await b.second.rotate(b.tenant, id, 1, 3, NOW + 5);
    assert.equal(rotated.kind, 'taken');
    assert.deepEqual(rotated.grant, await mustFind(b, id));
    assert.deepEqual([rotated.grant?.generation, rotated.grant?.expiresAt, rotated.grant?.keyId], [2, NOW + HOUR, 3]);
    assert.equal((await b.store.rotate(b.tenant, id, 2, 1, NOW + HOUR)).kind, 'lost');
    // Nor is a row kept longer than its parent's.
    await churn(b, scene, NOW + HOUR + FALL_AFTER_SECONDS);
    assert.deepEqual([await b.store.findGrant(b.tenant, parent), await b.store.findGrant(b.tenant, id)], [undefined, undefined]);
  });

  define('what comes from a dead grant is neither exchanged nor rotated', async (b) => {
    const scene = await makeScene(b);
    const parent = await makeGrant(b, scene);
    const code = await makeCode(b, scene, { parentId: parent });
    const grant = await makeRefreshable(b, scene, parent);
    await b.second.revokeGrant(b.tenant, parent, 'revoked_by_client', NOW + 1);
    for (const store of [b.store, b.second]) {
      const answers = [
        await store.exchangeCode(b.tenant, code, someRedemption(), NOW + 1),
        await store.rotate(b.tenant, grant, 1, 1, NOW + 1),
      ];
      for (const answer of answers) {
        assert.equal(answer.kind, 'lost');
        assert.deepEqual(answer.grant?.dead, { reason: 'parent_ended', at: NOW + 1 });
      }
    }
  });

  define('nothing comes from a grant that is not there, has expired or was never redeemed', async (b) => {
    const scene = await makeScene(b);
    const [other] = [await makeScene(b, b.otherTenant)];
    const elsewhere = await b.store.createGrant(b.otherTenant, someAccess(other), NOW);
    assert.ok(elsewhere.kind === 'created');
    const short = await makeGrant(b, scene, {}, { expiresAt: NOW + 60 });
    const code = await makeCode(b, scene);
    const reason = async (parentId: GrantId, now = NOW): Promise<unknown> => {
      const answer = await b.store.createGrant(b.tenant, someAccess(scene, { parentId, expiresAt: now + 60 }), now);
      return answer.kind === 'refused' ? answer.reason : answer.kind;
    };
    assert.equal(await reason(grantId(9999)), 'parent_ended');
    assert.equal(await reason(short, NOW + 59), 'created');
    assert.equal(await reason(short, NOW + 60), 'parent_ended');
    assert.equal(await reason(code), 'parent_ended');
    const idle = await makeGrant(b, scene, {}, { idleSeconds: 10 });
    assert.equal(await reason(idle, NOW + 20), 'created', 'an access token outlives the time in which its grant is refreshed');
    await b.store.revokeUser(b.tenant, scene.user.id, 'revoked_by_user', NOW);
    await b.store.putClient(b.tenant, { ...someClient(), enabled: false }, NOW);
    await b.store.setUserEnabled(b.tenant, scene.user.id, false, NOW);
    assert.equal(await reason(short), 'user_inactive', 'the parent is the last of the reasons');
  });

  define('a refusal leaves nothing, also where somebody was to take part', async (b) => {
    const scene = await makeScene(b);
    const parent = await makeGrant(b, scene);
    const participation = { sid: 'sid', backchannel: true };
    const joined = await b.store.createGrant(b.tenant, someAccess(scene, { parentId: parent, participation }), NOW);
    assert.equal(joined.kind, 'created');
    await b.store.revokeGrant(b.tenant, parent, 'revoked_by_user', NOW);
    const refused = await b.store.createGrant(
      b.tenant,
      someAccess(scene, { parentId: parent, participation: { ...participation, sid: 'other' } }),
      NOW,
    );
    assert.deepEqual(refused, { kind: 'refused', reason: 'parent_ended' });
    assert.deepEqual([await b.countRows('grants'), await b.countRows('participants')], [2, 1]);
  });

  define('a line has at most so many, and the last of it hears of the first', async (b) => {
    const scene = await makeScene(b);
    const first = await makeGrant(b, scene);
    let last = first;
    for (let length = 1; length < MAX_LINEAGE; length += 1) last = await make(b, scene, last);
    assert.equal(await deathOf(b, last), undefined);
    const tooDeep = await b.store.createGrant(b.tenant, someAccess(scene, { parentId: last }), NOW);
    assert.deepEqual(tooDeep, { kind: 'refused', reason: 'parent_ended' });
    await b.store.revokeGrant(b.tenant, first, 'revoked_by_user', NOW + 1);
    assert.deepEqual((await mustFind(b, last)).dead, { reason: 'parent_ended', at: NOW + 1 });
  });

  define('a parent whose row has fallen, or whose client was removed, has ended', async (b) => {
    const scene = await makeScene(b);
    const registered = { ...someClient(clientId('registered')), source: 'registered' as const };
    const guest = { ...scene, client: await b.store.putClient(b.tenant, registered, NOW) };
    const parent = await makeGrant(b, scene, {}, { expiresAt: NOW + 365 * DAY });
    const orphan = await make(b, scene, parent, { expiresAt: NOW + 365 * DAY });
    const guests = await make(b, scene, await makeGrant(b, guest, {}, { expiresAt: NOW + 365 * DAY }), { expiresAt: NOW + 365 * DAY });
    await b.store.revokeGrant(b.tenant, parent, 'revoked_by_user', NOW);
    await b.store.removeClient(b.tenant, registered.clientId, NOW);
    assert.equal(await deathOf(b, guests), 'parent_ended');
    await churn(b, scene, NOW + REVOKED_KEPT_SECONDS);
    assert.equal(await b.store.findGrant(b.tenant, parent), undefined);
    for (const store of [b.store, b.second])
      assert.deepEqual((await store.findGrant(b.tenant, orphan))?.dead, { reason: 'parent_ended', at: 0 });
    await b.store.putClient(b.tenant, registered, NOW);
    assert.equal(await deathOf(b, guests), 'parent_ended', 'a client under the id of a removed one revives nothing');
  });

  define('a client’s own grant can be the first of a line', async (b) => {
    const scene = await makeScene(b);
    const own = await b.store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW);
    const child = await make(b, scene, own.id, { ...FOREIGN, subject: APP });
    assert.equal(await deathOf(b, child), undefined);
    await b.store.revokeClient(b.tenant, APP, NOW);
    assert.equal(await deathOf(b, child), 'client_revoked');
    const next = await b.store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW);
    assert.equal(next.parentId, undefined);
  });

  define('of fifty who exchange, and fifty who rotate, what comes from another grant one wins', async (b) => {
    const scene = await makeScene(b);
    const parent = await makeGrant(b, scene);
    const id = await makeCode(b, scene, { parentId: parent });
    const exchanged = await race(b, async (store) => await store.exchangeCode(b.tenant, id, someRedemption(), NOW));
    assert.equal(exchanged.filter(({ kind }) => kind === 'taken').length, 1);
    const rotated = await race(b, async (store) => await store.rotate(b.tenant, id, 1, 1, NOW));
    assert.equal(rotated.filter(({ kind }) => kind === 'taken').length, 1);
    for (const answer of [...exchanged, ...rotated]) assert.ok((grantOf(answer)?.generation ?? 0) >= 1);
  });

  define('after an acknowledged revocation of its parent nothing comes to life, and nothing is exchanged or rotated', async (b) => {
    const scene = await makeScene(b);
    for (let round = 0; round < 3; round += 1) {
      const parent = await makeGrant(b, scene);
      const codes = await Promise.all(Array.from({ length: 10 }, async () => await makeCode(b, scene, { parentId: parent })));
      let isOver = false;
      const late: string[] = [];
      await race(b, async (store, index) => {
        if (index === 20) {
          await b.second.revokeGrant(b.tenant, parent, 'revoked_by_user', NOW);
          isOver = true;
          return;
        }
        for (let step = 0; step < 3; step += 1) {
          const beganLate = isOver;
          const code = codes[index % 10] ?? parent;
          const answer =
            index % 2 === 0
              ? await store.createGrant(b.tenant, someAccess(scene, { parentId: parent }), NOW)
              : await store.exchangeCode(b.tenant, code, someRedemption(), NOW);
          if (beganLate) late.push(answer.kind);
        }
      });
      assert.ok(late.every((kind) => kind === 'refused' || kind === 'lost'));
      const children = (await b.store.listGrants(b.tenant, {}, 1000)).filter(({ parentId }) => parentId === parent);
      assert.ok(children.every(({ dead }) => dead?.reason === 'parent_ended'));
    }
  });
}

const FOREIGN = { userId: undefined, sessionId: undefined, subject: 'somebody' } as const;

const ENDS: readonly (readonly [what: string, end: (b: Bench, scene: Scene, parent: GrantId) => Promise<unknown>])[] = [
  ['a revocation', async (b, _, parent) => await b.store.revokeGrant(b.tenant, parent, 'refresh_token_replayed', NOW + 7)],
  ['a sign-out', async (b, { session }) => await b.store.endSession(b.tenant, session.id, 'signed_out', NOW + 7)],
  ['a sign-out everywhere', async (b, { user }) => await b.store.revokeUser(b.tenant, user.id, 'revoked_by_user', NOW + 7)],
  ['a disablement', async (b, { user }) => await b.store.setUserEnabled(b.tenant, user.id, false, NOW + 7)],
  ['a new password', async (b, { user }) => await setPassword(b, user.id, undefined, NOW + 7)],
  ['a consent that is withdrawn', async (b, { user }) => await b.store.withdrawConsent(b.tenant, user.id, APP, NOW + 7)],
  ['a client that is revoked', async (b) => await b.store.revokeClient(b.tenant, APP, NOW + 7)],
];

async function make(b: Bench, scene: Scene, parentId: GrantId, change: Parameters<typeof someAccess>[1] = {}): Promise<GrantId> {
  const made = await b.store.createGrant(b.tenant, someAccess(scene, { parentId, expiresAt: NOW + DAY, ...change }), NOW);
  assert.equal(made.kind, 'created');
  return made.id;
}

async function makeRefreshable(b: Bench, scene: Scene, parentId: GrantId): Promise<GrantId> {
  return await makeGrant(b, scene, { parentId });
}

async function bob(b: Bench): Promise<Scene['user']> {
  const made = await b.store.createUser(b.tenant, { sub: 'sub-bob', username: 'bob', passwordHash: undefined, claims: {} }, NOW);
  return made.user;
}

/** Enough inserts of grants that everything due at `now` falls. */
async function churn(b: Bench, scene: Scene, now: number): Promise<void> {
  for (let index = 0; index < 2 * PURGE_EVERY; index += 1)
    await b.store.createGrant(b.tenant, someCode(scene, { sessionId: undefined, expiresAt: now + 1, maxCodes: 5 }), now);
}

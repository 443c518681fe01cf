import assert from 'node:assert/strict';
import { FALL_AFTER_SECONDS, MAX_ACCESS_TOKEN_SECONDS, PURGE_EVERY, PURGE_ROWS, REVOKED_KEPT_SECONDS } from '../retention.ts';
import {
  APP,
  type Bench,
  type Case,
  DAY,
  HOUR,
  hashText,
  makeCode,
  makeScene,
  mustFind,
  NOW,
  opening,
  type Scene,
  someCode,
  someRedemption,
  someSession,
} from './bench.ts';
import { open, someDevice } from './pending-bench.ts';

/** What may stand although its time is over: what two stores have not removed yet. */
const LAG = 2 * (PURGE_ROWS + PURGE_EVERY);

export function purgeCases(define: Case): void {
  define(
    'codes, grants, sessions, marks, revoked tokens, log entries, participants, deliveries, pushed requests and pending authorizations fall, and the tables stay flat',
    async (b) => {
      const scene = await makeScene(b);
      const rows: Record<string, number[]> = {
        grants: [],
        sessions: [],
        marks: [],
        revoked_tokens: [],
        revocations: [],
        participants: [],
        deliveries: [],
        pushed_requests: [],
        pending_authorizations: [],
      };
      // Twelve rounds, each after the end of everything that the one before has made.
      for (let round = 0; round < 12; round += 1) {
        const now = NOW + round * 30 * DAY;
        await fill(b, scene, now, 60);
        for (const [table, counts] of Object.entries(rows)) counts.push(await b.countRows(table));
      }
      for (const [table, counts] of Object.entries(rows)) {
        const [first = 0] = counts;
        assert.ok(first >= 50, `${table}: ${counts.join(' ')}`);
        assert.ok(
          counts.every((count) => count <= 3 * first + LAG),
          `${table} grows: ${counts.join(' ')}`,
        );
        assert.ok((counts.at(-1) ?? 0) <= (counts.at(-4) ?? 0) + LAG, `${table} grows: ${counts.join(' ')}`);
      }
    },
  );

  define('a backlog falls in bounded steps', async (b) => {
    const scene = await makeScene(b);
    for (let index = 0; index < 400; index += 1) await b.store.takeOnce(b.tenant, 'interaction', hashText(index), NOW + HOUR, NOW);
    for (let index = 0; index < 300; index += 1) await makeCode(b, scene, { maxCodes: 1000 });
    const later = NOW + HOUR + FALL_AFTER_SECONDS;
    let marks = await b.countRows('marks');
    let grants = await b.countRows('grants');
    for (let index = 0; index < 10 * PURGE_EVERY; index += 1) {
      await b.store.takeOnce(b.tenant, 'interaction', hashText(`l${index}`), later + HOUR, later);
      await makeCode(b, scene, { maxCodes: 1000, expiresAt: later + 60 }, later);
      const [nowMarks, nowGrants] = [await b.countRows('marks'), await b.countRows('grants')];
      assert.ok(marks - nowMarks <= PURGE_ROWS && grants - nowGrants <= PURGE_ROWS);
      marks = nowMarks;
      grants = nowGrants;
    }
    assert.deepEqual([marks, grants], [10 * PURGE_EVERY, 10 * PURGE_EVERY], 'everything old has fallen');
  });

  define('nothing falls while it lives, nor right at its end', async (b) => {
    const scene = await makeScene(b);
    const code = await makeCode(b, scene, { expiresAt: NOW + 60 });
    const grant = await makeCode(b, scene);
    await b.store.exchangeCode(b.tenant, grant, someRedemption({ expiresAt: NOW + 30 * DAY }), NOW);
    const own = await b.store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW);
    await churn(b, scene, NOW + 59 + FALL_AFTER_SECONDS);
    assert.equal((await mustFind(b, code)).generation, 0, 'an expired code can still be told from an unknown one');
    await churn(b, scene, NOW + 60 + FALL_AFTER_SECONDS);
    assert.equal(await b.store.findGrant(b.tenant, code), undefined);
    await churn(b, scene, NOW + 30 * DAY - 1);
    assert.equal((await mustFind(b, grant)).generation, 1);
    await churn(b, scene, NOW + 30 * DAY + FALL_AFTER_SECONDS);
    assert.equal(await b.store.findGrant(b.tenant, grant), undefined);
    await churn(b, scene, NOW + 3650 * DAY);
    assert.equal((await mustFind(b, own.id)).dead, undefined);
  });

  define('a revoked grant can still name its reason for a while, and then falls before its end', async (b) => {
    const scene = await makeScene(b);
    const id = await makeCode(b, scene);
    await b.store.exchangeCode(b.tenant, id, someRedemption({ expiresAt: NOW + 365 * DAY }), NOW);
    const own = await b.store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW);
    await b.store.revokeGrant(b.tenant, id, 'revoked_by_user', NOW);
    await b.store.revokeGrant(b.tenant, own.id, 'revoked_by_admin', NOW);
    await churn(b, scene, NOW + REVOKED_KEPT_SECONDS - 1);
    assert.equal((await mustFind(b, id)).dead?.reason, 'revoked_by_user');
    await churn(b, scene, NOW + REVOKED_KEPT_SECONDS);
    assert.equal(await b.store.findGrant(b.tenant, id), undefined);
    assert.equal(await b.store.findGrant(b.tenant, own.id), undefined);
  });

  define('own grants from before the client was revoked fall as well', async (b) => {
    const scene = await makeScene(b);
    const own = await b.store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW);
    await b.store.revokeClient(b.tenant, APP, NOW);
    const next = await b.store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW + 1);
    await churn(b, scene, NOW + 1 + MAX_ACCESS_TOKEN_SECONDS);
    assert.equal(await b.store.findGrant(b.tenant, own.id), undefined);
    assert.equal((await mustFind(b, next.id)).dead, undefined);
  });

  define('an id is never used again after its row has fallen', async (b) => {
    const scene = await makeScene(b);
    const id = await makeCode(b, scene);
    await churn(b, scene, NOW + DAY);
    assert.equal(await b.store.findGrant(b.tenant, id), undefined);
    const next = await makeCode(b, scene, { sessionId: undefined, expiresAt: NOW + 2 * DAY }, NOW + DAY);
    assert.ok(next > id);
  });
}

/** Enough inserts of grants that everything due at `now` falls. */
async function churn(b: Bench, scene: Scene, now: number): Promise<void> {
  for (let index = 0; index < 2 * PURGE_EVERY; index += 1) {
    await b.store.createGrant(b.tenant, someCode(scene, { sessionId: undefined, expiresAt: now + 1, maxCodes: 5 }), now);
  }
}

async function fill(b: Bench, scene: Scene, now: number, count: number): Promise<void> {
  const { store, tenant } = b;
  const makeAll = async (index: number): Promise<void> => {
    const opened = await store.openSession(tenant, someSession(scene.user, { expiresAt: now + DAY }), opening(scene.user), now);
    assert.equal(opened.kind, 'opened');
    const participation = { sid: `${now} ${index}`, backchannel: true };
    const code = someCode(scene, { sessionId: opened.session.id, expiresAt: now + 60, maxCodes: 1000, participation });
    const made = await store.createGrant(tenant, code, now);
    assert.equal(made.kind, 'created');
    await store.exchangeCode(tenant, made.id, someRedemption({ expiresAt: now + DAY, maxGrants: 1000 }), now);
    await store.revokeToken(tenant, made.id, 'token', now + HOUR, now);
    await store.revokeGrant(tenant, made.id, 'revoked_by_user', now);
    await store.takeOnce(tenant, 'interaction', hashText(index), now + HOUR, now);
    await store.endSession(tenant, opened.session.id, 'signed_out', now);
    const pushed = {
      secretHash: hashText('secret'),
      clientId: APP,
      parameters: '',
      boundKey: undefined,
      createdAt: now,
      expiresAt: now + 60,
    };
    await store.pushRequest(tenant, pushed, now);
    await open(b, someDevice({ userCodeHash: hashText(`${now}-${index}-`), expiresAt: now + 600 }), now);
  };
  await Promise.all(Array.from({ length: count }, async (_, index) => await makeAll(index)));
}

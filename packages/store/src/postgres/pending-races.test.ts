import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { clientId, type TenantId } from '@hufu/protocol/ids';
import pg from 'pg';
// Runs on the cluster of HUFU_TEST_POSTGRES, or on one of its own.
import { createDatabase, dropDatabase, testPostgres } from '../../../../scripts/provision/postgres.mjs';
import {
  type Bench,
  bench,
  grantOf,
  hashText,
  makeCode,
  makeGrant,
  makeScene,
  NOW,
  type Scene,
  someAccess,
  someClient,
  someRedemption,
} from '../contract/bench.ts';
import { LIMITS, open, someApproval, someBackchannel, someDevice } from '../contract/pending-bench.ts';
import type { Store } from '../port.ts';
import { lockSubject } from './create-grant.ts';
import { openDatabase, type Step } from './database.ts';
import { openPostgres } from './open.ts';
import { postgresStore } from './store.ts';

const cluster = await testPostgres();
const name = `hufu_pending_races_${process.pid}`;
const url = await createDatabase(name, cluster.url);
/** Another node, whose statements are stopped where it matters. */
const other = new pg.Client({ connectionString: url });

/** As `races.test.ts`: the other side's transaction is held open on purpose, and what runs into it must wait for it and see what it has done. */
describe('races of pending authorizations, one step at a time', () => {
  let store: Store;
  let b: Bench;
  let scene: Scene;
  let tenant: TenantId;

  before(async () => {
    store = await openPostgres(url, { poolSize: 4 });
    await other.connect();
  });

  beforeEach(async (context) => {
    b = await bench({ store, countRows: async () => 0, close: async () => {} });
    tenant = (await store.ensureTenant(context.name)).id;
    b = { ...b, tenant };
    scene = await makeScene(b);
    await other.query('BEGIN');
  });

  afterEach(async () => {
    await other.query('ROLLBACK');
  });

  after(async () => {
    await other.end();
    await store.close();
    await dropDatabase(name, cluster.url);
    await cluster.stop();
  });

  test('an approval, a denial and a poll that meet an approval wait for it and see it', async () => {
    const id = await open(b, someBackchannel(scene));
    await other.query(`UPDATE pending_authorizations SET decision = 'approved', grant_id = 77 WHERE tenant = $1 AND id = $2`, [tenant, id]);
    const [approved, denied, polled] = await afterCommit(
      Promise.all([
        store.approvePending(tenant, id, someApproval(scene), NOW),
        store.denyPending(tenant, id, scene.user.id, NOW),
        store.notePoll(tenant, id, NOW),
      ]),
    );
    assert.deepEqual([approved, denied], [{ kind: 'decided' }, 'decided']);
    assert.ok(polled.kind === 'on_time');
    assert.deepEqual(polled.pending.decision, { kind: 'approved', grantId: 77 });
    assert.deepEqual(await store.listGrants(tenant, {}, 10), []);
  });

  test('an approval that meets a disablement waits for it, is refused and leaves it pending', async () => {
    const id = await open(b, someDevice());
    await other.query('UPDATE users SET enabled = 0 WHERE tenant = $1 AND id = $2', [tenant, scene.user.id]);
    const answer = await afterCommit(store.approvePending(tenant, id, someApproval(scene), NOW));
    assert.deepEqual(answer, { kind: 'refused', reason: 'user_inactive' });
    assert.equal((await store.findPending(tenant, id))?.decision.kind, 'pending');
  });

  test('a poll that meets another one waits for it and counts from there', async () => {
    const id = await open(b, someDevice());
    await other.query('UPDATE pending_authorizations SET polled_at = $3, interval_seconds = 10 WHERE tenant = $1 AND id = $2', [
      tenant,
      id,
      NOW + 5,
    ]);
    const answer = await afterCommit(store.notePoll(tenant, id, NOW + 14));
    assert.ok(answer.kind === 'too_soon');
    assert.equal(answer.pending.intervalSeconds, 15);
  });

  test('whoever asks with a user code that another node is giving out waits and is told that it is taken, unless that is rolled back', async () => {
    const insert = async (): Promise<unknown> =>
      await other.query(
        `INSERT INTO pending_authorizations VALUES ($1, 9000, 'device', 'else', 's', $2, NULL, '{}', 1, $3, 5, NULL, 'pending', NULL, 0, NULL)`,
        [tenant, hashText('user-code'), NOW + 600],
      );
    await insert();
    assert.deepEqual(await afterCommit(store.openPending(tenant, someDevice(), LIMITS, NOW)), { kind: 'taken' });
    await other.query('DELETE FROM pending_authorizations WHERE tenant = $1', [tenant]);
    await other.query('BEGIN');
    await insert();
    const waiting = store.openPending(tenant, someDevice(), LIMITS, NOW);
    await untilBlocked();
    await other.query('ROLLBACK');
    assert.equal((await waiting).kind, 'opened');
  });

  test('what is asked for while its client is being removed waits, and asks for nobody', async () => {
    const client = await store.putClient(tenant, { ...someClient(clientId('registered')), source: 'registered' }, NOW);
    await other.query('DELETE FROM clients WHERE tenant = $1 AND client_id = $2', [tenant, client.clientId]);
    const asked = store.openPending(tenant, someDevice({ clientId: client.clientId }), LIMITS, NOW);
    await assert.rejects(async () => await afterCommit(asked), TypeError);
    assert.equal(await store.findPendingByUserCode(tenant, hashText('user-code'), NOW), undefined);
  });

  test('a notification that another node is taking is left to it, and nobody waits', async () => {
    const ids = [await open(b, someBackchannel(scene)), await open(b, someBackchannel(scene))];
    for (const id of ids) await store.denyPending(tenant, id, scene.user.id, NOW);
    await other.query('SELECT 1 FROM pending_authorizations WHERE tenant = $1 AND id = $2 FOR UPDATE', [tenant, ids[0]]);
    const taken = async (): Promise<number[]> => (await store.takeNotifications(tenant, 10, 60, NOW)).map(({ pending }) => pending.id);
    assert.deepEqual(await taken(), [ids[1]]);
    await other.query('ROLLBACK');
    assert.deepEqual(await taken(), [ids[0]]);
  });

  test('whoever makes a grant for a subject who is no user of ours waits for another who does, so that the limit is exact', async () => {
    const foreign = someAccess(scene, { userId: undefined, sessionId: undefined, subject: 'somebody', maxGrants: 1 });
    const first = await store.createGrant(tenant, foreign, NOW);
    assert.ok(first.kind === 'created');
    const { statement, values } = lockSubject(tenant, scene.client.clientId, 'somebody');
    await other.query(statement.text, [...values]);
    assert.equal(
      (await store.createGrant(tenant, { ...foreign, subject: 'else' }, NOW)).kind,
      'created',
      'nobody waits for another subject',
    );
    const waiting = store.createGrant(tenant, foreign, NOW);
    await untilBlocked();
    assert.equal((await store.findGrant(tenant, first.id))?.dead, undefined);
    await other.query('COMMIT');
    assert.equal((await waiting).kind, 'created');
    assert.equal((await store.findGrant(tenant, first.id))?.dead?.reason, 'too_many_grants');
  });

  test('an exchange and a rotation of what comes from a grant that is being revoked see either end, and it is dead afterwards', async () => {
    const parentId = await makeGrant(b, scene);
    const [code, grant] = [await makeCode(b, scene, { parentId }), await makeGrant(b, scene, { parentId })];
    await other.query(`UPDATE grants SET revoked_at = $3, revoked_reason = 'revoked_by_user' WHERE tenant = $1 AND id = $2`, [
      tenant,
      parentId,
      NOW,
    ]);
    // Nobody waits for the parent: until the commit it lives.
    assert.equal((await store.rotate(tenant, grant, 1, 1, NOW)).kind, 'taken');
    await other.query('COMMIT');
    const lost = [await store.exchangeCode(tenant, code, someRedemption(), NOW), await store.rotate(tenant, grant, 2, 1, NOW)];
    for (const answer of lost) assert.deepEqual([answer.kind, grantOf(answer)?.dead?.reason], ['lost', 'parent_ended']);
  });

  for (const verb of ['rotate_grants_in_line', 'exchange_codes_in_line']) {
    test(`${verb}: a parent that is revoked between the look at a grant and its taking is seen by the taking`, async () => {
      await other.query('ROLLBACK');
      const db = openDatabase(url, { poolSize: 2, allowUnsafe: false, timeoutMs: 3000 });
      const parentId = await makeGrant(b, scene);
      const revokeBefore = async (steps: readonly Step[]): Promise<void> => {
        if (steps.some(({ statement }) => statement.name === verb)) await store.revokeGrant(tenant, parentId, 'revoked_by_user', NOW);
      };
      const node = postgresStore({
        ...db,
        run: async (statement, values) => {
          await revokeBefore([{ statement, values }]);
          return await db.run(statement, values);
        },
        runTogether: async (steps) => {
          await revokeBefore(steps);
          return await db.runTogether(steps);
        },
      });
      const answer =
        verb === 'rotate_grants_in_line'
          ? await node.rotate(tenant, await makeGrant(b, scene, { parentId }), 1, 1, NOW)
          : await node.exchangeCode(tenant, await makeCode(b, scene, { parentId }), someRedemption(), NOW);
      assert.deepEqual([answer.kind, grantOf(answer)?.dead?.reason], ['lost', 'parent_ended']);
      await node.close();
    });
  }

  /** Starts `act`, which must run into the open transaction, and lets that commit. */
  async function afterCommit<T>(act: Promise<T>): Promise<T> {
    let isDone = false;
    const watched = act.finally(() => (isDone = true));
    watched.catch(() => {});
    await untilBlocked();
    assert.equal(isDone, false);
    await other.query('COMMIT');
    return await watched;
  }

  /** Until some connection waits for a lock that `other` holds. */
  async function untilBlocked(): Promise<void> {
    for (let attempt = 0; attempt < 10_000; attempt += 1) {
      await other.query('SELECT pg_stat_clear_snapshot()');
      const { rows } = await other.query<{ blocked: boolean }>(
        `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))) AS blocked`,
      );
      if (rows[0]?.blocked === true) return;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assert.fail('nothing ran into the open transaction');
  }
});

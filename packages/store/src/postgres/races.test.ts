import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type ClientId, clientId, grantId, type TenantId } from '@hufu/protocol/ids';
import pg from 'pg';
// Runs on the cluster of HUFU_TEST_POSTGRES, or on one of its own.
import { createDatabase, dropDatabase, testPostgres } from '../../../../scripts/provision/postgres.mjs';
import {
  type Bench,
  bench,
  grantOf,
  makeCode,
  makeGrant,
  makeScene,
  makeUser,
  NOW,
  opening,
  type Scene,
  setPassword,
  someClient,
  someCode,
  someRedemption,
  someSession,
} from '../contract/bench.ts';
import { MIGRATIONS } from '../migrations/list.ts';
import type { Store } from '../port.ts';
import { openPostgres } from './open.ts';

const cluster = await testPostgres();
const name = `hufu_races_${process.pid}`;
const url = await createDatabase(name, cluster.url);
/** Another node, whose statements are stopped where it matters. */
const other = new pg.Client({ connectionString: url });
let stores: Store[] = [];
/** Every verb that ends a session. */
const ENDS: readonly (readonly [what: string, end: (b: Bench, scene: Scene & { readonly bob: Scene['user'] }) => Promise<unknown>])[] = [
  ['the end of a session', async (b, { session }) => await b.store.endSession(b.tenant, session.id, 'signed_out', NOW)],
  ['a new password', async (b, { user }) => await setPassword(b, user.id, undefined)],
  ['a disablement', async (b, { user }) => await b.store.setUserEnabled(b.tenant, user.id, false, NOW)],
  ['a sign-out everywhere', async (b, { user }) => await b.store.revokeUser(b.tenant, user.id, 'revoked_by_user', NOW)],
  [
    'another user’s sign-in',
    async (b, { session, bob }) => await b.store.openSession(b.tenant, someSession(bob), opening(bob, session.id), NOW),
  ],
];
/** The grant that the other node is creating. */
const HELD = grantId(9000);

/**
 * Races with the other side's transaction held open on purpose: what runs into it must wait for it, and must then see what it has done.
 * (The contract's races are of fifty at once, and hit these moments by chance.)
 */
describe('races, one step at a time', () => {
  let b: Bench;
  let scene: Scene;
  let tenant: TenantId;

  before(async () => {
    // At once: the migrations of a new database are for one of them.
    stores = await Promise.all(Array.from({ length: 4 }, () => openPostgres(url, { poolSize: 4 })));
    await other.connect();
  });

  beforeEach(async (context) => {
    const [store] = stores;
    assert.ok(store !== undefined);
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
    await Promise.all(stores.map((store) => store.close()));
    await dropDatabase(name, cluster.url);
    await cluster.stop();
  });

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

  test('four processes that open a new database at once migrate it once', async () => {
    await other.query('ROLLBACK');
    const { rows } = await other.query('SELECT version FROM schema_migrations');
    assert.equal(rows.length, MIGRATIONS.length);
    assert.equal(new Set(await Promise.all(stores.map(async (store) => (await store.ensureTenant('same')).id))).size, 1);
  });

  test('a code that meets a disablement waits for it and is refused', async () => {
    await other.query('UPDATE users SET enabled = 0 WHERE tenant = $1 AND id = $2', [tenant, scene.user.id]);
    const answer = await afterCommit(b.store.createGrant(tenant, someCode(scene), NOW));
    assert.deepEqual(answer, { kind: 'refused', reason: 'user_inactive' });
  });

  test('a disablement that meets a code waits for it and revokes it', async () => {
    await createUnderLocks();
    assert.equal(await afterCommit(b.store.setUserEnabled(tenant, scene.user.id, false, NOW)), 'done');
    assert.equal((await b.store.findGrant(tenant, HELD))?.dead?.reason, 'user_disabled');
  });

  test('a new password, and a sign-out everywhere, that meet a code revoke it', async () => {
    await createUnderLocks();
    assert.equal(await afterCommit(setPassword(b, scene.user.id, undefined)), 'done');
    assert.equal((await b.store.findGrant(tenant, HELD))?.dead?.reason, 'password_changed');
    await other.query('BEGIN');
    await createUnderLocks(HELD + 1);
    await afterCommit(b.store.revokeUser(tenant, scene.user.id, 'revoked_by_admin', NOW));
    assert.equal((await b.store.findGrant(tenant, grantId(HELD + 1)))?.dead?.reason, 'revoked_by_admin');
  });

  test('a session that meets a disablement is not opened', async () => {
    await other.query('UPDATE users SET enabled = 0 WHERE tenant = $1 AND id = $2', [tenant, scene.user.id]);
    assert.deepEqual(await afterCommit(b.store.openSession(tenant, someSession(scene.user), opening(scene.user), NOW)), {
      kind: 'refused',
      reason: 'user_inactive',
    });
  });

  test('a code that meets the end of its session waits for it and is refused', async () => {
    await other.query('UPDATE sessions SET ended_at = $3 WHERE tenant = $1 AND id = $2', [tenant, scene.session.id, NOW]);
    const answer = await afterCommit(b.store.createGrant(tenant, someCode(scene), NOW));
    assert.deepEqual(answer, { kind: 'refused', reason: 'session_ended' });
  });

  test('the end of a session that meets a code waits for it and revokes it', async () => {
    await createUnderLocks();
    assert.equal(await afterCommit(b.store.endSession(tenant, scene.session.id, 'signed_out', NOW)), 'ended');
    assert.equal((await b.store.findGrant(tenant, HELD))?.dead?.reason, 'signed_out');
  });

  test('a session that is replaced while a code is created hands that on, too', async () => {
    await createUnderLocks();
    const opened = await afterCommit(b.store.openSession(tenant, someSession(scene.user), opening(scene.user, scene.session.id), NOW));
    assert.ok(opened.kind === 'opened');
    assert.equal((await b.store.findGrant(tenant, HELD))?.sessionId, opened.session.id);
  });

  test('a sign-in in the place of somebody else’s that meets an exchange of theirs waits for it, and leaves what stays without their session', async () => {
    const bob = await makeUser(b, 'bob', tenant);
    const [offline, online] = [await makeCode(b, scene, { offline: true }), await makeCode(b, scene)];
    await other.query('UPDATE grants SET generation = 1, redeemed = 1 WHERE tenant = $1 AND id IN ($2, $3)', [tenant, offline, online]);
    const opened = await afterCommit(b.store.openSession(tenant, someSession(bob), opening(bob, scene.session.id), NOW));
    assert.equal(opened.kind, 'opened');
    assert.equal((await b.store.findGrant(tenant, offline))?.dead, undefined);
    assert.equal((await b.store.findGrant(tenant, online))?.dead?.reason, 'signed_out');
  });

  test('whoever joins a session that is ending waits for the end and is refused', async () => {
    await other.query('UPDATE sessions SET ended_at = $3 WHERE tenant = $1 AND id = $2', [tenant, scene.session.id, NOW]);
    const answers = await afterCommit(Promise.all([b.store.createGrant(tenant, joining(), NOW), b.store.admit(tenant, joining(), NOW)]));
    for (const answer of answers) assert.deepEqual(answer, { kind: 'refused', reason: 'session_ended' });
    assert.deepEqual(await b.store.listParticipants(tenant, scene.session.id, 10), []);
  });

  for (const [what, end] of ENDS) {
    test(`${what} that meets somebody who joins the session waits for them and tells them (OpenID Connect Back-Channel Logout §2.5)`, async () => {
      const bob = await makeUser(b, 'bob', tenant);
      await joinUnderLocks();
      await afterCommit(end(b, { ...scene, bob }));
      const told = await b.store.takeDeliveries(tenant, 10, 60, NOW);
      assert.deepEqual(
        told.map(({ sid }) => sid),
        ['held'],
      );
    });
  }

  test('a session that is replaced while somebody joins it hands them on', async () => {
    await joinUnderLocks();
    const opened = await afterCommit(b.store.openSession(tenant, someSession(scene.user), opening(scene.user, scene.session.id), NOW));
    assert.ok(opened.kind === 'opened');
    assert.deepEqual(
      (await b.store.listParticipants(tenant, opened.session.id, 10)).map(({ sid }) => sid),
      ['held'],
    );
    assert.deepEqual(await b.store.takeDeliveries(tenant, 10, 60, NOW), []);
  });

  test('two who end a session tell its participants once', async () => {
    await b.store.createGrant(tenant, joining(), NOW);
    await other.query('UPDATE sessions SET ended_at = $3 WHERE tenant = $1 AND id = $2', [tenant, scene.session.id, NOW]);
    const both = Promise.all([
      b.store.endSession(tenant, scene.session.id, 'signed_out', NOW),
      b.store.revokeUser(tenant, scene.user.id, 'revoked_by_user', NOW),
    ]);
    await afterCommit(both);
    assert.deepEqual(await b.store.takeDeliveries(tenant, 10, 60, NOW), [], 'whoever came first has told them');
  });

  test('a delivery that another node is taking is left to it, and nobody waits', async () => {
    await owe();
    await other.query('SELECT 1 FROM deliveries WHERE tenant = $1 AND id = 1 FOR UPDATE', [tenant]);
    const taken = await b.store.takeDeliveries(tenant, 10, 60, NOW);
    assert.deepEqual(
      taken.map(({ id }) => id),
      [2],
    );
    await other.query('ROLLBACK');
    assert.deepEqual(
      (await b.store.takeDeliveries(tenant, 10, 60, NOW)).map(({ id }) => id),
      [1],
    );
  });

  test('a late settlement that meets the next attempt waits for it and changes nothing', async () => {
    await owe();
    await b.store.takeDeliveries(tenant, 1, 60, NOW);
    await other.query('UPDATE deliveries SET attempt = 2, due_at = $2 WHERE tenant = $1 AND id = 1', [tenant, NOW + 120]);
    const outcomes = [
      { kind: 'delivered' },
      { kind: 'failed', error: '', dueAt: NOW },
      { kind: 'failed', error: '', dueAt: undefined },
    ] as const;
    await afterCommit(Promise.all(outcomes.map(async (outcome) => await b.store.settleDelivery(tenant, 1, 1, outcome, NOW + 60))));
    const { rows } = await other.query('SELECT attempt, due_at FROM deliveries WHERE tenant = $1 AND id = 1', [tenant]);
    assert.deepEqual(rows, [{ attempt: '2', due_at: `${NOW + 120}` }]);
  });

  test('a client that is put while one of its id is removed waits, and begins beyond it', async () => {
    const id = clientId('registered');
    const old = await b.store.putClient(tenant, { ...someClient(id), source: 'registered' }, NOW);
    const code = await makeCode(b, { ...scene, client: old });
    await other.query(`INSERT INTO counters VALUES ($1, 'client', $2) ON CONFLICT (tenant, name) DO UPDATE SET value = $2`, [
      tenant,
      old.version,
    ]);
    await other.query('DELETE FROM clients WHERE tenant = $1 AND client_id = $2', [tenant, id]);
    const put = await afterCommit(b.store.putClient(tenant, { ...someClient(id), metadata: {} }, NOW));
    assert.ok(put.epoch > old.epoch && put.version > old.version);
    assert.equal((await b.store.findGrant(tenant, code))?.dead?.reason, 'client_revoked');
  });

  test('the removal of a client that meets a new own grant of it waits for it and takes it along', async () => {
    const client = await b.store.putClient(tenant, { ...someClient(clientId('registered')), source: 'registered' }, NOW);
    await other.query('SELECT 1 FROM clients WHERE tenant = $1 AND client_id = $2 FOR NO KEY UPDATE', [tenant, client.clientId]);
    await other.query(
      `INSERT INTO grants (tenant, id, client_id, client_epoch, own_key, key_id, rotated_at, created_at, expires_at, scopes, resources,
        generation, idle_seconds, has_revoked_tokens, subject, amr, offline, redeemed)
      VALUES ($1, $2, $3, 0, 'key', 1, 1, 1, 253402300799, '', '', 1, 0, 0, $3, '', 0, 1)`,
      [tenant, HELD, client.clientId],
    );
    assert.equal(await afterCommit(b.store.removeClient(tenant, client.clientId, NOW)), 'removed');
    const { rows } = await other.query('SELECT own_key, purge_at IS NOT NULL AS falls FROM grants WHERE tenant = $1', [tenant]);
    assert.deepEqual(
      rows,
      [{ own_key: null, falls: true }],
      'it is nobody’s, and stays for a while so that status lists tell that it is dead',
    );
  });

  test('a role that is given to somebody who is being deleted waits for that and is not kept', async () => {
    const role = { userId: scene.user.id, role: 'owner', changedAt: NOW, changedBy: 'cli' };
    await other.query('UPDATE users SET deleted_at = $3 WHERE tenant = $1 AND id = $2', [tenant, scene.user.id, NOW]);
    assert.equal(await afterCommit(b.store.putAdministrator(tenant, role, 'none', 1)), 'unknown');
    const bob = await makeUser(b, 'bob', tenant);
    assert.equal(await b.store.putAdministrator(tenant, { ...role, userId: bob.id }, 'none', 1), 'done', 'it takes nobody’s place');
  });

  test('a code that meets a withdrawal waits for it and is refused', async () => {
    await b.store.giveConsent(tenant, scene.user.id, scene.client.clientId, ['openid', 'email'], [], NOW);
    await other.query('DELETE FROM consents WHERE tenant = $1', [tenant]);
    const answer = await afterCommit(b.store.createGrant(tenant, someCode(scene, { needsConsent: true }), NOW));
    assert.deepEqual(answer, { kind: 'refused', reason: 'consent_missing' });
  });

  test('a withdrawal that meets a code waits for it and revokes it', async () => {
    await b.store.giveConsent(tenant, scene.user.id, scene.client.clientId, ['openid'], [], NOW);
    await other.query('SELECT 1 FROM consents WHERE tenant = $1 FOR SHARE', [tenant]);
    await createUnderLocks();
    assert.deepEqual(await afterCommit(b.store.withdrawConsent(tenant, scene.user.id, scene.client.clientId, NOW)), { revokedGrants: 1 });
  });

  test('consents that are forgotten while one is given wait for it, and it is forgotten too', async () => {
    const { user, client } = scene;
    await other.query('SELECT epoch FROM clients WHERE tenant = $1 AND client_id = $2 FOR SHARE', [tenant, client.clientId]);
    await other.query(`INSERT INTO consents VALUES ($1, $2, $3, 'openid', '', 1, 1, 0)`, [tenant, user.id, client.clientId]);
    assert.equal(await afterCommit(b.store.revokeClient(tenant, client.clientId, NOW, 'forgotten')), 'revoked');
    assert.equal(await b.store.findConsent(tenant, user.id, client.clientId), undefined);
  });

  test('a consent that is given while those before it are forgotten waits for that, and begins anew', async () => {
    const { user, client } = scene;
    await b.store.giveConsent(tenant, user.id, client.clientId, ['openid', 'email'], ['https://a.example'], NOW);
    await other.query('UPDATE clients SET epoch = 1 WHERE tenant = $1', [tenant]);
    await other.query('INSERT INTO forgotten_consents VALUES ($1, $2, 1)', [tenant, client.clientId]);
    const given = await afterCommit(b.store.giveConsent(tenant, user.id, client.clientId, ['phone'], [], NOW + 1));
    assert.deepEqual(given, {
      userId: user.id,
      clientId: client.clientId,
      scopes: ['phone'],
      resources: [],
      grantedAt: NOW + 1,
      updatedAt: NOW + 1,
    });
    assert.deepEqual(await b.store.findConsent(tenant, user.id, client.clientId), given);
    const code = someCode(scene, { needsConsent: true });
    assert.deepEqual(await b.store.createGrant(tenant, code, NOW + 1), { kind: 'refused', reason: 'consent_missing' });
  });

  test('consents that meet the fall of one that stands no more, or its withdrawal, wait for it, and each adds to the other', async () => {
    const { user, client } = scene;
    await b.store.giveConsent(tenant, user.id, client.clientId, ['openid'], [], NOW);
    await other.query('SELECT 1 FROM consents WHERE tenant = $1 FOR UPDATE', [tenant]);
    const given = ['email', 'phone', 'address'].map((scope) => b.store.giveConsent(tenant, user.id, client.clientId, [scope], [], NOW + 1));
    await untilBlocked(given.length);
    await other.query('DELETE FROM consents WHERE tenant = $1', [tenant]);
    await other.query('COMMIT');
    await Promise.all(given);
    const { scopes = [] } = (await b.store.findConsent(tenant, user.id, client.clientId)) ?? {};
    assert.deepEqual([...scopes].sort(), ['address', 'email', 'phone']);
  });

  test('a rotation that meets a revocation is lost, and one that meets a revoked token is taken', async () => {
    const [dying, living] = [await makeGrant(b, scene), await makeGrant(b, scene)];
    await other.query(`UPDATE grants SET revoked_at = $3, revoked_reason = 'revoked_by_user' WHERE tenant = $1 AND id = $2`, [
      tenant,
      dying,
      NOW,
    ]);
    await other.query('UPDATE grants SET has_revoked_tokens = 1 WHERE tenant = $1 AND id = $2', [tenant, living]);
    const both = await afterCommit(Promise.all([b.store.rotate(tenant, dying, 1, 1, NOW), b.store.rotate(tenant, living, 1, 1, NOW)]));
    assert.deepEqual(
      both.map((answer) => [answer.kind, answer.grant?.generation, answer.grant?.hasRevokedTokens]),
      [
        ['lost', 1, false],
        ['taken', 2, true],
      ],
    );
  });

  test('a rotation that meets another one is lost, unless that is rolled back', async () => {
    const grant = await makeGrant(b, scene);
    const rotateElsewhere = async (): Promise<void> => {
      await other.query('UPDATE grants SET generation = generation + 1, key_id = 77 WHERE tenant = $1 AND id = $2', [tenant, grant]);
    };
    await rotateElsewhere();
    const lost = await afterCommit(b.store.rotate(tenant, grant, 1, 1, NOW));
    assert.deepEqual([lost.kind, lost.grant?.generation, lost.grant?.keyId], ['lost', 2, 77]);

    await other.query('BEGIN');
    await rotateElsewhere();
    const waiting = b.store.rotate(tenant, grant, 2, 5, NOW);
    await untilBlocked();
    await other.query('ROLLBACK');
    const taken = await waiting;
    assert.deepEqual([taken.kind, taken.grant?.generation, taken.grant?.keyId], ['taken', 3, 5]);
  });

  test('an exchange that meets another one is lost', async () => {
    const code = await makeCode(b, scene);
    await other.query(`UPDATE grants SET generation = 1, redeemed = 1, secret_hash = 'theirs' WHERE tenant = $1 AND id = $2`, [
      tenant,
      code,
    ]);
    const lost = await afterCommit(b.store.exchangeCode(tenant, code, someRedemption(), NOW));
    assert.deepEqual([lost.kind, grantOf(lost)?.secretHash], ['lost', 'theirs']);
  });

  test('a code whose client, or parent, ends while others make room for it is lost, and they lose nothing', async () => {
    await other.query('ROLLBACK');
    const devices = { max: 1, per: 'type', onExceed: 'replace' } as const;
    const client = await b.store.putClient(tenant, someClient(clientId('other')), NOW);
    const parent = await makeGrant(b, { ...scene, client });
    const there = await makeGrant(b, scene, { sessionId: undefined });
    const ends = [
      async () => await b.store.revokeGrant(tenant, parent, 'revoked_by_user', NOW),
      async () => await b.store.putClient(tenant, { ...someClient(), enabled: false }, NOW),
    ];
    for (const [index, end] of ends.entries()) {
      const code = await makeCode(b, scene, index === 0 ? { parentId: parent } : {});
      await other.query('BEGIN');
      // Asked for after the code was looked at, and before anything is written.
      await other.query('LOCK TABLE devices');
      const exchange = b.store.exchangeCode(tenant, code, someRedemption({ devices }), NOW);
      exchange.catch(() => {});
      await untilBlocked();
      await end();
      await other.query('COMMIT');
      const lost = await exchange;
      assert.deepEqual([lost.kind, grantOf(lost)?.generation], ['lost', 0], `${index}`);
      const { rows } = await other.query('SELECT revoked_at FROM grants WHERE tenant = $1 AND id = $2', [tenant, there]);
      assert.deepEqual(rows, [{ revoked_at: null }]);
    }
  });

  test('log entries become visible in the order of their numbers', async () => {
    const [one, two] = [await makeGrant(b, scene), await makeGrant(b, scene)];
    await b.store.revokeGrant(tenant, one, 'revoked_by_user', NOW);
    // Somebody has taken number 2 and has not committed: nobody can be number 3 before that.
    await other.query(`UPDATE counters SET value = value + 1 WHERE tenant = $1 AND name = 'revocation'`, [tenant]);
    await other.query(`INSERT INTO revocations VALUES ($1, 2, 'key', '1', 'test', $2, $3)`, [tenant, NOW, NOW + 60]);
    const answer = await afterCommit(b.store.revokeGrant(tenant, two, 'revoked_by_user', NOW));
    assert.equal(answer, 'revoked');
    const entries = await b.store.readRevocations(tenant, 0, 10);
    assert.deepEqual(
      entries.map((entry) => [entry.seq, entry.kind]),
      [
        [1, 'grant'],
        [2, 'key'],
        [3, 'grant'],
      ],
    );
  });

  test('the victim of a deadlock tries again, and its act happens', async () => {
    const [one, two] = [await makeGrant(b, scene), await makeGrant(b, scene)];
    // The other side is patient, so that the deadlock is noticed on ours.
    await other.query(`SET LOCAL deadlock_timeout = '20s'`);
    await other.query('UPDATE grants SET key_id = 1 WHERE tenant = $1 AND id = $2', [tenant, two]);
    const revoked = b.store.revokeUser(tenant, scene.user.id, 'revoked_by_admin', NOW);
    await untilBlocked();
    await other.query('UPDATE grants SET key_id = 1 WHERE tenant = $1 AND id = $2', [tenant, one]);
    await other.query('COMMIT');
    assert.deepEqual(await revoked, { revokedGrants: 2 });
    assert.deepEqual(
      (await b.store.readRevocations(tenant, 0, 10)).map((entry) => entry.seq),
      [1, 2, 3, 4],
    );
  });

  test('of two who parse a client at once, both get the same object', async () => {
    await other.query('ROLLBACK');
    const [store] = stores.slice(1);
    const id: ClientId = clientId('fresh');
    await b.store.putClient(tenant, { clientId: id, metadata: {}, secrets: [], enabled: true, source: 'config' }, NOW);
    const found = await Promise.all(Array.from({ length: 50 }, async () => await store?.findClient(tenant, id)));
    assert.ok(found[0] !== undefined);
    assert.ok(found.every((client) => client === found[0]));
  });

  function joining(sid = 'sid'): ReturnType<typeof someCode> {
    return someCode(scene, { participation: { sid, backchannel: true } });
  }

  /** Two deliveries that are due. */
  async function owe(): Promise<void> {
    for (const sid of ['a', 'b']) await b.store.createGrant(tenant, joining(sid), NOW);
    await b.store.endSession(tenant, scene.session.id, 'signed_out', NOW);
  }

  /** What `admit` with a participation has done just before its COMMIT. */
  async function joinUnderLocks(): Promise<void> {
    await other.query('SELECT 1 FROM users WHERE tenant = $1 AND id = $2 FOR NO KEY UPDATE', [tenant, scene.user.id]);
    await other.query('SELECT 1 FROM sessions WHERE tenant = $1 AND id = $2 FOR SHARE', [tenant, scene.session.id]);
    await other.query(`INSERT INTO participants VALUES ($1, $2, $3, 'held', 's', 1)`, [tenant, scene.session.id, scene.client.clientId]);
  }

  /** What `createGrant` has done just before its COMMIT. */
  async function createUnderLocks(id: number = HELD): Promise<void> {
    await other.query('SELECT 1 FROM users WHERE tenant = $1 AND id = $2 FOR NO KEY UPDATE', [tenant, scene.user.id]);
    await other.query('SELECT 1 FROM sessions WHERE tenant = $1 AND id = $2 FOR SHARE', [tenant, scene.session.id]);
    await other.query(
      `INSERT INTO grants (tenant, id, generation, key_id, rotated_at, expires_at, idle_seconds, has_revoked_tokens, user_id, subject, client_id,
        client_epoch, session_id, scopes, resources, auth_time, amr, offline, created_at, redeemed, code_hash, code_request, purge_at)
      VALUES ($1, $2, 0, 1, $3::bigint, $3::bigint + 60, 0, 0, $4, 's', $5, 0, $6, 'openid', '', $3::bigint, 'pwd', 0, $3::bigint, 0, 'code', '{}', $3::bigint + 660)`,
      [tenant, id, NOW, scene.user.id, scene.client.clientId, scene.session.id],
    );
  }

  /** Until some connection waits for a lock that `other` holds, and so many wait in all: for it, or behind one that does. */
  async function untilBlocked(many = 1): Promise<void> {
    for (let attempt = 0; attempt < 10_000; attempt += 1) {
      // A transaction sees the connections that there were when it first looked: one that the pool has opened since would be missed for ever.
      await other.query('SELECT pg_stat_clear_snapshot()');
      const { rows } = await other.query<{ blocked: boolean }>(
        `SELECT coalesce(bool_or(pg_backend_pid() = ANY (pg_blocking_pids(pid))), false) AND count(*) >= $1::bigint AS blocked
          FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`,
        [many],
      );
      if (rows[0]?.blocked === true) return;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assert.fail('nothing ran into the open transaction');
  }
});

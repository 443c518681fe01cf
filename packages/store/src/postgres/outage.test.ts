import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type GrantId, grantId, sessionId, userId } from '@hufu/protocol/ids';
import pg from 'pg';
// A cluster of its own: HUFU_TEST_POSTGRES is not to be killed.
import { createDatabase, startPostgres } from '../../../../scripts/provision/postgres.mjs';
import { APP, type Bench, bench, hashText, makeGrant, makeScene, NOW, opening, someCode, someSession } from '../contract/bench.ts';
import { LIMITS, someApproval, someDevice } from '../contract/pending-bench.ts';
import { until } from '../contract/until.ts';
import { type Store, StoreUnavailable } from '../port.ts';
import { openDatabase, UnsafeDatabase } from './database.ts';
import { openPostgres } from './open.ts';
import { postgresStore } from './store.ts';

const GRANTS = 24;

describe('outages', () => {
  let folder: string;
  let cluster: Awaited<ReturnType<typeof startPostgres>>;
  let url: string;
  let stores: Store[];
  let b: Bench;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hufu-outage-'));
    cluster = await startPostgres({ directory: folder });
    url = await createDatabase('outage', cluster.url);
    stores = [await openPostgres(url, { poolSize: 4 }), await openPostgres(url, { poolSize: 4 })];
    b = await bench({ store: storeOf(0), second: storeOf(1), countRows: async () => 0, close: async () => {} });
  });

  after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function storeOf(index: number): Store {
    const store = stores[index % stores.length];
    assert.ok(store !== undefined);
    return store;
  }

  test('a server that dies under load loses nothing that was acknowledged, and its nodes recover by themselves', async () => {
    const scene = await makeScene(b);
    const grants = await Promise.all(Array.from({ length: GRANTS }, async () => new Rotated(await makeGrant(b, scene))));
    const marks: string[] = [];
    const scopes: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      let isOver = false;
      let failures = 0;
      const work = [
        ...grants.map(async (grant, index) => {
          while (!isOver) failures += await grant.rotate(storeOf(index), b);
        }),
        (async () => {
          for (let index = 0; !isOver; index += 1) {
            const value = hashText(`${round}-${index}-`);
            const taken = await attempt(() => storeOf(index).takeOnce(b.tenant, 'interaction', value, NOW + 3600, NOW));
            if (taken === true) marks.push(value);
            failures += taken === undefined ? 1 : 0;
          }
        })(),
      ];
      work.push(
        (async () => {
          for (let index = 0; !isOver; index += 1) {
            const scope = `scope-${round}-${index}`;
            const given = await attempt(() => storeOf(index).giveConsent(b.tenant, scene.user.id, scene.client.clientId, [scope], [], NOW));
            if (given !== undefined) scopes.push(scope);
            failures += given === undefined ? 1 : 0;
          }
        })(),
      );
      await pause(120);
      const before = grants.reduce((sum, grant) => sum + grant.acknowledged, 0);
      if (round % 2 === 0) {
        await cluster.crash();
      } else {
        await cluster.stop('immediate');
        await pause(50);
        await cluster.start();
      }
      // The server notices a dead child a little later.
      await until(() => failures > 0);
      for (const store of stores) await untilAnswers(store);
      await until(() => grants.reduce((sum, grant) => sum + grant.acknowledged, 0) > before, 'something happened after the recovery');
      isOver = true;
      await Promise.all(work);

      for (const [index, grant] of grants.entries()) await grant.check(storeOf(index + 1), b);
    }
    const again = await Promise.all(marks.map(async (value) => await b.store.takeOnce(b.tenant, 'interaction', value, NOW + 3600, NOW)));
    assert.ok(marks.length > 0);
    assert.ok(
      again.every((taken) => !taken),
      'a mark was lost',
    );
    const kept = new Set((await b.store.findConsent(b.tenant, scene.user.id, scene.client.clientId))?.scopes);
    assert.ok(scopes.length > 0);
    assert.ok(
      scopes.every((scope) => kept.has(scope)),
      'a scope was lost',
    );
  });

  test('after a crash a session has ended with all of its deliveries or with none, and none is taken by two', async () => {
    const scene = await makeScene(b, b.tenant, 'signs-out');
    const acknowledged: number[] = [];
    const opened: number[] = [];
    const taken = new Map<number, number>();
    let isOver = false;
    let failures = 0;
    const signOut = async (worker: number): Promise<void> => {
      const store = storeOf(worker);
      while (!isOver) {
        const started = await attempt(() => store.openSession(b.tenant, someSession(scene.user), opening(scene.user), NOW));
        if (started?.kind !== 'opened') {
          failures += 1;
          await pause(5);
          continue;
        }
        const { session } = started;
        opened.push(session.id);
        let joined = 0;
        for (const sid of ['a', 'b', 'c']) {
          const grant = someCode({ ...scene, session }, { participation: { sid: `${session.id} ${sid}`, backchannel: true } });
          if ((await attempt(() => store.admit(b.tenant, grant, NOW)))?.kind === 'admitted') joined += 1;
        }
        if ((await attempt(() => store.endSession(b.tenant, session.id, 'signed_out', NOW))) !== 'ended') failures += 1;
        else if (joined === 3) acknowledged.push(session.id);
      }
    };
    const takeAll = async (worker: number): Promise<void> => {
      while (!isOver) {
        const deliveries = await attempt(() => storeOf(worker).takeDeliveries(b.tenant, 5, 3600, NOW));
        for (const { id } of deliveries ?? []) taken.set(id, (taken.get(id) ?? 0) + 1);
        await pause(5);
      }
    };
    const work = [...Array.from({ length: 16 }, (_, index) => signOut(index)), ...[0, 1].map(takeAll)];
    for (let round = 0; round < 3; round += 1) {
      const before = acknowledged.length;
      failures = 0;
      await pause(120);
      await cluster.crash();
      await until(() => failures > 0);
      for (const store of stores) await untilAnswers(store);
      await until(() => acknowledged.length >= before + 5);
    }
    isOver = true;
    await Promise.all(work);

    assert.ok([...taken.values()].every((times) => times === 1));
    const looking = new pg.Client({ connectionString: url });
    await looking.connect();
    const { rows } = await looking.query<{ id: string; ended: boolean; joined: string; told: string }>(
      `SELECT id, ended_at IS NOT NULL AS ended,
        (SELECT count(*) FROM participants p WHERE p.tenant = s.tenant AND p.session_id = s.id) AS joined,
        (SELECT count(*) FROM deliveries d WHERE d.tenant = s.tenant AND split_part(d.sid, ' ', 1) = s.id::text) AS told
      FROM sessions s WHERE tenant = $1 AND user_id = $2`,
      [b.tenant, scene.user.id],
    );
    await looking.end();
    const ended = new Set(rows.filter((row) => row.ended).map((row) => Number(row.id)));
    for (const id of acknowledged) assert.ok(ended.has(id), `session ${id} lives again`);
    for (const row of rows) assert.equal(row.told, row.ended ? row.joined : '0', `session ${row.id}`);
    assert.ok(opened.length >= acknowledged.length);
  });

  test('after a crash an authorization is approved with its grant or not at all, and what was acknowledged is', async () => {
    const scene = await makeScene(b, b.tenant, 'approves');
    const acknowledged = new Map<number, number>();
    const uncertain: number[] = [];
    let isOver = false;
    let failures = 0;
    const approve = async (worker: number): Promise<void> => {
      for (let index = 0; !isOver; index += 1) {
        const store = storeOf(worker);
        const pending = someDevice({ userCodeHash: hashText(`${worker}-${index}-`) });
        const opened = await attempt(() => store.openPending(b.tenant, pending, { maxOpen: 100_000, maxOpenOfUser: 0 }, NOW));
        const approval = someApproval(scene, { maxCodes: 100_000 });
        const answer =
          opened?.kind === 'opened' ? await attempt(() => store.approvePending(b.tenant, opened.id, approval, NOW)) : undefined;
        if (opened?.kind === 'opened' && answer?.kind === 'approved') acknowledged.set(opened.id, answer.grantId);
        else if (opened?.kind === 'opened') uncertain.push(opened.id);
        if (answer !== undefined) continue;
        failures += 1;
        await pause(5);
      }
    };
    const work = Array.from({ length: 16 }, (_, index) => approve(index));
    for (let round = 0; round < 3; round += 1) {
      const before = acknowledged.size;
      failures = 0;
      await pause(120);
      await cluster.crash();
      await until(() => failures > 0);
      for (const store of stores) await untilAnswers(store);
      await until(() => acknowledged.size >= before + 5);
    }
    isOver = true;
    await Promise.all(work);

    const grants = new Set<number>();
    for (const id of [...acknowledged.keys(), ...uncertain]) {
      const decision = (await b.store.findPending(b.tenant, id))?.decision;
      if (decision?.kind === 'approved') grants.add(decision.grantId);
      if (acknowledged.has(id)) assert.deepEqual(decision, { kind: 'approved', grantId: acknowledged.get(id) });
    }
    const made = await b.store.listGrants(b.tenant, { userId: scene.user.id }, 1_000_000);
    assert.deepEqual(new Set(made.map(({ id }) => Number(id))), grants);
  });

  test('while the server is away every verb rejects with StoreUnavailable, and soon', async () => {
    await cluster.stop('immediate');
    const calls: (() => Promise<unknown>)[] = [
      () => b.store.time(),
      () => b.store.findClient(b.tenant, APP),
      () => b.store.findGrant(b.tenant, grantId(1)),
      () => b.store.rotate(b.tenant, grantId(1), 1, 1, NOW),
      () => b.store.revokeUser(b.tenant, userId(1), 'revoked_by_admin', NOW),
      () => b.store.readRevocations(b.tenant, 0, 1),
      () => b.store.readRevocationHead(b.tenant),
      () => b.store.renewRevocationEpoch(b.tenant, undefined, 'e'),
      () => b.store.acknowledgeRevocations(b.tenant, { clientId: '', node: 'n', epoch: 'e', points: [], nowMs: 1 }),
      () => b.store.listRevocationFollowers(b.tenant, 1, 0, 1),
      () => b.store.admit(b.tenant, CODE_OF_NOBODY, NOW),
      () => b.store.createGrant(b.tenant, { ...CODE_OF_NOBODY, participation: { sid: 'sid', backchannel: true } }, NOW),
      () => b.store.endSession(b.tenant, sessionId(1), 'signed_out', NOW),
      () => b.store.listParticipants(b.tenant, sessionId(1), 1),
      () => b.store.takeDeliveries(b.tenant, 1, 60, NOW),
      () => b.store.settleDelivery(b.tenant, 1, 1, { kind: 'delivered' }, NOW),
      () => b.store.listDeadDeliveries(b.tenant, 1),
      () => b.store.createGrant(b.tenant, { ...CODE_OF_NOBODY, parentId: grantId(1) }, NOW),
      () => b.store.pushRequest(b.tenant, PUSHED, NOW),
      () => b.store.findPushedRequest(b.tenant, 1),
      () => b.store.openPending(b.tenant, someDevice(), LIMITS, NOW),
      () => b.store.findPending(b.tenant, 1),
      () => b.store.findPendingByUserCode(b.tenant, hashText('code'), NOW),
      () => b.store.listPendingOfUser(b.tenant, userId(1), 1, NOW),
      () => b.store.notePoll(b.tenant, 1, NOW),
      () => b.store.approvePending(b.tenant, 1, CODE_OF_NOBODY, NOW),
      () => b.store.denyPending(b.tenant, 1, userId(1), NOW),
      () => b.store.takeNotifications(b.tenant, 1, 60, NOW),
      () => b.store.settleNotification(b.tenant, 1, 1, undefined),
      () => b.store.removeClient(b.tenant, APP, NOW),
      () => b.store.noteClientUse(b.tenant, APP, NOW),
      () => b.store.countClients(b.tenant, 'config', 1),
      () => b.store.revokeKey(b.tenant, 1, 'kid', NOW),
      () => openPostgres(url),
    ];
    // Refused by the machine, or by a connection that was cut: not given up after a time.
    try {
      for (const call of calls) await assert.rejects(call, (error) => error instanceof StoreUnavailable && !/timeout/i.test(error.message));
    } finally {
      await cluster.start();
    }
    for (const store of stores) await untilAnswers(store);
  });

  test('what waits for too long, for a lock, a connection or an answer, rejects with StoreUnavailable', async () => {
    const scene = await makeScene(b, b.otherTenant);
    const other = await b.store.createGrant(b.otherTenant, { ...CODE, userId: scene.user.id, clientId: scene.client.clientId }, NOW);
    assert.ok(other.kind === 'created');
    const impatient = { poolSize: 1, allowUnsafe: false, timeoutMs: 400 };
    const narrow = postgresStore(openDatabase(url, impatient));
    const frozen = postgresStore(openDatabase(`${url}?application_name=frozen`, impatient));
    await Promise.all([narrow, frozen].map(untilAnswers));
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM grants WHERE tenant = $1 FOR UPDATE', [b.otherTenant]);
    const { rows } = await holder.query<{ pid: number }>(`SELECT pid FROM pg_stat_activity WHERE application_name = 'frozen'`);
    const pids = rows.map((row) => row.pid);
    assert.equal(pids.length, 1);

    const lock = narrow.revokeGrant(b.otherTenant, other.id, 'revoked_by_user', NOW);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const answer = frozen.time();
    // They give up before the answer that never comes is given up.
    const crowd = Array.from({ length: 1200 }, () => frozen.findSession(b.otherTenant, scene.session.id));
    const [refused] = await Promise.allSettled(crowd.slice(-1));
    assert.ok(refused?.status === 'rejected' && refused.reason instanceof StoreUnavailable, 'the queue is bounded');
    const settled = await Promise.allSettled([lock, answer, ...crowd]);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    await holder.query('ROLLBACK');
    await holder.end();
    for (const one of settled) assert.ok(one.status === 'rejected' && one.reason instanceof StoreUnavailable);

    await pause(100);
    assert.equal(
      (await b.store.findGrant(b.otherTenant, other.id))?.dead,
      undefined,
      'a statement that was given up has not happened later',
    );
    for (const store of [narrow, frozen]) {
      await untilAnswers(store);
      await store.close();
    }
  });

  test('a closed store answers nothing', async () => {
    const store = await openPostgres(url);
    await store.close();
    await store.close();
    await assert.rejects(() => store.time(), StoreUnavailable);
  });

  test('a server that acknowledges what it may lose is refused, unless it is asked for', async () => {
    const careless = `${url}?options=-c%20synchronous_commit%3Doff`;
    await assert.rejects(() => openPostgres(careless), { name: 'UnsafeDatabase', message: /synchronous_commit/ });
    for (const store of [await openPostgres(`${careless}&unsafe=1`), await openPostgres(careless, { allowUnsafe: true })])
      await store.close();

    const other = await mkdtemp(join(tmpdir(), 'hufu-outage-'));
    const reckless = await startPostgres({ directory: other, settings: { fsync: 'off' } });
    await assert.rejects(
      () => openPostgres(reckless.url),
      (error) => error instanceof UnsafeDatabase && error.message.includes('fsync'),
    );
    const store = await openPostgres(`${reckless.url}?unsafe=1`);
    assert.equal((await store.ensureTenant('default')).id, 1);
    await store.close();
    await reckless.stop();
    await rm(other, { recursive: true, force: true });
  });
});

const CODE = {
  subject: 's',
  sessionId: undefined,
  scopes: [],
  resources: [],
  authTime: NOW,
  amr: [],
  offline: false,
  claims: undefined,
  keyId: 1,
  expiresAt: NOW + 60,
  needsConsent: false,
  participation: undefined,
  credential: { kind: 'code', codeHash: hashText('code'), codeRequest: {}, maxCodes: 10 },
} as const;

const PUSHED = { secretHash: hashText('secret'), clientId: APP, parameters: '', boundKey: undefined, createdAt: NOW, expiresAt: NOW + 60 };

const CODE_OF_NOBODY = { ...CODE, userId: userId(1), clientId: APP, sessionId: sessionId(1) };

/** A grant that somebody rotates, who may not know whether the last rotation happened. */
class Rotated {
  readonly id: GrantId;
  /** The newest generation that an answer has told of. */
  acknowledged = 1;
  #unknown = 0;

  constructor(id: GrantId) {
    this.id = id;
  }

  /** Answers the number of failures. */
  async rotate(store: Store, b: Bench): Promise<number> {
    const answer = await attempt(() => store.rotate(b.tenant, this.id, this.acknowledged, 1, NOW));
    if (answer === undefined) {
      this.#unknown += 1;
      await pause(5);
      return 1;
    }
    const generation = answer.grant?.generation ?? 0;
    // Lost means that one of the unknown ones had happened, and at most one of them can have.
    if (answer.kind === 'lost')
      assert.ok(this.#unknown > 0 && generation === this.acknowledged + 1, `${generation} after ${this.acknowledged}`);
    assert.equal(generation, this.acknowledged + 1);
    this.acknowledged = generation;
    this.#unknown = 0;
    return 0;
  }

  async check(store: Store, b: Bench): Promise<void> {
    const generation = (await store.findGrant(b.tenant, this.id))?.generation ?? 0;
    assert.ok(
      generation === this.acknowledged || (this.#unknown > 0 && generation === this.acknowledged + 1),
      `${generation} of ${this.acknowledged}`,
    );
  }
}

/** Undefined where the store was unavailable; any other failure is one of the test. */
async function attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof StoreUnavailable) return undefined;
    throw error;
  }
}

async function untilAnswers(store: Store): Promise<void> {
  await until(async () => (await attempt(() => store.time())) !== undefined, 'the store is back');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

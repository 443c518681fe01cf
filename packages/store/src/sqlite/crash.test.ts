/**
 * A process that exchanges, rotates, approves and signs out under load is killed at random moments. What it acknowledged must be there
 * afterwards, no session may have ended without its deliveries, nor have a delivery without its end, and what is approved has its grant.
 * This file is also that process: `HUFU_CRASH_CHILD` names the database.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type GrantId, grantId, tenantId } from '@hufu/protocol/ids';
import { bench, hashText, makeScene, NOW, opening, someCode, someRedemption, someSession } from '../contract/bench.ts';
import { someApproval, someDevice } from '../contract/pending-bench.ts';
import type { Store, UserRecord } from '../port.ts';
import { openSqlite } from './open.ts';

const TENANT = tenantId(1);
/** Said of a session in the place of a generation. */
const ENDED = -1;
/** Said of what was approved on another device. */
const APPROVED = -2;
const long = process.env['HUFU_LONG'];
const ROUNDS = long === undefined || long === '' ? 10 : Math.max(300, Number(long) || 0);
const database = process.env['HUFU_CRASH_CHILD'];

if (database === undefined) {
  test(`nothing that was acknowledged is lost when the process is killed, ${ROUNDS} times`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
    const path = join(directory, 'hufu.db');
    const store = await openSqlite(path);
    await makeScene(await bench({ store, countRows: async () => 0, close: async () => undefined }));
    await store.close();
    const log = openSync(join(directory, 'acknowledged'), 'a');
    /** Grant → the highest generation that was acknowledged. 0: the code was created. */
    const acknowledged = new Map<GrantId, number>();
    let ended = 0;
    let approvals = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      // Spread over the life of a process: from its first writes to some thousand.
      const { grants: fresh, sessions, approved } = await killAfter(path, log, 1 + ((round * 7919) % 3000));
      assert.ok(fresh.size > 0, `round ${round}: nothing was acknowledged`);
      ended += sessions.length;
      checkDeliveries(path, sessions);
      approvals += approved.length;
      checkApprovals(path, approved);
      for (const [id, generation] of fresh) {
        assert.ok(!acknowledged.has(id), `id ${id} was given out again`);
        acknowledged.set(id, generation);
      }
      await check(path, fresh);
    }
    await check(path, acknowledged);
    assert.ok(ended > 0, 'no end of a session was acknowledged');
    assert.ok(approvals > 0, 'no approval was acknowledged');
    closeSync(log);
    rmSync(directory, { recursive: true });
  });
} else {
  await work(database);
}

/** Runs the child until it has said about `writes` acts, kills it, and answers all that it acknowledged. */
async function killAfter(path: string, log: number, writes: number): Promise<Acknowledged> {
  const child = spawn(process.execPath, ['--conditions=source', fileURLToPath(import.meta.url)], {
    env: { ...process.env, HUFU_CRASH_CHILD: path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    writeSync(log, chunk);
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= writes * BYTES_A_LINE) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.on('close', resolve));
  // Nothing counts that the log might lose.
  fsyncSync(log);
  // A line that the kill has cut was not acknowledged.
  const lines = Buffer.concat(chunks).toString('latin1').split('\n').slice(0, -1);
  const acknowledged = new Map<GrantId, number>();
  const sessions: number[] = [];
  const approved: number[] = [];
  for (const line of lines) {
    const [number = 0, generation = 0] = line.split(' ').map(Number);
    if (generation === ENDED) {
      sessions.push(number);
      continue;
    }
    if (generation === APPROVED) {
      approved.push(number);
      continue;
    }
    const id = grantId(number);
    acknowledged.set(id, Math.max(acknowledged.get(id) ?? 0, generation));
  }
  return { grants: acknowledged, sessions, approved };
}

interface Acknowledged {
  readonly grants: Map<GrantId, number>;
  /** Those that have ended. */
  readonly sessions: readonly number[];
  /** What was approved on another device. */
  readonly approved: readonly number[];
}

const BYTES_A_LINE = 7;
/** Every session that has ended has told both who wanted to hear of it, and no other has told anybody. */
function checkDeliveries(path: string, acknowledged: readonly number[]): void {
  const db = new DatabaseSync(path);
  const told = new Map<number, number>();
  for (const { sid } of db.prepare('SELECT sid FROM deliveries').all()) {
    const [id = 0] = String(sid).split(' ').map(Number);
    told.set(id, (told.get(id) ?? 0) + 1);
  }
  const ended = db.prepare('SELECT id FROM sessions WHERE ended_at IS NOT NULL').all();
  const ids = new Set(ended.map(({ id }) => Number(id)));
  db.close();
  for (const id of acknowledged) assert.ok(ids.has(id), `session ${id} lives again`);
  for (const id of ids) assert.equal(told.get(id), 2, `session ${id} has ended`);
  for (const id of told.keys()) assert.ok(ids.has(id), `session ${id} has told of an end that was none`);
}

/** Whatever is approved has its grant, no such grant is there without, and what was acknowledged is approved. */
function checkApprovals(path: string, acknowledged: readonly number[]): void {
  const db = new DatabaseSync(path);
  const rows = db.prepare("SELECT id, grant_id FROM pending_authorizations WHERE decision = 'approved'").all();
  const grants = db.prepare('SELECT id FROM grants WHERE code_hash = ?').all(hashText('device'));
  db.close();
  const approved = new Set(rows.map(({ id }) => id));
  for (const id of acknowledged) assert.ok(approved.has(id), `the approval of ${id} is lost`);
  assert.deepEqual(new Set(rows.map(({ grant_id: id }) => id)), new Set(grants.map(({ id }) => id)));
}

async function check(path: string, acknowledged: ReadonlyMap<GrantId, number>): Promise<void> {
  const store = await openSqlite(path);
  for (const [id, generation] of acknowledged) {
    const grant = await store.findGrant(TENANT, id);
    assert.ok(grant !== undefined, `grant ${id} is lost`);
    assert.ok(grant.generation >= generation, `grant ${id} went back from generation ${generation} to ${grant.generation}`);
    if (generation > 0) assert.equal(grant.codeRequest, undefined);
  }
  const [redeemed] = [...acknowledged].findLast(([, generation]) => generation > 0) ?? [];
  if (redeemed !== undefined) assert.equal((await store.exchangeCode(TENANT, redeemed, someRedemption(), NOW)).kind, 'lost');
  await store.close();
  const db = new DatabaseSync(path);
  assert.deepEqual({ ...db.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' });
  db.close();
}

/** The child: sixty-four at once create, exchange and rotate, or sign out, and say each act on stdout once it is acknowledged. */
async function work(path: string): Promise<void> {
  const store = await openSqlite(path, { checkpointBytes: 256 * 1024 });
  const user = await store.findUserByName(TENANT, 'ada');
  const [client] = await store.listClients(TENANT, '', 1);
  assert.ok(user !== undefined && client !== undefined);
  const opened = await store.openSession(TENANT, someSession(user, { amr: [], expiresAt: NOW + 1000 }), opening(user), NOW);
  assert.equal(opened.kind, 'opened');
  const scene = { user, client, session: opened.session };
  const say = (id: number, generation: number): void => void process.stdout.write(`${id} ${generation}\n`);
  const chain = async (): Promise<void> => {
    // Bounded: the parent kills long before.
    for (let grant = 0; grant < 10_000; grant += 1) {
      const made = await store.createGrant(TENANT, someCode(scene, { maxCodes: 100_000 }), NOW);
      assert.equal(made.kind, 'created');
      say(made.id, 0);
      assert.equal((await store.exchangeCode(TENANT, made.id, someRedemption({ maxGrants: 10_000_000 }), NOW)).kind, 'taken');
      say(made.id, 1);
      for (let generation = 1; generation < 6; generation += 1) {
        assert.equal((await store.rotate(TENANT, made.id, generation, 1, NOW)).kind, 'taken');
        say(made.id, generation + 1);
      }
    }
  };
  // Of this process alone: what those before it have left open is not so much that the oldest end.
  const signer = await makeOne(store, `signer-${process.pid}-${opened.session.id}`);
  const signOut = async (): Promise<void> => {
    for (let round = 0; round < 10_000; round += 1) {
      const started = await store.openSession(TENANT, someSession(signer), opening(signer), NOW);
      assert.equal(started.kind, 'opened');
      const { id } = started.session;
      for (const [name, backchannel] of [
        ['a', true],
        ['b', true],
        ['c', false],
      ] as const) {
        const code = someCode(
          { ...scene, user: signer, session: started.session },
          { maxCodes: 100_000, participation: { sid: `${id} ${name}`, backchannel } },
        );
        assert.equal((await store.createGrant(TENANT, code, NOW)).kind, 'created');
      }
      assert.equal(await store.endSession(TENANT, id, 'signed_out', NOW), 'ended');
      say(id, ENDED);
    }
  };
  // Whose codes are few, so that they are soon counted.
  const approver = await makeOne(store, 'approver');
  const approve = async (worker: number): Promise<void> => {
    for (let round = 0; round < 10_000; round += 1) {
      const pending = someDevice({ clientId: client.clientId, userCodeHash: hashText(`${opened.session.id}-${worker}-${round}-`) });
      const asked = await store.openPending(TENANT, pending, { maxOpen: 100_000, maxOpenOfUser: 0 }, NOW);
      assert.equal(asked.kind, 'opened');
      const answer = await store.approvePending(TENANT, asked.id, someApproval({ ...scene, user: approver }, { maxCodes: 20 }), NOW);
      assert.equal(answer.kind, 'approved');
      say(asked.id, APPROVED);
    }
  };
  const turns = [signOut, approve, chain, chain];
  await Promise.all(Array.from({ length: 64 }, (_, index) => turns[index % turns.length]?.(index)));
}

async function makeOne(store: Store, username: string): Promise<UserRecord> {
  const made = await store.createUser(TENANT, { sub: username, username, passwordHash: undefined, claims: {} }, NOW);
  assert.ok(made.kind !== 'identity_taken');
  return made.user;
}

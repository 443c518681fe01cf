/**
 * A process that exchanges and rotates under load is killed at random moments. What it acknowledged must be there afterwards.
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
import { bench, makeScene, NOW, someCode, someRedemption } from '../contract/bench.ts';
import { openSqlite } from './open.ts';

const TENANT = tenantId(1);
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
    for (let round = 0; round < ROUNDS; round += 1) {
      // Spread over the life of a process: from its first writes to some thousand.
      const fresh = await killAfter(path, log, 1 + ((round * 7919) % 3000));
      assert.ok(fresh.size > 0, `round ${round}: nothing was acknowledged`);
      for (const [id, generation] of fresh) {
        assert.ok(!acknowledged.has(id), `id ${id} was given out again`);
        acknowledged.set(id, generation);
      }
      await check(path, fresh);
    }
    await check(path, acknowledged);
    closeSync(log);
    rmSync(directory, { recursive: true });
  });
} else {
  await work(database);
}

/** Runs the child until it has said about `writes` acts, kills it, and answers all that it acknowledged. */
async function killAfter(path: string, log: number, writes: number): Promise<Map<GrantId, number>> {
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
  for (const line of lines) {
    const [number = 0, generation = 0] = line.split(' ').map(Number);
    const id = grantId(number);
    acknowledged.set(id, Math.max(acknowledged.get(id) ?? 0, generation));
  }
  return acknowledged;
}

const BYTES_A_LINE = 7;

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

/** The child: sixty-four at once create, exchange and rotate, and say each act on stdout once it is acknowledged. */
async function work(path: string): Promise<void> {
  const store = await openSqlite(path, { checkpointBytes: 256 * 1024 });
  const user = await store.findUserByName(TENANT, 'ada');
  const [client] = await store.listClients(TENANT, '', 1);
  assert.ok(user !== undefined && client !== undefined);
  const opened = await store.openSession(
    TENANT,
    { userId: user.id, secretHash: 'x', authTime: NOW, amr: [], expiresAt: NOW + 1000, userAgent: '' },
    undefined,
    NOW,
  );
  assert.equal(opened.kind, 'opened');
  const scene = { user, client, session: opened.session };
  const say = (id: GrantId, generation: number): void => void process.stdout.write(`${id} ${generation}\n`);
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
  await Promise.all(Array.from({ length: 64 }, chain));
}

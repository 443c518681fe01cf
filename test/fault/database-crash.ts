import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, startPostgres } from '../../scripts/provision/postgres.mjs';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';
import { seededRandom } from '../support/seeds.ts';
import { AckLog } from './ack-log.ts';
import { API, LOAD_YAML, openLoad } from './load.ts';
import { type Losses, verify } from './verify.ts';

const CUSTOMERS = 16;
/** Until everybody knows that the database is away. */
const TOLD_MS = 2_000;
/** From the moment that the database takes connections again. */
const RECOVERY_MS = 60_000;

export interface DatabaseCrashReport extends Losses {
  /** Answers that an honest client should not have got: anything but the right one, or 503 with `Retry-After`. */
  readonly complaints: readonly string[];
  readonly rounds: number;
  readonly acknowledgements: number;
  /** How often somebody was told that the store is away. */
  readonly unavailable: number;
  readonly slowestRecoveryMs: number;
}

/**
 * Kills PostgreSQL at random moments under load and starts it again; the server goes on. `unsafe` lets it acknowledge what it may lose.
 * Ends with the first round in which something was wrong.
 */
export async function crashDatabase(rounds: number, seed: number, { unsafe }: { readonly unsafe: boolean }): Promise<DatabaseCrashReport> {
  const random = seededRandom(seed);
  const directory = await mkdtemp(join(tmpdir(), 'hufu-database-crash-'));
  // PostgreSQL runs as somebody else, who has to get in.
  await chmod(directory, 0o711);
  const settings = unsafe ? { synchronous_commit: 'off' } : {};
  const cluster = await startPostgres({ directory: join(directory, 'postgres'), settings });
  const log = await AckLog.open(join(directory, 'acknowledged.jsonl'));
  const losses: Losses = { lost: [], revived: [] };
  const complaints: string[] = [];
  let hufu: HufuProcess | undefined;
  let stopLoad = async (): Promise<void> => {};
  let slowestRecoveryMs = 0;
  let round = 0;
  try {
    const url = await createDatabase('hufu', cluster.url);
    const database = unsafe ? `${url}?unsafe=1` : url;
    hufu = await startProcess({ directory: join(directory, 'hufu'), port: await freePort(), database, yaml: LOAD_YAML });
    const { origin } = hufu;
    const load = openLoad({ origin, log, random, complain: (what) => complaints.push(what), patient: true });
    await load.prepare();
    while (round < rounds && losses.lost.length + losses.revived.length + complaints.length === 0) {
      round += 1;
      const running = load.run(CUSTOMERS);
      stopLoad = async () => {
        load.stop();
        await running;
      };
      const enough = log.count + CUSTOMERS + random() * 200;
      while (log.count < enough) await sleep(1);
      const where = `HUFU_SEED=${seed}, round ${round}`;
      const before = load.unavailable();
      if (round % 4 === 0) {
        // One of its processes dies, and it throws everybody out by itself.
        await cluster.crash();
        await told(() => load.unavailable() > before, where);
      } else {
        await cluster.stop('immediate');
        const away = load.unavailable();
        await sleep(random() * 400);
        // Whoever waits for an answer that never comes is told at once, not when some limit is over.
        await told(() => load.unavailable() >= away + CUSTOMERS, where);
        assert.equal((await fetch(`${origin}/readyz`)).status, 503);
        assert.equal((await fetch(`${origin}/healthz`)).status, 200);
        await cluster.start();
      }
      slowestRecoveryMs = Math.max(slowestRecoveryMs, await firstAnswer(origin));
      // Under load too.
      const back = log.count;
      while (log.count < back + CUSTOMERS) await sleep(5);
      await stopLoad();
      await verify(load, origin, random, losses);
    }
    return { ...losses, complaints, rounds: round, acknowledgements: log.count, unavailable: load.unavailable(), slowestRecoveryMs };
  } finally {
    await hufu?.kill();
    await stopLoad();
    await cluster.stop('immediate');
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function told(check: () => boolean, where: string): Promise<void> {
  for (let waited = 0; !check(); waited += 10) {
    assert.ok(waited < TOLD_MS, `${where}: not everybody was told that the database is away`);
    await sleep(10);
  }
}

/** Milliseconds until the server answers something that needs its store. */
async function firstAnswer(origin: string): Promise<number> {
  const begun = performance.now();
  const headers = {
    authorization: `Basic ${Buffer.from(API).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  for (;;) {
    const reply = await fetch(`${origin}/oauth/token`, { method: 'POST', headers, body: 'grant_type=client_credentials' });
    await reply.body?.cancel();
    const took = performance.now() - begun;
    if (reply.status === 200) return took;
    assert.equal(reply.status, 503);
    assert.ok(took < RECOVERY_MS, 'it did not recover in time');
    await sleep(20);
  }
}

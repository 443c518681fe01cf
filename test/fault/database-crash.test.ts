import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, startPostgres } from '../../scripts/provision/postgres.mjs';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';
import { firstSeed, rounds, seededRandom } from '../support/seeds.ts';
import { AckLog } from './ack-log.ts';
import { API, LOAD_YAML, openLoad } from './load.ts';
import { type Losses, verify } from './verify.ts';

const ROUNDS = rounds(4, 50);
const CUSTOMERS = 16;
/** Until everybody knows that the database is away. */
const TOLD_MS = 2_000;
/** From the moment that the database takes connections again. */
const RECOVERY_MS = 5_000;

test(`PostgreSQL that dies under load is 503 and nothing worse, and the server goes on by itself (attacks REL-04), ${ROUNDS} rounds`, async (t) => {
  const seed = firstSeed();
  const random = seededRandom(seed);
  const directory = await mkdtemp(join(tmpdir(), 'hufu-database-crash-'));
  // PostgreSQL runs as somebody else, who has to get in.
  await chmod(directory, 0o711);
  const cluster = await startPostgres({ directory: join(directory, 'postgres') });
  const log = await AckLog.open(join(directory, 'acknowledged.jsonl'));
  const losses: Losses = { lost: [], revived: [] };
  const complaints: string[] = [];
  let hufu: HufuProcess | undefined;
  let stopLoad = async (): Promise<void> => {};
  let slowest = 0;
  let refused = 0;
  try {
    const database = await createDatabase('hufu', cluster.url);
    hufu = await startProcess({ directory: join(directory, 'hufu'), port: await freePort(), database, yaml: LOAD_YAML });
    const { origin, pid } = hufu;
    const load = openLoad({ origin, log, random, complain: (what) => complaints.push(what), patient: true });
    await load.prepare();
    for (let round = 1; round <= ROUNDS; round += 1) {
      const before = log.count;
      const running = load.run(CUSTOMERS);
      stopLoad = async () => {
        load.stop();
        await running;
      };
      const enough = before + CUSTOMERS + random() * 200;
      while (log.count < enough) await sleep(1);
      if (round % 4 === 0) {
        // One of its processes dies, and it throws everybody out by itself.
        await cluster.crash();
      } else {
        await cluster.stop('immediate');
        const away = load.unavailable();
        await sleep(random() * 400);
        // Whoever waits for an answer that never comes is told at once, not when some limit is over.
        for (let waited = 0; load.unavailable() < away + CUSTOMERS; waited += 10) {
          assert.ok(waited < TOLD_MS, `HUFU_SEED=${seed}, round ${round}: not everybody was told that it is away`);
          await sleep(10);
        }
        assert.equal((await fetch(`${origin}/readyz`)).status, 503);
        assert.equal((await fetch(`${origin}/healthz`)).status, 200);
        await cluster.start();
      }
      slowest = Math.max(slowest, await firstAnswer(origin));
      // Under load too.
      const back = log.count;
      while (log.count < back + CUSTOMERS) await sleep(5);
      await stopLoad();
      refused = load.unavailable();
      await verify(load, origin, random, losses);
      assert.deepEqual({ ...losses, complaints }, { lost: [], revived: [], complaints: [] }, `HUFU_SEED=${seed}, round ${round}`);
    }
    assert.equal(hufu.pid, pid);
    t.diagnostic(
      `${ROUNDS} rounds, ${log.count} acknowledgements, ${refused} times 503, ${losses.lost.length} lost, ${losses.revived.length} revived, recovered after at most ${Math.round(slowest)} ms`,
    );
  } finally {
    await hufu?.kill();
    await stopLoad();
    await cluster.stop('immediate');
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
});

/** Milliseconds until the server answers something that needs its store. */
async function firstAnswer(origin: string): Promise<number> {
  const begun = performance.now();
  const headers = { authorization: `Basic ${Buffer.from(API).toString('base64')}`, 'content-type': 'application/x-www-form-urlencoded' };
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

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENGINES, freshDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';
import { firstSeed, rounds, seededRandom } from '../support/seeds.ts';
import { AckLog } from './ack-log.ts';
import { LOAD_YAML, openLoad } from './load.ts';
import { type Losses, verify } from './verify.ts';

const ROUNDS = rounds(5, 50);
const CUSTOMERS = 16;

for (const engine of ENGINES) {
  test(`kill -9 under load on ${engine} loses nothing that was acknowledged and revives nothing (attacks REL-01), ${ROUNDS} rounds`, async (t) => {
    const seed = firstSeed();
    const random = seededRandom(seed);
    const database = await freshDatabase(engine);
    const directory = await mkdtemp(join(tmpdir(), 'hufu-crash-'));
    const log = await AckLog.open(join(directory, 'acknowledged.jsonl'));
    const port = await freePort();
    const options = { directory, port, database: database.url, yaml: LOAD_YAML } as const;
    const losses: Losses = { lost: [], revived: [] };
    const complaints: string[] = [];
    let hufu: HufuProcess | undefined;
    let slowest = 0;
    try {
      hufu = await startProcess(options);
      const load = openLoad({ origin: hufu.origin, log, random, complain: (what) => complaints.push(what), patient: false });
      await load.prepare();
      for (let round = 1; round <= ROUNDS; round += 1) {
        const before = log.count;
        const running = load.run(CUSTOMERS);
        // Any moment, once there is something to lose.
        const enough = before + CUSTOMERS + random() * 250;
        while (log.count < enough) await sleep(1);
        await sleep(random() * 5);
        await hufu.kill();
        await running;
        hufu = await startProcess(options);
        slowest = Math.max(slowest, hufu.readyMs);
        await verify(load, hufu.origin, random, losses);
        assert.deepEqual({ ...losses, complaints }, { lost: [], revived: [], complaints: [] }, `HUFU_SEED=${seed}, round ${round}`);
      }
      t.diagnostic(
        `${engine}: ${ROUNDS} rounds, ${log.count} acknowledgements, ${losses.lost.length} lost, ${losses.revived.length} revived, first answer after at most ${Math.round(slowest)} ms`,
      );
    } finally {
      await hufu?.kill();
      await log.close();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    }
  });
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Engine, freshDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';
import { seededRandom } from '../support/seeds.ts';
import { AckLog } from './ack-log.ts';
import { LOAD_YAML, openLoad } from './load.ts';
import { type Losses, verify } from './verify.ts';

const CUSTOMERS = 16;

export interface CrashReport extends Losses {
  /** Answers that an honest client should not have got. */
  readonly complaints: readonly string[];
  readonly rounds: number;
  readonly acknowledgements: number;
  /** Milliseconds from a start to its first answer, at most. */
  readonly slowestStartMs: number;
}

/** Kills the server at random moments under load, starts it again, and asks it about all that it had acknowledged. Ends with the first round that lost something. */
export async function crash(engine: Engine, rounds: number, seed: number, main?: string): Promise<CrashReport> {
  const random = seededRandom(seed);
  const database = await freshDatabase(engine);
  const directory = await mkdtemp(join(tmpdir(), 'hufu-crash-'));
  const log = await AckLog.open(join(directory, 'acknowledged.jsonl'));
  const options = { directory, port: await freePort(), database: database.url, yaml: LOAD_YAML, ...(main === undefined ? {} : { main }) };
  const losses: Losses = { lost: [], revived: [] };
  const complaints: string[] = [];
  let hufu: HufuProcess | undefined;
  let slowestStartMs = 0;
  let round = 0;
  try {
    hufu = await startProcess(options);
    const load = openLoad({ origin: hufu.origin, log, random, complain: (what) => complaints.push(what), patient: false });
    await load.prepare();
    while (round < rounds && losses.lost.length + losses.revived.length + complaints.length === 0) {
      round += 1;
      const running = load.run(CUSTOMERS);
      // Any moment, once there is something to lose.
      const enough = log.count + CUSTOMERS + random() * 250;
      while (log.count < enough) await sleep(1);
      await sleep(random() * 5);
      await hufu.kill();
      await running;
      hufu = await startProcess(options);
      slowestStartMs = Math.max(slowestStartMs, hufu.readyMs);
      await verify(load, hufu.origin, random, losses);
    }
    return { ...losses, complaints, rounds: round, acknowledgements: log.count, slowestStartMs };
  } finally {
    await hufu?.kill();
    await log.close();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * What a decision through Redis costs: `node --conditions=source bench/src/flow-redis.ts [decisions] [rounds]`. One process, 64 requests in flight,
 * the same trace of keys for all: 1,000 of them, some far more often than others. `@hufu/flow` with one script call a decision, and with
 * leases, beside rate-limiter-flexible, all on ioredis and a Redis of their own. In turns; of each the median and the best round, by
 * the clock, and by what the processor did in this process and in Redis: that holds still where something else runs on the machine.
 * The ratios are of one round each, where all had the machine of the same moment; their median counts.
 */
import { cpus, loadavg } from 'node:os';
import { createLimiter } from '@hufu/flow/create-limiter';
import { IOREDIS_OPTIONS, ioredisConnection } from '@hufu/flow/redis/ioredis';
import { redisStore } from '@hufu/flow/redis/redis-store';
import type { Rule } from '@hufu/flow/rule';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { startRedis } from '../../test/support/redis.ts';
import { nowMs } from './clock.ts';

const IN_FLIGHT = 64;
const KEYS = 1_000;
const LIMIT = 1_000_000;
const HOUR_MS = 3_600_000;
const BARS = { single: 1, leased: 4 };

/** Takes one unit of a key, and says whether it was there. */
type Take = (key: string) => Promise<boolean>;

/** The first ones most: as those are who use a service. */
function makeTrace(count: number): readonly string[] {
  let random = 12_345;
  return Array.from({ length: count }, () => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    return `192.0.2.${Math.floor((random / 2 ** 32) ** 4 * KEYS)}`;
  });
}

function ours(client: Redis, more: Partial<Rule>): Take {
  const rule: Rule = { name: 'bench', key: ['user'], algorithm: { kind: 'gcra', limit: LIMIT, periodMs: HOUR_MS, burst: LIMIT }, ...more };
  const store = redisStore({ connection: ioredisConnection(client), secret: new Uint8Array(32), timeoutMs: 5_000 });
  const limiter = createLimiter({ rules: [rule], store });
  return async (user) => (await limiter.take({ user })).allowed;
}

function flexible(client: Redis): Take {
  const limiter = new RateLimiterRedis({ storeClient: client, points: LIMIT, duration: HOUR_MS / 1_000 });
  return (key) =>
    limiter.consume(key).then(
      () => true,
      () => false,
    );
}

interface Figure {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Microseconds of processor time a decision. */
  readonly here: number;
}

async function drive(take: Take, trace: readonly string[]): Promise<Figure> {
  let next = 0;
  const latencies: number[] = [];
  const worker = async (): Promise<void> => {
    for (let key = trace[next++]; key !== undefined; key = trace[next++]) {
      const sentMs = nowMs();
      // oxlint-disable-next-line no-await-in-loop -- one at a time for each of those in flight
      if (!(await take(key))) throw new Error('a take was refused');
      latencies.push(nowMs() - sentMs);
    }
  };
  const begunMs = nowMs();
  const begun = process.cpuUsage();
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const seconds = (nowMs() - begunMs) / 1_000;
  const { user, system } = process.cpuUsage(begun);
  const here = (user + system) / trace.length;
  return { here, perSecond: trace.length / seconds, p99Ms: latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? 0 };
}

const [decisions = 100_000, rounds = 11] = process.argv.slice(2).map(Number);
const redis = await startRedis();
const connect = async (): Promise<Redis> => {
  const client = new Redis(redis.port, '127.0.0.1', { ...IOREDIS_OPTIONS, lazyConnect: true });
  await client.connect();
  return client;
};
const clients = [await connect(), await connect(), await connect()] as const;
const contenders = [
  { name: 'rate-limiter-flexible', take: flexible(clients[0]) },
  { name: 'ours: one call a decision', take: ours(clients[1], {}) },
  { name: 'ours: leases of 1,000 for 5 s', take: ours(clients[2], { lease: { units: 1_000, forMs: 5_000 } }) },
] as const;
const trace = makeTrace(decisions);
const figures = new Map<string, (Figure & { readonly calls: number; readonly there: number })[]>();
const counting = redis.connect();
const callsOf = async (): Promise<number> =>
  Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await counting.info('commandstats')))?.[1] ?? 0);
/** Microseconds of processor time that Redis has used. */
const usedByRedis = async (): Promise<number> =>
  [...String(await counting.info('cpu')).matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].reduce(
    (sum, [, seconds]) => sum + Number(seconds) * 1e6,
    0,
  );
for (let round = -1; round < rounds; round++) {
  for (const { name, take } of contenders) {
    // oxlint-disable-next-line no-await-in-loop -- in turns
    await counting.config('RESETSTAT');
    // oxlint-disable-next-line no-await-in-loop -- in turns
    const usedBefore = await usedByRedis();
    // oxlint-disable-next-line no-await-in-loop -- in turns
    const figure = await drive(take, trace);
    // oxlint-disable-next-line no-await-in-loop -- in turns
    const calls = (await callsOf()) / trace.length;
    // oxlint-disable-next-line no-await-in-loop -- in turns
    const there = ((await usedByRedis()) - usedBefore) / trace.length;
    // The first is for the compiler.
    if (round >= 0) figures.set(name, [...(figures.get(name) ?? []), { ...figure, calls, there }]);
  }
}
let unexpiring = 0;
for (const key of await counting.keys('hufu:*')) if ((await counting.pttl(key)) === -1) unexpiring += 1;
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
process.stdout.write(
  `${decisions} decisions, ${IN_FLIGHT} in flight, ${KEYS} keys, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}\n`,
);
for (const [name, of] of figures) {
  const perSecond = of.map((figure) => figure.perSecond);
  const [half, most] = [median(perSecond), Math.max(...perSecond)].map((figure) => Math.round(figure).toLocaleString('en'));
  const p99 = median(of.map(({ p99Ms }) => p99Ms)).toFixed(2);
  process.stdout.write(
    `${name}: ${half} a second (best ${most}), p99 ${p99} ms, ${median(of.map(({ calls }) => calls)).toFixed(4)} script calls a decision; processor µs: ${median(of.map(({ here }) => here)).toFixed(1)} here, ${median(of.map(({ there }) => there)).toFixed(1)} there\n`,
  );
}
/** Ours ÷ theirs, round by round. */
const ratio = (ours: string): number =>
  median((figures.get(ours) ?? []).map((figure, round) => figure.perSecond / (figures.get(contenders[0].name)?.[round]?.perSecond ?? 0)));
const [single, leased] = [ratio(contenders[1].name), ratio(contenders[2].name)];
const isGood = single >= BARS.single && leased >= BARS.leased && unexpiring === 0;
process.stdout.write(
  `one call: ${single.toFixed(2)} × theirs (bar ${BARS.single}); leases: ${leased.toFixed(2)} × (bar ${BARS.leased}); keys that do not expire: ${unexpiring}\n`,
);
for (const client of clients) client.disconnect();
await redis.stop();
process.exitCode = isGood ? 0 : 1;

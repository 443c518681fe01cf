/**
 * What a decision of `@hufu/flow` costs in process: `node --conditions=source bench/src/flow.ts [rounds]`. A million live keys in an order
 * that nobody can guess: what the first and the later takes of each cost, what a key weighs, whether any was forgotten, how many timers there
 * are; and one hot key. Beside the memory stores of rate-limiter-flexible, express-rate-limit and @fastify/rate-limit, without
 * their frameworks. Each contender in a process of its own, in turns; of each the least disturbed round counts. Then our other algorithms.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ALGORITHMS, CONTENDERS, type Contender, type Take } from './flow-contenders.ts';

const KEYS = 1_000_000;
const HOT = 2_000_000;
const BARS = { times: 4, bytes: 40, hotPerSecond: 8_000_000 };

interface Figures {
  /** Nanoseconds. */
  readonly first: number;
  readonly later: number;
  readonly hot: number;
  readonly bytes: number;
  /** Keys of which nothing was known any more. */
  readonly forgotten: number;
  readonly timers: number;
}

/** Texts of addresses, all different, and an order to take them in. */
interface Keys {
  readonly count: number;
  readonly order: Uint32Array;
  readonly bytes: Buffer;
}

/** Bytes of the longest address. */
const WIDTH = 15;
/** Takes between two readings of the clock. */
const CHUNK = 1_000;

function makeKeys(count: number): Keys {
  const bytes = Buffer.alloc(count * WIDTH, ' ');
  for (let i = 0; i < count; i++)
    bytes.write(`${10 + (i >> 16)}.${100 + ((i >> 8) & 127)}.${(i >> 15) & 1}.${i & 255}`, i * WIDTH, 'latin1');
  return shuffled({ count, order: Uint32Array.from({ length: count }, (_, index) => index), bytes }, 12_345);
}

/** Nobody asks again in the order in which they first came: a map that keeps that order would look faster than it is. */
function shuffled({ count, order: before, bytes }: Keys, seed: number): Keys {
  const order = Uint32Array.from(before);
  let random = seed;
  for (let i = count - 1; i > 0; i--) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    const other = Math.floor((random / 2 ** 32) * (i + 1));
    [order[i], order[other]] = [order[other] ?? 0, order[i] ?? 0];
  }
  return { count, order, bytes };
}

/** A text of its own each time, as a request brings one: it was just made, and no map has seen it. */
function textOf({ count, order, bytes }: Keys, index: number): string {
  const from = (order[index % count] ?? 0) * WIDTH;
  return bytes.toString('latin1', from, from + WIDTH).trimEnd();
}

/**
 * Nanoseconds of processor time a take, the next one when the answer is there. Processor time holds still where something else runs on the
 * machine. What it takes to make the texts does not count.
 */
async function time(take: Take, keys: Keys, count: number): Promise<number> {
  let spent = 0;
  for (let from = 0; from < count; from += CHUNK) {
    const texts = Array.from({ length: Math.min(CHUNK, count - from) }, (_, index) => textOf(keys, from + index));
    const begun = process.cpuUsage();
    for (const text of texts) {
      const answer = take(text);
      const allowed = typeof answer === 'boolean' ? answer : await answer;
      if (!allowed) throw new Error('a take was refused');
    }
    const { user, system } = process.cpuUsage(begun);
    spent += user + system;
  }
  return (spent * 1e3) / count;
}

function weight(): number {
  if (globalThis.gc === undefined) throw new Error('--expose-gc is missing');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** One hot key. */
const ONE = makeKeys(1);

async function measure({ make }: Contender): Promise<Figures> {
  const keys = makeKeys(KEYS);
  const warm = make(1_000_000);
  await time(warm, makeKeys(20_000), 400_000);
  const empty = weight();
  const take = make(1_000);
  const first = await time(take, keys, KEYS);
  const bytes = (weight() - empty) / KEYS;
  const again = shuffled(keys, 54_321);
  const later = Math.min(await time(take, again, KEYS), await time(take, again, KEYS));
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const hotTake = make(1_000_000_000);
  const hot = Math.min(await time(hotTake, ONE, HOT), await time(hotTake, ONE, HOT));
  const strict = make(1);
  await time(strict, keys, KEYS);
  let forgotten = 0;
  for (let i = 0; i < KEYS; i++) if (await strict(textOf(keys, i))) forgotten++;
  return { first, later, hot, bytes, forgotten, timers };
}

function measureApart(name: string): Figures {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--conditions=source', '--expose-gc', fileURLToPath(import.meta.url), '--one', name],
    { encoding: 'utf8', maxBuffer: 1e7 },
  );
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

function best(figures: readonly Figures[]): Figures {
  const least = (key: keyof Figures): number => Math.min(...figures.map((one) => one[key]));
  const most = (key: keyof Figures): number => Math.max(...figures.map((one) => one[key]));
  return {
    first: least('first'),
    later: least('later'),
    hot: least('hot'),
    bytes: most('bytes'),
    forgotten: most('forgotten'),
    timers: most('timers'),
  };
}

function row(name: string, { first, later, hot, bytes, forgotten, timers }: Figures): string {
  const cells = [
    first.toFixed(0),
    later.toFixed(0),
    hot.toFixed(0),
    (1e3 / hot).toFixed(1),
    bytes.toFixed(1),
    String(forgotten),
    String(timers),
  ];
  return name.padEnd(24) + cells.map((cell) => cell.padStart(12)).join('');
}

const HEADS = ['first ns', 'later ns', 'hot ns', 'hot M/s', 'bytes a key', 'forgotten', 'timers'].map((head) => head.padStart(12)).join('');

function compare(rounds: number): boolean {
  const figures = new Map<Contender, Figures[]>(CONTENDERS.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) for (const [contender, all] of figures) all.push(measureApart(contender.name));
  console.log(`${KEYS} live keys, one take at a time; the least disturbed of ${rounds} rounds\n${''.padEnd(24)}${HEADS}`);
  const settled = [...figures].map(([contender, all]) => ({ contender, figures: best(all) }));
  for (const { contender, figures: one } of settled) console.log(row(contender.name, one));
  const peer = Math.min(...settled.filter(({ contender }) => !contender.isOurs).map(({ figures: one }) => one.later));
  const ours = settled.filter(({ contender }) => contender.isOurs);
  for (const { contender, figures: one } of ours)
    console.log(`${contender.name}: ${(peer / one.later).toFixed(1)} times the best of the others`);
  const [table] = ours;
  if (table === undefined) return false;
  const { later, bytes, hot, forgotten, timers } = table.figures;
  return peer / later >= BARS.times && bytes <= BARS.bytes && 1e9 / hot >= BARS.hotPerSecond && forgotten === 0 && timers === 0;
}

async function list(): Promise<void> {
  const keys = makeKeys(100_000);
  console.log(
    `\nthrough a limiter with one rule, 100,000 keys${''.padEnd(3)}${['later ns', 'hot ns'].map((head) => head.padStart(12)).join('')}`,
  );
  for (const { name, make } of ALGORITHMS) {
    const take = make(1_000_000);
    const tolerant: Take = (key) => {
      take(key);
      return true;
    };
    await time(tolerant, keys, 300_000);
    const later = await time(tolerant, keys, 500_000);
    const hot = await time(tolerant, ONE, 1_000_000);
    console.log(name.padEnd(48) + [later, hot].map((figure) => figure.toFixed(0).padStart(12)).join(''));
  }
}

async function main([first = '3', name]: readonly string[]): Promise<void> {
  const one = CONTENDERS.find((contender) => contender.name === name);
  if (first === '--one' && one !== undefined) {
    console.log(JSON.stringify(await measure(one)));
    process.exit(0);
  }
  const isGood = compare(Number(first));
  await list();
  console.log(
    `\nbars (${BARS.times} times the best, ${BARS.bytes} bytes a key, ${BARS.hotPerSecond / 1e6} M/s of a hot key, nothing forgotten, no timer): ${isGood ? 'held' : 'missed'}`,
  );
  if (!isGood) process.exitCode = 1;
}

await main(process.argv.slice(2));

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createQueue, MAX_JOB_BYTES, type Offered, type Queue } from '@hufu/flow/queue/queue';
import { FINISH, RENEW, TAKE } from '@hufu/flow/queue/scripts';
import type { QueueOptions } from '@hufu/flow/queue/settings';
import {
  JobFailure,
  type JobHandler,
  startWorker,
  type TakenJob,
  type Worker,
  type WorkerEvent,
  type WorkerOptions,
} from '@hufu/flow/queue/worker';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
let redis: Redis;
before(async () => {
  server = await startRedis();
  redis = server.connect();
});
after(async () => {
  await Promise.all(workers.map((worker) => worker.stop(0)));
  await server.stop();
});

const MEI = { scope: 'mei' };
const FAST: QueueOptions['rate'] = { limit: 1_000, periodMs: 1_000 };
let named = 0;

/** A queue of its own; what is not said is small and fast. */
function newQueue(options: Partial<QueueOptions> = {}): Queue {
  return createQueue(redis, { name: `q-${named++}`, rate: FAST, maxDepth: 100, backoff: { firstMs: 1, mostMs: 1 }, ...options });
}

/** A worker that ends with the tests, whatever comes of them. */
function work(queue: Queue, handler: JobHandler, options: WorkerOptions = {}): Worker {
  const worker = startWorker(queue, handler, { idleMs: 5, ...options });
  workers.push(worker);
  return worker;
}

const workers: Worker[] = [];

function idOf(offered: Offered): string {
  assert.ok(offered.kind === 'accepted', offered.kind);
  return offered.id;
}

/** The verbs of a worker, one by one. */
async function take(queue: Queue, want = 1): Promise<readonly { id: string; attempt: string; job: string }[]> {
  const { depthTicks, visibilityMs } = queue.connection.settings;
  const [, , ...parts] = await queue.connection.ask(TAKE, want, depthTicks, visibilityMs);
  return Array.from({ length: parts.length / 3 }, (_, i) => {
    const [id = '', attempt = '', job = ''] = parts.slice(i * 3);
    return { id, attempt, job };
  });
}

async function finish(queue: Queue, { id, attempt }: { id: string; attempt: string }, outcome: string, text = ''): Promise<string> {
  const [known = ''] = await queue.connection.ask(FINISH, id, attempt, outcome, text, 0);
  return known;
}

async function until<Value>(look: () => Promise<Value | undefined | false>): Promise<Value> {
  for (let tries = 0; tries < 2_000; tries++) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(10);
  }
  throw new Error('it never came');
}

/** All that Redis keeps of a queue. */
async function keysOf(queue: Queue): Promise<readonly string[]> {
  return (await redis.keys(`${queue.connection.settings.base}*`)).toSorted();
}

describe('an offer', () => {
  test('is taken as it was given, by its order, and says how many are before it', async () => {
    const queue = newQueue();
    const jobs = ['first', 'zweite ä 信', '{"third":true}'];
    const offered: Offered[] = [];
    for (const job of jobs) offered.push(await queue.offer(job, MEI));
    assert.deepEqual(
      offered.map((offer) => (offer.kind === 'accepted' ? offer.position : offer.kind)),
      [0, 1, 2],
    );
    assert.match(idOf(offered[0] as Offered), /^[\w-]{22}$/, '128 bits');
    assert.deepEqual(
      (await take(queue, 2)).map(({ job }) => job),
      jobs.slice(0, 2),
    );
    assert.equal((await queue.status(idOf(offered[2] as Offered), 'mei')).kind, 'queued');
    assert.deepEqual(await queue.status(idOf(offered[0] as Offered), 'mei'), { kind: 'running', attempts: 1 });
    const { depth, waiting, running, bytes } = await queue.overview();
    assert.deepEqual({ depth, waiting, running }, { depth: 3, waiting: 1, running: 2 });
    assert.equal(
      bytes,
      jobs.reduce((sum, job) => sum + Buffer.byteLength(job), 0),
    );
  });

  test('may be asked after by whoever has made it, and by nobody else', async () => {
    const queue = newQueue();
    const id = idOf(await queue.offer('a', MEI));
    assert.equal((await queue.status(id, 'mei')).kind, 'queued');
    assert.deepEqual(await queue.status(id, 'lin'), { kind: 'unknown' });
    assert.deepEqual(await queue.status('AAAAAAAAAAAAAAAAAAAAAA', 'mei'), { kind: 'unknown' });
    assert.deepEqual(await queue.status('../m', 'mei'), { kind: 'unknown' });
  });

  test('made by fifty callers at once under one key is one job; another job under it is a conflict, another scope is apart', async () => {
    const queue = newQueue();
    const clients = [redis, server.connect(), server.connect()];
    const queues = clients.map((client) => createQueue(client, { ...queue.connection.settings }));
    const offers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (queues[i % 3] as Queue).offer('pay', { ...MEI, idempotencyKey: 'k' })),
    );
    const accepted = offers.filter(({ kind }) => kind === 'accepted');
    assert.equal(accepted.length, 1);
    const id = idOf(accepted[0] as Offered);
    assert.ok(
      offers.every((offer) => (offer.kind === 'duplicate' && offer.state === 'queued' && offer.id === id) || offer.kind === 'accepted'),
    );
    assert.equal((await queue.overview()).depth, 1);
    assert.deepEqual(await queue.offer('pay twice', { ...MEI, idempotencyKey: 'k' }), { kind: 'conflict' });
    assert.equal((await queue.offer('pay', { scope: 'lin', idempotencyKey: 'k' })).kind, 'accepted');
    assert.equal((await queue.offer('pay', { scope: 'mei1', idempotencyKey: ':k' })).kind, 'accepted');
    // Where one ends and the other begins counts.
    assert.equal((await queue.offer('pay', { scope: 'mei', idempotencyKey: '1:k' })).kind, 'accepted');
  });

  test('has a key that is taken for as long as it is known how the job ended, and without end before that', async () => {
    const queue = newQueue({ keptMs: 60_000 });
    const { base } = queue.connection.settings;
    const id = idOf(await queue.offer('a', { ...MEI, idempotencyKey: 'k' }));
    const ttls = async (): Promise<readonly number[]> =>
      await Promise.all(
        [`${base}j:${id}`, ...(await keysOf(queue)).filter((key) => key.startsWith(`${base}i:`))].map((key) => redis.pttl(key)),
      );
    assert.deepEqual(await ttls(), [-1, -1]);
    const [taken] = await take(queue);
    assert.ok(taken);
    assert.deepEqual(await ttls(), [-1, -1], 'while it runs');
    assert.equal(await finish(queue, taken, 'done', 'the result'), 'done');
    for (const ttl of await ttls()) assert.ok(ttl > 50_000 && ttl <= 60_000, String(ttl));
    assert.deepEqual(await queue.offer('a', { ...MEI, idempotencyKey: 'k' }), { kind: 'duplicate', id, state: 'done' });
    assert.deepEqual(await queue.status(id, 'mei'), { kind: 'done', attempts: 1, result: 'the result' });
    assert.equal(await redis.hget(`${base}j:${id}`, 'body'), null, 'the job itself is gone');
    assert.equal((await queue.overview()).bytes, 0);
  });

  test('is misused with a job of more than 64 KiB, and with an empty scope', async () => {
    const queue = newQueue();
    idOf(await queue.offer('x'.repeat(MAX_JOB_BYTES), MEI));
    await assert.rejects(queue.offer('ä'.repeat(MAX_JOB_BYTES / 2 + 1), MEI), TypeError);
    await assert.rejects(queue.offer('x', { scope: '' }), TypeError);
    for (const flaw of [{ name: 'A b' }, { rate: { limit: 0, periodMs: 1 } }, { maxDepth: 0.5 }, { prefix: '{' }]) {
      assert.throws(() => newQueue(flaw), TypeError);
    }
  });

  test('is refused where there is no room for one more, or for its bytes; and a known job is known all the same', async () => {
    const queue = newQueue({ maxDepth: 2, maxBytes: 10 });
    idOf(await queue.offer('12345', { ...MEI, idempotencyKey: 'k' }));
    assert.equal((await queue.offer('123456', MEI)).kind, 'full');
    idOf(await queue.offer('12345', MEI));
    assert.equal((await queue.offer('', MEI)).kind, 'full');
    assert.equal((await queue.offer('12345', { ...MEI, idempotencyKey: 'k' })).kind, 'duplicate');
    const [taken] = await take(queue);
    assert.equal((await queue.offer('', MEI)).kind, 'full', 'what runs takes room too');
    assert.ok(taken);
    await finish(queue, taken, 'again', 'not now');
    assert.equal((await queue.offer('', MEI)).kind, 'full', 'and so does what is to be tried again');
    const again = await until(async () => (await take(queue, 2)).find(({ id }) => id === taken.id));
    await finish(queue, again, 'done');
    idOf(await queue.offer('', MEI));
  });

  test('is refused with a moment of its own, one slot after the other, and never beyond what the whole queue takes', async () => {
    const queue = newQueue({ maxDepth: 3, rate: { limit: 1, periodMs: 10_000 } });
    for (let i = 0; i < 3; i++) idOf(await queue.offer('a', MEI));
    assert.deepEqual(await queue.offer('b', MEI), { kind: 'full', retryAfterMs: 30_000, draining: false }, 'nobody has ever taken one');
    await take(queue);
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      const refused = await queue.offer('b', MEI);
      assert.ok(refused.kind === 'full' && refused.draining);
      waits.push(refused.retryAfterMs);
    }
    // A script later it is a few milliseconds less.
    for (const [i, ms] of waits.entries())
      assert.ok(ms <= Math.min(i + 1, 3) * 10_000 && ms > Math.min(i + 1, 3) * 10_000 - 5_000, String(waits));
  });
});

describe('what is measured', () => {
  /** As if so many had ended in the last half minute, and something had waited for so long. */
  async function asIf(queue: Queue, ended: number, busyMs: number): Promise<void> {
    const [seconds] = await redis.time();
    const slot = Math.floor(Number(seconds) / 5) - 6;
    const fields = { busy: Number(seconds) * 1_000 - busyMs, seen: Number(seconds) * 1_000, [`b${slot % 14}`]: `${slot}:${ended}` };
    await redis.hset(`${queue.connection.settings.base}m`, fields);
  }

  test('is how fast jobs ended lately, where that is slower than the rate, and what refusals and positions are reckoned with', async () => {
    const queue = newQueue({ maxDepth: 2 });
    idOf(await queue.offer('a', MEI));
    const second = idOf(await queue.offer('b', MEI));
    await asIf(queue, 10, 40_000);
    const { perSecond = 0 } = await queue.overview();
    assert.ok(perSecond > 0.2 && perSecond <= 0.25, String(perSecond));
    const refused = await queue.offer('c', MEI);
    assert.ok(refused.kind === 'full' && refused.draining);
    assert.ok(refused.retryAfterMs >= 4_000 && refused.retryAfterMs < 5_000, String(refused.retryAfterMs));
    const status = await queue.status(second, 'mei');
    assert.ok(status.kind === 'queued' && status.position === 1 && status.etaMs !== undefined);
    assert.ok(status.etaMs >= 4_000 && status.etaMs < 5_000);
    await asIf(queue, 100_000, 40_000);
    assert.equal((await queue.overview()).perSecond, 1_000, 'it never goes faster than the rate');
  });

  test('is nothing where something waits and nothing has ended for a minute: that is said, and no time is promised', async () => {
    const queue = newQueue({ maxDepth: 2, rate: { limit: 1, periodMs: 1_000 } });
    idOf(await queue.offer('a', MEI));
    const id = idOf(await queue.offer('b', MEI));
    await asIf(queue, 0, 61_000);
    assert.deepEqual(await queue.offer('c', MEI), { kind: 'full', retryAfterMs: 2_000, draining: false });
    assert.deepEqual(await queue.status(id, 'mei'), { kind: 'queued', attempts: 0, position: 1, etaMs: undefined });
  });

  test('is the rate where nothing waits and a worker is there; where none is, no time is promised', async () => {
    const queue = newQueue({ rate: { limit: 1, periodMs: 60_000 } });
    const [first, second, third, fourth] = [
      await queue.offer('a', MEI),
      await take(queue),
      await queue.offer('b', MEI),
      await queue.offer('c', MEI),
    ];
    assert.equal(second.length, 1);
    assert.deepEqual(
      [first, third, fourth].map((offer) => (offer.kind === 'accepted' ? [offer.position, offer.etaMs] : offer.kind)),
      [
        [0, undefined],
        [0, 0],
        [1, 60_000],
      ],
    );
  });

  test('is honest: who was refused, and comes when it was said, finds room', async () => {
    const queue = newQueue({ maxDepth: 20, rate: { limit: 50, periodMs: 1_000 } });
    for (let i = 0; i < 20; i++) idOf(await queue.offer(`${i}`, MEI));
    const worker = work(queue, () => undefined);
    await until(async () => (await queue.overview()).depth < 20);
    for (let offer = await queue.offer('fill', MEI); offer.kind === 'accepted'; offer = await queue.offer('fill', MEI));
    const comesBack = async (): Promise<string> => {
      const refused = await queue.offer('late', MEI);
      if (refused.kind !== 'full') return 'found room at once';
      await sleep(refused.retryAfterMs);
      return (await queue.offer('late', MEI)).kind;
    };
    const kinds = await Promise.all(Array.from({ length: 15 }, comesBack));
    await worker.stop();
    assert.ok(kinds.filter((kind) => kind !== 'full').length >= 12, String(kinds));
  });
});

describe('a job', () => {
  test('that a worker has given up on is begun by another; the first one may still have done it, and nothing counts twice', async () => {
    const queue = newQueue({ visibilityMs: 1 });
    const id = idOf(await queue.offer('a', MEI));
    const [first] = await take(queue);
    assert.ok(first);
    const second = await until(async () => (await take(queue))[0]);
    assert.deepEqual([second.id, second.attempt], [id, '2']);
    assert.deepEqual(await queue.connection.ask(RENEW, id, 1, id, 2), [id], 'only the second has it');
    assert.equal(await finish(queue, first, 'again', 'too late'), 'stale');
    assert.equal(await finish(queue, first, 'failed', 'too late'), 'stale');
    assert.deepEqual(await queue.status(id, 'mei'), { kind: 'running', attempts: 2 });
    assert.equal(await finish(queue, first, 'done', 'by the first'), 'done');
    assert.equal(await finish(queue, second, 'done', 'by the second'), 'over');
    assert.equal(await finish(queue, second, 'again', 'by the second'), 'over');
    assert.deepEqual(await queue.status(id, 'mei'), { kind: 'done', attempts: 2, result: 'by the first' });
    const { depth, bytes, running } = await queue.overview();
    assert.deepEqual([depth, bytes, running], [0, 0, 0]);
    assert.deepEqual(await take(queue), []);
  });

  test('that was done all the same is taken out of whatever it waits in by then', async () => {
    const queue = newQueue({ maxAttempts: 3 });
    const before = idOf(await queue.offer('a', MEI));
    const [first] = await take(queue);
    assert.ok(first);
    // Waits for its time.
    assert.equal((await queue.connection.ask(FINISH, before, 1, 'again', 'no', 60_000))[0], 'queued');
    assert.equal((await queue.overview()).delayed, 1);
    assert.equal(await finish(queue, first, 'done'), 'done');
    assert.equal((await queue.overview()).depth, 0);
    // Waits in the stream, with one behind it.
    idOf(await queue.offer('b', MEI));
    const [other] = await take(queue);
    assert.ok(other);
    await finish(queue, other, 'again');
    const blocker = idOf(await queue.offer('blocker', MEI));
    await until(async () => (await take(queue, 1)).some(({ id }) => id === blocker));
    await until(async () => {
      const status = await queue.status(other.id, 'mei');
      return status.kind === 'queued' || status.kind === 'running';
    });
    assert.equal(await finish(queue, other, 'done'), 'done');
    const last = await queue.offer('c', MEI);
    assert.ok(last.kind === 'accepted' && last.position === 0, 'nobody counts who is gone');
  });

  test('that fails keeps its id and waits longer each time; as often as may be, and it is a dead letter that may be tried again', async () => {
    const queue = newQueue({ maxAttempts: 2, backoff: { firstMs: 1, mostMs: 2 } });
    const events: WorkerEvent[] = [];
    const seen: TakenJob[] = [];
    const worker = work(
      queue,
      (job) => {
        seen.push(job);
        throw new Error('the printer is on fire');
      },
      { onEvent: (event) => events.push(event) },
    );
    const id = idOf(await queue.offer('a', { ...MEI, idempotencyKey: 'k' }));
    const [letter] = await until(async () => {
      const letters = await queue.deadLetters();
      return letters.length > 0 && letters;
    });
    assert.ok(letter && letter.sinceMs > 1_700_000_000_000);
    assert.deepEqual({ ...letter, sinceMs: 0 }, { id, job: 'a', attempts: 2, reason: 'the printer is on fire', sinceMs: 0 });
    assert.deepEqual(await queue.status(id, 'mei'), { kind: 'dead', attempts: 2 }, 'what went wrong is told nobody outside');
    assert.deepEqual(await queue.offer('a', { ...MEI, idempotencyKey: 'k' }), { kind: 'duplicate', id, state: 'dead' });
    assert.deepEqual(
      seen.map(({ id: same, attempt }) => [same, attempt]),
      [
        [id, 1],
        [id, 2],
      ],
    );
    assert.equal((await queue.overview()).bytes, 0);
    assert.equal(await queue.revive(id), 'queued');
    await until(async () => (await queue.status(id, 'mei')).kind === 'dead');
    assert.equal(seen.length, 4, 'twice more');
    assert.equal(await queue.discard(id), 'discarded');
    assert.equal(await queue.revive(id), 'unknown');
    await worker.stop();
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'ended').map((event) => (event.kind === 'ended' ? event.known : '')),
      ['queued', 'dead', 'queued', 'dead'],
    );
  });

  test('whose handler says that trying again is of no use has failed, and the reason is told', async () => {
    const queue = newQueue();
    const worker = work(queue, ({ job }) => {
      if (job === 'no') throw new JobFailure('there is no such printer');
      return 'x'.repeat(job === 'long' ? 5_000 : 4_096);
    });
    const [no, long, fits] = [await queue.offer('no', MEI), await queue.offer('long', MEI), await queue.offer('fits', MEI)].map(idOf);
    await until(async () => (await queue.overview()).depth === 0);
    await worker.stop();
    assert.deepEqual(await queue.status(no ?? '', 'mei'), { kind: 'failed', attempts: 1, reason: 'there is no such printer' });
    assert.deepEqual(await queue.status(long ?? '', 'mei'), { kind: 'done', attempts: 1, result: undefined });
    assert.deepEqual(await queue.status(fits ?? '', 'mei'), { kind: 'done', attempts: 1, result: 'x'.repeat(4_096) });
  });

  test('that ends whoever takes it is a dead letter too', async () => {
    const queue = newQueue({ maxAttempts: 2, visibilityMs: 1 });
    const id = idOf(await queue.offer('poison', MEI));
    const [letter] = await until(async () => {
      await take(queue);
      const letters = await queue.deadLetters();
      return letters.length > 0 && letters;
    });
    assert.deepEqual([letter?.id, letter?.attempts, letter?.reason], [id, 2, 'abandoned']);
    // Whoever had it was alive after all.
    assert.equal(await finish(queue, { id, attempt: '1' }, 'done', 'slow'), 'done');
    assert.deepEqual(await queue.status(id, 'mei'), { kind: 'done', attempts: 2, result: 'slow' });
    assert.deepEqual(await queue.deadLetters(), []);
    const { depth, bytes, running } = await queue.overview();
    assert.deepEqual([depth, bytes, running], [0, 0, 0]);
  });

  test('that takes long is held by signs of life, and nobody else begins it', async () => {
    const queue = newQueue({ visibilityMs: 3_000 });
    const attempts: number[] = [];
    const handler = async ({ attempt }: TakenJob): Promise<undefined> => {
      attempts.push(attempt);
      await sleep(7_000);
    };
    const both = [work(queue, handler), work(queue, handler)];
    const id = idOf(await queue.offer('long', MEI));
    await until(async () => (await queue.status(id, 'mei')).kind === 'done');
    await Promise.all(both.map((worker) => worker.stop()));
    assert.deepEqual(attempts, [1]);
  });

  test('that somebody else has by now is told to whoever still does it', async () => {
    const queue = newQueue({ visibilityMs: 60 });
    const lost = Promise.withResolvers<void>();
    const worker = work(queue, async ({ signal, attempt }) => {
      if (attempt > 1) return;
      signal.addEventListener('abort', () => lost.resolve());
      await lost.promise;
    });
    const id = idOf(await queue.offer('a', MEI));
    await until(async () => (await queue.status(id, 'mei')).kind === 'running');
    // As if another one had claimed it.
    await redis.hincrby(`${queue.connection.settings.base}j:${id}`, 'n', 1);
    await lost.promise;
    await worker.stop();
  });
});

describe('dead letters', () => {
  test('are as many as may be, the latest, and it is counted how many were not kept', async () => {
    const queue = newQueue({ maxAttempts: 1, maxDead: 2, keptMs: 60_000 });
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push(idOf(await queue.offer(`${i}`, MEI)));
      const [taken] = await take(queue);
      assert.ok(taken);
      assert.equal(await finish(queue, taken, 'again', 'no'), 'dead');
      await sleep(2);
    }
    assert.deepEqual(
      (await queue.deadLetters()).map(({ job }) => job),
      ['4', '3'],
    );
    const { dead, dropped, depth } = await queue.overview();
    assert.deepEqual([dead, dropped, depth], [2, 3, 0]);
    const { base } = queue.connection.settings;
    assert.ok((await redis.pttl(`${base}j:${ids[0]}`)) > 0);
    assert.equal(await redis.pttl(`${base}j:${ids[4]}`), -1);
    assert.equal((await queue.status(ids[0] ?? '', 'mei')).kind, 'dead');
    assert.equal(await queue.discard(ids[4] ?? ''), 'discarded');
    assert.ok((await redis.pttl(`${base}j:${ids[4]}`)) > 0);
  });
});

describe('a queue', () => {
  test('keeps nothing of what is over but a few keys of its own, once its time has come', async () => {
    const queue = newQueue({ keptMs: 50 });
    const worker = work(queue, () => 'done');
    for (let i = 0; i < 30; i++) await queue.offer(`${i}`, { ...MEI, idempotencyKey: `${i}` });
    const { base } = queue.connection.settings;
    const keys = await until(async () => {
      const found = await keysOf(queue);
      return !found.some((key) => key.startsWith(`${base}j:`) || key.startsWith(`${base}i:`)) && found;
    });
    await worker.stop();
    assert.deepEqual(keys, [`${base}m`, `${base}s`]);
    assert.equal(await redis.xlen(`${base}s`), 0);
  });

  test('gives two at once where its rate is slow, and no slot is lost to whoever finds nothing', async () => {
    const queue = newQueue({ rate: { limit: 1, periodMs: 60_000 } });
    for (let i = 0; i < 5; i++) assert.deepEqual(await take(queue, 5), []);
    await queue.offer('first', MEI);
    assert.equal((await take(queue, 5)).length, 1);
    for (let i = 0; i < 5; i++) await queue.offer(`${i}`, MEI);
    assert.equal((await take(queue, 5)).length, 1);
    const { depthTicks, visibilityMs } = queue.connection.settings;
    const [, wait, ...jobs] = await queue.connection.ask(TAKE, 5, depthTicks, visibilityMs);
    assert.deepEqual(jobs, []);
    assert.ok(Number(wait) > 50_000 && Number(wait) <= 60_000, String(wait));
  });

  test('finds what was left behind among much that was not', async () => {
    const queue = newQueue({ visibilityMs: 2_000 });
    for (let i = 0; i < 30; i++) await queue.offer(`${i}`, MEI);
    const taken = await take(queue, 30);
    await sleep(2_100);
    const held = taken.slice(0, 25).flatMap(({ id, attempt }) => [id, attempt]);
    const found = new Set<string>();
    // Ten of them are looked at for each that is wanted.
    for (let i = 0; i < 12; i++) {
      assert.deepEqual(await queue.connection.ask(RENEW, ...held), []);
      for (const { job } of await take(queue)) found.add(job);
    }
    assert.ok(
      ['25', '26', '27', '28', '29'].every((job) => found.has(job)),
      [...found].join(' '),
    );
  });

  test('takes turns between what was left behind and what is new', async () => {
    const queue = newQueue({ visibilityMs: 1 });
    for (let i = 0; i < 10; i++) await queue.offer(`old ${i}`, MEI);
    await take(queue, 10);
    for (let i = 0; i < 10; i++) await queue.offer(`new ${i}`, MEI);
    await sleep(5);
    const taken: string[] = [];
    for (let i = 0; i < 8; i++) taken.push(...(await take(queue)).map(({ job }) => job.slice(0, 3)));
    assert.ok(taken.filter((job) => job === 'old').length >= 3 && taken.filter((job) => job === 'new').length >= 3, String(taken));
  });

  test('goes on where Redis has forgotten its scripts, the group of its workers, or everything', async () => {
    const queue = newQueue();
    const done: string[] = [];
    const worker = work(
      queue,
      async ({ job }) => {
        await redis.script('FLUSH');
        if (job === 'group') await redis.xgroup('DESTROY', `${queue.connection.settings.base}s`, 'g');
        if (job === 'everything') await redis.flushall();
        done.push(job);
      },
      { concurrency: 1 },
    );
    for (const job of ['scripts', 'group', 'after the group', 'everything', 'after everything']) {
      assert.equal((await queue.offer(job, MEI)).kind, 'accepted');
      await until(async () => done.includes(job));
    }
    await until(async () => (await queue.overview()).depth === 0);
    await worker.stop();
    assert.deepEqual([...new Set(done)], ['scripts', 'group', 'after the group', 'everything', 'after everything']);
  });

  test('is drained where Redis has no memory left, and takes nothing', async () => {
    const queue = newQueue({ maxAttempts: 1 });
    const ids = [idOf(await queue.offer('well', MEI)), idOf(await queue.offer('badly', MEI))];
    await redis.config('SET', 'maxmemory', '1');
    try {
      assert.equal((await queue.offer('b', MEI)).kind, 'unavailable');
      const [well, badly] = await take(queue, 2);
      assert.ok(well && badly);
      assert.deepEqual(await queue.connection.ask(RENEW, well.id, 1), []);
      assert.equal(await finish(queue, well, 'done', 'fine'), 'done');
      assert.equal(await finish(queue, badly, 'again', 'bad'), 'dead');
      assert.deepEqual(await take(queue), []);
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
    assert.deepEqual(await Promise.all(ids.map(async (id) => (await queue.status(id, 'mei')).kind)), ['done', 'dead']);
    idOf(await queue.offer('b', MEI));
  });

  test('whose Redis does not answer in time says so, and its workers go on afterwards', async () => {
    const patient = newQueue();
    const queue = createQueue(server.connect(), { ...patient.connection.settings, timeoutMs: 50 });
    const events: string[] = [];
    const worker = work(queue, () => 'done', { onEvent: ({ kind }) => events.push(kind) });
    await redis.client('PAUSE', 400, 'ALL');
    const offered = await queue.offer('a', { ...MEI, idempotencyKey: 'k' });
    assert.ok(offered.kind === 'unavailable' && offered.cause instanceof Error);
    assert.equal((await queue.status('AAAAAAAAAAAAAAAAAAAAAA', 'mei')).kind, 'unavailable');
    // It is taken, late; whoever asks again by its key finds it.
    await until(async () => (await keysOf(queue)).some((key) => key.includes(':i:')));
    const again = await patient.offer('a', { ...MEI, idempotencyKey: 'k' });
    assert.equal(again.kind, 'duplicate');
    await until(async () => again.kind === 'duplicate' && (await patient.status(again.id, 'mei')).kind === 'done');
    await worker.stop();
    assert.deepEqual(events, ['ended'], 'an answer that is late has jobs in it all the same');
  });
});

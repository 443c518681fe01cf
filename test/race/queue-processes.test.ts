import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createQueue } from '@hufu/flow/queue/queue';
import type { QueueOptions } from '@hufu/flow/queue/settings';
import { startWorker } from '@hufu/flow/queue/worker';
import { type DurableRedis, startDurableRedis } from '../support/durable-redis.ts';

const PROGRAM = fileURLToPath(new URL('queue-process.ts', import.meta.url));
const MEI = { scope: 'mei' };
const JOBS = 300;

let server: DurableRedis;
const children = new Set<ChildProcess>();
before(async () => {
  server = await startDurableRedis();
});
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await server.stop();
});

interface Begun {
  readonly pid: number;
  readonly id: string;
  readonly attempt: number;
  readonly takenAtMs: number;
}

async function startProcess(options: QueueOptions, concurrency: number, takesMs: number): Promise<ChildProcess> {
  const told = JSON.stringify({ port: server.port, options, concurrency, takesMs });
  const child = fork(PROGRAM, [told], { execArgv: ['--conditions=source'] });
  children.add(child);
  await once(child, 'message');
  return child;
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
  children.delete(child);
}

async function begunJobs(): Promise<readonly Begun[]> {
  const client = server.connect();
  await until(async () => client.status === 'ready');
  const lines = await client.lrange('begun', 0, -1);
  client.disconnect();
  return lines.map((line): Begun => JSON.parse(line));
}

async function until(look: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await look()); tries++) {
    if (tries > 6_000) throw new Error('it never came');
    await sleep(10);
  }
}

describe('workers in several processes', () => {
  test('hold the rate together, lose no job to one that is killed, and tell each job’s end once', async () => {
    const options: QueueOptions = { name: 'together', rate: { limit: 100, periodMs: 1_000 }, visibilityMs: 5_000 };
    const client = server.connect();
    await until(async () => client.status === 'ready');
    const queue = createQueue(client, options);
    const ids: string[] = [];
    for (let i = 0; i < JOBS; i++) {
      const offered = await queue.offer(`${i}`, { ...MEI, idempotencyKey: `${i}` });
      assert.ok(offered.kind === 'accepted' && offered.position === i);
      ids.push(offered.id);
    }
    // One that finishes nothing and is killed with all it holds, and two that work.
    const doomed = await startProcess(options, 10, 0);
    await until(async () => (await begunJobs()).length >= 10);
    const [first, second] = [await startProcess(options, 10, 5), await startProcess(options, 10, 5)];
    await until(async () => (await queue.overview()).depth < JOBS - 50);
    await end(doomed, 'SIGKILL');
    await until(async () => (await queue.overview()).depth === 0);
    await Promise.all([end(first, 'SIGTERM'), end(second, 'SIGTERM')]);

    const statuses = await Promise.all(ids.map((id) => queue.status(id, 'mei')));
    assert.ok(statuses.every(({ kind }) => kind === 'done'));
    const begun = await begunJobs();
    const byDoomed = begun.filter(({ pid }) => pid === doomed.pid);
    assert.equal(byDoomed.length, 10);
    for (const { id } of byDoomed) {
      const others = begun.filter((other) => other.id === id && other.pid !== doomed.pid);
      assert.deepEqual(
        others.map(({ attempt }) => attempt),
        [2],
        'once more, by somebody else',
      );
    }
    assert.equal(begun.length, JOBS + 10, 'and no other twice');
    assert.equal(new Set(begun.map(({ id }) => id)).size, JOBS);
    assert.ok(new Set(begun.map(({ pid }) => pid)).size === 3, 'all of them took part');
    // By the clock of Redis, at which they are taken: in any span of D ms no more than the credit and what flows in.
    const times = begun.map(({ takenAtMs }) => takenAtMs).toSorted((a, b) => a - b);
    for (const [i, from] of times.entries()) {
      for (let j = i; j < times.length; j++) {
        const span = (times[j] ?? 0) - from + 1;
        assert.ok(j - i + 1 <= 5 + Math.ceil((span * 100) / 1_000) - 1, `${j - i + 1} in ${span} ms`);
      }
    }
    client.disconnect();
  });

  test('go on with everything that was accepted when Redis has been killed and is back', async () => {
    const options: QueueOptions = { name: 'survives', rate: { limit: 200, periodMs: 1_000 }, visibilityMs: 500, timeoutMs: 500 };
    const client = server.connect();
    await until(async () => client.status === 'ready');
    const queue = createQueue(client, options);
    const events: string[] = [];
    const worker = startWorker(queue, async () => void (await sleep(20)), { idleMs: 20, onEvent: ({ kind }) => events.push(kind) });
    const ids: string[] = [];
    const offer = async (i: number): Promise<string> => {
      const offered = await queue.offer(`${i}`, { ...MEI, idempotencyKey: `${i}` });
      if (offered.kind === 'accepted' || offered.kind === 'duplicate') ids.push(offered.id);
      return offered.kind;
    };
    try {
      for (let i = 0; i < 60; i++) assert.equal(await offer(i), 'accepted');
      await server.kill();
      assert.equal(await offer(60), 'unavailable');
      assert.equal((await queue.status(ids[0] ?? '', 'mei')).kind, 'unavailable');
      await until(async () => events.includes('unavailable'));
      await server.start();
      // Whoever was told that it cannot be known asks again, and is counted once.
      await until(async () => (await offer(60)) !== 'unavailable');
      await until(async () => (await queue.overview().catch(() => undefined))?.depth === 0);
      const kinds = await Promise.all([...new Set(ids)].map(async (id) => (await queue.status(id, 'mei')).kind));
      assert.deepEqual(
        kinds,
        Array.from({ length: 61 }, () => 'done'),
      );
    } finally {
      await worker.stop(0);
      client.disconnect();
    }
  });
});

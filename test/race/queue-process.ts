/** One of several processes with a worker: writes down in Redis what it has begun and done. */
import { createQueue } from '@hufu/flow/queue/queue';
import type { QueueOptions } from '@hufu/flow/queue/settings';
import { startWorker } from '@hufu/flow/queue/worker';
import { Redis } from 'ioredis';

interface Told {
  readonly port: number;
  readonly options: QueueOptions;
  readonly concurrency: number;
  /** Of each job; 0: it never ends. */
  readonly takesMs: number;
}

const { port, options, concurrency, takesMs }: Told = JSON.parse(process.argv[2] ?? '{}');
const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: 1 });
redis.on('error', () => undefined);

const worker = startWorker(
  createQueue(redis, options),
  async ({ id, job, attempt, takenAtMs }) => {
    await redis.rpush('begun', JSON.stringify({ pid: process.pid, id, job, attempt, takenAtMs }));
    await new Promise((resolve) => {
      if (takesMs > 0) setTimeout(resolve, takesMs);
    });
    return `done by ${process.pid}`;
  },
  { concurrency, idleMs: 20 },
);

process.once('SIGTERM', () => {
  worker.stop().finally(() => process.exit(0));
});
process.send?.('ready');

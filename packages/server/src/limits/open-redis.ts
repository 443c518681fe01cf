import { createHash } from 'node:crypto';
import type { RemoteStore } from '@hufu/flow/remote-store';
import { later } from '../clock.ts';
import type { Secret } from '../config/secret.ts';
import type { Log } from '../log.ts';

/** Redis as a server uses it. */
export interface OpenRedis {
  /** Limits that all nodes of this issuer keep together. */
  readonly store: RemoteStore;
  /** Gives back what is held for a while, and closes the connection, whether Redis answers or not. */
  close(): Promise<void>;
}

export interface RedisOptions {
  readonly url: Secret<string>;
  /** Other issuers on the same Redis have limits of their own. */
  readonly issuer: string;
  /** Whose limits they are: those of the server, or of the edge. */
  readonly of?: 'server' | 'edge';
  /** The same on all nodes: nobody reads from Redis who is counted. */
  readonly secret: string;
  /** How many nodes may hold leases at a time. */
  readonly nodes: number;
  readonly log: Log;
}

/** For the connection and what is looked at first, together. */
const CONNECT_MS = 2_000;
const GOODBYE_MS = 200;
const MOST_BETWEEN_TRIES_MS = 2_000;

/**
 * Connects to Redis. Where nobody answers yet, limits go by `on_store_error` until somebody does. Throws an `Error` for a Redis that cannot keep limits,
 * such as one that throws keys away when it is full.
 */
export async function openRedis({ url, issuer, of = 'server', secret, nodes, log }: RedisOptions): Promise<OpenRedis> {
  // Whoever has no Redis does not wait for its client to load.
  const [{ Redis }, { IOREDIS_OPTIONS, ioredisConnection }, { redisStore }] = await Promise.all([
    import('ioredis'),
    import('@hufu/flow/redis/ioredis'),
    import('@hufu/flow/redis/redis-store'),
  ]);
  const client = new Redis(url.reveal(), {
    ...IOREDIS_OPTIONS,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    retryStrategy: (tries) => Math.min(tries * 100, MOST_BETWEEN_TRIES_MS),
  });
  let isAway = false;
  const away = (error: unknown): void => {
    // Once for each outage, not once for each try.
    if (!isAway) log.warn('redis.unavailable', { reason: error instanceof Error ? error.message.slice(0, 200) : 'closed' });
    isAway = true;
  };
  client.on('error', away);
  client.on('close', away);
  const digest = createHash('sha256').update(secret).digest();
  const store = redisStore({
    connection: ioredisConnection(client),
    secret: digest,
    nodes,
    prefix: `hufu:{${issuer}}:${of === 'edge' ? 'edge:limit' : 'limit'}:`,
  });
  const there = (): void => {
    if (isAway) log.info('redis.available');
    isAway = false;
  };
  const started = client.connect().then(
    async () => (await store.start(), true),
    (error: unknown) => (away(error), false),
  );
  try {
    // One that takes connections and says nothing keeps no server from its start.
    if ((await within(CONNECT_MS, started)) === 'late') {
      away(new Error(`no answer in ${CONNECT_MS} ms`));
      started.then(
        (isThere) => isThere && there(),
        (error: unknown) => log.error('redis.unavailable', error),
      );
    }
  } catch (error) {
    client.disconnect();
    throw error;
  }
  client.on('ready', () => {
    there();
    // It may be another one by now.
    store.start().catch((error: unknown) => log.error('redis.unavailable', error));
  });
  return {
    store,
    async close() {
      store.stop();
      client.removeAllListeners('close');
      // After what has just been given back.
      await within(
        GOODBYE_MS,
        client.quit().catch(() => undefined),
      );
      client.disconnect();
    },
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T | 'late'> {
  let stop: (() => void) | undefined;
  const over = new Promise<'late'>((resolve) => {
    stop = later(ms, () => resolve('late'));
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    stop?.();
  }
}

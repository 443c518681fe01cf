import { IOREDIS_OPTIONS, ioredisConnection } from '@hufu/flow/redis/ioredis';
import { type RedisStore, type RedisStoreOptions, redisStore } from '@hufu/flow/redis/redis-store';
import type { Answer, Ask } from '@hufu/flow/remote-store';
import type { Rule } from '@hufu/flow/rule';
import { Redis } from 'ioredis';

export const SECRET: Uint8Array = new Uint8Array(32).fill(7);

/** A client that is ready, made as limits want it. */
export async function limitClient(port: number): Promise<Redis> {
  const client = new Redis(port, '127.0.0.1', { ...IOREDIS_OPTIONS, lazyConnect: true, retryStrategy: () => 20 });
  // Whoever asks hears of it by the answer.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Patient, as a machine with much to do makes anybody late: what is about lateness says so. */
export function storeOn(client: Redis, rules: readonly Rule[], options: Partial<RedisStoreOptions> = {}): RedisStore {
  const store = redisStore({ connection: ioredisConnection(client), secret: SECRET, timeoutMs: 2_000, ...options });
  store.prepare(rules);
  return store;
}

export function askOf(rule: Rule, more: Partial<Ask> = {}): Ask {
  return { rule, algorithm: rule.algorithm, override: undefined, key: 'somebody', cost: 1, fresh: undefined, ...more };
}

export async function takeOne(store: RedisStore, rule: Rule, more: Partial<Ask> = {}): Promise<Answer> {
  const [answer] = await store.take([askOf(rule, more)]);
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

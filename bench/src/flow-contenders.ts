/** What limits in process, by the cheapest call that each has. */
import { createRequire } from 'node:module';
import { createLimiter } from '@hufu/flow/create-limiter';
import { GcraTable } from '@hufu/flow/gcra-table';
import type { AlgorithmRule } from '@hufu/flow/rule';
import { MemoryStore } from 'express-rate-limit';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { nowMs } from './clock.ts';

/** Takes one unit of a key, and says whether it was there; a promise where the library has no other way. */
export type Take = (key: string) => boolean | Promise<boolean>;

export interface Contender {
  readonly name: string;
  readonly isOurs: boolean;
  /** @param limit units that each key has in an hour */
  make(limit: number): Take;
}

const HOUR_MS = 3_600_000;

interface FastifyStore {
  incr(key: string, done: (error: unknown, result: { readonly current: number }) => void, windowMs: number, max: number): void;
}

const require = createRequire(import.meta.url);

/** As its plugin has it, without the plugin. */
const FastifyLocalStore: new (
  continueExceeding: boolean,
  exponentialBackoff: boolean,
  keys: number,
) => FastifyStore = require('@fastify/rate-limit/store/LocalStore.js');

/** Keys for which there is room where that can be set. */
const ROOM = 2_000_000;

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'ours: table',
    isOurs: true,
    make(limit) {
      const table = new GcraTable({ kind: 'gcra', limit, periodMs: HOUR_MS, burst: limit }, { seed: [1, 2, 3, 4], maxKeys: ROOM });
      return (key) => table.take(key, Math.floor(nowMs()), 1).allowed;
    },
  },
  { name: 'ours: limiter', isOurs: true, make: (limit) => limiterOf({ kind: 'gcra', limit, periodMs: HOUR_MS, burst: limit }) },
  {
    name: 'express-rate-limit',
    isOurs: false,
    make(limit) {
      const store = new MemoryStore();
      store.init({ windowMs: HOUR_MS } as Parameters<MemoryStore['init']>[0]);
      return async (key) => (await store.increment(key)).totalHits <= limit;
    },
  },
  {
    name: '@fastify/rate-limit',
    isOurs: false,
    make(limit) {
      const store = new FastifyLocalStore(false, false, ROOM);
      let current = 0;
      const done = (_error: unknown, result: { readonly current: number }): void => {
        current = result.current;
      };
      return (key) => {
        store.incr(key, done, HOUR_MS, limit);
        return current <= limit;
      };
    },
  },
  {
    name: 'rate-limiter-flexible',
    isOurs: false,
    make(limit) {
      const limiter = new RateLimiterMemory({ points: limit, duration: HOUR_MS / 1000 });
      const [allowed, refused] = [() => true, () => false];
      return (key) => limiter.consume(key).then(allowed, refused);
    },
  },
];

/** One rule with the address as its key: all that a request goes through, but for HTTP. */
function limiterOf(algorithm: AlgorithmRule): Take {
  const limiter = createLimiter({ rules: [{ name: 'calls', key: ['address'], algorithm }], maxKeys: ROOM, maxNumbers: 4 * ROOM });
  return (address) => limiter.takeNow({ address }).allowed;
}

/** The same through a limiter with each of the algorithms. */
export const ALGORITHMS: readonly Contender[] = [
  (limit: number): AlgorithmRule => ({ kind: 'gcra', limit, periodMs: HOUR_MS, burst: limit }),
  (limit: number): AlgorithmRule => ({ kind: 'fixed_window', limit, periodMs: HOUR_MS }),
  (limit: number): AlgorithmRule => ({ kind: 'sliding_counter', limit, periodMs: HOUR_MS }),
  (limit: number): AlgorithmRule => ({ kind: 'sliding_log', limit: Math.min(limit, 10), periodMs: 1 }),
  (limit: number): AlgorithmRule => ({ kind: 'token_bucket', capacity: limit, unit: 1, intervalMs: 1 }),
  (limit: number): AlgorithmRule => ({ kind: 'leaky_bucket', limit, periodMs: 1_000, maxQueueMs: HOUR_MS }),
  (limit: number): AlgorithmRule => ({ kind: 'warm_up', limit, periodMs: 1_000, burst: 1_000, warmUpMs: 10_000, coldFactor: 3 }),
  (limit: number): AlgorithmRule => ({ kind: 'quota', limit, period: 'day', zone: 'UTC' }),
].map((ruleOf) => ({ name: ruleOf(1).kind, isOurs: true, make: (limit: number) => limiterOf(ruleOf(limit)) }));

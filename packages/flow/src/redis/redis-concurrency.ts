import { randomBytes } from 'node:crypto';
import { type ConcurrencyRule, checkConcurrency } from '../algorithms/concurrency.ts';
import { type Concurrency, createConcurrency } from '../create-concurrency.ts';
import { type RedisClock, systemClock } from './clock.ts';
import { macName, requireSecret } from './key-names.ts';
import { ACQUIRE, RELEASE, RENEW } from './lua/places.ts';
import { type RedisConnection, RedisLine } from './redis-line.ts';

export interface RedisConcurrencyOptions {
  readonly connection: RedisConnection;
  /** As of `redisStore`. */
  readonly secret: Uint8Array;
  /** Of these places, among others in the same Redis. */
  readonly name: string;
  readonly prefix?: string;
  readonly timeoutMs?: number;
  /** Where Redis does not answer: `share` of the places in this process alone, everybody, or nobody. */
  readonly onStoreError?: 'local' | 'open' | 'closed';
  /** Above 0, at most 1; 0.5 where nothing is said. */
  readonly share?: number;
  readonly clock?: RedisClock;
}

/** A place that is held until it is released, or its lease is over: also where its holder is dead. */
export interface SharedPermit {
  readonly kind: 'permit';
  /** Holds it for another lease; false: it was over, and may be somebody else's, or Redis did not answer. */
  renew(): Promise<boolean>;
  /** Once is enough. Never rejects; what does not reach Redis comes back with the end of the lease. */
  release(): Promise<void>;
}

export interface NoSharedPermit {
  readonly kind: 'refused';
  /** To the end of the lease that ends first; somebody may let go sooner. */
  readonly retryAfterMs: number;
  /** Whether Redis did not answer, and the rule lets nobody through then. */
  readonly isStoreError: boolean;
}

/** Places that processes share, so many for each key. */
export interface RedisConcurrency {
  acquire(key: string): Promise<SharedPermit | NoSharedPermit>;
}

const CLOSED_RETRY_MS = 1_000;

/** Throws a `TypeError` for a rule that is none, a share, or a secret that is too short. */
export function redisConcurrency(rule: ConcurrencyRule, options: RedisConcurrencyOptions): RedisConcurrency {
  const { connection, secret, name, prefix = 'hufu:limit:', timeoutMs = 50, onStoreError = 'local', share = 0.5 } = options;
  const { clock = systemClock } = options;
  requireSecret(secret);
  const flaw = checkConcurrency(rule);
  if (flaw !== undefined) throw new TypeError(flaw);
  if (!(share > 0 && share <= 1)) throw new TypeError('share must be above 0, and 1 at most');
  const line = new RedisLine({ connection, clock, timeoutMs });
  const tag = JSON.stringify(['concurrency', rule.limit, rule.leaseMs]);
  const alone: Concurrency = createConcurrency({ ...rule, limit: Math.ceil(rule.limit * share) }, { nowMs: () => clock.progressMs() });

  const acquireAlone = (key: string): SharedPermit | NoSharedPermit => {
    if (onStoreError === 'closed') return { kind: 'refused', retryAfterMs: CLOSED_RETRY_MS, isStoreError: true };
    if (onStoreError === 'open') return { kind: 'permit', renew: async () => true, release: async () => undefined };
    const permit = alone.acquire(key);
    if (permit.kind === 'refused') return { ...permit, isStoreError: false };
    return { kind: 'permit', renew: async () => permit.renew(), release: async () => permit.release() };
  };

  return {
    async acquire(key) {
      const keys = [macName(prefix, secret, [tag, name, key])];
      const id = randomBytes(16).toString('base64url');
      const args = [id, rule.limit, rule.leaseMs];
      const release = async (): Promise<void> => void (await line.run(RELEASE, keys, args));
      const ran = await line.run(ACQUIRE, keys, args, {
        // Nobody waits for it any more.
        late: (value) => {
          if (isHeld(value)) void release();
        },
      });
      if (ran.kind !== 'answer' || !Array.isArray(ran.value)) return acquireAlone(key);
      if (!isHeld(ran.value)) return { kind: 'refused', retryAfterMs: Number(ran.value[1]), isStoreError: false };
      return {
        kind: 'permit',
        async renew() {
          const renewed = await line.run(RENEW, keys, args);
          return renewed.kind === 'answer' && renewed.value === 1;
        },
        release,
      };
    },
  };
}

function isHeld(value: unknown): boolean {
  return Array.isArray(value) && value[0] === 1;
}

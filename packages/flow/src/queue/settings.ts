import { gcra } from '../algorithms/gcra.ts';
import { isCount, type Rate, ticksOf } from '../rate.ts';
import { type QueueClock, systemClock } from './clock.ts';

/** A queue, the same in every process that has to do with it. */
export interface QueueOptions {
  /** Lower-case letters, digits and `-`, 64 at most. */
  readonly name: string;
  /** How fast all workers together take jobs. */
  readonly rate: Rate;
  /** Jobs that wait, run or are to be tried again; 10,000. */
  readonly maxDepth?: number;
  /** What they take together, in bytes; 64 MiB. */
  readonly maxBytes?: number;
  /** Times that a job is begun before it is a dead letter; 5. */
  readonly maxAttempts?: number;
  /** How long a worker may give no sign until somebody else takes over its jobs; 30,000. */
  readonly visibilityMs?: number;
  /** Before a job that failed is tried again: the first time, and twice as long each time until the most. 1,000 and 300,000. */
  readonly backoff?: { readonly firstMs: number; readonly mostMs: number };
  /** How long it is known how a job ended, and its idempotency key is taken; a day. */
  readonly keptMs?: number;
  /** Dead letters that are kept; the oldest go first. 1,000. */
  readonly maxDead?: number;
  /** Before the names of all keys; `hufu:queue:`. */
  readonly prefix?: string;
  /** How long an answer of Redis is waited for; 1,000. */
  readonly timeoutMs?: number;
  readonly clock?: QueueClock;
}

export interface QueueSettings extends Required<QueueOptions> {
  /** Before the names of this queue's keys: all of them in one slot of a cluster. */
  readonly base: string;
  readonly perUnit: number;
  readonly perMs: number;
  /** Ticks: what may be taken at once by workers that come late. */
  readonly depthTicks: number;
}

/** What a late worker finds still there: whoever looks each 50 milliseconds, or twice as rarely as a job comes, loses none. */
const CREDIT_MS = 50;

/** Throws a `TypeError` that says which setting is none. */
export function readSettings(options: QueueOptions): QueueSettings {
  const {
    name,
    rate,
    maxDepth = 10_000,
    maxBytes = 64 * 1024 * 1024,
    maxAttempts = 5,
    visibilityMs = 30_000,
    backoff = { firstMs: 1_000, mostMs: 300_000 },
    keptMs = 86_400_000,
    maxDead = 1_000,
    prefix = 'hufu:queue:',
    timeoutMs = 1_000,
    clock = systemClock,
  } = options;
  if (!/^[a-z0-9-]{1,64}$/.test(name)) throw new TypeError('name of a queue: a-z, 0-9 and -, 64 at most');
  if (/[{}]/.test(prefix)) throw new TypeError('prefix: no braces');
  const counts = { maxDepth, maxBytes, maxAttempts, visibilityMs, keptMs, timeoutMs, firstMs: backoff.firstMs, mostMs: backoff.mostMs };
  for (const [setting, value] of Object.entries(counts)) {
    if (!isCount(value)) throw new TypeError(`${setting}: a whole number of 1 or more`);
  }
  if (maxDead !== 0 && !isCount(maxDead)) throw new TypeError('maxDead: a whole number of 0 or more');
  const burst = Math.max(2, Math.ceil((CREDIT_MS * rate.limit) / rate.periodMs));
  const flaw = gcra.check({ kind: 'gcra', ...rate, burst });
  if (flaw !== undefined) throw new TypeError(`rate: ${flaw}`);
  const { perUnit, perMs } = ticksOf(rate);
  return {
    name,
    rate,
    maxDepth,
    maxBytes,
    maxAttempts,
    visibilityMs,
    backoff,
    keptMs,
    maxDead,
    prefix,
    timeoutMs,
    clock,
    base: `${prefix}{${name}}:`,
    perUnit,
    perMs,
    depthTicks: burst * perUnit + perMs - 1,
  };
}

/** How long a job waits that has failed for the `attempt`th time. */
export function backoffMs({ backoff }: QueueSettings, attempt: number): number {
  return Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 40));
}

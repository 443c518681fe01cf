import { type Algorithm, type Decision, requireCost } from '../algorithm.ts';
import { checkRate, isCount, MAX_TICKS, type Rate, ticksOf } from '../rate.ts';
import { emptyInMs, levelAt, untouched } from './level.ts';

/** Lets `limit` units go on in each `periodMs`, evenly; who comes earlier waits. */
export interface LeakyBucketRule extends Rate {
  readonly kind: 'leaky_bucket';
  /** Who would wait longer is refused; whole milliseconds, 1 at least. */
  readonly maxQueueMs: number;
}

/**
 * Pacing: a request goes on when what came before it has drained, and is told how long that is. Successive ones go on at least
 * cost · periodMs / limit apart, so that any half-open span of D milliseconds sees at most ceil(D · limit / periodMs) units of requests of
 * one unit go on. Idleness earns nothing. No request may cost more than `limit`. `remaining` counts requests of one unit.
 *
 * Nothing is given back: who was told a time to go on is counting on it.
 *
 * State: the backlog in ticks, and the millisecond it was reckoned for.
 */
export const leakyBucket: Algorithm<LeakyBucketRule> = {
  kind: 'leaky_bucket',
  check(rule) {
    const flaw = checkRate(rule);
    if (flaw !== undefined) return flaw;
    if (!isCount(rule.maxQueueMs)) return 'max_queue must be whole milliseconds, 1 or more';
    const { perMs, horizonMs } = queueOf(rule);
    if (2 * horizonMs * perMs >= MAX_TICKS) return 'max_queue is too long for so high a limit';
    return undefined;
  },
  decide(state, nowMs, cost, rule) {
    requireCost(cost);
    const queue = queueOf(rule);
    const { perUnit, perMs, horizonMs } = queue;
    const level = levelAt(state, nowMs, perMs, horizonMs);
    const { ticks, atMs } = level;
    const waitMs = atMs - nowMs + Math.ceil(ticks / perMs);
    const fits = cost <= rule.limit;
    if (fits && waitMs <= rule.maxQueueMs) {
      const next = ticks + cost * perUnit;
      const decision = decisionOf(queue, next, atMs, nowMs, { retryAfterMs: 0, delayMs: waitMs });
      return { state: cost === 0 ? untouched(state, level) : [next, atMs], decision };
    }
    const retryAfterMs = fits ? waitMs - rule.maxQueueMs : Number.POSITIVE_INFINITY;
    return { state: untouched(state, level), decision: decisionOf(queue, ticks, atMs, nowMs, { retryAfterMs, delayMs: 0 }) };
  },
  refund: (state) => state,
};

interface Queue {
  readonly perUnit: number;
  readonly perMs: number;
  readonly maxQueueMs: number;
  /** The longest queue, and the dearest request behind it. */
  readonly horizonMs: number;
}

function queueOf(rule: LeakyBucketRule): Queue {
  return { ...ticksOf(rule), maxQueueMs: rule.maxQueueMs, horizonMs: rule.maxQueueMs + rule.periodMs };
}

function decisionOf(
  { perUnit, perMs, maxQueueMs }: Queue,
  ticks: number,
  atMs: number,
  nowMs: number,
  times: Pick<Decision, 'retryAfterMs' | 'delayMs'>,
): Decision {
  const room = (maxQueueMs - (atMs - nowMs)) * perMs - ticks;
  return {
    allowed: times.retryAfterMs === 0,
    remaining: room < 0 ? 0 : Math.floor(room / perUnit) + 1,
    ...times,
    resetAfterMs: emptyInMs(ticks, atMs, nowMs, perMs),
  };
}

import { type Algorithm, type Chargeable, type Decision, requireCost } from '../algorithm.ts';
import { checkRate, isCount, MAX_TICKS, type Rate, ticksOf } from '../rate.ts';
import { emptyInMs, levelAt, untouched } from './level.ts';

/** `burst` units at once, and `limit` in each `periodMs` in the long run. */
export interface GcraRule extends Rate {
  readonly kind: 'gcra';
  /** Whole units. */
  readonly burst: number;
}

/**
 * The generic cell rate algorithm (ITU-T I.371): a bucket that leaks evenly, kept as its level and the time of that level. Any half-open
 * span of D milliseconds admits at most `burst` + ceil(D · limit / periodMs) − 1 units, and nothing is refused that this bound allows.
 *
 * State: the level in ticks, and the millisecond it was reckoned for.
 */
export const gcra: Algorithm<GcraRule> & Chargeable<GcraRule> = {
  kind: 'gcra',
  check(rule) {
    const flaw = checkRate(rule);
    if (flaw !== undefined) return flaw;
    if (!isCount(rule.burst)) return 'burst must be a whole number of 1 or more';
    const { depth, perMs } = bucketOf(rule);
    // Twice: what is owed.
    if (2 * depth + perMs >= MAX_TICKS) return 'burst is too large for so long a period';
    return undefined;
  },
  decide(state, nowMs, cost, rule) {
    requireCost(cost);
    const bucket = bucketOf(rule);
    const { depth, perUnit, perMs, horizonMs } = bucket;
    const level = levelAt(state, nowMs, perMs, horizonMs);
    const { ticks, atMs } = level;
    // Units first: the product of a large cost is no whole number any more.
    const fits = cost <= Math.floor(depth / perUnit);
    const wanted = fits ? cost * perUnit : 0;
    const next = ticks + wanted;
    if (fits && next <= depth) {
      return { state: cost === 0 ? untouched(state, level) : [next, atMs], decision: decisionOf(bucket, next, atMs, nowMs, 0) };
    }
    const retryAfterMs = fits ? atMs - nowMs + Math.ceil((next - depth) / perMs) : Number.POSITIVE_INFINITY;
    return { state: untouched(state, level), decision: decisionOf(bucket, ticks, atMs, nowMs, retryAfterMs) };
  },
  refund(state, nowMs, cost, takenAtMs, rule) {
    requireCost(cost);
    const { perUnit, perMs, horizonMs } = bucketOf(rule);
    const level = levelAt(state, nowMs, perMs, horizonMs);
    const { ticks, atMs } = level;
    // Taken later than what is known to be the latest: the clock was set back meanwhile, and nobody knows what time gave.
    const back = takenAtMs > atMs ? 0 : cost * perUnit - (atMs - takenAtMs) * perMs;
    if (back <= 0) return untouched(state, level);
    return ticks <= back ? undefined : [ticks - back, atMs];
  },
  charge(state, nowMs, cost, rule) {
    requireCost(cost);
    const { depth, perUnit, perMs, horizonMs } = bucketOf(rule);
    const level = levelAt(state, nowMs, perMs, horizonMs);
    return cost === 0 ? untouched(state, level) : [Math.min(level.ticks + cost * perUnit, 2 * depth), level.atMs];
  },
};

interface Bucket {
  /** Ticks that there is room for. */
  readonly depth: number;
  readonly perUnit: number;
  readonly perMs: number;
  readonly horizonMs: number;
}

function bucketOf(rule: GcraRule): Bucket {
  const { perUnit, perMs } = ticksOf(rule);
  // A reading of the clock lacks less than a millisecond: what flows back in it is not held against anybody, and the bound above holds with it.
  const depth = rule.burst * perUnit + perMs - 1;
  return { depth, perUnit, perMs, horizonMs: Math.ceil((2 * depth) / perMs) };
}

function decisionOf({ depth, perUnit, perMs }: Bucket, ticks: number, atMs: number, nowMs: number, retryAfterMs: number): Decision {
  return {
    allowed: retryAfterMs === 0,
    remaining: Math.max(0, Math.floor((depth - ticks) / perUnit)),
    retryAfterMs,
    resetAfterMs: emptyInMs(ticks, atMs, nowMs, perMs),
    delayMs: 0,
  };
}

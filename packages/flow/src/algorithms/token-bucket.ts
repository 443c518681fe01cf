import { type Algorithm, type Chargeable, type Decision, requireCost, type State } from '../algorithm.ts';
import { isCount, MAX_TICKS } from '../rate.ts';

/** A bucket of `capacity` units, into which `unit` of them fall each `intervalMs`, all at once. */
export interface TokenBucketRule {
  readonly kind: 'token_bucket';
  /** Whole units. */
  readonly capacity: number;
  /** Whole units, no more than the capacity. */
  readonly unit: number;
  /** Whole milliseconds. */
  readonly intervalMs: number;
}

/**
 * A token bucket that is filled in batches, on a grid that begins with the first take from a full bucket. Any half-open span of D
 * milliseconds admits at most `capacity` + `unit` · ceil((D − 1) / intervalMs).
 *
 * State: the tokens, and the moment of the grid up to which they are reckoned.
 */
export const tokenBucket: Algorithm<TokenBucketRule> & Chargeable<TokenBucketRule> = {
  kind: 'token_bucket',
  check(rule) {
    if (!isCount(rule.capacity)) return 'capacity must be a whole number of 1 or more';
    if (!isCount(rule.unit) || rule.unit > rule.capacity) return 'unit must be a whole number from 1 to the capacity';
    if (!isCount(rule.intervalMs)) return 'interval must be whole milliseconds, 1 or more';
    if (4 * rule.capacity >= MAX_TICKS || 2 * horizonOf(rule) >= MAX_TICKS) return 'capacity is too large for so long an interval';
    return undefined;
  },
  decide(state, nowMs, cost, rule) {
    requireCost(cost);
    const bucket = bucketAt(state, nowMs, rule);
    const { tokens, gridMs } = bucket;
    if (cost <= tokens) {
      const next = { ...bucket, tokens: tokens - cost };
      return { state: cost === 0 ? untouched(state, bucket) : stateOf(next, rule), decision: decisionOf(next, nowMs, rule, 0) };
    }
    const fits = cost <= rule.capacity;
    const retryAfterMs = fits ? gridMs + Math.ceil((cost - tokens) / rule.unit) * rule.intervalMs - nowMs : Number.POSITIVE_INFINITY;
    return { state: untouched(state, bucket), decision: decisionOf(bucket, nowMs, rule, retryAfterMs) };
  },
  refund(state, nowMs, cost, takenAtMs, rule) {
    requireCost(cost);
    const bucket = bucketAt(state, nowMs, rule);
    const { tokens, gridMs } = bucket;
    // Taken later than what is known to be the latest: the clock was set back meanwhile, and nobody knows what time gave.
    if (takenAtMs > Math.max(nowMs, gridMs)) return untouched(state, bucket);
    const refills = Math.max(0, Math.ceil((gridMs - takenAtMs) / rule.intervalMs));
    const back = Math.max(0, cost - Math.min(refills, Math.ceil(cost / rule.unit)) * rule.unit);
    return back === 0 ? untouched(state, bucket) : stateOf({ ...bucket, tokens: Math.min(rule.capacity, tokens + back) }, rule);
  },
  charge(state, nowMs, cost, rule) {
    requireCost(cost);
    const bucket = bucketAt(state, nowMs, rule);
    return cost === 0 ? untouched(state, bucket) : stateOf({ ...bucket, tokens: Math.max(-rule.capacity, bucket.tokens - cost) }, rule);
  },
};

interface Bucket {
  /** Below 0: owed. */
  readonly tokens: number;
  /** The last moment of the grid; now, where the bucket is full. */
  readonly gridMs: number;
  /** The clock was set back too far to wait for it. */
  readonly moved: boolean;
}

function bucketAt(state: State | undefined, nowMs: number, rule: TokenBucketRule): Bucket {
  const { capacity, unit, intervalMs } = rule;
  if (state === undefined) return { tokens: capacity, gridMs: nowMs, moved: false };
  const [tokens = capacity, gridMs = nowMs] = state;
  if (gridMs > nowMs) {
    const moved = gridMs - nowMs > horizonOf(rule);
    return { tokens, gridMs: moved ? nowMs : gridMs, moved };
  }
  const refills = Math.floor((nowMs - gridMs) / intervalMs);
  if (refills >= Math.ceil((capacity - tokens) / unit)) return { tokens: capacity, gridMs: nowMs, moved: false };
  return { tokens: tokens + refills * unit, gridMs: gridMs + refills * intervalMs, moved: false };
}

/** The longest that a bucket takes to be full, all debts counted. */
function horizonOf({ capacity, unit, intervalMs }: TokenBucketRule): number {
  return Math.ceil((2 * capacity) / unit) * intervalMs;
}

function stateOf({ tokens, gridMs }: Bucket, { capacity }: TokenBucketRule): State | undefined {
  return tokens === capacity ? undefined : [tokens, gridMs];
}

function untouched(state: State | undefined, bucket: Bucket): State | undefined {
  return bucket.moved ? [bucket.tokens, bucket.gridMs] : state;
}

function decisionOf({ tokens, gridMs }: Bucket, nowMs: number, rule: TokenBucketRule, retryAfterMs: number): Decision {
  const missing = rule.capacity - tokens;
  return {
    allowed: retryAfterMs === 0,
    remaining: Math.max(0, tokens),
    retryAfterMs,
    resetAfterMs: missing === 0 ? 0 : gridMs + Math.ceil(missing / rule.unit) * rule.intervalMs - nowMs,
    delayMs: 0,
  };
}

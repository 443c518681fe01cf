import { type Algorithm, type Decision, requireCost, type Verdict } from '../algorithm.ts';
import { isCount } from '../rate.ts';
import {
  checkWarmUpRate,
  coldAfterMs,
  coldest,
  curveOf,
  intervalOf,
  stateOf,
  untouched,
  type Warmth,
  type WarmUpCurve,
  type WarmUpRate,
  warmed,
  warmthAt,
} from './warm-up-curve.ts';

/** What was not used for a while begins at a `coldFactor`-th of the rate, and is at the rate after `warmUpMs` of full use. */
export interface WarmUpRule extends WarmUpRate {
  readonly kind: 'warm_up';
  /** Whole units that may come at once, of whatever rate there is by then. A request of more never passes. */
  readonly burst: number;
}

/**
 * Sentinel's warm-up without its defects: a GCRA whose interval is that of the curve and whose depth is `burst` of the same, so that rates
 * below one a second are reached as any other; what is used and what is lost are both reckoned over the time that was.
 *
 * Any half-open span of D milliseconds admits at most `burst` + ceil(D · limit / periodMs) − 1 units, as the GCRA of the full rate: no unit
 * takes less than at that rate. What was taken is not given back: it has warmed what it has warmed.
 *
 * State: the level in ticks, the millisecond of that, and the units by which it is warm.
 */
export const warmUp: Algorithm<WarmUpRule> = {
  kind: 'warm_up',
  check(rule) {
    if (!isCount(rule.burst)) return 'burst must be a whole number of 1 or more';
    return checkWarmUpRate(rule, rule.burst);
  },
  decide(state, nowMs, cost, rule) {
    requireCost(cost);
    const curve = curveOf(rule);
    const now = warmthAt(state, nowMs, curve, horizonMs(curve, rule));
    const left = (retryAfterMs: number): Verdict => ({
      state: untouched(state, now),
      decision: decisionOf(curve, rule, now, nowMs, retryAfterMs),
    });
    if (cost === 0) return left(0);
    if (cost > rule.burst) return left(Number.POSITIVE_INFINITY);
    const interval = intervalOf(curve, now.warmth, cost);
    const early = now.level + cost * interval - depthOf(curve, rule, interval);
    if (early > 0) return left(now.atMs - nowMs + Math.ceil(early / curve.perMs));
    const next = warmed(curve, now, cost, interval);
    return { state: stateOf(next), decision: decisionOf(curve, rule, next, nowMs, 0) };
  },
  refund: (state) => state,
};

/** In ticks. A reading of the clock lacks less than a millisecond, which is not held against anybody. */
function depthOf({ perMs }: WarmUpCurve, { burst }: WarmUpRule, interval: number): number {
  return burst * interval + perMs - 1;
}

function horizonMs(curve: WarmUpCurve, rule: WarmUpRule): number {
  return Math.ceil((rule.burst * coldest(curve, rule)) / curve.perMs) + rule.warmUpMs + 2;
}

function decisionOf(curve: WarmUpCurve, rule: WarmUpRule, now: Warmth, nowMs: number, retryAfterMs: number): Decision {
  return {
    allowed: retryAfterMs === 0,
    remaining: roomOf(curve, rule, now),
    retryAfterMs,
    resetAfterMs: now.warmth === 0 ? 0 : now.atMs - nowMs + coldAfterMs(curve, now.level, now.warmth),
    delayMs: 0,
  };
}

/** The most units that one request could take. More of them are shorter each, and leave room for fewer before them: what is too many stays too many. */
function roomOf(curve: WarmUpCurve, rule: WarmUpRule, { level, warmth }: Warmth): number {
  let [fits, tooMany] = [0, rule.burst + 1];
  while (tooMany - fits > 1) {
    const units = Math.floor((fits + tooMany) / 2);
    const interval = intervalOf(curve, warmth, units);
    if (level + units * interval <= depthOf(curve, rule, interval)) fits = units;
    else tooMany = units;
  }
  return fits;
}

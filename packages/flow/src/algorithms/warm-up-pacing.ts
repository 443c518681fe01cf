import { type Algorithm, type Decision, requireCost, type Verdict } from '../algorithm.ts';
import { isCount, MAX_TICKS } from '../rate.ts';
import {
  checkWarmUpRate,
  coldAfterMs,
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

/** One after the other in the interval of the curve, and none waits for longer than `maxQueueMs`. */
export interface WarmUpPacingRule extends WarmUpRate {
  readonly kind: 'warm_up_pacing';
  /** Whole milliseconds, 1 or more: what comes evenly, but by a clock of whole milliseconds, waits for a part of one. */
  readonly maxQueueMs: number;
}

/**
 * Pacing over the warm-up curve: a request goes on once all before it have had their intervals, `delayMs` from now. Idleness earns nothing,
 * and costs warmth. Release times of one after another differ by the interval of the first, which is never shorter than that of the rate.
 * No request may cost more than `limit`. `remaining` counts requests of one unit. Nothing is given back.
 *
 * State: the ticks that are taken by those before, the millisecond of that, and the units by which it is warm.
 */
export const warmUpPacing: Algorithm<WarmUpPacingRule> = {
  kind: 'warm_up_pacing',
  check(rule) {
    if (!isCount(rule.maxQueueMs)) return 'max_queue must be whole milliseconds, 1 or more';
    const flaw = checkWarmUpRate(rule, rule.limit);
    if (flaw !== undefined) return flaw;
    if (2 * horizonMs(rule) * curveOf(rule).perMs >= MAX_TICKS) return 'max_queue is too long for so high a limit';
    return undefined;
  },
  decide(state, nowMs, cost, rule) {
    requireCost(cost);
    const curve = curveOf(rule);
    const now = warmthAt(state, nowMs, curve, horizonMs(rule));
    const left = (retryAfterMs: number, delayMs: number): Verdict => ({
      state: untouched(state, now),
      decision: decisionOf(curve, rule, now, nowMs, { retryAfterMs, delayMs }),
    });
    const waitMs = now.atMs - nowMs + Math.ceil(now.level / curve.perMs);
    if (cost > rule.limit) return left(Number.POSITIVE_INFINITY, 0);
    if (waitMs > rule.maxQueueMs) return left(waitMs - rule.maxQueueMs, 0);
    if (cost === 0) return left(0, waitMs);
    const next = warmed(curve, now, cost, intervalOf(curve, now.warmth, cost));
    return { state: stateOf(next), decision: decisionOf(curve, rule, next, nowMs, { retryAfterMs: 0, delayMs: waitMs }) };
  },
  refund: (state) => state,
};

/** The longest queue, the dearest request behind it at the coldest, and all warmth lost. */
function horizonMs(rule: WarmUpPacingRule): number {
  return rule.maxQueueMs + Math.ceil(rule.coldFactor * rule.periodMs) + rule.warmUpMs + 3;
}

function decisionOf(
  curve: WarmUpCurve,
  rule: WarmUpPacingRule,
  now: Warmth,
  nowMs: number,
  times: Pick<Decision, 'retryAfterMs' | 'delayMs'>,
): Decision {
  return {
    allowed: times.retryAfterMs === 0,
    remaining: roomOf(curve, rule, now, nowMs),
    ...times,
    resetAfterMs: now.warmth === 0 ? 0 : now.atMs - nowMs + coldAfterMs(curve, now.level, now.warmth),
  };
}

/** How many requests of one unit would find room in the queue: the last of them needs none for its own interval. */
function roomOf(curve: WarmUpCurve, rule: WarmUpPacingRule, { level, atMs, warmth }: Warmth, nowMs: number): number {
  const room = (rule.maxQueueMs - (atMs - nowMs)) * curve.perMs - level;
  if (room < 0) return 0;
  let [fits, tooMany] = [0, Math.floor(room / curve.perUnit) + 1];
  while (tooMany - fits > 1) {
    const units = Math.floor((fits + tooMany) / 2);
    if (units * intervalOf(curve, warmth, units) <= room) fits = units;
    else tooMany = units;
  }
  return fits + 1;
}

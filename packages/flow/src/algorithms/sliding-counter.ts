import { type Algorithm, type Chargeable, type Decision, requireCost, type State } from '../algorithm.ts';
import { checkRate, MAX_TICKS, type Rate } from '../rate.ts';

/** `limit` units in about `periodMs`, reckoned from two windows; they begin at whole multiples of `periodMs` since 1970. */
export interface SlidingCounterRule extends Rate {
  readonly kind: 'sliding_counter';
}

/**
 * Takes what came in the window before to have come evenly: previous · (what of it the span still covers) + used never passes `limit`. So at
 * most `limit` units in each of its windows, and 2 · limit − 1 in any half-open span as long.
 *
 * State: the start of the window, what was used in it, and in the one before. Wants the clock of the wall. Where it was set back by no more
 * than two windows, it stands still at the start of the later window.
 */
export const slidingCounter: Algorithm<SlidingCounterRule> & Chargeable<SlidingCounterRule> = {
  kind: 'sliding_counter',
  check(rule) {
    const flaw = checkRate(rule);
    if (flaw !== undefined) return flaw;
    // Both windows full, and as much owed.
    if (4 * rule.limit * rule.periodMs >= MAX_TICKS) return 'limit is too large for so long a period';
    return undefined;
  },
  decide(state, nowMs, cost, rule) {
    requireCost(cost);
    const { limit, periodMs } = rule;
    const counts = countsAt(state, nowMs, periodMs);
    const fits = cost <= limit;
    if (fits && counts.previous * (periodMs - counts.sinceMs) + (counts.used + cost) * periodMs <= limit * periodMs) {
      const next = { ...counts, used: counts.used + cost };
      return { state: cost === 0 ? untouched(state, counts) : stateOf(next), decision: decisionOf(next, nowMs, rule, 0) };
    }
    const retryAfterMs = fits ? passesAt(counts, cost, rule) - nowMs : Number.POSITIVE_INFINITY;
    return { state: untouched(state, counts), decision: decisionOf(counts, nowMs, rule, retryAfterMs) };
  },
  refund(state, nowMs, cost, takenAtMs, { periodMs }) {
    requireCost(cost);
    const counts = countsAt(state, nowMs, periodMs);
    const takenIn = startOf(takenAtMs, periodMs);
    const { startMs, used, previous } = counts;
    if (takenIn === startMs) return stateOf({ ...counts, used: Math.max(0, used - cost) });
    if (takenIn + periodMs === startMs) return stateOf({ ...counts, previous: Math.max(0, previous - cost) });
    return untouched(state, counts);
  },
  charge(state, nowMs, cost, { limit, periodMs }) {
    requireCost(cost);
    const counts = countsAt(state, nowMs, periodMs);
    return cost === 0 ? untouched(state, counts) : stateOf({ ...counts, used: Math.min(counts.used + cost, 2 * limit) });
  },
};

interface Counts {
  readonly startMs: number;
  readonly used: number;
  readonly previous: number;
  /** How much of the window is over, in whole milliseconds. */
  readonly sinceMs: number;
  /** The clock was set back too far to wait for it. */
  readonly moved: boolean;
}

function startOf(atMs: number, periodMs: number): number {
  return Math.floor(atMs / periodMs) * periodMs;
}

function countsAt(state: State | undefined, nowMs: number, periodMs: number): Counts {
  const windowMs = startOf(nowMs, periodMs);
  const sinceMs = nowMs - windowMs;
  const [startMs = windowMs, used = 0, previous = 0] = state ?? [];
  if (startMs > windowMs) {
    if (startMs - nowMs <= 2 * periodMs) return { startMs, used, previous, sinceMs: 0, moved: false };
    return { startMs: windowMs, used, previous, sinceMs, moved: true };
  }
  if (startMs === windowMs) return { startMs, used, previous, sinceMs, moved: false };
  return { startMs: windowMs, used: 0, previous: startMs + periodMs === windowMs ? used : 0, sinceMs, moved: false };
}

/** The first moment at which a cost that did not fit does: still in this window, in the next, or when that is over. */
function passesAt({ startMs, used, previous }: Counts, cost: number, { limit, periodMs }: SlidingCounterRule): number {
  const room = limit - used - cost;
  // What of the window before may still count.
  if (room >= 0) return startMs + periodMs - Math.floor((room * periodMs) / previous);
  const countedMs = used === 0 ? periodMs : Math.min(periodMs, Math.floor(((limit - cost) * periodMs) / used));
  return startMs + 2 * periodMs - countedMs;
}

function stateOf({ startMs, used, previous }: Counts): State | undefined {
  return used === 0 && previous === 0 ? undefined : [startMs, used, previous];
}

function untouched(state: State | undefined, counts: Counts): State | undefined {
  return counts.moved ? stateOf(counts) : state;
}

function decisionOf(counts: Counts, nowMs: number, { limit, periodMs }: SlidingCounterRule, retryAfterMs: number): Decision {
  const { startMs, used, previous, sinceMs } = counts;
  let emptyAtMs = nowMs;
  if (used > 0) emptyAtMs = startMs + 2 * periodMs;
  else if (previous > 0) emptyAtMs = startMs + periodMs;
  return {
    allowed: retryAfterMs === 0,
    remaining: Math.max(0, Math.floor((limit * periodMs - previous * (periodMs - sinceMs) - used * periodMs) / periodMs)),
    retryAfterMs,
    resetAfterMs: emptyAtMs - nowMs,
    delayMs: 0,
  };
}

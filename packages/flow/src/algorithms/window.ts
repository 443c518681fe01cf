import { requireCost, type State, type Verdict } from '../algorithm.ts';

/** The window that a moment lies in: instants, in which the windows follow each other without a gap. */
export interface Window {
  /** Start of the one before. */
  readonly beforeMs: number;
  readonly startMs: number;
  /** Start of the next. */
  readonly endMs: number;
  readonly nextEndMs: number;
}

export type Windows = (atMs: number) => Window;

/**
 * Counts in windows that lie fast, each of them anew; a debt of one window stays owed in the next. A clock that was set back by no more than
 * two windows: the later window counts on.
 *
 * State: the start of the window, and what was used in it.
 */
export function decideInWindow(state: State | undefined, nowMs: number, cost: number, limit: number, windows: Windows): Verdict {
  requireCost(cost);
  const count = countAt(state, nowMs, limit, windows);
  const { used } = count;
  if (used + cost <= limit) {
    const next = cost === 0 ? untouched(state, count) : stateOf(count, used + cost);
    return { state: next, decision: decisionOf(count, used + cost, nowMs, limit, 0) };
  }
  let atMs = count.window.endMs;
  if (cost > limit) atMs = Number.POSITIVE_INFINITY;
  else if (Math.max(0, used - limit) + cost > limit) atMs = count.window.nextEndMs;
  return { state: untouched(state, count), decision: decisionOf(count, used, nowMs, limit, atMs - nowMs) };
}

/** Gives back within the window in which it was taken. */
export function refundInWindow(
  state: State | undefined,
  nowMs: number,
  cost: number,
  takenAtMs: number,
  limit: number,
  windows: Windows,
): State | undefined {
  requireCost(cost);
  const count = countAt(state, nowMs, limit, windows);
  if (takenAtMs < count.window.startMs || takenAtMs >= count.window.endMs) return untouched(state, count);
  return count.used <= cost ? undefined : stateOf(count, count.used - cost);
}

/** What is owed is one limit at most. */
export function chargeInWindow(state: State | undefined, nowMs: number, cost: number, limit: number, windows: Windows): State | undefined {
  requireCost(cost);
  const count = countAt(state, nowMs, limit, windows);
  return cost === 0 ? untouched(state, count) : stateOf(count, Math.min(count.used + cost, 2 * limit));
}

interface Count {
  readonly window: Window;
  readonly used: number;
  /** The clock was set back too far to wait for it. */
  readonly moved: boolean;
}

function countAt(state: State | undefined, nowMs: number, limit: number, windows: Windows): Count {
  const window = windows(nowMs);
  if (state === undefined) return { window, used: 0, moved: false };
  const [startMs = 0, used = 0] = state;
  if (startMs >= window.endMs) {
    return startMs <= window.nextEndMs ? { window: windows(startMs), used, moved: false } : { window, used, moved: true };
  }
  if (startMs >= window.startMs) return { window, used, moved: false };
  return { window, used: startMs >= window.beforeMs ? Math.max(0, used - limit) : 0, moved: false };
}

function stateOf({ window }: Count, used: number): State {
  return [window.startMs, used];
}

function untouched(state: State | undefined, count: Count): State | undefined {
  return count.moved ? stateOf(count, count.used) : state;
}

function decisionOf({ window }: Count, used: number, nowMs: number, limit: number, retryAfterMs: number): Verdict['decision'] {
  let emptyAtMs = nowMs;
  if (used > limit) emptyAtMs = window.nextEndMs;
  else if (used > 0) emptyAtMs = window.endMs;
  return {
    allowed: retryAfterMs === 0,
    remaining: Math.max(0, limit - used),
    retryAfterMs,
    resetAfterMs: emptyAtMs - nowMs,
    delayMs: 0,
  };
}

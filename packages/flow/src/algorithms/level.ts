import type { State } from '../algorithm.ts';

/** What is in a bucket that drains evenly. */
export interface Level {
  /** Whole ticks. */
  readonly ticks: number;
  /** The millisecond that they are reckoned for: never before that of the state. */
  readonly atMs: number;
  /** The clock was set back too far to wait for it: what was used counts from now on, and the state must be kept even where nothing is taken. */
  readonly moved: boolean;
}

/**
 * Reads a state of [ticks, ms].
 *
 * @param perMs ticks that drain in a millisecond
 * @param horizonMs the longest that a bucket takes to drain: by so much the clock may have been set back and time stands still
 */
export function levelAt(state: State | undefined, nowMs: number, perMs: number, horizonMs: number): Level {
  const [ticks = 0, atMs = nowMs] = state ?? [];
  const sinceMs = nowMs - atMs;
  // No longer than it takes: the product stays a whole number.
  if (sinceMs >= 0) return { ticks: Math.max(0, ticks - Math.min(sinceMs, Math.ceil(ticks / perMs)) * perMs), atMs: nowMs, moved: false };
  if (-sinceMs <= horizonMs) return { ticks, atMs, moved: false };
  return { ticks, atMs: nowMs, moved: true };
}

/** The state that stays where nothing is taken: the one that came in, unless it had to be moved. */
export function untouched(state: State | undefined, { ticks, atMs, moved }: Level): State | undefined {
  return moved ? [ticks, atMs] : state;
}

/** Whole milliseconds until the bucket is empty. */
export function emptyInMs(ticks: number, atMs: number, nowMs: number, perMs: number): number {
  return ticks === 0 ? 0 : atMs - nowMs + Math.ceil(ticks / perMs);
}

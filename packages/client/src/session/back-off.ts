import type { Clock } from '../clock.ts';

const MAX_RETRY_AFTER_MS = 300_000;
/** While the server may still give the same successor once more. */
const HURRY_MS = 45_000;
const HURRY_STEP_MS = 5_000;

/** From 1 to 30 seconds, doubling with each failure, spread over its upper half so that queues come apart. */
export function backOffMs(clock: Clock, failures: number): number {
  const most = Math.min(30_000, 1_000 * 2 ** Math.min(Math.max(failures - 1, 0), 10));
  return Math.round(most * (0.5 + clock.chance() / 2));
}

/** How long a server that says so is left alone; at most 5 minutes. */
export function retryAfterMs(clock: Clock, seconds: number | undefined, failures: number): number {
  return seconds === undefined || !(seconds > 0) ? backOffMs(clock, failures) : Math.min(seconds * 1000, MAX_RETRY_AFTER_MS);
}

/**
 * Until the next attempt where nobody knows whether the server has acted: every 5 seconds as long as it may still give the same successor
 * again, then as after any other failure.
 */
export function unsureMs(clock: Clock, sinceMs: number, failures: number): number {
  return sinceMs < HURRY_MS ? HURRY_STEP_MS : Math.max(HURRY_STEP_MS, backOffMs(clock, failures));
}

/** The time that is left of a mark not to try before; 0 where it has passed, or is further away than any that was made. */
export function waitMs(retryAt: number | undefined, now: number): number {
  const left = (retryAt ?? 0) - now;
  return left > 0 && left <= MAX_RETRY_AFTER_MS ? left : 0;
}

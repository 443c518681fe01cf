/** The one place of this package where time is read and timers are set. Everything else is handed the time. */

/** Milliseconds since 1970 by the machine's clock. */
export function systemNowMs(): number {
  // oxlint-disable-next-line hufu/time-and-chance -- this is the clock that is handed in where a caller hands in none
  return Date.now();
}

/** Aborts after `ms`; the timer keeps no process alive. */
export function abortAfter(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}

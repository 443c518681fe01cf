/** The one place of this package where time is read and timers are set. Everything else is handed the time. */

/** Milliseconds since 1970 by the machine's clock. */
export function systemNowMs(): number {
  // oxlint-disable-next-line hufu/time-and-chance -- this is the clock that is handed in where a caller hands in none
  return Date.now();
}

/** Milliseconds that only ever grow, from a moment that means nothing: for how long something took. */
export function monotonicMs(): number {
  return performance.now();
}

/** Aborts after `ms`; the timer keeps no process alive. */
export function abortAfter(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}

/** Time and chance as whoever waits on its own needs them. */
export interface Clock {
  /** Since 1970. */
  nowMs(): number;
  /** Only ever grows. */
  monotonicMs(): number;
  /** Resolves after `ms`, or as soon as the signal aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** From 0 to below 1. Nothing secret is made of it. */
  chance(): number;
}

/** The machine's. Its timers keep no process alive. */
export const systemClock: Clock = {
  nowMs: systemNowMs,
  monotonicMs,
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      // oxlint-disable-next-line hufu/time-and-chance -- this is the clock that is handed in where a caller hands in none
      const timer = setTimeout(done, ms);
      timer.unref();
      signal?.addEventListener('abort', done, { once: true });
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
    }),
  // oxlint-disable-next-line hufu/time-and-chance -- as above
  chance: () => Math.random(),
};

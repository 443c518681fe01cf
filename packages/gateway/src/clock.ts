/** The one place of this package where time is read and timers are set. Everything else is handed the time. */

/** Time and chance as whoever waits on its own needs them. */
export interface Clock {
  /** Milliseconds that only ever grow, from a moment that means nothing. */
  monotonicMs(): number;
  /** Calls `act` once after `ms`; the timer keeps no process alive. Returns what stops it. */
  later(ms: number, act: () => void): () => void;
  /** From 0 to below 1. Nothing secret is made of it. */
  chance(): number;
}

/** The machine's. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  later: (ms, act) => {
    // oxlint-disable-next-line hufu/time-and-chance -- this is the clock that is handed in where a caller hands in none
    const timer = setTimeout(act, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  // oxlint-disable-next-line hufu/time-and-chance -- as above
  chance: () => Math.random(),
};

/** Milliseconds since 1970 by the machine's clock. */
export function systemNowMs(): number {
  // oxlint-disable-next-line hufu/time-and-chance -- as above
  return Date.now();
}

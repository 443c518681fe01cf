/** The one place of the Redis part where time is read and timers are set. Everything else is handed the time. */

/** Time as a store of limits is handed it. */
export interface RedisClock {
  /** Milliseconds since 1970, for the calendar alone. May jump. */
  nowMs(): number;
  /** Milliseconds since some moment. Never goes back. */
  progressMs(): number;
  /** Calls once after `ms`; keeps no process alive. Returns what cancels it. */
  after(ms: number, call: () => void): () => void;
}

/** The machine's. */
export const systemClock: RedisClock = {
  // oxlint-disable-next-line hufu/time-and-chance -- this is the clock that is handed in where a caller hands in none
  nowMs: () => Date.now(),
  progressMs: () => performance.now(),
  after(ms, call) {
    // oxlint-disable-next-line hufu/time-and-chance -- this is the clock that is handed in where a caller hands in none
    const timer = setTimeout(call, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

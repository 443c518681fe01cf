/** Timers as they are handed in. */
export interface Timers {
  /** Calls `act` once after `ms`; the timer keeps no process alive. Returns what stops it. */
  later(ms: number, act: () => void): () => void;
}

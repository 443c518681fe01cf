import type { Clock } from '../clock.ts';

/** Time that passes when a test says so. */
export interface SimulatedClock extends Clock {
  /** Lets so many milliseconds pass, and everything that is due happen, in order. */
  pass(ms: number): void;
  /** Timers that are set. */
  timers(): number;
}

/** @param chance what chance says, always or in turn */
export function simulatedClock(chance: () => number = () => 0.5): SimulatedClock {
  let now = 0;
  const due = new Map<symbol, { readonly atMs: number; readonly act: () => void }>();
  return {
    monotonicMs: () => now,
    chance,
    timers: () => due.size,
    later(ms, act) {
      const key = Symbol('timer');
      due.set(key, { atMs: now + Math.max(0, ms), act });
      return () => due.delete(key);
    },
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = [...due].filter(([, { atMs }]) => atMs <= end).toSorted(([, a], [, b]) => a.atMs - b.atMs);
        if (next === undefined) break;
        const [key, { atMs, act }] = next;
        due.delete(key);
        now = Math.max(now, atMs);
        act();
      }
      now = end;
    },
  };
}

import type { Clock } from '../clock.ts';

/** Time that passes when a test says so, for everything that waits. */
export interface SimulatedTime extends Clock {
  /** Lets so many milliseconds pass, and everything that is due happen, in order. */
  pass(ms: number): Promise<void>;
  /** Lets everything happen that is due now. */
  settle(): Promise<void>;
}

interface Waiting {
  readonly atMs: number;
  readonly done: () => void;
}

/** @param startMs since 1970 */
export function simulatedTime(startMs: number): SimulatedTime {
  let now = 0;
  const waiting = new Set<Waiting>();
  const settle = async (): Promise<void> => {
    // A few turns: reading a stream and verifying a signature take some.
    // oxlint-disable-next-line hufu/time-and-chance -- this is a clock
    for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    nowMs: () => startMs + now,
    monotonicMs: () => now,
    chance: () => 0.5,
    wait: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const one: Waiting = { atMs: now + Math.max(0, ms), done };
        waiting.add(one);
        signal?.addEventListener('abort', done, { once: true });
        function done(): void {
          waiting.delete(one);
          signal?.removeEventListener('abort', done);
          resolve();
        }
      }),
    settle,
    async pass(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        let next: Waiting | undefined;
        for (const one of waiting) if (one.atMs <= end && (next === undefined || one.atMs < next.atMs)) next = one;
        if (next === undefined) break;
        now = Math.max(now, next.atMs);
        next.done();
        await settle();
      }
      now = end;
    },
  };
}

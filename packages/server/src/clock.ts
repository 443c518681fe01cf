/**
 * The one place where time is read and timers are set. Everything else is handed the time.
 *
 * Server time is the store's time (`Store.time`) carried on by this process's monotonic clock: setting the machine's clock back
 * revives nothing, and setting it forward kills nothing while the process runs.
 */
export interface Clock {
  /** Milliseconds since 1970. Never goes back, but for a test clock that is resumed. */
  nowMs(): number;
  /** Aligns with the store's clock; only ever forward. */
  align(storeMs: number): void;
  /** Calls `act` every `ms`; the timer keeps no process alive. Returns what stops it. An overlapping call is left out. */
  every(ms: number, act: () => Promise<void>): () => void;
}

/** A clock that `PUT /test/clock` can freeze and move (`mode: test` alone). */
export interface TestClock extends Clock {
  freeze(ms: number): void;
  advance(ms: number): void;
  resume(): void;
}

/** Time as it passes, from the machine's clock at the start. */
export function systemClock(): Clock {
  return runningClock();
}

/** Time as it passes until somebody freezes or moves it. */
export function testClock(): TestClock {
  const running = runningClock();
  let offset = 0;
  let frozenAt: number | undefined;
  const nowMs = (): number => frozenAt ?? running.nowMs() + offset;
  return {
    nowMs,
    align: running.align,
    every: running.every,
    freeze(ms) {
      frozenAt = ms;
    },
    advance(ms) {
      if (frozenAt === undefined) offset += ms;
      else frozenAt += ms;
    },
    resume() {
      frozenAt = undefined;
      offset = 0;
    },
  };
}

function runningClock(): Clock {
  let base = Date.now() - performance.now();
  return {
    nowMs: () => Math.floor(base + performance.now()),
    align(storeMs) {
      base = Math.max(base, storeMs - performance.now());
    },
    every(ms, act) {
      let busy = false;
      const timer = setInterval(() => {
        if (busy) return;
        busy = true;
        act().finally(() => {
          busy = false;
        });
      }, ms);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

/** Seconds: the clocks of nodes are no further apart. */
export const CLOCKS_APART_SECONDS = 60;

/** Milliseconds of this process's own clock, which nobody sets: how much time has passed between two calls, and nothing else. */
export function monotonicMs(): number {
  return performance.now();
}

/** Calls `act` once after `ms`; the timer keeps no process alive. Returns what stops it. */
export function later(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms).unref();
  return () => clearTimeout(timer);
}

let acts: (() => void)[] = [];

/** Calls `act` once the sockets of this turn of the event loop have been read, together with all others of the turn. It must not throw. */
export function atEndOfTurn(act: () => void): void {
  if (acts.length === 0) setImmediate(endTurn);
  acts.push(act);
}

function endTurn(): void {
  const turn = acts;
  acts = [];
  for (const act of turn) act();
}

/** Resolves after `ms`, and keeps the process alive until then: for commands that wait. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import type { Clock } from '../clock.ts';

/** A clock that stands still until it is told to go on; both its hands move together. */
export class FakeClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #progress = 1_000;
  readonly #timers = new Set<{ readonly at: number; readonly call: () => void }>();
  chance: () => number = () => 0;

  nowMs(): number {
    return this.#now;
  }

  progressMs(): number {
    return this.#progress;
  }

  after(ms: number, _keeps: 'process' | 'nothing', call: () => void): () => void {
    const timer = { at: this.#progress + ms, call };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Goes on, and lets everything happen that is due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#progress + ms;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#move(next.at - this.#progress);
      next.call();
      await settle();
    }
    this.#move(end - this.#progress);
    await settle();
  }

  /** The wall clock alone is set. */
  set(ms: number): void {
    this.#now += ms;
  }

  #move(ms: number): void {
    this.#now += ms;
    this.#progress += ms;
  }
}

/** Until nothing happens any more that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    // WebCrypto answers from other threads, in turn: what was asked for before has its answer when this has.
    await Promise.all(Array.from({ length: THREADS }, () => crypto.subtle.digest('SHA-256', new Uint8Array(1))));
    // oxlint-disable-next-line hufu/time-and-chance -- it waits for no time
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const TURNS = 40;
const THREADS = 4;

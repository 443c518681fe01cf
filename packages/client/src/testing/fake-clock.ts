import type { Clock } from '../clock.ts';
import { cryptoWork } from './crypto-work.ts';

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

/**
 * Until nothing happens any more that needs no time: no answer of WebCrypto is awaited by anybody, and has not been for some turns.
 * @throws Error if there is always something
 */
export async function settle(): Promise<void> {
  let quiet = 0;
  for (let turn = 0; turn < ENDLESS; turn++) {
    await cryptoWork.answered();
    // oxlint-disable-next-line hufu/time-and-chance -- it waits for no time
    await new Promise((resolve) => setImmediate(resolve));
    quiet = cryptoWork.isOutstanding ? 0 : quiet + 1;
    if (quiet === QUIET_TURNS) return;
  }
  throw new Error('there was always another call of WebCrypto: nothing has come to rest');
}

/** What goes from one callback of the same thread to the next. */
const QUIET_TURNS = 8;
const ENDLESS = 100_000;

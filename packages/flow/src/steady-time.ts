import type { Clocks } from './clock.ts';

/** Stands still where the clock was set back by no more than this. */
const STANDS_STILL_MS = 10_000;

/** Whole milliseconds that never go back, whatever the clock does: it stands still for a moment, or goes on from where it was. */
export class SteadyTime {
  readonly #clocks: Clocks;
  #shiftMs = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  nowMs(): number {
    const nowMs = Math.floor(this.#clocks.monotonicMs()) + this.#shiftMs;
    if (nowMs >= this.#lastMs) this.#lastMs = nowMs;
    else if (this.#lastMs - nowMs > STANDS_STILL_MS) this.#shiftMs += this.#lastMs - nowMs;
    return this.#lastMs;
  }
}

import type { Timers } from './timers.ts';

/** How long a part of an exchange may take; milliseconds. 0: without end. */
export interface ForwardTimes {
  /** A client sends nothing of a body that it has announced. */
  readonly bodyIdleMs: number;
  /** An upstream sends nothing of an answer that it has begun. */
  readonly answerIdleMs: number;
  /** A client takes nothing of what is there for it. */
  readonly stallMs: number;
  /** The whole exchange. */
  readonly wholeMs: number;
}

/** After so long an answer is a stream. */
const STREAM_MS = 1_000;

/** What is over when: the clocks of one exchange. Nothing is set for an answer that is whole at once. */
export class ExchangeTimers {
  readonly #timers: Timers;
  readonly #times: ForwardTimes;
  #stopHead: (() => void) | undefined;
  #stopWhole: (() => void) | undefined;
  #stopStream: (() => void) | undefined;
  #stopIdle: (() => void) | undefined;
  #stopStall: (() => void) | undefined;
  #isStalled = false;
  #pieces = 0;

  constructor(timers: Timers, times: ForwardTimes) {
    this.#timers = timers;
    this.#times = times;
  }

  begin(tooLong: () => void): void {
    if (this.#times.wholeMs > 0) this.#stopWhole = this.#timers.later(this.#times.wholeMs, tooLong);
  }

  /** The head of an answer may take so long from now on, whatever else comes before it. */
  awaitHead(ms: number, tooLong: () => void): void {
    this.#stopHead?.();
    this.#stopHead = this.#timers.later(ms, tooLong);
  }

  /** The answer stays open for a while. */
  opened(stream: () => void, idle: () => void): void {
    this.#stopStream = this.#timers.later(STREAM_MS, stream);
    if (this.#times.answerIdleMs > 0) this.#watchIdle(this.#pieces, idle);
  }

  /** It is known to be a stream before its time. */
  streams(): void {
    this.#stopStream?.();
  }

  /** Something came of the answer. */
  came(): void {
    this.#pieces++;
  }

  /** The client does not take what there is. */
  stalls(tooLong: () => void): void {
    this.#isStalled = true;
    if (this.#times.stallMs > 0) this.#stopStall = this.#timers.later(this.#times.stallMs, tooLong);
  }

  /** It does again. */
  drains(): void {
    this.#isStalled = false;
    this.#stopStall?.();
  }

  stop(): void {
    this.#stopHead?.();
    this.#stopWhole?.();
    this.#stopStream?.();
    this.#stopIdle?.();
    this.#stopStall?.();
  }

  /** One timer for many pieces: it looks whether any came. An upstream that we keep waiting is not idle. */
  #watchIdle(seen: number, idle: () => void): void {
    this.#stopIdle = this.#timers.later(this.#times.answerIdleMs, () => {
      if (seen === this.#pieces && !this.#isStalled) idle();
      else this.#watchIdle(this.#pieces, idle);
    });
  }
}

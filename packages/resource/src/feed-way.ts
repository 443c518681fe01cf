import type { Clock } from './clock.ts';

/** What went well for so long is whole. */
const SETTLED_MS = 10_000;
/** So many connections in a row that fall silent or end early: something on the way keeps streams back. */
const SILENT_STREAMS = 2;
/** After so long of polling, a stream is tried again. */
const POLLING_MS = 300_000;
const FIRST_PAUSE_MS = 100;

/** By which way the feed is heard, a stream or polls, and how long to pause before it is asked for again: by how it went so far. */
export class FeedWay {
  readonly #clock: Clock;
  /** In a row, since something went well for a while. */
  #failures = 0;
  #silentStreams = 0;
  /** Until then the issuer is polled. */
  #streamAtMs = 0;
  #mode: 'stream' | 'poll' = 'stream';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The one that was taken last. */
  get mode(): 'stream' | 'poll' {
    return this.#mode;
  }

  /** Whether polls are the way now. */
  isPolled(): boolean {
    return this.#clock.monotonicMs() < this.#streamAtMs;
  }

  /** From now on it is heard this way. */
  take(mode: 'stream' | 'poll'): void {
    this.#mode = mode;
  }

  /** However it ended: what does not last is not worth being asked for over and over. Milliseconds, longer each time. */
  nextPauseMs(mostMs: number): number {
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 10), mostMs);
    this.#failures += 1;
    return pauseMs * (0.5 + this.#clock.chance() / 2);
  }

  /** What goes well for so long may end without being held against it. */
  noteLife(sinceMs: number): void {
    if (this.#clock.monotonicMs() - sinceMs < SETTLED_MS) return;
    this.#failures = 0;
    if (this.#mode === 'stream') this.#silentStreams = 0;
  }

  /** More than the answer to the request got through. */
  noteBatches(): void {
    this.#failures = 0;
  }

  /** A stream fell silent, or was over after its first batch: something in between may know no streams, whatever it lets through at first. */
  noteSilence(): void {
    this.#noteSilent(1);
  }

  /** Something in between knows none. */
  noteNoStream(): void {
    this.#noteSilent(SILENT_STREAMS);
  }

  #noteSilent(streams: number): void {
    this.#silentStreams += streams;
    if (this.#silentStreams < SILENT_STREAMS) return;
    this.#silentStreams = SILENT_STREAMS - 1;
    this.#streamAtMs = this.#clock.monotonicMs() + POLLING_MS;
  }
}

import type { Clock } from './clock.ts';

/** "Everything up to `seq` is enforced here since so many milliseconds." */
export interface Ack {
  readonly seq: number;
  readonly ago_ms: number;
}

const MIN_GAP_MS = 200;
const MAX_POINTS = 50;
const RETRY_MS = 1_000;

/** Tells the issuer what is enforced here, at most five times a second; what could not be told is told later, with the time that it has. */
export class Acks {
  readonly #clock: Clock;
  readonly #send: (acks: readonly Ack[]) => Promise<void>;
  readonly #closing: AbortSignal;
  #points: { readonly seq: number; readonly atMs: number }[] = [];
  #running = false;
  /** Counts the logs: points of one mean nothing in the next. */
  #log = 0;

  constructor(clock: Clock, closing: AbortSignal, send: (acks: readonly Ack[]) => Promise<void>) {
    this.#clock = clock;
    this.#closing = closing;
    this.#send = send;
  }

  /** From now on everything up to `seq` is enforced. */
  note(seq: number): void {
    this.#points.push({ seq, atMs: this.#clock.monotonicMs() });
    // What it said is said by the next one, with a later time: too modest, never wrong.
    if (this.#points.length > MAX_POINTS) this.#points.shift();
    if (!this.#running) void this.#run();
  }

  /** Numbers of another log are nobody's. */
  forget(): void {
    this.#points = [];
    this.#log += 1;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#points.length > 0 && !this.#closing.aborted) {
      const points = this.#points;
      this.#points = [];
      const log = this.#log;
      const now = this.#clock.monotonicMs();
      let pauseMs = MIN_GAP_MS;
      try {
        await this.#send(points.map(({ seq, atMs }) => ({ seq, ago_ms: Math.max(0, Math.floor(now - atMs)) })));
      } catch {
        // The feed itself tells what is wrong with the issuer.
        if (log === this.#log) this.#points = [...points, ...this.#points].slice(-MAX_POINTS);
        pauseMs = RETRY_MS;
      }
      await this.#clock.wait(pauseMs, this.#closing);
    }
    this.#running = false;
  }
}

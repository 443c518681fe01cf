import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Timers } from './timers.ts';

/** The client sent more than the route takes. */
export class BodyTooLarge extends Error {
  constructor() {
    super('the body is too large');
    this.name = 'BodyTooLarge';
  }
}

/** The client sends no more of what it has announced: it is slow, or gone. */
export class BodyStopped extends Error {
  readonly reason: 'idle' | 'gone';

  constructor(reason: BodyStopped['reason']) {
    super(`the body stopped: ${reason}`);
    this.name = 'BodyStopped';
    this.reason = reason;
  }
}

/**
 * A request's body on its way inside, bounded and with back-pressure. It stands between the two connections: that the one inside breaks off
 * does not end the one outside, on which an answer is still to be sent; what comes then is thrown away.
 */
export class RequestBody extends Readable {
  readonly #request: IncomingMessage;
  readonly #limit: number;
  readonly #idleMs: number;
  readonly #timers: Timers;
  #length = 0;
  #lengthAtTick = -1;
  #stopTimer: (() => void) | undefined;

  /**
   * @param limit bytes.
   * @param idleMs how long nothing may come while we would take it.
   */
  constructor(request: IncomingMessage, limit: number, idleMs: number, timers: Timers) {
    super({ autoDestroy: true });
    this.#request = request;
    this.#limit = limit;
    this.#idleMs = idleMs;
    this.#timers = timers;
    // Whoever reads it hears of errors; when nobody reads it any more, nobody has to.
    this.on('error', () => undefined);
    request.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).pause();
    this.#tick();
  }

  override _read(): void {
    this.#request.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopTimer?.();
    this.#request.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose).resume();
    done(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#length += chunk.length;
    if (this.#length > this.#limit) this.destroy(new BodyTooLarge());
    else if (!this.push(chunk)) this.#request.pause();
  };

  readonly #onEnd = (): void => {
    this.#stopTimer?.();
    this.push(null);
  };

  readonly #onClose = (): void => {
    if (!this.#request.complete) this.destroy(new BodyStopped('gone'));
  };

  /** A client that we keep waiting is not slow. */
  #tick(): void {
    if (this.#length === this.#lengthAtTick && !this.#request.isPaused()) {
      this.destroy(new BodyStopped('idle'));
      return;
    }
    this.#lengthAtTick = this.#length;
    this.#stopTimer = this.#timers.later(this.#idleMs, () => this.#tick());
  }
}

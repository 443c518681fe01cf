import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Timers } from './timers.ts';
import { CLOSE_POLICY, FrameBoundary } from './websocket-frames.ts';

/** How long what was written may take to go out, when a connection ends. */
const LAST_WORDS_MS = 500;

/** Two connections that are one WebSocket: bytes pass both ways with back-pressure, and the end of one is the end of both. */
export class Join {
  readonly #client: Socket;
  readonly #inside: Duplex;
  readonly #timers: Timers;
  readonly #ended: (how: 'whole' | 'idle' | 'cut') => void;
  readonly #frames: FrameBoundary = new FrameBoundary();
  #stopIdle: (() => void) | undefined;
  #pieces = 0;
  #isOver = false;

  /**
   * @param idleMs after so long without a byte in either direction it ends; 0: never.
   * @param ended called once.
   */
  constructor(client: Socket, inside: Duplex, idleMs: number, timers: Timers, ended: (how: 'whole' | 'idle' | 'cut') => void) {
    this.#client = client;
    this.#inside = inside;
    this.#timers = timers;
    this.#ended = ended;
    this.#carry(client, inside, undefined);
    this.#carry(inside, client, this.#frames);
    if (idleMs > 0) this.#watchIdle(idleMs, -1);
  }

  /** Ends it from outside: with a close frame where one can stand, and without any ceremony inside. */
  cut(): void {
    if (this.#isOver) return;
    this.#inside.destroy();
    if (this.#frames.isOpen) this.#client.write(CLOSE_POLICY);
    this.#over('cut');
    this.#sayLast(this.#client);
  }

  #carry(from: Duplex, to: Duplex, frames: FrameBoundary | undefined): void {
    from.on('data', (chunk: Buffer) => {
      this.#pieces++;
      if (this.#isOver || to.destroyed) return;
      frames?.pass(chunk);
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('error', () => undefined);
    const onGone = (): void => {
      if (this.#isOver) return;
      this.#over('whole');
      this.#sayLast(to);
      from.destroy();
    };
    from.on('end', onGone);
    from.on('close', onGone);
    from.resume();
  }

  /** Ends a connection once what was written has gone out, or after a moment. */
  #sayLast(to: Duplex): void {
    to.end(() => to.destroy());
    to.once(
      'close',
      this.#timers.later(LAST_WORDS_MS, () => to.destroy()),
    );
  }

  #watchIdle(idleMs: number, seen: number): void {
    if (seen === this.#pieces) {
      this.#over('idle');
      this.#client.destroy();
      this.#inside.destroy();
      return;
    }
    const now = this.#pieces;
    this.#stopIdle = this.#timers.later(idleMs, () => this.#watchIdle(idleMs, now));
  }

  #over(how: 'whole' | 'idle' | 'cut'): void {
    this.#isOver = true;
    this.#stopIdle?.();
    this.#ended(how);
  }
}

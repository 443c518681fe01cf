import type { ServerResponse } from 'node:http';

const NOTHING = Buffer.alloc(0);
/** Bytes of a body that is copied behind its head. */
const MAX_JOINED = 16_384;

/**
 * An answer on its way out. The head goes at once, but for what comes in the same turn of the event loop: a small answer that is here as a
 * whole is written once, and nothing waits for a first byte.
 */
export class Answer {
  readonly #raw: ServerResponse;
  readonly #lines: string[];
  readonly #status: number;
  readonly #hasLength: boolean;
  readonly #isDelimited: boolean;
  readonly #opened: () => void;
  #held: Buffer | undefined;
  #phase: 'held' | 'open' | 'over' = 'held';

  /**
   * @param lines names and values in turn.
   * @param end how its end is known where it comes from. `close`: by that of the connection alone, whole or not; then nobody is told more
   *   than we know (RFC 9112 §8).
   * @param opened called where the answer is not here as a whole.
   */
  constructor(raw: ServerResponse, status: number, lines: string[], end: 'length' | 'chunks' | 'close', opened: () => void) {
    this.#raw = raw;
    this.#status = status;
    this.#lines = lines;
    this.#hasLength = end === 'length';
    this.#isDelimited = end !== 'close';
    this.#opened = opened;
    process.nextTick(open, this);
  }

  /** Takes a piece of the body; false: no more before the connection drains. */
  write(chunk: Buffer): boolean {
    if (this.#phase === 'over') return true;
    if (this.#phase === 'held') {
      if (this.#held === undefined) {
        this.#held = chunk;
        return true;
      }
      this.open();
    }
    return this.#raw.write(chunk);
  }

  /** The answer is whole. */
  end(): void {
    if (this.#phase === 'over') return;
    if (this.#phase === 'open') {
      this.#phase = 'over';
      this.#raw.end();
      return;
    }
    this.#phase = 'over';
    if (!this.#hasLength && hasBody(this.#raw, this.#status)) this.#lines.push('content-length', String(this.#held?.length ?? 0));
    this.#raw.writeHead(this.#status, this.#lines);
    // As text of one byte a character it goes out in one piece with the head: half the cost of two pieces.
    if (this.#held !== undefined && this.#held.length <= MAX_JOINED) this.#raw.end(this.#held.toString('latin1'), 'latin1');
    else this.#raw.end(this.#held);
  }

  /** It ends in the middle: the client must not take what it has for the whole. */
  break(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#raw.destroy();
  }

  /** Sends the head, and what there is of the body. */
  open(): void {
    if (this.#phase !== 'held') return;
    this.#phase = 'open';
    if (!this.#isDelimited) {
      this.#raw.useChunkedEncodingByDefault = false;
      this.#raw.shouldKeepAlive = false;
    }
    this.#raw.writeHead(this.#status, this.#lines);
    // Not `flushHeaders`: that writes bytes beyond ASCII as UTF-8, and they would be others.
    if (hasBody(this.#raw, this.#status)) this.#raw.write(this.#held ?? NOTHING);
    else this.#raw.flushHeaders();
    this.#held = undefined;
    this.#opened();
  }
}

function open(answer: Answer): void {
  answer.open();
}

/** RFC 9110 §6.4.1. */
function hasBody(raw: ServerResponse, status: number): boolean {
  return raw.req.method !== 'HEAD' && status !== 204 && status !== 304;
}

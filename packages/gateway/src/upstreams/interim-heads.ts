import type { Socket } from 'node:net';

/** As a status line begins; 0 stands for a digit. */
const BEGINNING = Buffer.from('HTTP/0.0 ');
const [ZERO = 0, ONE = 0, TWO = 0, NINE = 0] = Buffer.from('0129');
const LF = 10;
const CR = 13;

/**
 * What is read of a connection, while the head of an answer is awaited there. A client takes any number of 1xx before the answer, asked for or not (RFC 9110 §15.2); undici passes over all of
 * them but 100, which ends its connection. So that one is read to it as 102, which says as little: one byte, in its place. Only heads before the answer are looked at, never a body.
 */
export class InterimHeads {
  /** How much of a status line has come; -1 within the rest of a 1xx head; undefined: the answer has begun. */
  #at: number | undefined;
  #isHundred = false;
  /** The line that is read has nothing in it yet. */
  #isEmptyLine = false;

  /** A request goes out: an answer is awaited. */
  await(): void {
    this.#at = 0;
  }

  get isAwaiting(): boolean {
    return this.#at !== undefined;
  }

  /** Looks at what has come next, and changes it. */
  look(chunk: Buffer): void {
    // Nearly always: an answer begins.
    if (this.#at === 0 && chunk.length > BEGINNING.length && chunk[BEGINNING.length] !== ONE) {
      this.#at = undefined;
      return;
    }
    for (let i = 0; i < chunk.length && this.#at !== undefined; i += 1) {
      const byte = chunk[i] ?? 0;
      if (this.#at === -1) this.#readOn(byte);
      else if (this.#at < BEGINNING.length) {
        const expected = BEGINNING[this.#at];
        const isIt = expected === ZERO ? byte >= ZERO && byte <= NINE : byte === expected;
        this.#at = isIt ? this.#at + 1 : undefined;
      } else if (this.#at === BEGINNING.length) this.#at = byte === ONE ? this.#at + 1 : undefined;
      else if (this.#at === BEGINNING.length + 1) {
        this.#isHundred = byte === ZERO;
        this.#at += 1;
      } else if (this.#isHundred && byte === ONE) this.#at = undefined;
      else {
        if (this.#isHundred && byte === ZERO) chunk[i] = TWO;
        this.#at = -1;
        this.#isEmptyLine = false;
      }
    }
  }

  #readOn(byte: number): void {
    if (byte === LF && this.#isEmptyLine) this.#at = 0;
    else if (byte !== CR) this.#isEmptyLine = byte === LF;
  }
}

/** Has what is read of a socket looked at while an answer is awaited. */
export function lookAtHeads(socket: Socket, heads: InterimHeads): void {
  const read = socket.read;
  socket.read = (size?: number): unknown => {
    const chunk: unknown = read.call(socket, size);
    if (heads.isAwaiting && Buffer.isBuffer(chunk)) heads.look(chunk);
    return chunk;
  };
}

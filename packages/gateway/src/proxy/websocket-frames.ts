/** Bytes of the longest head of a frame without a mask: two, and a length of eight (RFC 6455 §5.2). */
const HEAD_BYTES = 2;

const OPCODE = 0x0f;
const CLOSE = 0x08;

/**
 * Follows the frames of a WebSocket without reading them (RFC 6455 §5.2): only whether the last byte ended one. A frame of ours between two
 * others is one more; in the middle of one it would be a part of it, and behind a close frame nothing is said any more (§5.5.1).
 */
export class FrameBoundary {
  /** Bytes of the payload, and the mask, that are still to come. */
  #left = 0;
  /** The head that has come so far. */
  #head: number[] = [];
  #hasClosed = false;

  /** Whether a frame of ours can stand here. */
  get isOpen(): boolean {
    return this.#left === 0 && this.#head.length === 0 && !this.#hasClosed;
  }

  pass(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      this.#head.push(chunk[at] ?? 0);
      at++;
      this.#readHead();
    }
  }

  #readHead(): void {
    const [first = 0, second] = this.#head;
    if (second === undefined) return;
    if ((first & OPCODE) === CLOSE) this.#hasClosed = true;
    const short = second & 0x7f;
    const more = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (this.#head.length < HEAD_BYTES + more) return;
    const length = more === 0 ? short : this.#head.slice(HEAD_BYTES).reduce((sum, byte) => sum * 256 + byte, 0);
    this.#left = length + ((second & 0x80) === 0 ? 0 : 4);
    this.#head = [];
  }
}

/** A close frame of a server: 1008, the rules are broken (RFC 6455 §5.5.1, §7.4.1). */
export const CLOSE_POLICY: Buffer = Buffer.from([0x88, 0x02, 0x03, 0xf0]);

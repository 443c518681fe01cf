/** What a server may at most answer with here: discovery is some kilobytes, everything else less. */
const MAX_RESPONSE = 1 << 20;
const LF = 10;
const CR = 13;
const COLON = 58;

/**
 * Reads one HTTP/1.1 response after the other from one connection on which one request is out at a time (RFC 9112 §6):
 * bodies by Content-Length, chunked, or none (204, 304). Nothing is copied where a response comes in one piece, which is the rule.
 */
export class ResponseReader {
  /** Of the response that `push` completed; valid until the next `push`. */
  status = 0;
  closes = false;
  #bytes: Buffer = Buffer.alloc(0);
  #bodyStart = 0;
  #bodyEnd = 0;
  #kept: Buffer = Buffer.alloc(0);
  #keptLength = 0;

  /**
   * Takes the first `length` bytes of `chunk`, which the caller may overwrite once the response has been looked at.
   * @returns true once the response is complete.
   * @throws TypeError on bytes that are no such response, also where bytes follow it that nobody asked for.
   */
  push(chunk: Buffer, length: number): boolean {
    if (this.#keptLength === 0) {
      if (this.#read(chunk, length)) return true;
      this.#keep(chunk, length);
      return false;
    }
    this.#keep(chunk, length);
    if (!this.#read(this.#kept, this.#keptLength)) return false;
    this.#keptLength = 0;
    return true;
  }

  /** The body as text. Only ASCII bodies are read here, so one byte is one character. */
  bodyText(): string {
    return this.#bytes.toString('latin1', this.#bodyStart, this.#bodyEnd);
  }

  bodyEquals(expected: Buffer): boolean {
    return (
      this.#bodyEnd - this.#bodyStart === expected.length &&
      this.#bytes.compare(expected, 0, expected.length, this.#bodyStart, this.#bodyEnd) === 0
    );
  }

  #keep(chunk: Buffer, length: number): void {
    const needed = this.#keptLength + length;
    if (needed > MAX_RESPONSE) throw new TypeError('response too long');
    if (needed > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#kept.length, 4096));
      this.#kept.copy(larger, 0, 0, this.#keptLength);
      this.#kept = larger;
    }
    chunk.copy(this.#kept, this.#keptLength, 0, length);
    this.#keptLength = needed;
  }

  #read(bytes: Buffer, length: number): boolean {
    let at = lineEnd(bytes, 0, length);
    if (at < 0) return false;
    this.status = readStatus(bytes, at);
    this.closes = false;
    let contentLength = this.status === 204 || this.status === 304 ? 0 : -1;
    let chunked = false;
    for (;;) {
      const start = at + 1;
      at = lineEnd(bytes, start, length);
      if (at < 0) return false;
      if (at === start || (at === start + 1 && bytes[start] === CR)) break;
      const letter = (bytes[start] ?? 0) | 0x20;
      if (letter !== 0x63 && letter !== 0x74) continue; // c, t: the only headers that say where a response ends
      const colon = bytes.indexOf(COLON, start);
      const name = bytes.toString('latin1', start, colon).toLowerCase();
      if (name === 'content-length') contentLength = readLength(bytes, colon + 1, at);
      else if (name === 'transfer-encoding') chunked = valueOf(bytes, colon, at) === 'chunked';
      else if (name === 'connection') this.closes = valueOf(bytes, colon, at) === 'close';
    }
    const body = at + 1;
    if (chunked) return this.#readChunks(bytes, body, length);
    if (contentLength < 0) throw new TypeError('response has neither a length nor chunks');
    if (length < body + contentLength) return false;
    if (length > body + contentLength) throw new TypeError('bytes after the response');
    this.#bytes = bytes;
    this.#bodyStart = body;
    this.#bodyEnd = body + contentLength;
    return true;
  }

  #readChunks(bytes: Buffer, start: number, length: number): boolean {
    const parts: Buffer[] = [];
    let at = start;
    for (;;) {
      const sizeEnd = lineEnd(bytes, at, length);
      if (sizeEnd < 0) return false;
      const digits = /^[0-9a-f]{1,6}/i.exec(bytes.toString('latin1', at, Math.min(sizeEnd, at + 8)));
      if (digits === null) throw new TypeError('not a chunk size');
      const size = Number.parseInt(digits[0], 16);
      const dataStart = sizeEnd + 1;
      if (length < dataStart + size + 2) return false;
      const dataEnd = dataStart + size;
      if (bytes[dataEnd] !== CR || bytes[dataEnd + 1] !== LF) throw new TypeError('chunk does not end where its size says');
      at = dataEnd + 2;
      if (size === 0) break;
      parts.push(bytes.subarray(dataStart, dataEnd));
    }
    if (at < length) throw new TypeError('bytes after the response');
    this.#bytes = Buffer.concat(parts);
    this.#bodyStart = 0;
    this.#bodyEnd = this.#bytes.length;
    return true;
  }
}

/** Index of the next line feed before `end`, or -1. The buffer behind `end` may hold an older answer. */
function lineEnd(bytes: Buffer, start: number, end: number): number {
  for (let index = start; index < end; index += 1) if (bytes[index] === LF) return index;
  return -1;
}

function readStatus(bytes: Buffer, end: number): number {
  const line = bytes.toString('latin1', 0, Math.min(end, 13));
  const match = /^HTTP\/1\.1 ([1-5][0-9]{2})/.exec(line);
  if (match === null) throw new TypeError(`not an HTTP/1.1 status line: ${line}`);
  return Number(match[1]);
}

function readLength(bytes: Buffer, start: number, end: number): number {
  const text = bytes.toString('latin1', start, end).trim();
  if (!/^[0-9]{1,7}$/.test(text)) throw new TypeError(`not a Content-Length: ${text}`);
  return Number(text);
}

function valueOf(bytes: Buffer, colon: number, end: number): string {
  return bytes
    .toString('latin1', colon + 1, end)
    .trim()
    .toLowerCase();
}

/**
 * Which ids there were. They are dense (the store counts them), so a bit each will do: ten million take a little more than a megabyte. Ids that are far apart, as nobody but a forger has them, are
 * forgotten once they would take too much.
 */
export class SeenIds {
  readonly #chunks = new Map<number, Uint8Array>();

  /** Whether it was there before; now it was. */
  add(id: number): boolean {
    const at = Math.floor(id / CHUNK_BITS);
    let chunk = this.#chunks.get(at);
    if (chunk === undefined) {
      if (this.#chunks.size >= MAX_CHUNKS) this.#chunks.clear();
      this.#chunks.set(at, (chunk = new Uint8Array(CHUNK_BITS / 8)));
    }
    const bit = id % CHUNK_BITS;
    const [index, mask] = [bit >> 3, 1 << (bit & 7)];
    const before = chunk[index] ?? 0;
    chunk[index] = before | mask;
    return (before & mask) !== 0;
  }
}

const CHUNK_BITS = 65_536;
/** 128 MiB: a thousand million ids. */
const MAX_CHUNKS = 16_384;

/** 128 bits, as four whole numbers of 32. Whoever knows them can make keys that collide. */
export type Seed = readonly [number, number, number, number];

/**
 * 64 bits of Chaskey (ISO/IEC 29192-6), a keyed hash of the SipHash family in words of 32 bits, which JavaScript has: eight rounds for 16
 * bytes. Texts of ASCII are their own bytes; all others are their UTF-16 code units after a byte that no ASCII text has.
 *
 * After `read`, `high` and `low` are the hash, as whole numbers of 32 bits with a sign: an object for each text would cost more than the hash.
 */
export class Fingerprint {
  high = 0;
  low = 0;
  readonly #key: Seed;
  readonly #full: Seed;
  readonly #padded: Seed;
  readonly #remembers: boolean;
  #last: string | undefined;
  #units = 0;

  /** @param isSecret whether texts may be secrets: then none is kept to save a hash */
  constructor(seed: Seed, isSecret = false) {
    this.#remembers = !isSecret;
    this.#key = [seed[0] | 0, seed[1] | 0, seed[2] | 0, seed[3] | 0];
    this.#full = doubled(this.#key);
    this.#padded = doubled(this.#full);
  }

  read(text: string): void {
    // All or nothing asks twice, and whoever floods us has one key.
    if (text === this.#last) return;
    if (this.#remembers) this.#last = text;
    if (this.#hash(text) > 0x7f) this.#hash(bytesOf(text));
  }

  /** @returns a number that is above 127 if any code unit is */
  #hash(text: string): number {
    const [k0, k1, k2, k3] = this.#key;
    let v0 = k0;
    let v1 = k1;
    let v2 = k2;
    let v3 = k3;
    const length = text.length;
    this.#units = 0;
    let at = 0;
    let last = NONE;
    do {
      v0 ^= this.#word(text, at, length);
      v1 ^= this.#word(text, at + 4, length);
      v2 ^= this.#word(text, at + 8, length);
      v3 ^= this.#word(text, at + 12, length);
      at += 16;
      if (at >= length) {
        last = at === length ? this.#full : this.#padded;
        v0 ^= last[0];
        v1 ^= last[1];
        v2 ^= last[2];
        v3 ^= last[3];
      }
      for (let round = 0; round < 8; round++) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 13) | (v3 >>> 19)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 7) | (v1 >>> 25)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
    } while (at < length);
    this.low = v0 ^ last[0];
    this.high = v1 ^ last[1];
    return this.#units;
  }

  /** Four bytes, the first one lowest; the bit after the end counts as one of them. */
  #word(text: string, at: number, length: number): number {
    if (at + 4 <= length) {
      const a = text.charCodeAt(at);
      const b = text.charCodeAt(at + 1);
      const c = text.charCodeAt(at + 2);
      const d = text.charCodeAt(at + 3);
      this.#units |= a | b | c | d;
      return a | (b << 8) | (c << 16) | (d << 24);
    }
    if (at > length) return 0;
    let word = 1;
    for (let i = length - 1; i >= at; i--) {
      const unit = text.charCodeAt(i);
      this.#units |= unit;
      word = (word << 8) | unit;
    }
    return word;
  }
}

const NONE: Seed = [0, 0, 0, 0];

/** Twice, in the field of 2^128. */
function doubled([k0, k1, k2, k3]: Seed): Seed {
  return [(k0 << 1) ^ (k3 < 0 ? 0x87 : 0), (k1 << 1) | (k0 >>> 31), (k2 << 1) | (k1 >>> 31), (k3 << 1) | (k2 >>> 31)];
}

/** One code unit a byte. */
function bytesOf(text: string): string {
  let bytes = '\xff';
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes += String.fromCharCode(unit & 255, unit >> 8);
  }
  return bytes;
}

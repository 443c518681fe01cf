/**
 * The keyed permutation of ids (docs/decisions/0002). It hides how many grants a server has; what keeps a credential safe is its
 * seal and its secret, so speed decides here: a Feistel network over HalfSipHash-like rounds in 32-bit arithmetic.
 *
 * An id of 48 bits is a list (28 bits) and a place in it (20 bits). Each is permuted on its own, so that the permuted id is also
 * (list number, index) in the Token Status List, with lists as dense as the ids are.
 */

/** Bits of an id that name the place in one status list: 2^20 grants a list. */
export const PLACE_BITS = 20;
const PLACES: number = 2 ** PLACE_BITS;
const ROUNDS = 6;

export interface IdPermutation {
  /** Id (1 … 2^48−1) → permuted id of the same range of bits. */
  permute(id: number): number;
  /** Permuted id → id. Every 48-bit number has one. */
  restore(permuted: number): number;
}

/** @param key 16 bytes, the tenant's for ever: another key would make every credential name another row. */
export function idPermutation(key: Uint8Array): IdPermutation {
  if (key.length !== 16) throw new TypeError('an id permutation needs a key of 16 bytes');
  const words = new DataView(key.buffer, key.byteOffset, 16);
  const listKey: Key = { a: words.getInt32(0), b: words.getInt32(4), tweak: 0 };
  const a = words.getInt32(8);
  const b = words.getInt32(12);
  // Nearly every id of a server is in a few lists: the last one is remembered.
  let lastList = -1;
  let lastPermuted = 0;
  return {
    permute(id) {
      const list = Math.floor(id / PLACES);
      if (list !== lastList) {
        lastPermuted = forward(list, 14, listKey);
        lastList = list;
      }
      return lastPermuted * PLACES + forward(id % PLACES, 10, { a, b, tweak: list });
    },
    restore(permuted) {
      const permutedList = Math.floor(permuted / PLACES);
      const list = lastList >= 0 && permutedList === lastPermuted ? lastList : backward(permutedList, 14, listKey);
      return list * PLACES + backward(permuted % PLACES, 10, { a, b, tweak: list });
    },
  };
}

interface Key {
  readonly a: number;
  readonly b: number;
  readonly tweak: number;
}

function forward(value: number, halfBits: number, key: Key): number {
  const mask = (1 << halfBits) - 1;
  let left = value >>> halfBits;
  let right = value & mask;
  for (let round = 0; round < ROUNDS; round++) {
    const next = left ^ (mix(right, round, key) & mask);
    left = right;
    right = next;
  }
  return ((left << halfBits) | right) >>> 0;
}

function backward(value: number, halfBits: number, key: Key): number {
  const mask = (1 << halfBits) - 1;
  let left = value >>> halfBits;
  let right = value & mask;
  for (let round = ROUNDS - 1; round >= 0; round--) {
    const before = right ^ (mix(left, round, key) & mask);
    right = left;
    left = before;
  }
  return ((left << halfBits) | right) >>> 0;
}

/** Two words (the half with its round, the tweak) through the rounds of HalfSipHash, 32-bit result. */
function mix(half: number, round: number, key: Key): number {
  let v0 = key.a;
  let v1 = key.b;
  let v2 = 0x6c796765 ^ key.a;
  let v3 = 0x74656462 ^ key.b ^ ((half << 4) | round);
  for (let i = 0; i < 5; i++) {
    if (i === 1) {
      v0 ^= (half << 4) | round;
      v3 ^= key.tweak;
    } else if (i === 2) {
      v0 ^= key.tweak;
      v2 ^= 0xff;
    }
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  return v1 ^ v3;
}

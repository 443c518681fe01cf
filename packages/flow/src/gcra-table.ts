import { type Decision, requireCost } from './algorithm.ts';
import type { GcraRule } from './algorithms/gcra.ts';
import { Fingerprint, type Seed } from './fingerprint.ts';
import { type KeyTable, OVERFLOW_STATES } from './key-table.ts';
import { MAX_TICKS, ticksOf } from './rate.ts';

const SLOTS = 8;
/** Of a place, in whole numbers of 32 bits and in doubles: a fingerprint and beside it its ticks, so that both are mostly in one line of the processor's cache. */
const PLACE_INTS = 4;
const PLACE_DOUBLES = 2;
const INTS = PLACE_INTS * SLOTS;
const DOUBLES = PLACE_DOUBLES * SLOTS;
/** Keys in a part, once there are many: few enough to be moved within one request. */
const PART_KEYS = 4096;
/** The other 24 bits of that half of the hash choose a bucket. */
const MAX_PART_BITS = 8;
/** Places for each key that there has to be room for: two buckets to choose from are then hardly ever both full. */
const PLACES = 1.75;
const GROWTH = 1.4;

export interface GcraTableOptions {
  readonly seed: Seed;
  readonly maxKeys: number;
  /** Whether keys may hold secrets. */
  readonly isSecret?: boolean;
}

/** Some buckets, with an origin of time of their own. */
interface Part {
  ints: Int32Array;
  doubles: Float64Array;
  buckets: number;
  maxBuckets: number;
  originMs: number;
}

/** Ticks at which shared states have leaked dry. */
interface Overflow {
  readonly doubles: Float64Array;
  originMs: number;
}

/**
 * A GCRA of very many keys, on a clock of whole milliseconds that is never set back: of each key 64 bits of a keyed hash and the moment, in ticks, at
 * which its bucket has leaked dry, 16 bytes in all. A key lies in one of two buckets of eight; a place is used again once its key is as
 * if never used. Nothing is ever looked for elsewhere, nothing waits for a timer, and parts grow one at a time.
 *
 * Decides as `algorithms/gcra.ts` does. Keys that cannot be told apart, as their hashes are equal or `maxKeys` is reached, share one limit.
 */
export class GcraTable implements KeyTable {
  size = 0;
  crowded = 0;
  readonly #depth: number;
  readonly #perUnit: number;
  readonly #perMs: number;
  readonly #maxUnits: number;
  readonly #partShift: number;
  readonly #maxBuckets: number;
  /** Milliseconds after which ticks are counted from a new origin. */
  readonly #eraMs: number;
  readonly #print: Fingerprint;
  readonly #parts: Part[];
  #overflow: Overflow | undefined;
  /** Where the last key that was looked for would be. */
  #part: Part;

  /** Whether the ticks of such a rule stay whole numbers here, and for weeks. */
  static canKeep(rule: GcraRule): boolean {
    const { perUnit, perMs } = ticksOf(rule);
    return perMs <= 2 ** 20 && 2 * (rule.burst * perUnit + perMs) <= MAX_TICKS / 2;
  }

  constructor(rule: GcraRule, { seed, maxKeys, isSecret }: GcraTableOptions) {
    const { perUnit, perMs } = ticksOf(rule);
    this.#perUnit = perUnit;
    this.#perMs = perMs;
    this.#depth = rule.burst * perUnit + perMs - 1;
    this.#maxUnits = Math.floor(this.#depth / perUnit);
    // No level is above twice the depth.
    this.#eraMs = Math.floor((MAX_TICKS - 2 * this.#depth) / perMs);
    const partBits = Math.min(MAX_PART_BITS, Math.max(1, Math.ceil(Math.log2(maxKeys / PART_KEYS))));
    this.#partShift = 32 - partBits;
    this.#maxBuckets = Math.ceil((maxKeys * PLACES) / SLOTS / 2 ** partBits);
    this.#print = new Fingerprint(seed, isSecret);
    const none = partOf(0, this.#maxBuckets, 0);
    this.#parts = Array.from({ length: 2 ** partBits }, () => none);
    this.#part = none;
  }

  /** What the places take, with those that are free. */
  get bytes(): number {
    const own = this.#parts.reduce((sum, { ints }) => sum + ints.byteLength, 0);
    return own + (this.#overflow?.doubles.byteLength ?? 0);
  }

  take(key: string, nowMs: number, cost: number): Decision {
    requireCost(cost);
    const at = this.#find(key, nowMs);
    const level = this.#levelAt(at, nowMs);
    if (cost > this.#maxUnits) return this.#decision(level, Number.POSITIVE_INFINITY);
    const next = level + cost * this.#perUnit;
    if (next > this.#depth) return this.#decision(level, Math.ceil((next - this.#depth) / this.#perMs));
    if (cost > 0) this.#set(at, nowMs, next);
    return this.#decision(next, 0);
  }

  look(key: string, nowMs: number, cost: number): Decision {
    requireCost(cost);
    const level = this.#levelAt(this.#find(key, nowMs), nowMs);
    if (cost > this.#maxUnits) return this.#decision(level, Number.POSITIVE_INFINITY);
    const next = level + cost * this.#perUnit;
    if (next > this.#depth) return this.#decision(level, Math.ceil((next - this.#depth) / this.#perMs));
    return this.#decision(next, 0);
  }

  isFresh(key: string, nowMs: number): boolean {
    return this.#levelAt(this.#find(key, nowMs), nowMs) === 0;
  }

  refund(key: string, nowMs: number, cost: number, takenAtMs: number): void {
    const at = this.#find(key, nowMs);
    const level = this.#levelAt(at, nowMs);
    const back = Math.max(0, cost * this.#perUnit - Math.max(0, nowMs - takenAtMs) * this.#perMs);
    if (level > 0 && back > 0) this.#set(at, nowMs, Math.max(0, level - back));
  }

  charge(key: string, nowMs: number, cost: number): void {
    requireCost(cost);
    if (cost === 0) return;
    const at = this.#find(key, nowMs);
    this.#set(at, nowMs, Math.min(this.#levelAt(at, nowMs) + cost * this.#perUnit, 2 * this.#depth));
  }

  /** @returns the place of the key's ticks in its part, −1 where it has none */
  #find(key: string, nowMs: number): number {
    const print = this.#print;
    print.read(key);
    const { high, low } = print;
    const part = this.#parts[high >>> this.#partShift] ?? this.#part;
    this.#part = part;
    if (part.buckets === 0) return -1;
    if (nowMs - part.originMs > this.#eraMs) this.#rebase(part, nowMs);
    const { ints } = part;
    const first = firstOf(low, part.buckets);
    for (let at = first * INTS, end = at + INTS; at < end; at += PLACE_INTS) {
      if (ints[at] === low && ints[at + 1] === high) return (at >> 1) + 1;
    }
    const second = secondOf(high, part.buckets);
    for (let at = second * INTS, end = at + INTS; at < end; at += PLACE_INTS) {
      if (ints[at] === low && ints[at + 1] === high) return (at >> 1) + 1;
    }
    return -1;
  }

  #levelAt(at: number, nowMs: number): number {
    if (at < 0) return this.#overflow === undefined ? 0 : this.#sharedLevel(this.#overflow, nowMs);
    return Math.max(0, (this.#part.doubles[at] ?? 0) - (nowMs - this.#part.originMs) * this.#perMs);
  }

  #sharedLevel(overflow: Overflow, nowMs: number): number {
    if (nowMs - overflow.originMs > this.#eraMs) this.#rebase(overflow, nowMs);
    const ticks = overflow.doubles[this.#print.low & (OVERFLOW_STATES - 1)] ?? 0;
    return Math.max(0, ticks - (nowMs - overflow.originMs) * this.#perMs);
  }

  /** For the key that was looked for last. */
  #set(at: number, nowMs: number, level: number): void {
    const place = at < 0 ? this.#place(nowMs) : at;
    if (place >= 0) {
      this.#part.doubles[place] = (nowMs - this.#part.originMs) * this.#perMs + level;
      return;
    }
    this.crowded++;
    this.#overflow ??= { doubles: new Float64Array(OVERFLOW_STATES), originMs: nowMs };
    const ticks = (nowMs - this.#overflow.originMs) * this.#perMs + level;
    this.#overflow.doubles[this.#print.low & (OVERFLOW_STATES - 1)] = ticks;
  }

  /** Makes room for the key that was looked for last; −1: there is none. */
  #place(nowMs: number): number {
    const { high, low } = this.#print;
    if (this.#part.buckets === 0) {
      this.#part = partOf(1, this.#maxBuckets, nowMs);
      this.#parts[high >>> this.#partShift] = this.#part;
    }
    do {
      const at = placeIn(this.#part, low, high, (nowMs - this.#part.originMs) * this.#perMs);
      if (at < 0) continue;
      const { ints } = this.#part;
      const intsAt = (at - 1) << 1;
      if (ints[intsAt] === 0 && ints[intsAt + 1] === 0) this.size++;
      ints[intsAt] = low;
      ints[intsAt + 1] = high;
      return at;
    } while (this.#grow(this.#part, nowMs));
    return -1;
  }

  /** Moves what is alive into more buckets, until each key finds its place. */
  #grow(part: Part, nowMs: number): boolean {
    const nowTicks = (nowMs - part.originMs) * this.#perMs;
    for (let buckets = part.buckets; buckets < part.maxBuckets; ) {
      buckets = Math.min(part.maxBuckets, Math.max(buckets + 1, Math.ceil(buckets * GROWTH)));
      const grown = partOf(buckets, part.maxBuckets, part.originMs);
      const moved = moveAll(part, grown, nowTicks);
      if (moved === undefined) continue;
      this.size += moved - sizeOf(part);
      [part.ints, part.doubles, part.buckets] = [grown.ints, grown.doubles, buckets];
      return true;
    }
    part.maxBuckets = part.buckets;
    return false;
  }

  #rebase(part: Part | Overflow, nowMs: number): void {
    const shift = (nowMs - part.originMs) * this.#perMs;
    const { doubles } = part;
    const isShared = !('ints' in part);
    for (let i = 0; i < doubles.length; i++) {
      // In between are fingerprints.
      if (isShared || i % PLACE_DOUBLES === 1) doubles[i] = Math.max(0, (doubles[i] ?? 0) - shift);
    }
    part.originMs = nowMs;
  }

  #decision(level: number, retryAfterMs: number): Decision {
    return {
      allowed: retryAfterMs === 0,
      remaining: Math.max(0, Math.floor((this.#depth - level) / this.#perUnit)),
      retryAfterMs,
      resetAfterMs: Math.ceil(level / this.#perMs),
      delayMs: 0,
    };
  }
}

function partOf(buckets: number, maxBuckets: number, originMs: number): Part {
  const bytes = new ArrayBuffer(buckets * 8 * DOUBLES);
  return { ints: new Int32Array(bytes), doubles: new Float64Array(bytes), buckets, maxBuckets, originMs };
}

function firstOf(low: number, buckets: number): number {
  return Math.floor(((low >>> 0) * buckets) / 2 ** 32);
}

/** By the bits that do not choose the part. */
function secondOf(high: number, buckets: number): number {
  return Math.floor(((high & 0xffffff) * buckets) / 2 ** 24);
}

/** Of the first bucket: below this the second is not looked at, so that most keys are found at once. */
const ROOMY = 6;

/** A place whose key is as if never used, in the first bucket or the emptier one of the two; −1: all are alive. */
function placeIn({ doubles, buckets }: Part, low: number, high: number, nowTicks: number): number {
  let found = -1;
  let fewest = SLOTS;
  for (let choice = 0; choice < 2; choice++) {
    const from = (choice === 0 ? firstOf(low, buckets) : secondOf(high, buckets)) * DOUBLES + 1;
    let alive = 0;
    let dead = -1;
    for (let at = from; at < from + DOUBLES; at += PLACE_DOUBLES) {
      if ((doubles[at] ?? 0) > nowTicks) alive++;
      else if (dead < 0) dead = at;
    }
    if (alive < fewest) {
      found = dead;
      fewest = alive;
    }
    if (alive < ROOMY) break;
  }
  return found;
}

/** @returns how many keys were alive; undefined where one of them found no place */
function moveAll(from: Part, to: Part, nowTicks: number): number | undefined {
  let moved = 0;
  for (let at = 1; at < from.doubles.length; at += PLACE_DOUBLES) {
    const ticks = from.doubles[at] ?? 0;
    if (ticks <= nowTicks) continue;
    const intsAt = (at - 1) << 1;
    const low = from.ints[intsAt] ?? 0;
    const high = from.ints[intsAt + 1] ?? 0;
    const place = placeIn(to, low, high, nowTicks);
    if (place < 0) return undefined;
    to.doubles[place] = ticks;
    to.ints[(place - 1) << 1] = low;
    to.ints[((place - 1) << 1) + 1] = high;
    moved++;
  }
  return moved;
}

function sizeOf({ ints }: Part): number {
  let size = 0;
  for (let at = 0; at < ints.length; at += PLACE_INTS) if (ints[at] !== 0 || ints[at + 1] !== 0) size++;
  return size;
}

/** Seconds of one bucket: what ends in the same minute falls together. */
const BUCKET_SECONDS = 60;
/** What never ends. */
const NEVER = Number.POSITIVE_INFINITY;

/**
 * Values by key until their time is over: a look costs one look into a map, and nothing is walked through to find what has ended. A key that is set twice lives
 * until the later end and has the later value.
 */
export class ExpiringIndex<K extends string | number, V> {
  readonly #values = new Map<K, V>();
  readonly #buckets = new Map<number, K[]>();
  /** How often a key is still to fall, where that is more than once: it goes with the last. */
  readonly #copies = new Map<K, number>();
  /** The bucket that ends first; no other is earlier. */
  #first = NEVER;

  get(key: K): V | undefined {
    return this.#values.get(key);
  }

  /** @param exp seconds since 1970; infinite for ever. */
  set(key: K, value: V, exp: number): void {
    const bucket = exp === NEVER ? NEVER : Math.ceil(exp / BUCKET_SECONDS);
    if (this.#values.has(key)) this.#copies.set(key, (this.#copies.get(key) ?? 1) + 1);
    this.#values.set(key, value);
    if (bucket === NEVER) return;
    const keys = this.#buckets.get(bucket);
    if (keys === undefined) this.#buckets.set(bucket, [key]);
    else keys.push(key);
    this.#first = Math.min(this.#first, bucket);
  }

  /** Drops at most `max` keys whose time is over; the number of those looked at. */
  sweep(now: number, max: number): number {
    let swept = 0;
    while (this.#first * BUCKET_SECONDS <= now && swept < max) {
      const keys = this.#buckets.get(this.#first) ?? [];
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
        swept += 1;
        this.#drop(key);
        if (swept >= max) return swept;
      }
      this.#buckets.delete(this.#first);
      this.#first = NEVER;
      for (const bucket of this.#buckets.keys()) this.#first = Math.min(this.#first, bucket);
    }
    return swept;
  }

  get size(): number {
    return this.#values.size;
  }

  #drop(key: K): void {
    const copies = this.#copies.get(key) ?? 1;
    if (copies === 1) this.#values.delete(key);
    if (copies <= 2) this.#copies.delete(key);
    else this.#copies.set(key, copies - 1);
  }
}

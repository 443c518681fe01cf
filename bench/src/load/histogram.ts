/** Each power of two of microseconds is cut into this many buckets: a percentile is exact to 1/64. */
const STEPS = 64;
/** Up to 2^26 µs, a bit more than a minute; longer ones land in the last bucket. */
const POWERS = 26;

/** Latencies in log-linear buckets (as HdrHistogram keeps them): constant memory, nothing allocated per record. */
export class Histogram {
  readonly #counts: Uint32Array = new Uint32Array(STEPS * POWERS);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  record(ms: number): void {
    const index = bucketOf(Math.round(ms * 1000));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** Adds counts that `toCounts` of another process gave. */
  add(counts: readonly number[]): void {
    for (let index = 0; index < this.#counts.length; index += 1) {
      const count = counts[index] ?? 0;
      this.#counts[index] = (this.#counts[index] ?? 0) + count;
      this.#total += count;
    }
  }

  toCounts(): number[] {
    return [...this.#counts];
  }

  /** The latency in milliseconds that the share `part` (0 to 1) of all records stays at or below; 0 where nothing was recorded. */
  percentile(part: number): number {
    const rank = Math.ceil(this.#total * part);
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index += 1) {
      seen += this.#counts[index] ?? 0;
      if (seen >= rank && seen > 0) return upperEdge(index) / 1000;
    }
    return 0;
  }
}

function bucketOf(microseconds: number): number {
  const value = Math.max(0, microseconds);
  if (value < STEPS) return value;
  const power = 31 - Math.clz32(Math.min(value, 2 ** 30));
  const step = Math.floor(value / 2 ** (power - 6)) - STEPS;
  return Math.min(STEPS * POWERS - 1, (power - 5) * STEPS + step);
}

/** The largest whole number of microseconds that falls into the bucket. */
function upperEdge(index: number): number {
  if (index < STEPS) return index;
  const power = Math.floor(index / STEPS) + 5;
  const step = index % STEPS;
  return (STEPS + step + 1) * 2 ** (power - 6) - 1;
}

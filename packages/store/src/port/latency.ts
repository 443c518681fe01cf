/** Milliseconds: the upper bounds of the buckets that times are counted in; one more bucket has what is longer. */
export const LATENCY_BOUNDS_MS: readonly number[] = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/** How long something took, counted: of fixed size, and nothing is made to count. */
export interface Latency {
  /** How often, by bucket (`LATENCY_BOUNDS_MS`), since the start. */
  readonly counts: Float64Array;
  sumMs: number;
}

export function newLatency(): Latency {
  return { counts: new Float64Array(LATENCY_BOUNDS_MS.length + 1), sumMs: 0 };
}

export function noteLatency(latency: Latency, ms: number): void {
  const bucket = latencyBucket(ms);
  latency.counts[bucket] = (latency.counts[bucket] ?? 0) + 1;
  latency.sumMs += ms;
}

/** The bucket of a time: the first whose bound is not below it. */
export function latencyBucket(ms: number): number {
  let bucket = 0;
  while (bucket < LATENCY_BOUNDS_MS.length && ms > (LATENCY_BOUNDS_MS[bucket] ?? 0)) bucket += 1;
  return bucket;
}

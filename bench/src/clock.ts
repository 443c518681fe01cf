import { performance } from 'node:perf_hooks';

/**
 * The one place of the benchmark that reads a clock: measuring time is what this workspace is for, so nothing is handed in.
 */

/** Milliseconds of a clock that never steps back, with fractions. */
export function nowMs(): number {
  return performance.now();
}

/** Seconds since 1970, as tokens carry them (RFC 7519 §2 NumericDate). */
export function epochSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Calls `act` once after `ms`, unless the function that it returns is called before. */
export function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}

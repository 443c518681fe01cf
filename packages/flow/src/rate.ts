/** So much per so long. */
export interface Rate {
  /** Whole units, 1 at least. */
  readonly limit: number;
  /** Whole milliseconds in which `limit` units flow back, 1 at least. */
  readonly periodMs: number;
}

/** The same in whole ticks, in lowest terms: what a unit costs, and what a millisecond gives back. Nothing needs to be rounded then. */
export interface Ticks {
  readonly perUnit: number;
  readonly perMs: number;
}

/** What no sum of ticks of a rule may reach: below it every whole number is itself. */
export const MAX_TICKS: number = 2 ** 52;

export function ticksOf({ limit, periodMs }: Rate): Ticks {
  const divisor = greatestCommonDivisor(limit, periodMs);
  return { perUnit: periodMs / divisor, perMs: limit / divisor };
}

/** Why this is no rate; undefined: it is one. */
export function checkRate({ limit, periodMs }: Rate): string | undefined {
  if (!isCount(limit)) return 'limit must be a whole number of 1 or more';
  if (!isCount(periodMs)) return 'period must be whole milliseconds, 1 or more';
  return undefined;
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function greatestCommonDivisor(a: number, b: number): number {
  let [larger, smaller] = [a, b];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

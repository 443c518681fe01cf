export type TimeUnit = 'day' | 'hour' | 'minute' | 'second';

const UNITS: readonly (readonly [TimeUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/**
 * Seconds in the largest unit that says them exactly, or of which there are at least ten (then rounded up, so that nobody who waits
 * that long comes too early): 86400 is 1 day, 90 is 90 seconds, 3661 is 62 minutes.
 */
export function largestUnit(seconds: number): { readonly count: number; readonly unit: TimeUnit } {
  const whole = Math.max(1, Math.ceil(seconds));
  for (const [unit, size] of UNITS) {
    if (whole % size === 0 || whole / size >= 10) return { count: Math.ceil(whole / size), unit };
  }
  return { count: whole, unit: 'second' };
}

/**
 * Reads a duration of the configuration: seconds as a number, or `90s`, `10m`, `12h`, `30d`.
 *
 * @returns whole seconds, 0 to a hundred years; undefined when it is not a duration.
 */
export function readDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 && value <= MAX_SECONDS ? value : undefined;
  if (typeof value !== 'string' || !/^[0-9]{1,10}[smhd]$/.test(value)) return undefined;
  const seconds = Number(value.slice(0, -1)) * (SECONDS_PER[value.slice(-1)] ?? Number.NaN);
  return seconds <= MAX_SECONDS ? seconds : undefined;
}

/** How a duration may be written, for the messages of readers. */
export const DURATION_FORMS: string = 'seconds, or 90s, 10m, 12h, 30d';

const MAX_SECONDS = 36_525 * 86_400;
const SECONDS_PER: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

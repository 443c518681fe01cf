/** Periods that follow the clock on the wall of a place. */
export type CalendarPeriod = 'hour' | 'day' | 'week' | 'month' | 'year';

export function checkPeriod(period: string): string | undefined {
  return PERIODS.some((known) => known === period) ? undefined : `period must be one of ${PERIODS.join(', ')}`;
}

export function checkZone(zone: string): string | undefined {
  try {
    clockOf(zone);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return 'zone is not the name of a time zone';
    throw error;
  }
}

/**
 * When nine periods begin, of which the third holds the moment: milliseconds since 1970, each later than the one before.
 *
 * A day begins with the first moment that the calendar gives that date, also where midnight is skipped or comes twice. An hour begins when
 * the clock shows a whole hour, or was changed: the one that comes twice is two.
 */
export function periodStartsAround(period: CalendarPeriod, zone: string, atMs: number): readonly number[] {
  const key = `${period} ${zone}`;
  const last = known.get(key);
  if (last !== undefined && (last[2] ?? 0) <= atMs && atMs < (last[3] ?? 0)) return last;
  const starts = startsAround(period, clockOf(zone), atMs);
  // The one that was not looked for longest goes.
  known.delete(key);
  if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value ?? '');
  known.set(key, starts);
  return starts;
}

const PERIODS: readonly CalendarPeriod[] = ['hour', 'day', 'week', 'month', 'year'];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** No place is further from UTC. */
const MAX_OFFSET_MS = 16 * HOUR_MS;
const BEFORE = 2;
const AFTER = 6;
const MAX_KNOWN = 256;

/** The last answer for each period and zone: within a period it stays the same. */
const known: Map<string, readonly number[]> = new Map();
const clocks: Map<string, WallClock> = new Map();

/** What the clock on the wall shows, in milliseconds as if it hung in UTC. */
type WallClock = (atMs: number) => number;

function clockOf(zone: string): WallClock {
  const made = clocks.get(zone);
  if (made !== undefined) return made;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const clock: WallClock = (atMs) => {
    const shown = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
    const field = (name: Intl.DateTimeFormatPartTypes): number => shown.get(name) ?? 0;
    const wholeMs = Date.UTC(field('year'), field('month') - 1, field('day'), field('hour'), field('minute'), field('second'));
    return wholeMs + atMs - Math.floor(atMs / 1_000) * 1_000;
  };
  if (clocks.size >= MAX_KNOWN) clocks.delete(clocks.keys().next().value ?? '');
  clocks.set(zone, clock);
  return clock;
}

function startsAround(period: CalendarPeriod, clock: WallClock, atMs: number): readonly number[] {
  return period === 'hour' ? hoursAround(clock, atMs) : datesAround(DATED[period], clock, atMs);
}

/** Periods that begin with a date, numbered in the order of time. */
interface Dated {
  /** Of the period that a date and time lies in. */
  numberOf(wallMs: number): number;
  /** Midnight before its first day. */
  startOf(number: number): number;
}

const DATED: Readonly<Record<Exclude<CalendarPeriod, 'hour'>, Dated>> = {
  day: { numberOf: (wallMs) => Math.floor(wallMs / DAY_MS), startOf: (number) => number * DAY_MS },
  // The 1st of January 1970 was a Thursday.
  week: { numberOf: (wallMs) => Math.floor((wallMs / DAY_MS + 3) / 7), startOf: (number) => (number * 7 - 3) * DAY_MS },
  month: {
    numberOf: (wallMs) => {
      const date = new Date(wallMs);
      return date.getUTCFullYear() * 12 + date.getUTCMonth();
    },
    startOf: (number) => Date.UTC(Math.floor(number / 12), number - Math.floor(number / 12) * 12),
  },
  year: { numberOf: (wallMs) => new Date(wallMs).getUTCFullYear(), startOf: (number) => Date.UTC(number, 0) },
};

function datesAround(dated: Dated, clock: WallClock, atMs: number): readonly number[] {
  let number = dated.numberOf(clock(atMs));
  // Where a clock is put back over midnight, the next day has begun already, and stays.
  while (firstMoment(clock, dated.startOf(number + 1)) <= atMs) number++;
  const starts = [firstMoment(clock, dated.startOf(number))];
  // Days that a place left out are none.
  for (let earlier = number - 1; starts.length <= BEFORE; earlier--) {
    const startMs = firstMoment(clock, dated.startOf(earlier));
    if (startMs !== starts[0]) starts.unshift(startMs);
  }
  for (let later = number + 1; starts.length <= BEFORE + AFTER; later++) {
    const startMs = firstMoment(clock, dated.startOf(later));
    if (startMs !== starts.at(-1)) starts.push(startMs);
  }
  return starts;
}

/** The first moment at which the clock shows this or more. */
function firstMoment(clock: WallClock, wallMs: number): number {
  const [fromMs, toMs] = [wallMs - MAX_OFFSET_MS, wallMs + MAX_OFFSET_MS];
  const [offsetMs, laterOffsetMs] = [offsetAt(clock, fromMs), offsetAt(clock, toMs)];
  const before = wallMs - offsetMs;
  if (offsetMs === laterOffsetMs) return before;
  const changeMs = changeIn(clock, fromMs, toMs) ?? toMs;
  return before < changeMs ? before : Math.max(changeMs, wallMs - laterOffsetMs);
}

function hoursAround(clock: WallClock, atMs: number): readonly number[] {
  const starts = [hourOf(clock, atMs)[0]];
  while (starts.length <= BEFORE) starts.unshift(hourOf(clock, (starts[0] ?? 0) - 1)[0]);
  let endMs = hourOf(clock, atMs)[1];
  while (starts.length <= BEFORE + AFTER) {
    starts.push(endMs);
    endMs = hourOf(clock, endMs)[1];
  }
  return starts;
}

function hourOf(clock: WallClock, atMs: number): readonly [startMs: number, endMs: number] {
  const wallMs = clock(atMs);
  const startMs = atMs - (wallMs - Math.floor(wallMs / HOUR_MS) * HOUR_MS);
  const endMs = startMs + HOUR_MS;
  return [changeIn(clock, startMs, atMs) ?? startMs, changeIn(clock, atMs, endMs - 1) ?? endMs];
}

/** The first moment in (from, to] at which the clock is another number of hours from UTC than at `from`; it is changed on whole seconds. */
function changeIn(clock: WallClock, fromMs: number, toMs: number): number | undefined {
  const offsetMs = offsetAt(clock, fromMs);
  if (offsetAt(clock, toMs) === offsetMs) return undefined;
  let [before, after] = [Math.floor(fromMs / 1_000), Math.floor(toMs / 1_000)];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(clock, middle * 1_000) === offsetMs) before = middle;
    else after = middle;
  }
  return after * 1_000;
}

function offsetAt(clock: WallClock, atMs: number): number {
  return clock(atMs) - atMs;
}

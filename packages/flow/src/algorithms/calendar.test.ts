import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CalendarPeriod, checkPeriod, checkZone, periodStartsAround } from './calendar.ts';
import { decideQuota, quota, quotaStarts } from './quota.ts';

test('an hour that comes twice is two periods, and one that is skipped is none', () => {
  assert.deepEqual(startsOf('hour', 'Europe/Berlin', '2026-10-25T00:30:00Z').slice(1, 5), [
    '2026-10-24T23:00:00.000Z',
    '2026-10-25T00:00:00.000Z',
    '2026-10-25T01:00:00.000Z',
    '2026-10-25T02:00:00.000Z',
  ]);
  assert.deepEqual(startsOf('hour', 'Europe/Berlin', '2026-03-29T00:59:59.999Z').slice(2, 4), [
    '2026-03-29T00:00:00.000Z',
    '2026-03-29T01:00:00.000Z',
  ]);
});

test('hours are cut where the place has them, and where its clock is changed by half an hour', () => {
  assert.equal(startsOf('hour', 'Asia/Kolkata', '2026-11-22T12:00:00Z')[2], '2026-11-22T11:30:00.000Z');
  assert.deepEqual(startsOf('hour', 'Australia/Lord_Howe', '2026-04-04T15:10:00Z').slice(1, 5), [
    '2026-04-04T14:00:00.000Z',
    '2026-04-04T15:00:00.000Z',
    '2026-04-04T15:30:00.000Z',
    '2026-04-04T16:30:00.000Z',
  ]);
});

test('a day is as long as its place makes it', () => {
  assert.deepEqual(startsOf('day', 'America/New_York', '2026-03-08T12:00:00Z').slice(2, 4), [
    '2026-03-08T05:00:00.000Z',
    '2026-03-09T04:00:00.000Z',
  ]);
  assert.deepEqual(startsOf('day', 'America/New_York', '2026-11-01T12:00:00Z').slice(2, 4), [
    '2026-11-01T04:00:00.000Z',
    '2026-11-02T05:00:00.000Z',
  ]);
});

test('a day whose midnight is skipped begins when the clock shows it', () => {
  assert.equal(startsOf('day', 'America/Sao_Paulo', '2018-11-04T12:00:00Z')[2], '2018-11-04T03:00:00.000Z');
});

test('a day whose midnight comes twice begins with the first, and does not end when the clock is back before it', () => {
  assert.deepEqual(startsOf('day', 'America/Havana', '2026-11-01T12:00:00Z').slice(2, 4), [
    '2026-11-01T04:00:00.000Z',
    '2026-11-02T05:00:00.000Z',
  ]);
  // A minute after midnight it was a minute after eleven again.
  assert.equal(startsOf('day', 'America/St_Johns', '2006-10-29T03:00:00Z')[2], '2006-10-29T02:30:00.000Z');
});

test('a day that a place left out is no period', () => {
  assert.deepEqual(startsOf('day', 'Pacific/Apia', '2011-12-30T09:00:00Z').slice(2, 4), [
    '2011-12-29T10:00:00.000Z',
    '2011-12-30T10:00:00.000Z',
  ]);
});

test('weeks begin on Monday, months and years with their first day, in the place', () => {
  assert.deepEqual(startsOf('week', 'Asia/Shanghai', '2026-11-22T12:00:00Z').slice(2, 4), [
    '2026-11-15T16:00:00.000Z',
    '2026-11-22T16:00:00.000Z',
  ]);
  assert.deepEqual(startsOf('month', 'UTC', '2028-02-29T23:59:59.999Z').slice(2, 4), [
    '2028-02-01T00:00:00.000Z',
    '2028-03-01T00:00:00.000Z',
  ]);
  assert.deepEqual(startsOf('year', 'Asia/Kolkata', '2026-12-31T18:30:00Z').slice(2, 4), [
    '2026-12-31T18:30:00.000Z',
    '2027-12-31T18:30:00.000Z',
  ]);
});

for (const [zone, around] of [
  ['UTC', '2026-01-01T00:00:00Z'],
  ['Europe/London', '2026-10-25T01:00:00Z'],
  ['America/Santiago', '2026-09-06T04:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['Africa/Cairo', '2026-04-23T22:00:00Z'],
] as const) {
  test(`in ${zone} every minute lies in the period that the clock on the wall names, on the days around ${around}`, () => {
    const day = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
    const hour = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'long' });
    const labels: Readonly<Record<'day' | 'hour', (atMs: number) => string>> = {
      day: (atMs) => day.format(atMs),
      hour: (atMs) => hour.format(atMs).replace(/:\d\d:\d\d/, ''),
    };
    const middleMs = Date.parse(around);
    for (const period of ['day', 'hour'] as const) {
      const labelOf = labels[period];
      for (let atMs = middleMs - 36 * HOUR_MS; atMs <= middleMs + 36 * HOUR_MS; atMs += MINUTE_MS) {
        const begins = periodStartsAround(period, zone, atMs)[2] === atMs;
        assert.equal(begins, labelOf(atMs) !== labelOf(atMs - MINUTE_MS), new Date(atMs).toISOString());
      }
    }
  });
}

test('periods follow each other without a gap, whichever moment they are asked for', () => {
  for (const period of ['hour', 'day', 'week', 'month', 'year'] as const) {
    for (const zone of ['UTC', 'America/Santiago', 'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Casablanca']) {
      let starts = periodStartsAround(period, zone, Date.parse('2011-12-20T00:00:00Z'));
      for (let i = 0; i < 20; i++) {
        const next = periodStartsAround(period, zone, starts[3] ?? 0);
        assert.deepEqual(next.slice(0, 8), starts.slice(1));
        assert.deepEqual(periodStartsAround(period, zone, (starts[3] ?? 0) - 1), starts);
        starts = next;
      }
    }
  }
});

test('a quota that is decided by the periods of another clock, up to one period behind or two ahead, is decided alike', () => {
  const rule = { kind: 'quota', limit: 5, period: 'hour', zone: 'Europe/Berlin' } as const;
  const nowMs = Date.parse('2026-10-25T00:30:00Z');
  for (const spentMs of [nowMs - 90 * MINUTE_MS, nowMs - 30 * MINUTE_MS, nowMs, nowMs + 2 * HOUR_MS]) {
    const spent = quota.charge(undefined, spentMs, 8, rule);
    for (const askedMs of [nowMs - HOUR_MS, nowMs, nowMs + HOUR_MS, nowMs + 2 * HOUR_MS]) {
      assert.deepEqual(decideQuota(spent, askedMs, 1, 5, quotaStarts(rule, nowMs)), quota.decide(spent, askedMs, 1, rule));
    }
  }
  assert.throws(() => decideQuota(undefined, nowMs + 30 * HOUR_MS, 1, 5, quotaStarts(rule, nowMs)), RangeError);
  assert.throws(() => decideQuota(undefined, nowMs - 30 * HOUR_MS, 1, 5, quotaStarts(rule, nowMs)), RangeError);
});

test('a period that the table of another place puts earlier goes on where it was begun', () => {
  const starts = [0, 100, 200, 300, 400, 500, 600, 700, 800];
  const begun = decideQuota([250, 5], 260, 1, 5, starts);
  assert.deepEqual([begun.decision.allowed, begun.decision.retryAfterMs], [false, 40]);
});

test('places and periods that there are not are no rule', () => {
  assert.equal(checkZone('Asia/Shanghai'), undefined);
  assert.equal(typeof checkZone('Asia/Atlantis'), 'string');
  assert.equal(checkPeriod('week'), undefined);
  assert.equal(typeof checkPeriod('fortnight'), 'string');
});

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function startsOf(period: CalendarPeriod, zone: string, at: string): readonly string[] {
  return periodStartsAround(period, zone, Date.parse(at)).map((startMs) => new Date(startMs).toISOString());
}

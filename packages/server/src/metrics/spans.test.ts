import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricRow } from '@hufu/store/port';
import fc from 'fast-check';
import { COUNTERS } from './families.ts';
import { readRow } from './row.ts';
import { type Reading, Spans } from './spans.ts';

const NOW = 1_800_000_000;

function sumOf(rows: Iterable<MetricRow>): number {
  let sum = 0;
  for (const { counts } of rows)
    readRow(
      counts,
      (_, amount) => (sum += amount),
      () => undefined,
    );
  return sum;
}

test('whatever is counted, whenever, and however often the store is away: minutes and quarters add up to it, and no more waits than is bounded', () => {
  const step = fc.record({ counted: fc.nat(50), slot: fc.nat(COUNTERS - 1), seconds: fc.nat(400), isAway: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const totals = new Float64Array(COUNTERS);
      const reading = (): Reading => ({ totals, limits: new Map() });
      let now = NOW;
      const spans = new Spans('i', reading(), now);
      /** What a store would have: the last that was written of each span. */
      const store = new Map<string, MetricRow>();
      const write = (): void => {
        const rows = spans.waiting();
        for (const row of rows) store.set(`${row.span} ${row.at}`, row);
        spans.written(rows);
      };
      for (const { counted, slot, seconds, isAway } of steps) {
        totals[slot] = (totals[slot] ?? 0) + counted;
        now += seconds;
        spans.roll(reading(), now);
        if (!isAway) write();
        const total = totals.reduce((sum, count) => sum + count, 0);
        for (const span of [60, 900]) {
          const all = new Map([...store].filter(([, row]) => row.span === span));
          for (const row of spans.unwritten(span, reading())) all.set(`${span} ${row.at}`, row);
          assert.equal(sumOf(all.values()), total, 'what is in the store and what is not yet');
        }
        assert.ok(spans.waiting().length <= 120);
      }
      spans.end(reading());
      write();
      for (const span of [60, 900]) {
        const rows = [...store.values()].filter((row) => row.span === span);
        assert.equal(
          sumOf(rows),
          totals.reduce((sum, count) => sum + count, 0),
        );
        for (const { at } of rows) assert.equal(at % span, 0);
      }
    }),
  );
});

test('a store that is away for hours costs the oldest minutes and no memory', () => {
  const totals = new Float64Array(COUNTERS);
  const reading: Reading = { totals, limits: new Map() };
  const spans = new Spans('i', reading, NOW);
  for (let minute = 1; minute <= 600; minute += 1) {
    totals[0] = minute;
    spans.roll(reading, NOW + minute * 60);
  }
  const rows = spans.waiting();
  assert.equal(rows.length, 120);
  assert.ok(
    rows.some(({ span, at }) => span === 60 && at === NOW + 599 * 60),
    'the newest is there',
  );
});

test('what is counted while a row is being written is not taken for written', () => {
  const totals = new Float64Array(COUNTERS);
  const reading: Reading = { totals, limits: new Map() };
  const spans = new Spans('i', reading, NOW);
  totals[0] = 1;
  spans.roll(reading, NOW + 60);
  const underWay = spans.waiting();
  totals[0] = 5;
  spans.roll(reading, NOW + 120);
  spans.written(underWay);
  assert.deepEqual(
    spans.waiting().map(({ span, at }) => [span, at]),
    [
      [60, NOW + 60],
      [900, NOW],
    ],
    'the minute is written, the quarter has grown since',
  );
});

test('limits are told by what they have refused since; one that was set anew begins at nothing', () => {
  const totals = new Float64Array(COUNTERS);
  const at = (refused: number): Reading => ({ totals, limits: new Map([['a', { refused, shadow: 0 }]]) });
  const spans = new Spans('i', at(7), NOW);
  const refusedIn = (): unknown => {
    const found: unknown[] = [];
    for (const row of spans.waiting().filter(({ span }) => span === 60))
      readRow(
        row.counts,
        () => undefined,
        (name, counts) => found.push([name, counts.refused]),
      );
    spans.written(spans.waiting());
    return found;
  };
  spans.roll(at(10), NOW + 60);
  assert.deepEqual(refusedIn(), [['a', 3]]);
  spans.roll(at(10), NOW + 120);
  assert.deepEqual(refusedIn(), []);
  spans.roll(at(2), NOW + 180);
  assert.deepEqual(refusedIn(), [['a', 2]]);
});

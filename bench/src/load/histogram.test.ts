import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from './histogram.ts';

const LATENCIES = fc.array(fc.double({ min: 0.001, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 });

test('a percentile is never below the exact one and at most a sixty-fourth above it', () => {
  fc.assert(
    fc.property(LATENCIES, fc.double({ min: 0.01, max: 1, noNaN: true }), (latencies, part) => {
      const histogram = new Histogram();
      for (const ms of latencies) histogram.record(ms);
      const sorted = latencies.map((ms) => Math.round(ms * 1000)).toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil(latencies.length * part) - 1] ?? 0;
      const found = histogram.percentile(part) * 1000;
      assert.ok(found >= exact - 1e-6, `${found} < ${exact}`);
      assert.ok(found <= exact * (1 + 1 / 64) + 1e-6, `${found} > ${exact}`);
    }),
  );
});

test('adding the counts of two halves is recording everything', () => {
  fc.assert(
    fc.property(LATENCIES, LATENCIES, (left, right) => {
      const [one, other, all] = [new Histogram(), new Histogram(), new Histogram()];
      for (const ms of left) one.record(ms);
      for (const ms of right) other.record(ms);
      for (const ms of [...left, ...right]) all.record(ms);
      one.add(other.toCounts());
      assert.equal(one.total, left.length + right.length);
      assert.deepEqual(one.toCounts(), all.toCounts());
    }),
  );
});

test('nothing recorded is 0, and a reset forgets', () => {
  const histogram = new Histogram();
  assert.equal(histogram.percentile(0.99), 0);
  histogram.record(5);
  histogram.reset();
  assert.equal(histogram.total, 0);
  assert.equal(histogram.percentile(0.5), 0);
});

test('what takes longer than a minute lands in the last bucket instead of beyond it', () => {
  const histogram = new Histogram();
  histogram.record(10_000_000);
  assert.equal(histogram.total, 1);
  assert.ok(histogram.percentile(1) > 60_000);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecentCount } from './recent-count.ts';

test('what is older than the window is gone, and nothing goes before nine tenths of it', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ afterMs: fc.nat(400), amount: fc.nat(3) }), { maxLength: 60 }), fc.nat(3_000), (counted, laterMs) => {
      const recent = new RecentCount(1_000);
      let now = 0;
      const all = counted.map(({ afterMs, amount }) => {
        now += afterMs;
        recent.add(now, amount);
        return { atMs: now, amount };
      });
      now += laterMs;
      const sumSince = (ms: number): number => all.filter(({ atMs }) => now - atMs < ms).reduce((sum, { amount }) => sum + amount, 0);
      const total = recent.total(now);
      assert.ok(total >= sumSince(900) && total <= sumSince(1_000), `${total} of ${sumSince(900)} to ${sumSince(1_000)}`);
    }),
  );
});

test('a clock that is asked for an earlier moment counts into the latest part', () => {
  const recent = new RecentCount(1_000);
  recent.add(5_000);
  recent.add(4_000);
  assert.equal(recent.total(5_050), 2);
  assert.equal(recent.total(6_100), 0);
});

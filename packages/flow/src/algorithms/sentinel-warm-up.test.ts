import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { State } from '../algorithm.ts';
import { type SentinelWarmUpRule, sentinelWarmUp } from './sentinel-warm-up.ts';

const START = 1_800_000_000_000;
const ten: SentinelWarmUpRule = { kind: 'sentinel_warm_up', count: 10, warmUpSeconds: 10, coldFactor: 3 };

test('the ramps are those of the original to the digit', () => {
  assert.deepEqual(ramp(ten, 15), [3, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6, 7, 10, 10, 10]);
  assert.deepEqual(ramp({ ...ten, count: 100 }, 13), [33, 34, 36, 38, 41, 44, 47, 52, 58, 68, 83, 100, 100]);
  assert.deepEqual(ramp({ ...ten, count: 20 }, 13), [6, 6, 7, 7, 8, 8, 9, 10, 11, 12, 15, 19, 20]);
  assert.deepEqual(ramp({ ...ten, count: 5 }, 16), [1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 4, 5]);
  assert.deepEqual(ramp({ ...ten, coldFactor: 2 }, 12), [5, 5, 5, 5, 5, 6, 6, 6, 7, 8, 8, 10]);
  const thousand = ramp({ ...ten, count: 1_000, warmUpSeconds: 30 }, 33);
  assert.deepEqual([thousand[0], thousand[30], thousand[31], thousand[32]], [333, 935, 1_000, 1_000]);
});

test('what a second admits, by the tokens that are stored, is that of the original', () => {
  const admits = (stored: number) => sentinelWarmUp.decide([stored, START, 0, 0, 0, 0], START, 0, ten).decision.remaining;
  assert.deepEqual([100, 90, 80, 75, 70, 60, 51, 50, 49, 0].map(admits), [3, 3, 4, 5, 5, 7, 9, 10, 10, 10]);
});

test('the next double above is taken where a division falls just short of a whole number, as the original does', () => {
  assert.equal(sentinelWarmUp.decide(undefined, START, 3, { ...ten, count: 9, warmUpSeconds: 11 }).decision.allowed, true);
});

test('its defects are kept: a count below the cold factor never passes, which is said when the rule is read', () => {
  for (const flaw of [{ count: 1 }, { count: 2 }, { count: 0.1 }]) {
    const rule = { ...ten, ...flaw };
    assert.match(sentinelWarmUp.check(rule) ?? '', /never admit/);
    assert.deepEqual(ramp(rule, 30), Array(30).fill(0));
    assert.equal(sentinelWarmUp.decide(undefined, START, 1, rule).decision.retryAfterMs, Number.POSITIVE_INFINITY);
  }
  assert.equal(sentinelWarmUp.check({ ...ten, count: 3 }), undefined);
  assert.equal(sentinelWarmUp.check(ten), undefined);
  for (const flaw of [
    { count: 0 },
    { count: Number.NaN },
    { warmUpSeconds: 1.5 },
    { coldFactor: 1 },
    { coldFactor: 2.5 },
    { count: 2 ** 30 },
  ]) {
    assert.equal(typeof sentinelWarmUp.check({ ...ten, ...flaw }), 'string');
  }
});

test('after a gap only the passes of its last second are subtracted, and it is as cold as that makes it', () => {
  const warm = run(ten, 20_000);
  const gap = (ms: number) => sentinelWarmUp.decide(warm, START + 20_000 + ms, 1, ten).state?.[0];
  const [stored = 0] = warm ?? [];
  assert.equal(gap(0), stored + 10 - 10);
  assert.equal(gap(3_000), stored + 4 * 10);
  assert.equal(gap(60_000), 100);
  // Just at the warning, nothing is ever filled.
  const still = sentinelWarmUp.decide([50, START, 0, 0, 0, 0], START + 60_000, 1, ten);
  assert.equal(still.state?.[0], 50);
  assert.equal(still.decision.resetAfterMs, Number.POSITIVE_INFINITY);
});

const rules: fc.Arbitrary<SentinelWarmUpRule> = fc.record({
  kind: fc.constant('sentinel_warm_up'),
  count: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.double({ min: 0.1, max: 200, noNaN: true })),
  warmUpSeconds: fc.integer({ min: 1, max: 30 }),
  coldFactor: fc.integer({ min: 2, max: 6 }),
});
const steps = fc.array(
  fc.record({ gapMs: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(1_200), fc.nat(20_000)), cost: fc.oneof(fc.constant(1), fc.nat(20)) }),
  { maxLength: 200, size: 'max' },
);

test('the wait that a refusal names is tight, what is left is what can be taken, and what is over is as never seen', () => {
  fc.assert(
    fc.property(rules, steps, fc.nat(5_000), (rule, asks, laterMs) => {
      let [state, nowMs]: [State | undefined, number] = [undefined, START];
      for (const { gapMs, cost } of asks) {
        nowMs += gapMs;
        const verdict = sentinelWarmUp.decide(state, nowMs, cost, rule);
        const { allowed, remaining, retryAfterMs, resetAfterMs } = verdict.decision;
        if (!allowed || cost === 0) assert.equal(verdict.state, state);
        state = verdict.state;
        const again = (ms: number, units: number) => sentinelWarmUp.decide(state, nowMs + ms, units, rule);
        if (Number.isFinite(retryAfterMs) && !allowed) {
          assert.ok(again(retryAfterMs, cost).decision.allowed);
          assert.ok(!again(retryAfterMs - 1, cost).decision.allowed);
        } else if (!allowed) {
          for (const ms of [1, 400, 1_000, 3_000, 100_000]) assert.ok(!again(ms, cost).decision.allowed);
        }
        assert.ok(remaining === 0 || again(0, remaining).decision.allowed);
        assert.ok(!again(0, remaining + 1).decision.allowed);
        if (!Number.isFinite(resetAfterMs)) continue;
        const thenMs = nowMs + resetAfterMs + laterMs;
        assert.deepEqual(sentinelWarmUp.decide(state, thenMs, 1, rule), sentinelWarmUp.decide(undefined, thenMs, 1, rule));
      }
    }),
    { numRuns: 100 },
  );
});

test('a clock that is set back gives nothing twice, and locks nobody out', () => {
  for (const backMs of [1, 5_000, 10 ** 9]) {
    const full = run(ten, 1_000);
    const refused = sentinelWarmUp.decide(full, START + 499 - backMs, 4, ten);
    assert.equal(refused.decision.allowed, false);
    const { state, decision } = sentinelWarmUp.decide(full, START + 499 - backMs, 3, ten);
    assert.ok(decision.retryAfterMs <= 40_000, String(decision.retryAfterMs));
    assert.ok(sentinelWarmUp.decide(state, START + 499 - backMs + decision.retryAfterMs, 3, ten).decision.allowed);
  }
});

/** Passes of each second, for somebody who asks each 10 ms as often as the count is high. */
function ramp(rule: SentinelWarmUpRule, seconds: number): readonly number[] {
  const passed: number[] = Array(seconds).fill(0);
  run(rule, seconds * 1_000, (ms) => {
    const second = Math.floor(ms / 1_000);
    passed[second] = (passed[second] ?? 0) + 1;
  });
  return passed;
}

function run(rule: SentinelWarmUpRule, forMs: number, admitted?: (ms: number) => void): State | undefined {
  let state: State | undefined;
  for (let ms = 0; ms < forMs; ms += 10) {
    for (let turn = 0; turn <= rule.count / 50; turn++) {
      const verdict = sentinelWarmUp.decide(state, START + ms, 1, rule);
      state = verdict.state;
      if (verdict.decision.allowed) admitted?.(ms);
    }
  }
  return state;
}

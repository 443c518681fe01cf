import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Chargeable, State } from '../algorithm.ts';
import { type AnyAlgorithm, algorithmOf } from '../algorithms.ts';
import type { AlgorithmRule } from '../rule.ts';
import { findDifference } from '../testing/alike.ts';
import { horizonOf, kinds, type Scene, scenes } from '../testing/traffic.ts';

const chargeable = kinds.filter((kind) => kind !== 'leaky_bucket' && kind !== 'sliding_log');

for (const kind of chargeable) {
  test(`${kind}: a charge of what would have fitted is a take`, () => {
    fc.assert(
      fc.property(scenes(kind, 40), ({ rule, startMs, steps }: Scene) => {
        const { decide, charge } = chargeableOf(rule);
        let state: State | undefined;
        let nowMs = startMs;
        for (const { gapMs, cost } of steps) {
          nowMs += gapMs;
          const verdict = decide(state, nowMs, cost, rule);
          if (verdict.decision.allowed) assert.deepEqual(charge(state, nowMs, cost, rule), verdict.state);
          state = verdict.state;
        }
      }),
      { numRuns: kind === 'quota' ? 20 : 100 },
    );
  });

  test(`${kind}: what is owed is one limit at most, is waited for, and is forgotten when all of it came back`, () => {
    fc.assert(
      fc.property(scenes(kind, 20), ({ rule, startMs, steps }: Scene) => {
        const { decide, charge } = chargeableOf(rule);
        let state: State | undefined;
        let nowMs = startMs;
        for (const { gapMs, cost } of steps) {
          nowMs += gapMs;
          state = charge(state, nowMs, cost, rule);
          const { retryAfterMs } = decide(state, nowMs, 1, rule).decision;
          const { resetAfterMs } = decide(state, nowMs, 0, rule).decision;
          assert.ok(retryAfterMs <= resetAfterMs && resetAfterMs <= horizonOf(rule));
          if (retryAfterMs > 0) assert.equal(decide(state, nowMs + retryAfterMs - 1, 1, rule).decision.allowed, false);
          assert.equal(decide(state, nowMs + retryAfterMs, 1, rule).decision.allowed, true);
          const overMs = nowMs + resetAfterMs;
          assert.equal(findDifference(state, undefined, overMs, rule), undefined);
          if (resetAfterMs > 0)
            assert.notDeepEqual(decide(state, overMs - 1, 0, rule).decision, decide(undefined, overMs - 1, 0, rule).decision);
        }
        const most = charge(state, nowMs, 2 ** 31, rule);
        assert.deepEqual(charge(most, nowMs, 2 ** 31, rule), most);
        assert.ok(decide(most, nowMs, 1, rule).decision.retryAfterMs > decide(undefined, nowMs, 1, rule).decision.retryAfterMs);
      }),
      { numRuns: kind === 'quota' ? 20 : 100 },
    );
  });
}

test('a debt outlasts the window in which it was made, and no longer than the next', () => {
  const rule = { kind: 'fixed_window', limit: 10, periodMs: 1_000 } as const;
  const { decide, charge } = chargeableOf(rule);
  const owing = charge(undefined, 5_000, 16, rule);
  assert.equal(decide(owing, 6_000, 0, rule).decision.remaining, 4);
  assert.equal(decide(owing, 7_000, 0, rule).decision.remaining, 10);
});

function chargeableOf(rule: AlgorithmRule): AnyAlgorithm & Chargeable<AlgorithmRule> {
  const algorithm = algorithmOf(rule);
  const { charge } = algorithm;
  assert.ok(charge !== undefined);
  return { ...algorithm, charge };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { State } from '../algorithm.ts';
import { algorithmOf, checkAlgorithm } from '../algorithms.ts';
import type { AlgorithmRule } from '../rule.ts';

const rates = fc.record({ limit: fc.integer({ min: 1, max: 5_000 }), periodMs: fc.integer({ min: 1, max: 100_000 }) });

test('a stream that is paced to the rate is never refused by a gcra of burst 1, faster than one a millisecond or slower', () => {
  fc.assert(
    fc.property(rates, fc.nat(10 ** 9), (rate, startMs) => {
      passes({ kind: 'gcra', ...rate, burst: 1 }, startMs);
    }),
  );
});

test('a stream that is paced to the rate is never refused by a leaky bucket, and waits for a millisecond at most', () => {
  fc.assert(
    fc.property(rates, fc.nat(10 ** 9), (rate, startMs) => {
      assert.ok(passes({ kind: 'leaky_bucket', ...rate, maxQueueMs: 1 }, startMs) <= 1);
    }),
  );
});

test('a stream that is paced to the rate is never refused by a sliding log', () => {
  const few = fc.record({ limit: fc.integer({ min: 1, max: 100 }), periodMs: fc.integer({ min: 1, max: 100_000 }) });
  fc.assert(
    fc.property(few, fc.nat(10 ** 9), (rate, startMs) => {
      passes({ kind: 'sliding_log', ...rate }, startMs);
    }),
  );
});

test('a stream that is paced to the rate is never refused by a fixed window', () => {
  fc.assert(
    fc.property(rates, fc.nat(1_000), (rate, windows) => {
      passes({ kind: 'fixed_window', ...rate }, windows * rate.periodMs);
    }),
  );
});

test('a stream that takes a batch whenever one falls is never refused by a token bucket', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5_000 }), fc.nat(10 ** 9), (unit, intervalMs, startMs) => {
      const rule = { kind: 'token_bucket', capacity: unit, unit, intervalMs } as const;
      let state: State | undefined;
      for (let i = 0; i < STEPS; i++) {
        const verdict = algorithmOf(rule).decide(state, startMs + i * intervalMs, unit, rule);
        assert.ok(verdict.decision.allowed);
        state = verdict.state;
      }
    }),
  );
});

const STEPS = 300;

/** The longest that anybody was to wait. */
function passes(rule: Extract<AlgorithmRule, { readonly limit: number; readonly periodMs: number }>, startMs: number): number {
  fc.pre(checkAlgorithm(rule) === undefined);
  let state: State | undefined;
  let longestMs = 0;
  for (let i = 0; i < STEPS; i++) {
    const nowMs = startMs + Math.floor((i * rule.periodMs) / rule.limit);
    const verdict = algorithmOf(rule).decide(state, nowMs, 1, rule);
    assert.ok(verdict.decision.allowed, `number ${i}`);
    longestMs = Math.max(longestMs, verdict.decision.delayMs);
    state = verdict.state;
  }
  return longestMs;
}

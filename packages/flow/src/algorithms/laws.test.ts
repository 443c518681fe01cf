import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { State } from '../algorithm.ts';
import { algorithmOf, algorithms, checkAlgorithm } from '../algorithms.ts';
import type { AlgorithmRule } from '../rule.ts';
import { findDifference } from '../testing/alike.ts';
import type { ReferenceRule } from '../testing/reference.ts';
import { horizonOf, kinds, rules, type Scene, scenes } from '../testing/traffic.ts';

for (const kind of kinds) {
  test(`${kind}: a refusal and a look take nothing, and hand back the very state`, () => {
    play(kind, ({ before, state, allowed, cost }) => {
      if (!allowed || cost === 0) assert.equal(state, before);
    });
  });

  test(`${kind}: a key that is over is decided as one that was never seen, and not a millisecond earlier`, () => {
    play(kind, ({ rule, state, nowMs }) => {
      const { decide } = algorithmOf(rule);
      const overMs = nowMs + decide(state, nowMs, 0, rule).decision.resetAfterMs;
      if (state === undefined) assert.equal(overMs, nowMs);
      for (const laterMs of [0, 1, 7, 1_000]) assert.equal(findDifference(state, undefined, overMs + laterMs, rule), undefined);
      if (overMs > nowMs) assert.notDeepEqual(decide(state, overMs - 1, 0, rule).decision, decide(undefined, overMs - 1, 0, rule).decision);
      assert.ok(overMs - nowMs <= horizonOf(rule));
    });
  });

  test(`${kind}: of what is said to remain, every single unit can be taken at once, and no more`, () => {
    play(
      kind,
      ({ rule, state, nowMs }) => {
        const { decide } = algorithmOf(rule);
        let [verdict, taken] = [decide(state, nowMs, 0, rule), 0];
        const { remaining } = verdict.decision;
        for (verdict = decide(state, nowMs, 1, rule); verdict.decision.allowed; verdict = decide(verdict.state, nowMs, 1, rule)) {
          taken++;
          assert.equal(verdict.decision.remaining, remaining - taken);
        }
        assert.equal(taken, remaining);
      },
      { length: 8, only: (rule) => (rule.kind === 'leaky_bucket' ? (rule.maxQueueMs * rule.limit) / rule.periodMs < 1_000 : true) },
    );
  });

  test(`${kind}: a state is a few whole numbers, and in none of them is anything lost`, () => {
    play(kind, ({ rule, state }) => {
      for (const number of state ?? []) assert.ok(Number.isSafeInteger(number));
      if (rule.kind !== 'sliding_log') assert.ok((state ?? []).length <= 3);
    });
  });

  test(`${kind}: a cost that is no whole number from 0 to 2^31 is a mistake of the caller`, () => {
    fc.assert(
      fc.property(rules[kind], (rule: AlgorithmRule) => {
        const { decide, refund, charge } = algorithms[kind];
        for (const cost of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31 + 1]) {
          assert.throws(() => decide(undefined, 1_000, cost, rule), TypeError);
          assert.throws(() => charge?.(undefined, 1_000, cost, rule) ?? decide(undefined, 1_000, cost, rule), TypeError);
          if (kind !== 'leaky_bucket') assert.throws(() => refund(undefined, 1_000, cost, 1_000, rule), TypeError);
        }
      }),
      { numRuns: 20 },
    );
  });

  test(`${kind}: whoever comes again when told to gets in, again and again, at no less than half the rate`, () => {
    fc.assert(
      fc.property(rules[kind], (rule: ReferenceRule) => {
        const { decide } = algorithmOf(rule);
        let state: State | undefined;
        let nowMs = START_MS;
        const units = 3 * perHorizon(rule);
        for (let taken = 0; taken < units; ) {
          const verdict = decide(state, nowMs, 1, rule);
          state = verdict.state;
          if (verdict.decision.allowed) taken++;
          else nowMs += verdict.decision.retryAfterMs;
        }
        assert.ok(nowMs - START_MS <= 4 * horizonOf(rule));
      }),
      { numRuns: 40 },
    );
  });
}

test('a rule is refused where its arithmetic could lose a tick, and taken where it just cannot', () => {
  const large = 2 ** 51;
  const day = 86_400_000;
  const refused: readonly AlgorithmRule[] = [
    { kind: 'gcra', limit: 1, periodMs: large, burst: 1 },
    { kind: 'gcra', limit: 7, periodMs: day, burst: 2 ** 26 },
    { kind: 'gcra', limit: 1.5, periodMs: 1_000, burst: 1 },
    { kind: 'gcra', limit: 1, periodMs: 0, burst: 1 },
    { kind: 'gcra', limit: 1, periodMs: 1_000, burst: 0 },
    { kind: 'fixed_window', limit: large, periodMs: 1 },
    { kind: 'fixed_window', limit: 1, periodMs: large },
    { kind: 'sliding_log', limit: 1_001, periodMs: 1 },
    { kind: 'sliding_log', limit: 1, periodMs: large },
    { kind: 'sliding_counter', limit: 2 ** 24, periodMs: day },
    { kind: 'token_bucket', capacity: 1, unit: 2, intervalMs: 1 },
    { kind: 'token_bucket', capacity: 2 ** 50, unit: 2 ** 50, intervalMs: 1 },
    { kind: 'token_bucket', capacity: 2 ** 30, unit: 1, intervalMs: 2 ** 20 },
    { kind: 'token_bucket', capacity: 1, unit: 1, intervalMs: 0.5 },
    { kind: 'leaky_bucket', limit: 1, periodMs: 1_000, maxQueueMs: 0 },
    { kind: 'leaky_bucket', limit: 999_983, periodMs: 2 ** 33, maxQueueMs: 1 },
    { kind: 'quota', limit: large, period: 'day', zone: 'UTC' },
    { kind: 'quota', limit: 1, period: 'day', zone: 'Nowhere/At_All' },
    { kind: 'quota', limit: 0, period: 'day', zone: 'UTC' },
  ];
  for (const rule of refused) assert.equal(typeof checkAlgorithm(rule), 'string', JSON.stringify(rule));
  const taken: readonly AlgorithmRule[] = [
    { kind: 'gcra', limit: 7, periodMs: day, burst: 2 ** 24 },
    { kind: 'fixed_window', limit: 2 ** 50, periodMs: 1 },
    { kind: 'sliding_log', limit: 1_000, periodMs: day },
    { kind: 'sliding_counter', limit: 2 ** 23, periodMs: day },
    { kind: 'token_bucket', capacity: 2 ** 20, unit: 1, intervalMs: day },
    { kind: 'leaky_bucket', limit: 1_000_000, periodMs: 1_000, maxQueueMs: day },
    { kind: 'quota', limit: 2 ** 50, period: 'year', zone: 'Asia/Shanghai' },
  ];
  for (const rule of taken) assert.equal(checkAlgorithm(rule), undefined, JSON.stringify(rule));
});

const START_MS = 1_700_000_000_000;

interface Seen {
  readonly rule: ReferenceRule;
  readonly nowMs: number;
  readonly cost: number;
  readonly before: State | undefined;
  readonly state: State | undefined;
  readonly allowed: boolean;
}

interface PlayOptions {
  readonly length?: number;
  readonly only?: (rule: ReferenceRule) => boolean;
}

/** Hands over what came of each step. */
function play(kind: ReferenceRule['kind'], check: (seen: Seen) => void, { length = 40, only = () => true }: PlayOptions = {}): void {
  const run = ({ rule, startMs, steps }: Scene): void => {
    let state: State | undefined;
    let nowMs = startMs;
    for (const { gapMs, cost } of steps) {
      nowMs += gapMs;
      const { state: next, decision } = algorithmOf(rule).decide(state, nowMs, cost, rule);
      check({ rule, nowMs, cost, before: state, state: next, allowed: decision.allowed });
      state = next;
    }
  };
  const scene: fc.Arbitrary<Scene> = scenes(kind, length);
  fc.assert(
    fc.property(
      scene.filter(({ rule }) => only(rule)),
      run,
    ),
    { numRuns: kind === 'quota' ? 20 : 100 },
  );
}

/** Units that flow back in the longest that a key is remembered, half of them. */
function perHorizon(rule: ReferenceRule): number {
  switch (rule.kind) {
    case 'gcra':
      return rule.burst;
    case 'token_bucket':
      return rule.capacity;
    default:
      return Math.min(rule.limit, 300);
  }
}

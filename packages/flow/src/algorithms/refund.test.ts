import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { State } from '../algorithm.ts';
import { algorithmOf } from '../algorithms.ts';
import { findDifference } from '../testing/alike.ts';
import { type Admission, boundOf, findExcess } from '../testing/bounds.ts';
import type { ReferenceRule } from '../testing/reference.ts';
import { kinds, type Scene, scenes } from '../testing/traffic.ts';

const refundable = kinds.filter((kind) => kind !== 'leaky_bucket');

for (const kind of refundable) {
  test(`${kind}: whatever is given back, and however late, the requests that were not keep the bound`, () => {
    fc.assert(
      fc.property(scenes(kind), choices(), (scene, chosen) => keepsBound(scene, chosen)),
      { numRuns: runsOf(kind) },
    );
  });

  test(`${kind}: charges on the way let nobody in who would not have been without them`, () => {
    fc.assert(
      fc.property(scenes(kind), choices(), (scene, chosen) => keepsBound(scene, chosen, { charging: true })),
      { numRuns: runsOf(kind) },
    );
  });

  test(`${kind}: what is given back at once was never taken`, () => {
    fc.assert(
      fc.property(scenes(kind, 40), ({ rule, startMs, steps }: Scene) => {
        const { decide, refund } = algorithmOf(rule);
        let state: State | undefined;
        let nowMs = startMs;
        for (const { gapMs, cost } of steps) {
          nowMs += gapMs;
          const { state: taken, decision } = decide(state, nowMs, cost, rule);
          if (decision.allowed) {
            const back = refund(taken, nowMs, cost, nowMs, rule);
            for (const laterMs of [0, 1, 100, 1_000]) assert.equal(findDifference(back, state, nowMs + laterMs, rule), undefined);
          }
          state = taken;
        }
      }),
      { numRuns: runsOf(kind) },
    );
  });

  test(`${kind}: one request alone, given back at any time, leaves nothing behind and gives nothing beyond`, () => {
    fc.assert(
      fc.property(scenes(kind, 1), fc.nat(1_000_000), ({ rule, startMs, steps }: Scene, laterMs) => {
        const { decide, refund } = algorithmOf(rule);
        const cost = steps[0]?.cost ?? 1;
        const { state, decision } = decide(undefined, startMs, cost, rule);
        const nowMs = startMs + (laterMs % (2 * decision.resetAfterMs + 2));
        if (!decision.allowed) return;
        assert.equal(findDifference(refund(state, nowMs, cost, startMs, rule), undefined, nowMs, rule), undefined);
      }),
      { numRuns: runsOf(kind) },
    );
  });
}

test('leaky_bucket gives nothing back: whoever was told a time goes on then', () => {
  const rule = { kind: 'leaky_bucket', limit: 10, periodMs: 1_000, maxQueueMs: 500 } as const;
  const { decide, refund } = algorithmOf(rule);
  const { state } = decide(undefined, 1_000, 3, rule);
  assert.equal(refund(state, 1_000, 3, 1_000, rule), state);
});

test('gcra gives back what time has not: a second after 10 units at 4 a second, 6', () => {
  const rule = { kind: 'gcra', limit: 4, periodMs: 1_000, burst: 10 } as const;
  const { decide, refund } = algorithmOf(rule);
  const first = decide(undefined, 0, 10, rule);
  const second = decide(first.state, 1_000, 4, rule);
  assert.equal(second.decision.remaining, 0);
  assert.equal(decide(refund(second.state, 1_000, 10, 0, rule), 1_000, 0, rule).decision.remaining, 6);
});

test('token_bucket gives back what the batches since have not', () => {
  const rule = { kind: 'token_bucket', capacity: 10, unit: 4, intervalMs: 1_000 } as const;
  const { decide, refund } = algorithmOf(rule);
  const first = decide(undefined, 5_000, 10, rule);
  const second = decide(first.state, 6_000, 4, rule);
  assert.equal(second.decision.remaining, 0);
  assert.equal(decide(refund(second.state, 6_999, 10, 5_000, rule), 6_999, 0, rule).decision.remaining, 6);
  assert.equal(decide(refund(second.state, 7_000, 10, 5_000, rule), 7_000, 0, rule).decision.remaining, 6);
});

test('a sliding log that has no such entry hands back the very state', () => {
  const rule = { kind: 'sliding_log', limit: 5, periodMs: 1_000 } as const;
  const { state } = algorithmOf(rule).decide(undefined, 1_000, 2, rule);
  assert.equal(algorithmOf(rule).refund(state, 1_500, 2, 999, rule), state);
});

test('a window gives nothing back for another, but for the sliding counter, which still reckons with the one before', () => {
  const fixed = { kind: 'fixed_window', limit: 5, periodMs: 1_000 } as const;
  const before = algorithmOf(fixed).decide(undefined, 9_999, 5, fixed);
  const after = algorithmOf(fixed).decide(before.state, 10_000, 5, fixed);
  assert.equal(algorithmOf(fixed).refund(after.state, 10_000, 5, 9_999, fixed), after.state);
  const sliding = { kind: 'sliding_counter', limit: 5, periodMs: 1_000 } as const;
  const full = algorithmOf(sliding).decide(undefined, 9_999, 5, sliding);
  assert.equal(algorithmOf(sliding).decide(full.state, 10_000, 5, sliding).decision.allowed, false);
  const back = algorithmOf(sliding).refund(full.state, 10_000, 4, 9_999, sliding);
  assert.equal(algorithmOf(sliding).decide(back, 10_000, 4, sliding).decision.allowed, true);
});

interface Outstanding extends Admission {
  readonly takenAtMs: number;
}

function keepsBound(
  { rule, startMs, steps }: Scene,
  chosen: readonly number[],
  { charging = false }: { readonly charging?: boolean } = {},
): void {
  const { decide, refund, charge } = algorithmOf(rule);
  const kept: Outstanding[] = [];
  let state: State | undefined;
  let nowMs = startMs;
  for (const [index, { gapMs, cost }] of steps.entries()) {
    nowMs += gapMs;
    const choice = chosen[index % chosen.length] ?? 0;
    if (choice % 3 === 0) {
      const [back] = kept.splice(choice % (kept.length + 1), 1);
      if (back !== undefined) state = refund(state, nowMs, back.units, back.takenAtMs, rule);
    }
    if (charging && choice % 5 === 0 && charge !== undefined) state = charge(state, nowMs, cost, rule);
    const { state: next, decision } = decide(state, nowMs, cost, rule);
    state = next;
    if (decision.allowed && cost > 0) kept.push({ atMs: nowMs, units: cost, takenAtMs: nowMs });
  }
  assert.equal(findExcess(kept, boundOf(rule)), undefined);
}

function choices(): fc.Arbitrary<readonly number[]> {
  return fc.array(fc.nat(1_000), { minLength: 1, maxLength: 60, size: 'max' });
}

function runsOf(kind: ReferenceRule['kind']): number {
  return kind === 'quota' ? 30 : 200;
}

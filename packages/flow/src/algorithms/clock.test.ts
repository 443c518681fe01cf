import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { State } from '../algorithm.ts';
import { algorithmOf } from '../algorithms.ts';
import { type Admission, boundOf, findExcess } from '../testing/bounds.ts';
import { type ReferenceRule, referenceOf } from '../testing/reference.ts';
import { horizonOf, kinds, type Scene, scenes, weakSpots } from '../testing/traffic.ts';

for (const kind of kinds) {
  test(`${kind}: however far the clock is set back, whoever comes again when told to is in within two horizons`, () => {
    fc.assert(
      fc.property(scenes(kind, 30), fc.nat(1_000), fc.integer({ min: 0, max: 10 ** 9 }), (scene, choice, any) => {
        const { rule } = scene;
        const { decide } = algorithmOf(rule);
        const { state: used, nowMs } = playThrough(scene);
        const backMs = backOf(rule, choice, any);
        const setMs = Math.max(0, nowMs - backMs);
        let [state, atMs] = [used, setMs];
        for (let asked = 0; ; asked++) {
          const verdict = decide(state, atMs, 1, rule);
          state = verdict.state;
          if (verdict.decision.allowed) break;
          assert.ok(asked < 3, 'was told the truth');
          assert.equal(decide(state, atMs + verdict.decision.retryAfterMs - 1, 1, rule).decision.allowed, false);
          atMs += verdict.decision.retryAfterMs;
        }
        assert.ok(atMs - setMs <= 2 * horizonOf(rule));
      }),
      { numRuns: runsOf(kind) },
    );
  });

  test(`${kind}: a clock that is set back gives nobody anything that is used`, () => {
    fc.assert(
      fc.property(scenes(kind, 30), fc.nat(1_000), fc.integer({ min: 0, max: 10 ** 9 }), (scene, choice, any) => {
        const { rule } = scene;
        const { decide } = algorithmOf(rule);
        const { state, nowMs } = playThrough(scene);
        const before = decide(state, nowMs, 0, rule).decision.remaining;
        const after = decide(state, Math.max(0, nowMs - backOf(rule, choice, any)), 0, rule).decision.remaining;
        // Which counts what came in the window before by how far this one is; far from where it was, that is another part of it.
        const spared = rule.kind === 'sliding_counter' ? (state?.[2] ?? 0) : 0;
        assert.ok(after <= before + spared);
      }),
      { numRuns: runsOf(kind) },
    );
  });

  test(`${kind}: on a clock that steps back a little again and again, its own time keeps the bound`, () => {
    fc.assert(
      fc.property(scenes(kind), fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 }), (scene, backs) => {
        const { rule } = scene;
        const { decide } = algorithmOf(rule);
        const admitted: Admission[] = [];
        const mostMs = Math.floor(horizonOf(rule) / 4);
        let state: State | undefined;
        let [rawMs, ownMs] = [scene.startMs, 0];
        for (const [index, { gapMs, cost }] of scene.steps.entries()) {
          const back = backs[index % backs.length] ?? 0;
          rawMs = back % 3 === 0 ? Math.max(rawMs - back, ownMs - mostMs) : rawMs + gapMs;
          const verdict = decide(state, rawMs, cost, rule);
          state = verdict.state;
          if (!verdict.decision.allowed || cost === 0) continue;
          ownMs = Math.max(ownMs, rawMs);
          admitted.push({
            atMs: rule.kind === 'leaky_bucket' ? rawMs + verdict.decision.delayMs : ownMs,
            units: cost,
          });
        }
        const dearest = Math.max(1, ...admitted.map(({ units }) => units));
        assert.equal(findExcess(admitted, boundOf(rule, dearest)), undefined);
      }),
      { numRuns: runsOf(kind) },
    );
  });
}

for (const kind of ['gcra', 'sliding_log', 'fixed_window', 'quota', 'token_bucket'] as const) {
  test(`${kind}: while a clock catches up, time stands still: decided as at the moment of the last take`, () => {
    fc.assert(
      fc.property(scenes(kind), fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 }), ({ rule, startMs, steps }, backs) => {
        const { decide } = algorithmOf(rule);
        const reference = referenceOf(rule);
        const mostMs = Math.floor(horizonOf(rule) / 4);
        let state: State | undefined;
        let [rawMs, ownMs] = [startMs, 0];
        for (const [index, { gapMs, cost }] of steps.entries()) {
          const back = backs[index % backs.length] ?? 0;
          rawMs = back % 3 === 0 ? Math.max(rawMs - back, ownMs - mostMs) : rawMs + gapMs;
          const { state: next, decision } = decide(state, rawMs, cost, rule);
          const stoodMs = Math.max(rawMs, ownMs);
          assert.equal(decision.allowed, reference.fits(stoodMs, cost));
          state = next;
          if (!decision.allowed || cost === 0) continue;
          reference.take(stoodMs, cost);
          ownMs = stoodMs;
        }
      }),
      { numRuns: runsOf(kind) },
    );
  });
}

test('on a clock that steps back a little, what is given back is no more than what its own time has not', () => {
  const bucket = { kind: 'gcra', limit: 1, periodMs: 1_000, burst: 5 } as const;
  const { decide, refund } = algorithmOf(bucket);
  const first = decide(undefined, 10_000, 3, bucket);
  const second = decide(first.state, 12_000, 3, bucket);
  const back = refund(second.state, 11_000, 3, 10_000, bucket);
  assert.equal(decide(back, 12_000, 0, bucket).decision.remaining, 2);
  const batches = { kind: 'token_bucket', capacity: 5, unit: 1, intervalMs: 1_000 } as const;
  const later = algorithmOf(batches).decide(algorithmOf(batches).decide(undefined, 10_000, 3, batches).state, 12_000, 3, batches);
  const refunded = algorithmOf(batches).refund(later.state, 11_000, 3, 10_000, batches);
  assert.equal(algorithmOf(batches).decide(refunded, 12_000, 0, batches).decision.remaining, 2);
});

test('a window gives nothing back for a later one that the clock was set back from', () => {
  const rule = { kind: 'fixed_window', limit: 5, periodMs: 1_000 } as const;
  const { decide, refund } = algorithmOf(rule);
  const far = decide(undefined, 100_000, 5, rule);
  const moved = decide(far.state, 10_000, 1, rule);
  assert.deepEqual(refund(moved.state, 10_000, 5, 100_000, rule), [10_000, 5]);
});

test('a clock that was a year ahead while a gcra was used up locks nobody out: a refusal is where it begins to count from now', () => {
  const rule = { kind: 'gcra', limit: 1, periodMs: 1_000, burst: 5 } as const;
  const { decide } = algorithmOf(rule);
  const ahead = decide(undefined, 1_800_000_000_000, 5, rule);
  const refused = decide(ahead.state, 1_768_464_000_000, 1, rule);
  assert.deepEqual([refused.decision.allowed, refused.decision.retryAfterMs], [false, 1_000]);
  assert.deepEqual(refused.state, [5_000, 1_768_464_000_000]);
  assert.equal(decide(refused.state, 1_768_464_001_000, 1, rule).decision.allowed, true);
});

test('what was taken before the clock was set back is not given back after it, when nobody knows what time gave', () => {
  const rule = { kind: 'gcra', limit: 1, periodMs: 1_000, burst: 5 } as const;
  const { decide, refund } = algorithmOf(rule);
  const ahead = decide(undefined, 1_800_000_000_000, 5, rule);
  const later = decide(ahead.state, 1_768_464_000_000, 1, rule);
  assert.deepEqual(refund(later.state, 1_768_464_000_000, 5, 1_800_000_000_000, rule), later.state);
  const batches = { kind: 'token_bucket', capacity: 5, unit: 1, intervalMs: 1_000 } as const;
  const far = algorithmOf(batches).decide(undefined, 1_800_000_000_000, 5, batches);
  const moved = algorithmOf(batches).decide(far.state, 1_768_464_000_000, 1, batches);
  assert.deepEqual(moved.state, [0, 1_768_464_000_000]);
  assert.equal(algorithmOf(batches).refund(moved.state, 1_768_464_000_000, 5, 1_800_000_000_000, batches), moved.state);
});

test('a sliding counter that waits for its clock stands at the start of the later window', () => {
  const rule = { kind: 'sliding_counter', limit: 10, periodMs: 1_000 } as const;
  const { decide } = algorithmOf(rule);
  const later = decide(decide(undefined, 9_000, 5, rule).state, 10_500, 1, rule);
  assert.deepEqual(later.state, [10_000, 1, 5]);
  assert.equal(decide(later.state, 9_900, 0, rule).decision.remaining, 4);
});

/** To a weak spot of the rule, to the edge of its horizon, or anywhere. */
function backOf(rule: ReferenceRule, choice: number, any: number): number {
  const spots = [...weakSpots(rule), horizonOf(rule) - 1, horizonOf(rule), horizonOf(rule) + 1, 2 * horizonOf(rule), any];
  return spots[choice % spots.length] ?? any;
}

function playThrough({ rule, startMs, steps }: Scene): { readonly state: State | undefined; readonly nowMs: number } {
  let state: State | undefined;
  let nowMs = startMs;
  for (const { gapMs, cost } of steps) {
    nowMs += gapMs;
    state = algorithmOf(rule).decide(state, nowMs, cost, rule).state;
  }
  return { state, nowMs };
}

function runsOf(kind: ReferenceRule['kind']): number {
  return kind === 'quota' ? 30 : 300;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { State } from '../algorithm.ts';
import { algorithmOf } from '../algorithms.ts';
import { type Admission, boundOf, findExcess } from '../testing/bounds.ts';
import { type ReferenceRule, referenceOf } from '../testing/reference.ts';
import { kinds, type Scene, scenes } from '../testing/traffic.ts';

for (const kind of kinds) {
  test(`${kind} decides as its naive and exact reference, says what is left and when to come again to the unit and the millisecond`, () => {
    fc.assert(fc.property(scenes(kind), compare), { numRuns: runsOf(kind) });
  });

  test(`${kind} lets no half-open span see more than it states, whatever the traffic`, () => {
    fc.assert(
      fc.property(scenes(kind), (scene) => {
        const { admitted, dearest } = admit(scene);
        assert.equal(findExcess(admitted, boundOf(scene.rule, dearest)), undefined);
      }),
      { numRuns: runsOf(kind) },
    );
  });
}

function compare({ rule, startMs, steps }: Scene): void {
  const [algorithm, reference] = [algorithmOf(rule), referenceOf(rule)];
  let state: State | undefined;
  let nowMs = startMs;
  for (const { gapMs, cost } of steps) {
    nowMs += gapMs;
    const { state: next, decision } = algorithm.decide(state, nowMs, cost, rule);
    assert.equal(decision.allowed, reference.fits(nowMs, cost));
    assert.equal(decision.delayMs, decision.allowed ? reference.delayMs(nowMs) : 0);
    if (decision.allowed) {
      assert.equal(decision.retryAfterMs, 0);
      if (cost > 0) reference.take(nowMs, cost);
    } else if (decision.retryAfterMs === Number.POSITIVE_INFINITY) {
      assert.ok(!reference.fits(nowMs + 10 ** 10, cost));
    } else {
      assert.ok(reference.fits(nowMs + decision.retryAfterMs, cost));
      assert.ok(!reference.fits(nowMs + decision.retryAfterMs - 1, cost));
    }
    if (rule.kind !== 'leaky_bucket') {
      assert.ok(reference.fits(nowMs, decision.remaining));
      assert.ok(!reference.fits(nowMs, decision.remaining + 1));
    }
    state = next;
  }
}

function admit({ rule, startMs, steps }: Scene): { readonly admitted: readonly Admission[]; readonly dearest: number } {
  const algorithm = algorithmOf(rule);
  const admitted: Admission[] = [];
  let state: State | undefined;
  let nowMs = startMs;
  for (const { gapMs, cost } of steps) {
    nowMs += gapMs;
    const verdict = algorithm.decide(state, nowMs, cost, rule);
    state = verdict.state;
    if (verdict.decision.allowed && cost > 0) admitted.push({ atMs: nowMs + verdict.decision.delayMs, units: cost });
  }
  return { admitted, dearest: Math.max(1, ...admitted.map(({ units }) => units)) };
}

/** A calendar is slow. */
function runsOf(kind: ReferenceRule['kind']): number {
  return kind === 'quota' ? 40 : 300;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Algorithm, State } from '../algorithm.ts';
import { type Admission, boundOf, findExcess } from '../testing/bounds.ts';
import { warmUpReference } from '../testing/warm-up-reference.ts';
import { asks, type WarmUpScene, warmUpRules } from '../testing/warm-up-traffic.ts';
import { type WarmUpRule, warmUp } from './warm-up.ts';
import { type WarmUpPacingRule, warmUpPacing } from './warm-up-pacing.ts';

const START = 1_800_000_000_000;
const ten: WarmUpRule = { kind: 'warm_up', limit: 10, periodMs: 1_000, burst: 1, warmUpMs: 10_000, coldFactor: 3 };

test('from cold, a saturated second admits more than the one before, until the rate is reached: the ramps of the mended curve', () => {
  assert.deepEqual(ramp(ten, 13), [4, 3, 4, 4, 5, 4, 5, 6, 7, 8, 10, 10, 10]);
  assert.deepEqual(ramp({ ...ten, limit: 100 }, 12), [35, 35, 38, 40, 43, 47, 52, 57, 68, 85, 100, 100]);
  assert.deepEqual(ramp({ ...ten, limit: 20 }, 12), [7, 7, 8, 8, 9, 9, 10, 12, 13, 17, 20, 20]);
  assert.deepEqual(ramp({ ...ten, limit: 5 }, 12), [2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 5, 5]);
  assert.deepEqual(ramp({ ...ten, coldFactor: 2 }, 12), [6, 5, 5, 6, 6, 7, 7, 8, 8, 9, 10, 10]);
});

test('a rate below the cold factor is admitted too, which the classic curve never does', () => {
  assert.deepEqual(ramp({ ...ten, limit: 1 }, 13), [1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1]);
  const oneInTen = { ...ten, limit: 1, periodMs: 10_000, warmUpMs: 100_000 };
  assert.deepEqual(admissions(oneInTen, 140_000), [0, 28_000, 52_000, 72_000, 88_000, 100_000, 110_000, 120_000, 130_000]);
});

test('the area under the curve is the warm-up: after just so long of full use the rate is reached', () => {
  for (const [limit, periodMs, warmUpMs, coldFactor] of [
    [10, 1_000, 10_000, 3],
    [1_000, 1_000, 30_000, 3],
    [1, 10_000, 100_000, 3],
    [30, 1_000, 12_000, 5],
    [7, 1_000, 15_000, 2],
    [33, 1_000, 3_000, 1.5],
  ] as const) {
    const units = (2 * warmUpMs * limit) / periodMs / (1 + coldFactor);
    const times = admissions({ kind: 'warm_up', limit, periodMs, burst: 1, warmUpMs, coldFactor }, 2 * warmUpMs);
    // Between the units before and after the ramp's end.
    const [before = 0, after = 0] = [times[Math.floor(units)], times[Math.ceil(units)]];
    assert.ok(before - 1 <= warmUpMs && warmUpMs <= after + 1, `${before} to ${after}, and not ${warmUpMs}`);
    assert.ok(after - before <= Math.ceil(periodMs / limit) + 1);
  }
});

test('it decides as an exact reckoning in fractions does, but for what a millionth of an interval decides', () => {
  fc.assert(fc.property(warmUpRules, asks, compare), { numRuns: 150 });
});

test('no half-open span sees more than the bound of the full rate, whatever the traffic and the temperature', () => {
  fc.assert(
    fc.property(warmUpRules, asks, (rule, steps) => {
      const { admitted } = run(warmUp, rule, steps);
      assert.equal(findExcess(admitted, boundOf({ ...rule, kind: 'gcra' })), undefined);
    }),
    { numRuns: 300 },
  );
});

test('a stream paced at the rate is never refused once it is warm, one paced at the cold rate never', () => {
  fc.assert(
    fc.property(warmUpRules, fc.nat(1_000), (rule, idleMs) => {
      const cold = streamed(rule, undefined, 200, (unit) => Math.ceil((unit * rule.periodMs * rule.coldFactor) / rule.limit));
      assert.equal(cold, 0);
      const [level, at] = [0, START - idleMs];
      const warm = [level, at, Number.MAX_SAFE_INTEGER];
      assert.equal(
        streamed({ ...rule, burst: 1 }, warm, 2_000, (unit) => Math.floor((unit * rule.periodMs) / rule.limit)),
        0,
      );
    }),
    { numRuns: 60 },
  );
});

test('nobody starves: whoever comes when told gets the cold rate at least, and the full one in the end, however low it is', () => {
  fc.assert(
    fc.property(warmUpRules, (rule) => {
      const intervalMs = rule.periodMs / rule.limit;
      const forMs = 2 * rule.warmUpMs + 20 * Math.ceil(intervalMs);
      fc.pre(forMs / intervalMs < 3_000);
      const times = admissions(rule, forMs);
      assert.ok(times.length >= Math.floor(forMs / (intervalMs * rule.coldFactor)));
      const late = times.filter((ms) => ms >= 2 * rule.warmUpMs).length;
      assert.ok(late >= Math.floor((20 * Math.ceil(intervalMs)) / intervalMs) - 1);
    }),
    { numRuns: 60 },
  );
});

test('it is cold again after as much idleness as the warm-up takes, and not before; more than half the rate keeps it warm, a quarter does not', () => {
  const warm = lastState(ten, 20_000, 1);
  const endMs = START + 20_000;
  const idle = (ms: number) => warmUp.decide(warm, endMs + ms, 1, ten).state?.slice(2);
  assert.deepEqual(idle(10_100 + 1), [1]);
  assert.notDeepEqual(idle(9_900), [1]);
  const after = (everyMs: number) => saturated(ten, lastState(ten, 60_000, everyMs, warm, endMs), endMs + 60_000, 1_000);
  assert.equal(after(180), 10);
  assert.ok(after(450) <= 4);
});

test('the wait that a refusal names is tight, what is left can be taken at once and no more, and a look takes nothing', () => {
  fc.assert(
    fc.property(warmUpRules, asks, (rule, steps) => void run(warmUp, rule, steps, requireTight(rule))),
    { numRuns: 200 },
  );
});

test('a key that is over is as one that was never seen', () => {
  fc.assert(
    fc.property(warmUpRules, asks, fc.nat(10_000), (rule, steps, laterMs) => {
      const { state, nowMs } = run(warmUp, rule, steps);
      const { resetAfterMs } = warmUp.decide(state, nowMs, 0, rule).decision;
      const thenMs = nowMs + resetAfterMs + laterMs;
      assert.deepEqual(warmUp.decide(state, thenMs, 1, rule), warmUp.decide(undefined, thenMs, 1, rule));
    }),
    { numRuns: 200 },
  );
});

test('a clock that is set back gives nothing twice, and keeps nobody waiting for longer than twice a full bucket', () => {
  for (const backMs of [1, 5_000, 10 ** 9]) {
    const full = warmUp.decide(undefined, START, 1, ten).state;
    const refused = warmUp.decide(full, START - backMs, 1, ten);
    assert.equal(refused.decision.allowed, false);
    assert.ok(refused.decision.retryAfterMs <= 2 * 10_400);
    assert.equal(warmUp.decide(refused.state, START - backMs + refused.decision.retryAfterMs, 1, ten).decision.allowed, true);
  }
});

test('what cannot be kept is refused when the rule is read: a ramp of less than a request, numbers that are none', () => {
  assert.equal(warmUp.check(ten), undefined);
  for (const flaw of [
    { limit: 0.1 },
    { limit: 1, periodMs: 100_000 },
    { burst: 0 },
    { warmUpMs: 0 },
    { coldFactor: 1 },
    { coldFactor: Number.NaN },
    { limit: 2 ** 40 },
    { limit: 1, periodMs: 86_400_000, warmUpMs: 10 ** 9, burst: 2 ** 40 },
  ]) {
    assert.equal(typeof warmUp.check({ ...ten, ...flaw }), 'string', JSON.stringify(flaw));
  }
  assert.throws(() => warmUp.decide(undefined, START, -1, ten), TypeError);
  assert.equal(warmUp.decide(undefined, START, 2, ten).decision.retryAfterMs, Number.POSITIVE_INFINITY);
});

const pacingRules: fc.Arbitrary<WarmUpPacingRule> = fc
  .tuple(warmUpRules, fc.integer({ min: 1, max: 5_000 }))
  .map(([{ limit, periodMs, warmUpMs, coldFactor }, maxQueueMs]): WarmUpPacingRule => {
    return { kind: 'warm_up_pacing', limit, periodMs, warmUpMs, coldFactor, maxQueueMs };
  })
  .filter((rule) => warmUpPacing.check(rule) === undefined);

test('pacing: those who come at once go on one interval after the other, the first intervals being the longest', () => {
  const rule: WarmUpPacingRule = {
    kind: 'warm_up_pacing',
    limit: 10,
    periodMs: 1_000,
    warmUpMs: 10_000,
    coldFactor: 3,
    maxQueueMs: 20_000,
  };
  const { admitted } = run(
    warmUpPacing,
    rule,
    Array.from({ length: 100 }, () => ({ gapMs: 0, cost: 1 })),
  );
  const releases = admitted.map(({ atMs }) => atMs - START);
  assert.deepEqual(releases.slice(0, 4), [0, 298, 592, 882]);
  assert.equal(releases[50], 10_000);
  assert.deepEqual(releases.slice(51, 54), [10_100, 10_200, 10_300]);
});

test('pacing: no half-open span sees more go on than the rate, nobody waits beyond the queue, and idleness earns no burst', () => {
  fc.assert(
    fc.property(pacingRules, asks, (rule, steps) => {
      const { admitted, dearest } = run(warmUpPacing, rule, steps, ({ decision }) => assert.ok(decision.delayMs <= rule.maxQueueMs));
      assert.equal(findExcess(admitted, boundOf({ ...rule, kind: 'leaky_bucket' }, dearest)), undefined);
    }),
    { numRuns: 300 },
  );
});

test('pacing: the wait that a refusal names is tight, and who comes evenly at the rate is never refused once it is warm', () => {
  fc.assert(
    fc.property(pacingRules, asks, (rule, steps) => {
      run(warmUpPacing, rule, steps, ({ state, decision }, nowMs, cost) => {
        if (decision.allowed || decision.retryAfterMs === Number.POSITIVE_INFINITY) return;
        const again = (ms: number) => warmUpPacing.decide(state, nowMs + ms, cost, rule).decision.allowed;
        assert.ok(again(decision.retryAfterMs));
        assert.ok(!again(decision.retryAfterMs - 1));
      });
      let state: State | undefined = [0, START, Number.MAX_SAFE_INTEGER];
      for (let unit = 0; unit < 500; unit++) {
        const verdict = warmUpPacing.decide(state, START + Math.floor((unit * rule.periodMs) / rule.limit), 1, rule);
        assert.ok(verdict.decision.allowed);
        state = verdict.state;
      }
    }),
    { numRuns: 100 },
  );
});

interface Ran {
  readonly state: State | undefined;
  readonly nowMs: number;
  /** For pacing, when it went on. */
  readonly admitted: readonly Admission[];
  readonly dearest: number;
}

type Seen = (verdict: ReturnType<Algorithm<never>['decide']>, nowMs: number, cost: number) => void;

function run<Rule>(algorithm: Algorithm<Rule>, rule: Rule, steps: WarmUpScene, seen?: Seen): Ran {
  let [state, nowMs, dearest]: [State | undefined, number, number] = [undefined, START, 1];
  const admitted: Admission[] = [];
  for (const { gapMs, cost } of steps) {
    nowMs += gapMs;
    const verdict = algorithm.decide(state, nowMs, cost, rule);
    seen?.(verdict, nowMs, cost);
    if (!verdict.decision.allowed || cost === 0) assert.equal(verdict.state, state);
    state = verdict.state;
    if (!verdict.decision.allowed || cost === 0) continue;
    admitted.push({ atMs: nowMs + verdict.decision.delayMs, units: cost });
    dearest = Math.max(dearest, cost);
  }
  return { state, nowMs, admitted, dearest };
}

function requireTight(rule: WarmUpRule): Seen {
  return ({ state, decision }, nowMs, cost) => {
    const again = (ms: number, units: number) => warmUp.decide(state, nowMs + ms, units, rule).decision.allowed;
    if (Number.isFinite(decision.retryAfterMs) && decision.retryAfterMs > 0) {
      assert.ok(again(decision.retryAfterMs, cost));
      assert.ok(!again(decision.retryAfterMs - 1, cost));
    }
    assert.ok(again(0, decision.remaining));
    assert.ok(!again(0, decision.remaining + 1));
  };
}

function compare(rule: WarmUpRule, steps: WarmUpScene): void {
  const reference = warmUpReference(rule);
  run(warmUp, rule, steps, ({ decision }, nowMs, cost) => {
    const { spareMs, take } = reference.ask(nowMs, cost);
    if (Math.abs(spareMs) > 0.01) assert.equal(decision.allowed, spareMs > 0);
    if (decision.allowed) take();
  });
}

/** When units are admitted to somebody who asks each millisecond. */
function admissions(rule: WarmUpRule, forMs: number): readonly number[] {
  let state: State | undefined;
  const times: number[] = [];
  for (let ms = 0; ms < forMs; ) {
    const verdict = warmUp.decide(state, START + ms, 1, rule);
    state = verdict.state;
    if (verdict.decision.allowed) times.push(ms);
    else ms += verdict.decision.retryAfterMs;
  }
  return times;
}

function ramp(rule: WarmUpRule, seconds: number): readonly number[] {
  const times = admissions(rule, seconds * 1_000);
  return Array.from({ length: seconds }, (_, second) => times.filter((ms) => Math.floor(ms / 1_000) === second).length);
}

function lastState(rule: WarmUpRule, forMs: number, everyMs: number, from?: State, startMs = START): State | undefined {
  let state = from;
  for (let ms = 0; ms < forMs; ms += everyMs) state = warmUp.decide(state, startMs + ms, 1, rule).state;
  return state;
}

function saturated(rule: WarmUpRule, from: State | undefined, startMs: number, forMs: number): number {
  let [state, admitted] = [from, 0];
  for (let ms = 0; ms < forMs; ms++) {
    const verdict = warmUp.decide(state, startMs + ms, 1, rule);
    state = verdict.state;
    if (verdict.decision.allowed) admitted++;
  }
  return admitted;
}

/** How many of a stream were refused. */
function streamed(rule: WarmUpRule, from: State | undefined, units: number, timeOf: (unit: number) => number): number {
  let [state, refused] = [from, 0];
  for (let unit = 0; unit < units; unit++) {
    const verdict = warmUp.decide(state, START + timeOf(unit), 1, rule);
    state = verdict.state;
    if (!verdict.decision.allowed) refused++;
  }
  return refused;
}

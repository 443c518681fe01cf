import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { askBreaker, type BreakerRule, type BreakerState, checkBreaker, NEW_BREAKER, tellBreaker } from './algorithms/breaker.ts';
import { type Breaker, createBreaker, type Passage } from './create-breaker.ts';

const rule: BreakerRule = { kind: 'breaker', windowMs: 10_000, minimum: 10, ratio: 0.5, openMs: 5_000, probes: 2 };

test('it opens at the share of failures, not below the least number of results, and nobody passes while it is open', () => {
  const world = start();
  for (let turn = 0; turn < 4; turn++) world.pass().succeeded();
  for (let turn = 0; turn < 5; turn++) world.pass().failed();
  assert.equal(world.breaker.state, 'closed');
  world.now += 100;
  world.pass().failed();
  assert.equal(world.breaker.state, 'open');
  world.now += 1_000;
  assert.deepEqual(world.breaker.pass(), { kind: 'refused', retryAfterMs: 4_000 });
  world.now += 3_999;
  assert.deepEqual(world.breaker.pass(), { kind: 'refused', retryAfterMs: 1 });
});

test('after its time as many probes go as must succeed, all of them close it, and one that fails opens it for as long again', () => {
  const world = start();
  open(world);
  world.now += rule.openMs;
  const [first, second] = [world.pass(), world.pass()];
  assert.equal(world.breaker.state, 'half_open');
  assert.deepEqual(world.breaker.pass(), { kind: 'refused', retryAfterMs: rule.openMs });
  first.succeeded();
  assert.deepEqual(world.breaker.pass(), { kind: 'refused', retryAfterMs: rule.openMs });
  second.failed();
  assert.equal(world.breaker.state, 'open');
  world.now += rule.openMs;
  const probes = [world.pass(), world.pass()];
  for (const probe of probes) probe.succeeded();
  assert.equal(world.breaker.state, 'closed');
  // What failed before it was open is not held against it.
  for (let turn = 0; turn < 5; turn++) world.pass().failed();
  assert.equal(world.breaker.state, 'closed');
});

test('a probe that never went leaves its place to another, one that never answers leaves it in the end', () => {
  const world = start({ probes: 1 });
  open(world);
  world.now += rule.openMs;
  const stopped = world.pass();
  assert.equal(world.breaker.pass().kind, 'refused');
  stopped.withdraw();
  world.pass();
  world.now += rule.openMs - 1;
  assert.deepEqual(world.breaker.pass(), { kind: 'refused', retryAfterMs: 1 });
  world.now += 1;
  world.pass().succeeded();
  assert.equal(world.breaker.state, 'closed');
});

test('results of before it opened say nothing to the probes, and each passage has one result', () => {
  const world = start({ probes: 1 });
  const late = [world.pass(), world.pass()];
  open(world);
  world.now += rule.openMs;
  const probe = world.pass();
  for (const passage of late) passage.failed();
  assert.equal(world.breaker.state, 'half_open');
  probe.succeeded();
  probe.failed();
  assert.equal(world.breaker.state, 'closed');
});

test('what takes too long is a failure, and failures that are over are forgotten', () => {
  const world = start({ minimum: 2 }, 1_000);
  const slow = world.pass();
  world.now += 1_001;
  slow.succeeded();
  world.now += 11_000;
  const fast = world.pass();
  world.now += 1_000;
  fast.succeeded();
  world.pass().succeeded();
  assert.equal(world.breaker.state, 'closed');
  for (let turn = 0; turn < 2; turn++) {
    const passage = world.pass();
    world.now += 1_001;
    passage.succeeded();
  }
  assert.equal(world.breaker.state, 'open');
});

test('it is open where the results of the window say so, counted one by one, whatever the traffic', () => {
  const result = fc.record({ gapMs: fc.oneof(fc.nat(50), fc.nat(3_000)), failed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(result, { maxLength: 200, size: 'max' }), (results) => {
      let [state, now]: [BreakerState, number] = [NEW_BREAKER, 0];
      let seen: { readonly part: number; readonly failed: boolean }[] = [];
      for (const { gapMs, failed } of results) {
        now += gapMs;
        const asked = askBreaker(state, now, rule);
        if (asked.state.kind !== 'closed') return;
        const part = Math.floor(now / 1_000);
        seen = [...seen.filter((one) => one.part > part - 10), { part, failed }];
        state = tellBreaker(asked.state, now, { epoch: asked.decision.epoch, failed }, rule);
        const failures = seen.filter((one) => one.failed).length;
        assert.equal(state.kind, seen.length >= 10 && failures >= seen.length / 2 ? 'open' : 'closed');
      }
    }),
    { numRuns: 200 },
  );
});

test('a clock that is set back keeps it open for no longer than from then', () => {
  const open: BreakerState = { kind: 'open', epoch: 1, untilMs: 1_000_000 };
  const asked = askBreaker(open, 1_000, rule);
  assert.equal(asked.decision.retryAfterMs, rule.openMs);
  assert.ok(askBreaker(asked.state, 6_000, rule).decision.allowed);
});

test('a rule that is none is refused', () => {
  assert.equal(checkBreaker(rule), undefined);
  for (const flaw of [{ windowMs: 9 }, { minimum: 0 }, { ratio: 0 }, { ratio: 1.1 }, { openMs: 0 }, { probes: 0 }, { probes: 101 }]) {
    assert.equal(typeof checkBreaker({ ...rule, ...flaw }), 'string');
    assert.throws(() => createBreaker({ ...rule, ...flaw }, { nowMs: () => 0 }), TypeError);
  }
});

interface World {
  now: number;
  readonly breaker: Breaker;
  /** Who must be able to. */
  pass(): Passage;
}

function start(change: Partial<BreakerRule> = {}, slowMs?: number): World {
  const world: World = {
    now: 0,
    breaker: createBreaker({ ...rule, ...change }, { nowMs: () => world.now, ...(slowMs === undefined ? {} : { slowMs }) }),
    pass() {
      const passage = world.breaker.pass();
      assert.ok(passage.kind === 'passage');
      return passage;
    },
  };
  return world;
}

function open(world: World): void {
  for (let turn = 0; turn < 10; turn++) world.pass().failed();
  assert.equal(world.breaker.state, 'open');
}

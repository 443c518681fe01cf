import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Decision, State } from './algorithm.ts';
import { type GcraRule, gcra } from './algorithms/gcra.ts';
import { GcraTable } from './gcra-table.ts';

const SEED = [1, 2, 3, 4] as const;
const rules: fc.Arbitrary<GcraRule> = fc.record({
  kind: fc.constant('gcra' as const),
  limit: fc.integer({ min: 1, max: 5_000 }),
  periodMs: fc.integer({ min: 1, max: 60_000 }),
  burst: fc.integer({ min: 1, max: 20 }),
});
const steps = fc.array(
  fc.record({
    key: fc.integer({ min: 0, max: 30 }),
    gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 200_000 }), fc.constant(2 ** 40)),
    cost: fc.integer({ min: 0, max: 25 }),
    does: fc.constantFrom('take', 'take', 'take', 'take', 'look', 'refund', 'charge'),
  }),
  { minLength: 1, maxLength: 200 },
);

interface Taken {
  readonly key: string;
  readonly cost: number;
  readonly atMs: number;
}

/** Each key by the pure function, and the same by the table. */
class Both {
  readonly #rule: GcraRule;
  readonly #table: GcraTable;
  readonly #states = new Map<string, State | undefined>();
  readonly #taken: Taken[] = [];

  constructor(rule: GcraRule, maxKeys: number) {
    this.#rule = rule;
    this.#table = new GcraTable(rule, { seed: SEED, maxKeys });
  }

  do(does: string, key: string, nowMs: number, cost: number): { readonly exact: Decision; readonly got: Decision } {
    const before = this.#states.get(key);
    const { state, decision: exact } = gcra.decide(before, nowMs, cost, this.#rule);
    if (does === 'charge') {
      this.#states.set(key, gcra.charge(before, nowMs, cost, this.#rule));
      this.#table.charge(key, nowMs, cost);
    }
    if (does === 'refund') this.#refund(nowMs);
    if (does !== 'take') return { exact: this.#peek(key, nowMs, cost), got: this.#table.look(key, nowMs, cost) };
    const got = this.#table.take(key, nowMs, cost);
    this.#states.set(key, state);
    if (got.allowed) this.#taken.push({ key, cost, atMs: nowMs });
    return { exact, got };
  }

  isFresh(key: string, nowMs: number): readonly [boolean, boolean] {
    return [this.#peek(key, nowMs, 0).resetAfterMs === 0, this.#table.isFresh(key, nowMs)];
  }

  #peek(key: string, nowMs: number, cost: number): Decision {
    return gcra.decide(this.#states.get(key), nowMs, cost, this.#rule).decision;
  }

  #refund(nowMs: number): void {
    const taken = this.#taken.pop();
    if (taken === undefined) return;
    this.#states.set(taken.key, gcra.refund(this.#states.get(taken.key), nowMs, taken.cost, taken.atMs, this.#rule));
    this.#table.refund(taken.key, nowMs, taken.cost, taken.atMs);
  }
}

test('on a clock that is never set back a table decides to the digit as the pure function does', () => {
  fc.assert(
    fc.property(rules, steps, fc.integer({ min: 0, max: 2 ** 42 }), (rule, commands, startMs) => {
      const both = new Both(rule, 1_000);
      let nowMs = startMs;
      for (const { key, gap, cost, does } of commands) {
        nowMs += gap;
        const { exact, got } = both.do(does, `key ${key}`, nowMs, cost);
        assert.deepEqual(got, exact);
        const [isFresh, isFreshThere] = both.isFresh(`key ${key}`, nowMs);
        assert.equal(isFreshThere, isFresh);
      }
    }),
    { numRuns: 300 },
  );
});

test('with rates of very many units a millisecond the origin of the ticks moves along, and nothing changes', () => {
  const rule: GcraRule = { kind: 'gcra', limit: 1_000_003_000, periodMs: 1_000, burst: 5_000_000 };
  assert.ok(GcraTable.canKeep({ ...rule, periodMs: 1_000 }));
  const both = new Both(rule, 1_000);
  let nowMs = 5;
  for (let i = 0; i < 500; i++) {
    nowMs += i % 7 === 0 ? 2 ** 31 + i : i % 2;
    const { exact, got } = both.do('take', `key ${i % 3}`, nowMs, 2_499_999);
    assert.deepEqual(got, exact);
  }
});

test('in a table that is too small nobody is admitted who would not be in one that is large enough', () => {
  const few = fc.record({ maxKeys: fc.integer({ min: 1, max: 30 }), keys: fc.integer({ min: 1, max: 200 }) });
  fc.assert(
    fc.property(
      rules,
      few,
      fc.infiniteStream(fc.tuple(fc.nat(), fc.nat({ max: 400 }), fc.nat({ max: 3 }))),
      (rule, { maxKeys, keys }, stream) => {
        const table = new GcraTable(rule, { seed: SEED, maxKeys });
        const states = new Map<string, State | undefined>();
        let nowMs = 0;
        for (const [pick, gap, cost] of stream.take(600)) {
          nowMs += gap;
          const key = `key ${pick % keys}`;
          const exact = gcra.decide(states.get(key), nowMs, cost, rule);
          const got = table.take(key, nowMs, cost);
          assert.ok(exact.decision.allowed || !got.allowed);
          assert.ok(got.remaining <= exact.decision.remaining || !got.allowed);
          // What was not admitted was not taken either.
          if (got.allowed) states.set(key, exact.state);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('a limit that is under way is never forgotten, however many others come and however the table grows', () => {
  const rule: GcraRule = { kind: 'gcra', limit: 1, periodMs: 3_600_000, burst: 1 };
  for (const maxKeys of [100, 40_000]) {
    const table = new GcraTable(rule, { seed: SEED, maxKeys });
    const count = 30_000;
    for (let i = 0; i < count; i++) table.take(`key ${i}`, 1_000 + Math.floor(i / 100), 1);
    for (let i = 0; i < count; i++) assert.ok(!table.take(`key ${i}`, 2_000, 1).allowed, `${i} of ${maxKeys}`);
    assert.equal(table.crowded > 0, maxKeys < count, 'the counter tells that there was no room');
    assert.equal(table.size <= 2 * maxKeys + 200, true);
  }
});

test('a key with a single tick left is alive, and keeps its place', () => {
  const table = new GcraTable({ kind: 'gcra', limit: 1_000, periodMs: 1_000, burst: 1 }, { seed: SEED, maxKeys: 1_000 });
  for (let i = 0; i < 500; i++) assert.ok(table.take(`key ${i}`, 7, 1).allowed);
  for (let i = 0; i < 500; i++) assert.ok(!table.take(`key ${i}`, 7, 1).allowed, String(i));
});

test('a place is used again once its key is as if never used: the table does not grow with all the keys that ever were', () => {
  const rule: GcraRule = { kind: 'gcra', limit: 1, periodMs: 10, burst: 1 };
  const table = new GcraTable(rule, { seed: SEED, maxKeys: 1_000_000 });
  for (let i = 0; i < 200_000; i++) assert.ok(table.take(`key ${i}`, i, 1).allowed);
  assert.ok(table.size < 5_000, String(table.size));
  assert.equal(table.crowded, 0);
});

test('a million keys that are under way weigh at most 40 bytes each, also while the table grows', () => {
  const rule: GcraRule = { kind: 'gcra', limit: 1, periodMs: 3_600_000, burst: 3 };
  const table = new GcraTable(rule, { seed: SEED, maxKeys: 1_000_000 });
  for (let i = 1; i <= 1_000_000; i++) {
    table.take(String(i), 1_000, 1);
    if (i % 50_000 === 0 && i >= 100_000) assert.ok(table.bytes / i <= 40, `${table.bytes / i} at ${i}`);
  }
  assert.equal(table.size, 1_000_000);
  assert.equal(table.crowded, 0);
});

test('a cost that is no whole number is a TypeError, and one that never fits is refused for ever', () => {
  const table = new GcraTable({ kind: 'gcra', limit: 1, periodMs: 1_000, burst: 5 }, { seed: SEED, maxKeys: 10 });
  for (const cost of [-1, 0.5, Number.NaN, 2 ** 32]) assert.throws(() => table.take('key', 1, cost), TypeError);
  assert.equal(table.take('key', 1, 6).retryAfterMs, Number.POSITIVE_INFINITY);
  assert.equal(table.take('key', 1, 5).allowed, true);
});

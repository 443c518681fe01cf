import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { State } from './algorithm.ts';
import { algorithmOf } from './algorithms.ts';
import type { AlgorithmRule } from './rule.ts';
import { StateTable } from './state-table.ts';

const SEED = [1, 2, 3, 4] as const;
const RULES: readonly AlgorithmRule[] = [
  { kind: 'fixed_window', limit: 5, periodMs: 1_000 },
  { kind: 'sliding_log', limit: 5, periodMs: 1_000 },
  { kind: 'sliding_counter', limit: 5, periodMs: 1_000 },
  { kind: 'token_bucket', capacity: 5, unit: 2, intervalMs: 300 },
  { kind: 'leaky_bucket', limit: 5, periodMs: 1_000, maxQueueMs: 700 },
  { kind: 'quota', limit: 5, period: 'hour', zone: 'UTC' },
  { kind: 'gcra', limit: 7, periodMs: 1_000, burst: 3 },
];
const traces = fc.array(fc.tuple(fc.nat({ max: 40 }), fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 4_000_000 })), fc.nat({ max: 4 })), {
  minLength: 1,
  maxLength: 200,
});

function tableOf(rule: AlgorithmRule, maxKeys: number, maxNumbers: number): StateTable<AlgorithmRule> {
  return new StateTable(algorithmOf(rule), rule, { seed: SEED, maxKeys, maxNumbers });
}

test('a table decides as the pure function does, and keeps no more than there is to know', () => {
  for (const rule of RULES) {
    fc.assert(
      fc.property(traces, (trace) => {
        const table = tableOf(rule, 1_000, 100_000);
        const states = new Map<number, State | undefined>();
        let nowMs = 1_800_000_000_000;
        for (const [key, gap, cost] of trace) {
          nowMs += gap;
          const { state, decision } = algorithmOf(rule).decide(states.get(key), nowMs, cost, rule);
          states.set(key, state);
          assert.deepEqual(table.look(`key ${key}`, nowMs, cost), decision);
          assert.deepEqual(table.take(`key ${key}`, nowMs, cost), decision);
        }
        assert.ok(table.size <= states.size);
      }),
      { numRuns: 60 },
    );
  }
});

test('in a table that is too small for the keys nobody is admitted who would not be in one that is large enough', () => {
  for (const rule of RULES) {
    fc.assert(
      fc.property(traces, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 2, max: 24 }), (trace, maxKeys, maxNumbers) => {
        const table = tableOf(rule, maxKeys, maxNumbers);
        const states = new Map<number, State | undefined>();
        let nowMs = 1_800_000_000_000;
        for (const [key, gap, cost] of trace) {
          nowMs += gap;
          const exact = algorithmOf(rule).decide(states.get(key), nowMs, cost, rule);
          const got = table.take(`key ${key}`, nowMs, cost);
          assert.ok(exact.decision.allowed || !got.allowed, rule.kind);
          if (got.allowed) states.set(key, exact.state);
          assert.ok(table.size <= maxKeys);
          assert.ok(table.numbers <= maxNumbers + 2);
        }
      }),
      { numRuns: 60 },
    );
  }
});

test('keys without a place share what they use, and one that finds a place begins with that', () => {
  const table = tableOf({ kind: 'fixed_window', limit: 5, periodMs: 1_000 }, 1, 100);
  table.take('first', 1_000, 5);
  assert.equal(table.take('second', 1_100, 3).remaining, 2);
  assert.equal(table.take('second', 1_200, 3).allowed, false);
  assert.equal(table.crowded, 1);
  assert.equal(table.take('second', 2_000, 3).allowed, true, 'a new window, and the first has made room');
  assert.equal(table.take('second', 2_100, 2).remaining, 0);
  assert.equal(table.take('first', 2_200, 3).allowed, true, 'it shares with nobody but those of its own hash');
});

test('a log without room for another entry loses no unit: its last takes count as one', () => {
  const table = tableOf({ kind: 'sliding_log', limit: 5, periodMs: 1_000 }, 10, 4);
  for (const atMs of [1_000, 1_100, 1_200, 1_300]) assert.ok(table.take('key', atMs, 1).allowed);
  assert.equal(table.numbers, 4);
  assert.equal(table.take('key', 1_400, 2).retryAfterMs, 600, 'the first is as it was');
  assert.equal(table.take('key', 1_400, 3).retryAfterMs, 900, 'the others are as of the last of them');
});

test('what is over falls as new keys come', () => {
  const table = tableOf({ kind: 'sliding_log', limit: 5, periodMs: 100 }, 1_000_000, 4_000_000);
  for (let i = 0; i < 50_000; i++) table.take(`key ${i}`, i, 1);
  assert.ok(table.size < 2_000, String(table.size));
  assert.equal(table.crowded, 0);
});

test('what is given back can be taken again, and what was owed holds others up', () => {
  const table = tableOf({ kind: 'fixed_window', limit: 5, periodMs: 1_000 }, 10, 100);
  assert.ok(table.isFresh('key', 1_000));
  table.take('key', 1_000, 5);
  assert.ok(!table.isFresh('key', 1_000));
  table.refund('key', 1_200, 5, 1_000);
  assert.ok(table.take('key', 1_300, 5).allowed);
  table.charge('key', 1_400, 2);
  assert.equal(table.take('key', 1_500, 1).allowed, false);
  const log = tableOf({ kind: 'sliding_log', limit: 5, periodMs: 1_000 }, 10, 100);
  log.charge('key', 1_000, 4);
  log.charge('key', 1_000, 4);
  assert.equal(log.take('key', 1_000, 1).remaining, 0, 'a log owes nothing: what is not there is not taken');
});

test('a clock that was set back far locks nobody out, not even whoever only asks and is refused', () => {
  const table = tableOf({ kind: 'fixed_window', limit: 1, periodMs: 1_000 }, 10, 100);
  table.take('key', 2_000_000_000_000, 1);
  assert.equal(table.take('key', 1_000_000_000_000, 1).allowed, false);
  assert.equal(table.take('key', 1_000_000_002_000, 1).allowed, true);
});

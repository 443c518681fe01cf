import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gcra, gcraRefund } from './gcra.ts';

const rules = fc.record({ intervalMs: fc.integer({ min: 1, max: 60_000 }), burst: fc.integer({ min: 1, max: 50 }) });

test('in no span are more admitted than the burst and what flows back in it, whatever the traffic', () => {
  fc.assert(
    fc.property(rules, fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 300 }), (rule, gaps) => {
      let [state, now] = [0, 1_800_000_000_000];
      const admitted: number[] = [];
      for (const gap of gaps) {
        now += gap;
        const decision = gcra(state, now, 1, rule);
        if (decision.kind === 'limited') continue;
        state = decision.state;
        admitted.push(now);
      }
      for (let from = 0; from < admitted.length; from++) {
        for (let to = from; to < admitted.length; to++) {
          const span = (admitted[to] ?? 0) - (admitted[from] ?? 0);
          assert.ok(to - from + 1 <= rule.burst + Math.floor(span / rule.intervalMs));
        }
      }
    }),
  );
});

test('the wait that a refusal names is tight: one millisecond less is refused, the wait itself is not', () => {
  fc.assert(
    fc.property(rules, fc.nat(100_000), (rule, later) => {
      const start = 1_800_000_000_000;
      let state = 0;
      for (let i = 0; i < rule.burst; i++) {
        const decision = gcra(state, start, 1, rule);
        assert.ok(decision.kind === 'allowed');
        state = decision.state;
      }
      const now = start + (later % rule.intervalMs);
      const refused = gcra(state, now, 1, rule);
      assert.ok(refused.kind === 'limited');
      assert.equal(gcra(state, now + refused.retryAfterMs - 1, 1, rule).kind, 'limited');
      assert.equal(gcra(state, now + refused.retryAfterMs, 1, rule).kind, 'allowed');
    }),
  );
});

test('what is given back can be taken again, and a refusal costs nothing', () => {
  const rule = { intervalMs: 1_000, burst: 2 };
  const one = gcra(0, 10_000, 2, rule);
  assert.ok(one.kind === 'allowed');
  assert.equal(gcra(one.state, 10_000, 1, rule).kind, 'limited');
  assert.equal(gcra(gcraRefund(one.state, 1, rule), 10_000, 1, rule).kind, 'allowed');
});

test('a clock that is set back locks nobody out', () => {
  const rule = { intervalMs: 1_000, burst: 2 };
  const ahead = gcra(0, 1_800_000_000_000, 2, rule);
  assert.ok(ahead.kind === 'allowed');
  assert.equal(gcra(ahead.state, 1_700_000_000_000, 1, rule).kind, 'allowed');
});

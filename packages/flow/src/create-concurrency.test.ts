import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { acquireLease, type ConcurrencyRule, checkConcurrency, type Lease, releaseLease, renewLease } from './algorithms/concurrency.ts';
import { createConcurrency } from './create-concurrency.ts';

const rule: ConcurrencyRule = { kind: 'concurrency', limit: 3, leaseMs: 1_000 };

test('never more than the limit hold a place, whatever is acquired, renewed, released and forgotten, and both kinds of it agree', () => {
  const command = fc.record({
    act: fc.constantFrom('acquire', 'acquire', 'release', 'renew'),
    who: fc.nat(5),
    gapMs: fc.oneof(fc.constant(0), fc.nat(400), fc.nat(1_500)),
  });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 150, size: 'max' }), (commands) => {
      let now = 0;
      const holder = createConcurrency(rule, { nowMs: () => now });
      const permits = new Map<number, ReturnType<typeof holder.acquire>>();
      let leases: readonly Lease[] = [];
      /** Who holds a place until when, as one would write it down. */
      const model = new Map<number, number>();
      for (const { act, who, gapMs } of commands) {
        now += gapMs;
        for (const [id, untilMs] of model) if (untilMs <= now) model.delete(id);
        const permit = permits.get(who);
        if (act === 'acquire' && !model.has(who)) {
          const asked = holder.acquire('all');
          const verdict = acquireLease(leases, now, String(who), rule);
          leases = verdict.leases;
          assert.equal(asked.kind === 'permit', model.size < rule.limit);
          assert.equal(verdict.decision.allowed, model.size < rule.limit);
          if (asked.kind === 'refused') {
            const firstEnd = Math.min(...model.values()) - now;
            assert.deepEqual([asked.retryAfterMs, verdict.decision.retryAfterMs], [firstEnd, firstEnd]);
          } else {
            permits.set(who, asked);
            model.set(who, now + rule.leaseMs);
            assert.equal(verdict.decision.remaining, rule.limit - model.size);
          }
        } else if (act === 'release') {
          if (permit?.kind === 'permit') permit.release();
          leases = releaseLease(leases, now, String(who), rule);
          model.delete(who);
        } else if (act === 'renew' && permit?.kind === 'permit') {
          const renewed = renewLease(leases, now, String(who), rule);
          leases = renewed.leases;
          assert.deepEqual([permit.renew(), renewed.renewed], [model.has(who), model.has(who)]);
          if (model.has(who)) model.set(who, now + rule.leaseMs);
        }
        assert.equal(holder.inFlight('all'), model.size);
        assert.ok(leases.filter(({ untilMs }) => untilMs > now).length === model.size && model.size <= rule.limit);
      }
    }),
    { numRuns: 300 },
  );
});

test('a million acquired and released end with nobody in flight', () => {
  let now = 0;
  const holder = createConcurrency({ ...rule, limit: 50 }, { nowMs: () => now });
  const held: { release(): void }[] = [];
  const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`);
  for (let turn = 0; turn < 1_000_000; turn++) {
    now += turn % 3;
    const permit = holder.acquire(keys[turn % 100] ?? '');
    assert.ok(permit.kind === 'permit');
    held.push(permit);
    if (held.length > 100) held.shift()?.release();
    // Twice is once.
    if (turn % 10 === 0) permit.release();
  }
  for (const permit of held) permit.release();
  assert.equal(holder.held, 0);
  for (const key of keys) assert.equal(holder.inFlight(key), 0);
});

test('the place of who dies comes back when the lease is over, and not to the dead', () => {
  let now = 0;
  const holder = createConcurrency({ ...rule, limit: 1 }, { nowMs: () => now });
  const dead = holder.acquire('a');
  now = 999;
  assert.deepEqual(holder.acquire('a'), { kind: 'refused', retryAfterMs: 1 });
  assert.equal(holder.acquire('b').kind, 'permit');
  now = 1_000;
  const next = holder.acquire('a');
  assert.ok(dead.kind === 'permit' && next.kind === 'permit');
  assert.equal(dead.renew(), false);
  dead.release();
  assert.equal(holder.inFlight('a'), 1);
  next[Symbol.dispose]();
  assert.equal(holder.inFlight('a'), 0);
});

test('whoever asks again under the same name has the place renewed and takes no other, and leases grow no longer when the clock is set back', () => {
  const one = acquireLease([], 10_000, 'a', { ...rule, limit: 1 });
  const again = acquireLease(one.leases, 10_500, 'a', { ...rule, limit: 1 });
  assert.deepEqual(again.leases, [{ id: 'a', untilMs: 11_500 }]);
  const back = acquireLease(again.leases, 2_000, 'b', { ...rule, limit: 1 });
  assert.deepEqual(back, { leases: [{ id: 'a', untilMs: 3_000 }], decision: { allowed: false, remaining: 0, retryAfterMs: 1_000 } });
});

test('there is a most of all keys together, beyond which nobody gets a place; a rule that is none is refused', () => {
  let now = 0;
  const holder = createConcurrency(rule, { nowMs: () => now, maxHeld: 2 });
  const [first] = [holder.acquire('a'), holder.acquire('b')];
  assert.deepEqual(holder.acquire('c'), { kind: 'refused', retryAfterMs: 1_000 });
  if (first?.kind === 'permit') first.release();
  now = 1;
  assert.equal(holder.acquire('c').kind, 'permit');
  for (const flaw of [{ limit: 0 }, { limit: 1.5 }, { leaseMs: 0 }]) {
    assert.equal(typeof checkConcurrency({ ...rule, ...flaw }), 'string');
    assert.throws(() => createConcurrency({ ...rule, ...flaw }, { nowMs: () => 0 }), TypeError);
  }
});

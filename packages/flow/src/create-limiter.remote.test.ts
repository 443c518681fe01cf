import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clocks } from './clock.ts';
import { createLimiter } from './create-limiter.ts';
import type { Limiter } from './limiter.ts';
import { LocalStore } from './local-store.ts';
import type { Answer, Ask, RemoteStore, Taking } from './remote-store.ts';
import type { Rule, Subject } from './rule.ts';

const clocks: Clocks = { monotonicMs: () => 1_000_000, wallMs: () => 1_000_000 };
const ann: Subject = { user: 'ann' };

/** A store that answers later, and tells what it was asked. */
class FarStore implements RemoteStore {
  readonly asked: string[] = [];
  isAway = false;
  readonly #states = new LocalStore({ clocks, seed: [1, 2, 3, 4], maxKeys: 100, maxNumbers: 100 });

  prepare(rules: readonly Rule[]): void {
    this.#states.prepare(rules);
  }

  async take(asks: readonly Ask[]): Promise<readonly Answer[]> {
    this.asked.push(`take ${asks.map(({ rule }) => rule.name).join(' ')}`);
    await Promise.resolve();
    if (!this.isAway) return this.#states.take(asks);
    const decision = { allowed: false, remaining: 0, retryAfterMs: 1_000, resetAfterMs: 0, delayMs: 0 };
    return asks.map(() => ({ kind: 'store_error', decision, taken: 0, takenAtMs: 0 }));
  }

  async look(asks: readonly Ask[]): Promise<readonly Answer[]> {
    this.asked.push(`look ${asks.map(({ rule }) => rule.name).join(' ')}`);
    return this.#states.look(asks);
  }

  refund(takings: readonly Taking[]): void {
    this.asked.push(`refund ${takings.map(({ ask }) => ask.rule.name).join(' ')}`);
    this.#states.refund(takings);
  }

  charge(takings: readonly Taking[], cost: number): void {
    this.asked.push(`charge ${cost}`);
    this.#states.charge(takings, cost);
  }
}

function rule(name: string, burst: number, more: Partial<Rule> = {}): Rule {
  return { name, algorithm: { kind: 'gcra', limit: 1, periodMs: 1_000, burst }, key: ['user'], ...more };
}

function remaining(limiter: Limiter): Promise<readonly (number | undefined)[]> {
  return limiter.look(ann).then(({ rules }) => rules.map(({ decision }) => decision.remaining));
}

test('shared rules are asked in one call, before those of this process, and outcomes keep the order of the rules', async () => {
  const store = new FarStore();
  const rules = [rule('far', 3), rule('near', 9, { scope: 'process' }), rule('farther', 5)];
  const limiter = createLimiter({ rules, store, clocks });
  const outcome = await limiter.take(ann);
  assert.deepEqual(store.asked, ['take far farther']);
  assert.deepEqual(
    outcome.rules.map(({ rule: { name }, decision }) => [name, decision.remaining]),
    [
      ['far', 2],
      ['near', 8],
      ['farther', 4],
    ],
  );
  limiter.charge(outcome, 2);
  assert.deepEqual(await remaining(limiter), [0, 6, 2]);
  limiter.refund(outcome);
  assert.deepEqual(await remaining(limiter), [1, 7, 3]);
});

test('where a rule of this process refuses, what shared rules took goes back', async () => {
  const store = new FarStore();
  const limiter = createLimiter({
    rules: [rule('far', 3), rule('shadow', 3, { shadow: true }), rule('near', 1, { scope: 'process' })],
    store,
    clocks,
  });
  assert.equal((await limiter.take(ann)).allowed, true);
  const refused = await limiter.take(ann);
  assert.equal(refused.rule, 'near');
  assert.deepEqual(store.asked.slice(1), ['take far shadow', 'refund far shadow']);
  assert.deepEqual(await remaining(limiter), [2, 2, 0]);
  limiter.refund(refused);
  assert.deepEqual(await remaining(limiter), [2, 2, 0], 'once');
});

test('where a shared rule refuses, nothing is taken here, and what would refuse here has its say about the wait', async () => {
  const store = new FarStore();
  const slow = rule('near', 1, { scope: 'process', algorithm: { kind: 'gcra', limit: 1, periodMs: 60_000, burst: 1 } });
  const limiter = createLimiter({ rules: [rule('far', 1), slow], store, clocks });
  await limiter.take({ user: 'bob' });
  await limiter.take(ann);
  const refused = await limiter.take(ann);
  assert.deepEqual([refused.rule, refused.retryAfterMs], ['near', 60_000]);
  limiter.replace([rule('far', 1), { ...slow, algorithm: { kind: 'gcra', limit: 1, periodMs: 60_000, burst: 7 } }]);
  assert.equal((await limiter.take(ann)).rule, 'far');
  assert.deepEqual(await remaining(limiter), [0, 7]);
});

test('what is shared has no answer at once', () => {
  const limiter = createLimiter({ rules: [rule('far', 1), rule('near', 1, { scope: 'process' })], store: new FarStore(), clocks });
  assert.throws(() => limiter.takeNow(ann), TypeError);
  assert.throws(() => limiter.lookNow(ann), TypeError);
  assert.equal(limiter.takeNow(ann, { rules: ['near'] }).allowed, true);
});

test('a store that is away refuses where the rule says so, is counted, and a shadow is none the worse for it', async () => {
  const store = new FarStore();
  store.isAway = true;
  const closed = createLimiter({ rules: [rule('far', 1)], store, clocks });
  const refused = await closed.take(ann);
  assert.deepEqual([refused.allowed, refused.retryAfterMs, refused.rules[0]?.kind], [false, 1_000, 'store_error']);
  assert.equal(closed.snapshot()[0]?.storeErrors, 1);
  const shadow = createLimiter({ rules: [rule('far', 1, { shadow: true })], store, clocks });
  assert.equal((await shadow.take(ann)).allowed, true);
});

test('a request that was under way when its rule was taken away comes to its end', async () => {
  const limiter = createLimiter({ rules: [rule('far', 1), rule('near', 1, { scope: 'process' })], store: new FarStore(), clocks });
  const underWay = limiter.take(ann);
  limiter.replace([rule('far', 1)]);
  const outcome = await underWay;
  assert.equal(outcome.allowed, true);
  limiter.refund(outcome);
  limiter.charge(outcome, 1);
});

test('a fresh key is looked for among rules of one store, and a rule of the other one is a TypeError', () => {
  const rules = [rule('far', 1, { spareFresh: 'near' }), rule('near', 1, { scope: 'process' })];
  assert.throws(() => createLimiter({ rules, store: new FarStore(), clocks }), /another store/);
  createLimiter({ rules, clocks });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clocks } from './clock.ts';
import { createLimiter } from './create-limiter.ts';
import type { Limiter, Outcome } from './limiter.ts';
import type { Rule, Subject } from './rule.ts';

const SEED = [1, 2, 3, 4] as const;

class TestClocks implements Clocks {
  ms = 1_800_000_000_000;
  monotonicMs(): number {
    return this.ms;
  }
  wallMs(): number {
    return this.ms;
  }
}

function rule(name: string, burst: number, more: Partial<Rule> = {}): Rule {
  return { name, algorithm: { kind: 'gcra', limit: 1, periodMs: 1_000, burst }, key: ['user'], ...more };
}

function limiterOf(rules: readonly Rule[], clocks: Clocks = new TestClocks()): Limiter {
  return createLimiter({ rules, clocks, seed: SEED });
}

function times(count: number, act: () => Outcome): readonly boolean[] {
  return Array.from({ length: count }, () => act().allowed);
}

const ann: Subject = { user: 'ann', address: '203.0.113.7' };

test('one rule: so many at once, a tight time to wait, and each key by itself', async () => {
  const clocks = new TestClocks();
  const limiter = limiterOf([rule('calls', 2)], clocks);
  assert.deepEqual(
    times(3, () => limiter.takeNow(ann)),
    [true, true, false],
  );
  clocks.ms += 400;
  const refused = await limiter.take(ann);
  assert.equal(refused.rule, 'calls');
  assert.equal(refused.retryAfterMs, 600);
  assert.deepEqual(
    refused.rules.map(({ kind, decision }) => [kind, decision.remaining]),
    [['counted', 0]],
  );
  assert.equal(limiter.takeNow({ user: 'bob' }).allowed, true);
  clocks.ms += 599;
  assert.equal(limiter.takeNow(ann).allowed, false);
  clocks.ms += 1;
  assert.equal(limiter.takeNow(ann).allowed, true);
});

test('several rules take from all or from none, and name the longest wait', () => {
  const clocks = new TestClocks();
  const slow = rule('slow', 1, { algorithm: { kind: 'gcra', limit: 1, periodMs: 10_000, burst: 1 } });
  const limiter = limiterOf([rule('calls', 3), slow, rule('all', 100, { key: [] })], clocks);
  assert.equal(limiter.takeNow(ann).allowed, true);
  for (let i = 0; i < 5; i++) {
    const refused = limiter.takeNow(ann);
    assert.equal(refused.rule, 'slow');
    assert.equal(refused.retryAfterMs, 10_000);
    assert.deepEqual(
      refused.rules.map(({ decision }) => decision.remaining),
      [2, 0, 99],
    );
  }
  assert.equal(limiter.takeNow(ann, { cost: 3 }).rule, 'slow', 'the longest wait of those that refuse');
});

test('only the rules that are named are asked, and an unknown name is a TypeError', () => {
  const limiter = limiterOf([rule('one', 1), rule('two', 1)]);
  const names = ['two'];
  assert.deepEqual(
    times(2, () => limiter.takeNow(ann, { rules: names })),
    [true, false],
  );
  assert.equal(limiter.takeNow(ann, { rules: ['one'] }).allowed, true);
  assert.throws(() => limiter.takeNow(ann, { rules: ['three'] }), TypeError);
});

test('a look says what a take would and takes nothing; what remains is of now', async () => {
  const limiter = limiterOf([rule('calls', 3), rule('more', 5)]);
  limiter.takeNow(ann);
  const look = await limiter.look(ann, { cost: 3 });
  assert.equal(look.allowed, false);
  assert.equal(look.rule, 'calls');
  assert.deepEqual(
    look.rules.map(({ decision }) => decision.remaining),
    [2, 4],
  );
  assert.equal(limiter.lookNow(ann, { cost: 2 }).allowed, true);
  assert.equal(limiter.takeNow(ann, { cost: 2 }).allowed, true);
  assert.equal(limiter.snapshot()[0]?.allowed, 2, 'looks are not counted');
});

test('a shadow refuses nobody and is counted; it takes only where the others let the request pass', () => {
  const limiter = limiterOf([rule('real', 2), rule('shadow', 1, { shadow: true })]);
  assert.deepEqual(
    times(3, () => limiter.takeNow(ann)),
    [true, true, false],
  );
  const [real, shadow] = limiter.snapshot();
  assert.deepEqual([real?.allowed, real?.refused], [2, 1]);
  assert.deepEqual([shadow?.allowed, shadow?.refused, shadow?.shadowRefused], [1, 0, 2]);
  const other = limiterOf([rule('real', 1), rule('shadow', 5, { shadow: true })]);
  times(4, () => other.takeNow(ann));
  assert.equal(other.lookNow(ann).rules[1]?.decision.remaining, 4);
});

test('an outcome is given back once, and only as much as time has not given back', () => {
  const clocks = new TestClocks();
  const limiter = limiterOf([rule('calls', 4), rule('all', 100, { key: [] })], clocks);
  const taken = limiter.takeNow(ann, { cost: 4 });
  assert.equal(limiter.takeNow(ann).allowed, false);
  clocks.ms += 1_000;
  limiter.refund(taken);
  limiter.refund(taken);
  assert.deepEqual(
    limiter.lookNow(ann).rules.map(({ decision }) => decision.remaining),
    [4, 100],
  );
  const refused = limiter.takeNow(ann, { cost: 5 });
  limiter.refund(refused);
  assert.equal(limiter.lookNow(ann).rules[0]?.decision.remaining, 4, 'a refusal took nothing');
});

test('an outcome of one plain rule is given back once, too, and its key is for nobody to read', () => {
  const limiter = limiterOf([rule('calls', 2, { key: ['token'] })]);
  const token = 'a secret token of somebody';
  const first = limiter.takeNow({ token });
  limiter.takeNow({ token });
  limiter.refund(first);
  limiter.refund(first);
  assert.deepEqual(
    times(2, () => limiter.takeNow({ token })),
    [true, false],
  );
  const two = limiterOf([rule('calls', 2, { key: ['token'] }), rule('all', 2, { key: [] })]);
  for (const outcome of [first, two.takeNow({ token })]) assert.ok(!JSON.stringify([outcome, outcome.rules]).includes(token));
});

test('what is charged afterwards is taken whatever there is left, from looks and takes alike', () => {
  const limiter = limiterOf([rule('calls', 4), rule('all', 100, { key: [] })]);
  limiter.charge(limiter.takeNow(ann), 5);
  assert.equal(limiter.takeNow(ann).retryAfterMs, 3_000);
  const failures = limiterOf([rule('failures', 2)]);
  for (let i = 0; i < 2; i++) failures.charge(failures.lookNow(ann), 1);
  assert.equal(failures.lookNow(ann).allowed, false);
  assert.throws(() => failures.charge({ ...failures.lookNow(ann) }, 1), TypeError);
});

test('a rule spares who is fresh: it neither refuses nor takes where the other rule is untouched', () => {
  const limiter = limiterOf([rule('own', 3), rule('everybody', 1, { key: [], spareFresh: 'own' })]);
  assert.equal(limiter.takeNow({ user: 'bob' }).allowed, true);
  const spared = limiter.takeNow(ann);
  assert.equal(spared.allowed, true);
  assert.deepEqual(
    spared.rules.map(({ kind }) => kind),
    ['counted', 'spared'],
  );
  const second = limiter.takeNow(ann);
  assert.equal(second.rule, 'everybody', 'not fresh any more');
  assert.equal(limiter.lookNow(ann).rules[0]?.decision.remaining, 2, 'what was refused took nothing');
});

test('addresses, clients and users are exempt where the rule says so; what cannot be read never is', () => {
  const exempt = { addresses: ['203.0.113.0/24'], clients: ['robot'], users: ['root'] };
  const limiter = limiterOf([rule('calls', 1, { key: [], exempt })]);
  for (const subject of [ann, { client: 'robot' }, { user: 'root' }]) {
    assert.deepEqual(
      times(2, () => limiter.takeNow(subject)),
      [true, true],
    );
    assert.equal(limiter.takeNow(subject).rules[0]?.kind, 'exempt');
  }
  assert.deepEqual(
    times(2, () => limiter.takeNow({ address: '203.0.113' })),
    [true, false],
  );
});

test('overrides have states of their own, each value for itself, whatever the key', () => {
  const more = { kind: 'gcra', limit: 1, periodMs: 1_000, burst: 2 } as const;
  const limiter = limiterOf([rule('calls', 1, { key: [], overrides: { part: 'client', values: { big: more, large: more } } })]);
  assert.deepEqual(
    times(3, () => limiter.takeNow({ client: 'big' })),
    [true, true, false],
  );
  assert.deepEqual(
    times(3, () => limiter.takeNow({ client: 'large' })),
    [true, true, false],
  );
  assert.deepEqual(
    times(2, () => limiter.takeNow({ client: 'small' })),
    [true, false],
  );
  assert.deepEqual(
    times(1, () => limiter.takeNow({ client: '__proto__' })),
    [false],
    'as everybody else',
  );
  assert.equal(limiter.takeNow({ client: 'big' }).rules[0]?.algorithm, more);
});

test('requests without a part count as one, or not at all; routes choose the requests', () => {
  const limiter = limiterOf([rule('one', 1, { routes: ['a'] }), rule('skips', 1, { whenAbsent: 'skip', routes: ['b'] })]);
  assert.deepEqual(
    times(2, () => limiter.takeNow({ route: 'a' })),
    [true, false],
  );
  assert.deepEqual(
    times(2, () => limiter.takeNow({ route: 'b' })),
    [true, true],
  );
  assert.deepEqual(
    times(2, () => limiter.takeNow({ route: 'b', user: 'ann' })),
    [true, false],
  );
  assert.equal(limiter.takeNow({ user: 'ann' }).rules.length, 0);
});

test('a cost is rounded up to 1 at least; a cost that is no number, or throws, is the burst', () => {
  const costs: Readonly<Record<string, () => number>> = {
    '0': () => -3,
    '3': () => 2.1,
    '7': () => Number.NaN,
    '8': () => Number.POSITIVE_INFINITY,
    '9': () => {
      throw new Error('no');
    },
  };
  const left = Object.entries(costs).map(
    ([name, cost]) => limiterOf([rule(`r${name}`, 10, { cost })]).takeNow(ann).rules[0]?.decision.remaining,
  );
  assert.deepEqual(left, [9, 7, 0, 0, 0]);
  assert.throws(() => limiterOf([rule('calls', 1)]).takeNow(ann, { cost: 0.5 }), TypeError);
});

test('rules that stay the same keep what they have counted; a changed one begins anew, and a bad one changes nothing', () => {
  const limiter = limiterOf([rule('stays', 2), rule('changes', 2)]);
  limiter.takeNow(ann, { cost: 2 });
  const reordered = { burst: 2, periodMs: 1_000, limit: 1, kind: 'gcra' } as const;
  assert.throws(() => limiter.replace([rule('stays', 0)]), TypeError);
  limiter.replace([rule('changes', 3), rule('stays', 2, { algorithm: reordered, tell: 'all' })]);
  assert.deepEqual(
    limiter.lookNow(ann).rules.map(({ decision }) => decision.remaining),
    [3, 0],
  );
  assert.deepEqual(
    limiter.snapshot().map(({ name, allowed }) => [name, allowed]),
    [
      ['changes', 1],
      ['stays', 1],
    ],
  );
  limiter.replace([rule('stays', 2, { key: ['client'] })]);
  assert.equal(limiter.lookNow(ann).rules[0]?.decision.remaining, 2, 'another key counts anew');
});

test('a rule that cannot be kept is a TypeError that names it', () => {
  const pacing = { kind: 'leaky_bucket', limit: 1, periodMs: 10, maxQueueMs: 100 } as const;
  const wrong: readonly (readonly Rule[])[] = [
    [rule('Upper', 1)],
    [rule('twice', 1), rule('twice', 2)],
    [rule('burst', 0)],
    [rule('exempt', 1, { exempt: { addresses: ['nowhere'] } })],
    [rule('fresh', 1, { spareFresh: 'gone' })],
    [rule('fresh', 1, { spareFresh: 'fresh' })],
    [rule('share', 1, { share: 0 })],
    [rule('cost', 1, { cost: 0 })],
    [rule('override', 1, { overrides: { part: 'user', values: { ann: { kind: 'gcra', limit: 0, periodMs: 1, burst: 1 } } } })],
    [rule('one', 1, { algorithm: pacing }), rule('two', 1, { algorithm: pacing })],
  ];
  for (const rules of wrong)
    assert.throws(() => limiterOf(rules), { name: 'TypeError', message: /^(rule .*|two rules .*|the rules one and two .*)/ });
  // What no type would let pass, but a file may.
  const claimed: Rule = JSON.parse(
    JSON.stringify(rule('claimed', 1, { exempt: {} })).replace('"exempt":{}', '"exempt":{"accounts":["ann"]}'),
  );
  assert.throws(() => limiterOf([claimed]), /nobody is exempt by accounts/);
  const unknown: Rule = JSON.parse(JSON.stringify(rule('unknown', 1)).replace('"gcra"', '"magic"'));
  assert.throws(() => limiterOf([unknown]), /there is no such algorithm/);
  limiterOf([rule('one', 1, { algorithm: pacing, routes: ['a'] }), rule('two', 1, { algorithm: pacing, routes: ['b'] })]);
});

test('pacing tells how long to wait, and counts only where the other rules let the request pass', () => {
  const paced = rule('paced', 1, { algorithm: { kind: 'leaky_bucket', limit: 10, periodMs: 1_000, maxQueueMs: 500 } });
  const limiter = limiterOf([paced, rule('calls', 3)]);
  assert.deepEqual(
    Array.from({ length: 4 }, () => limiter.takeNow(ann)).map(({ allowed, delayMs }) => [allowed, delayMs]),
    [
      [true, 0],
      [true, 100],
      [true, 200],
      [false, 0],
    ],
  );
});

test('a monotonic clock that goes back all the same gives nothing twice and locks nobody out', () => {
  const clocks = new TestClocks();
  const limiter = limiterOf([rule('calls', 1)], clocks);
  assert.equal(limiter.takeNow(ann).allowed, true);
  clocks.ms -= 1_000_000_000;
  assert.equal(limiter.takeNow(ann).allowed, false);
  clocks.ms += 1_000;
  assert.equal(limiter.takeNow(ann).allowed, true);
  clocks.ms -= 5;
  assert.equal(limiter.takeNow(ann).retryAfterMs, 1_000);
  clocks.ms += 1_005;
  assert.equal(limiter.takeNow(ann).allowed, true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clocks } from './clock.ts';
import { createLimiter } from './create-limiter.ts';
import { explain } from './explain.ts';

const clocks: Clocks = { monotonicMs: () => 1_800_000_000_000, wallMs: () => 1_800_000_000_000 };

test('an outcome explains itself: what refused, when it would pass, and how each rule stands; no key is named', () => {
  const limiter = createLimiter({
    clocks,
    rules: [
      { name: 'calls', key: ['token'], algorithm: { kind: 'gcra', limit: 10, periodMs: 1_000, burst: 2 } },
      { name: 'trial', key: [], shadow: true, algorithm: { kind: 'sliding_log', limit: 1, periodMs: 60_000 } },
      { name: 'paced', key: [], algorithm: { kind: 'leaky_bucket', limit: 4, periodMs: 1_000, maxQueueMs: 2_000 } },
      { name: 'inside', key: [], exempt: { users: ['ann'] }, algorithm: { kind: 'fixed_window', limit: 1, periodMs: 3_600_000 } },
      { name: 'own', key: ['user'], algorithm: { kind: 'gcra', limit: 1, periodMs: 1_000, burst: 3 }, routes: ['x'] },
      { name: 'spares', key: [], algorithm: { kind: 'gcra', limit: 1, periodMs: 1_000, burst: 1 }, routes: ['x'], spareFresh: 'own' },
    ],
  });
  const ann = { user: 'ann', token: 'a secret token' };
  assert.deepEqual(explain(limiter.takeNow(ann)), [
    'allowed',
    'calls (gcra, limit 10, in 1 s, at once 2): allows; 1 left, as if never used in 100 ms',
    'trial (sliding log, limit 1, in 1 min): would allow; 0 left, as if never used in 1 min; refuses nobody',
    'paced (leaky bucket, limit 4, in 1 s, waiting at most 2 s): allows; 8 left, as if never used in 250 ms',
    'inside (fixed window, limit 1, in 1 h): exempt',
  ]);
  assert.equal(explain(limiter.takeNow(ann))[0], 'allowed, to go on in 250 ms');
  const refused = explain(limiter.takeNow(ann));
  assert.equal(refused[0], 'refused by calls: again in 100 ms');
  assert.match(refused[1] ?? '', /: refuses, again in 100 ms; 0 left/);
  assert.match(refused[2] ?? '', /: would refuse; 0 left, as if never used in 1 min; refuses nobody$/);
  assert.equal(explain(limiter.takeNow(ann, { cost: 5, rules: ['calls'] }))[0], 'refused by calls: it never fits');
  assert.ok(!refused.join('').includes(ann.token));
  limiter.takeNow({ user: 'bob', route: 'x' }, { rules: ['own', 'spares'] });
  const spared = explain(limiter.takeNow({ user: 'eve', route: 'x' }, { rules: ['own', 'spares'] }));
  assert.match(spared[2] ?? '', /used up, but own is untouched, so this one does not count$/);
  assert.deepEqual(explain(limiter.takeNow(ann, { rules: ['own'] })), ['allowed: no rule applies']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainBounds } from './explain-bounds.ts';
import type { AlgorithmRule, Rule } from './rule.ts';
import { boundOf } from './testing/bounds.ts';
import type { ReferenceRule } from './testing/reference.ts';

const calls: Rule = { name: 'calls', key: ['user'], algorithm: { kind: 'gcra', limit: 10, periodMs: 1_000, burst: 4 } };

test('a rule of one process says its bound, and what a new start forgets', () => {
  assert.deepEqual(explainBounds(calls, { isShared: false, processes: 1 }), [
    'at most 4 units, and 10 in each 1 s that passes',
    'a process that begins anew knows nothing of before',
  ]);
  const apart = explainBounds({ ...calls, scope: 'process' }, { isShared: true, processes: 3 });
  assert.equal(apart[0], 'each of 3 processes by itself: at most 4 units, and 10 in each 1 s that passes');
});

test('a rule that processes share says what the store’s absence, its loss, leases and late tellings add', () => {
  const shared = { isShared: true, processes: 3 };
  assert.deepEqual(explainBounds(calls, shared), [
    '3 processes together: at most 4 units, and 10 in each 1 s that passes',
    'where the store loses its data: 4 units more each time',
    'while the store does not answer: each of 3 processes lets through more, at most 2 units, and 10 in each 2 s that passes (gcra, limit 10, in 2 s, at once 2)',
  ]);
  assert.match(explainBounds({ ...calls, onStoreError: 'open' }, shared)[2] ?? '', /: everybody$/);
  assert.match(explainBounds({ ...calls, onStoreError: 'closed' }, shared)[2] ?? '', /: nobody$/);
  const leased = explainBounds({ ...calls, lease: { units: 5, forMs: 500 } }, shared);
  assert.equal(leased[3], 'leases: 15 units more (5 for each process, for 500 ms)');
  assert.match(explainBounds({ ...calls, sync: { everyMs: 200 } }, shared)[3] ?? '', /^told later: .* in 200 ms and a round trip/);
});

test('the figures are those of the bounds that the algorithms are held to', () => {
  const said = (algorithm: AlgorithmRule): string => explainBounds({ ...calls, algorithm }, { isShared: false, processes: 1 })[0] ?? '';
  const most = (algorithm: ReferenceRule, fromMs: number, toMs: number): number => boundOf(algorithm)(fromMs, toMs);
  const windows = { kind: 'fixed_window', limit: 7, periodMs: 1_000 } as const;
  assert.ok(said(windows).includes(`${most(windows, 999, 1_001)} around`));
  const counter = { kind: 'sliding_counter', limit: 7, periodMs: 1_000 } as const;
  assert.ok(said(counter).startsWith(`at most ${most(counter, 500, 1_500)} units in any 1 s`));
  const log = { kind: 'sliding_log', limit: 7, periodMs: 1_000 } as const;
  assert.ok(said(log).startsWith(`at most ${most(log, 500, 1_500)} units in any 1 s`));
  const bucket = { kind: 'token_bucket', capacity: 7, unit: 2, intervalMs: 1_000 } as const;
  assert.equal(most(bucket, 0, 1), 7);
  assert.ok(said(bucket).startsWith('at most 7 units, and 2 in each 1 s that begins'));
  const pacing = { kind: 'leaky_bucket', limit: 7, periodMs: 1_000, maxQueueMs: 100 } as const;
  assert.ok(said(pacing).includes(`, ${most(pacing, 0, 1_000)} in any 1 s`));
  const quota = { kind: 'quota', limit: 7, period: 'day', zone: 'UTC' } as const;
  assert.ok(said(quota).includes(`${most(quota, 86_399_999, 86_400_001)} around the end`));
  for (const algorithm of [
    { kind: 'warm_up', limit: 7, periodMs: 1_000, warmUpMs: 1_000, coldFactor: 3, burst: 2 },
    { kind: 'warm_up_pacing', limit: 7, periodMs: 1_000, warmUpMs: 1_000, coldFactor: 3, maxQueueMs: 5 },
    { kind: 'sentinel_warm_up', count: 7, warmUpSeconds: 10, coldFactor: 3 },
  ] as const)
    assert.match(said(algorithm), /7 (in|units)/);
});

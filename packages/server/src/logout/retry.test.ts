import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAt } from './retry.ts';

test('retries come soon at first, then rarely, and end after a day: bounded whatever a client does (attacks LOG-10, Back-Channel Logout §2.8)', () => {
  const created = 1_000_000;
  const delays: number[] = [];
  let now = created;
  for (let attempt = 1; attempt < 100; attempt += 1) {
    const at = retryAt(attempt, created, now);
    if (at === undefined) break;
    delays.push(at - now);
    now = at;
  }
  assert.deepEqual(delays, [5, 30, 120, 600, 3_600, 21_600, 21_600, 21_600]);
  assert.ok(now <= created + 86_400);
  assert.equal(retryAt(1, created, created + 86_395), created + 86_400);
  assert.equal(retryAt(1, created, created + 86_396), undefined);
});

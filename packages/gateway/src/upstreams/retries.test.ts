import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failure } from '../proxy/upstream.ts';
import { isRepeatable, Retries, type RetryRule } from './retries.ts';

const RULE: RetryRule = { attempts: 2, statuses: [502, 503, 504], share: 0.2, spare: 3 };
const GET = { method: 'GET', replayable: true, tries: 0 } as const;
const REFUSED: Failure = { kind: 'failed', phase: 'connect', cause: 'refused', sent: false };
const RESET: Failure = { kind: 'failed', phase: 'head', cause: 'reset', sent: true };

function takes(failure: Failure, retried: { readonly method: string; readonly replayable: boolean }): boolean {
  return new Retries(RULE).takeAfterFailure(failure, { ...retried, tries: 0 }, 0);
}

test('where nothing was sent every method is tried again, also with a body that cannot be kept', () => {
  for (const method of ['GET', 'POST', 'PATCH', 'REPORT'])
    for (const replayable of [true, false]) assert.equal(takes(REFUSED, { method, replayable }), true, method);
});

test('after something was sent only an idempotent method with a body that is kept is tried again (RFC 9110 §9.2.2)', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
    assert.equal(takes(RESET, { method, replayable: true }), true, method);
    assert.equal(takes(RESET, { method, replayable: false }), false, method);
  }
  for (const method of ['POST', 'PATCH', 'get', 'LOCK', 'REPORT']) assert.equal(takes(RESET, { method, replayable: true }), false, method);
  assert.equal(isRepeatable({ method: 'PUT', replayable: true }), true);
});

test('a head that took too long, a head that cannot be read and an answer that broke off are not tried again', () => {
  assert.equal(takes({ ...RESET, cause: 'timeout' }, GET), false);
  assert.equal(takes({ ...RESET, cause: 'protocol' }, GET), false);
  assert.equal(takes({ ...RESET, phase: 'body' }, GET), false);
});

test('an answer is worth another try by the listed statuses alone', () => {
  const retries = new Retries(RULE);
  const worth = [200, 404, 429, 500, 501, 502, 503, 504, 505].filter((status) => retries.mightAfterStatus(status, GET));
  assert.deepEqual(worth, [502, 503, 504]);
  assert.equal(retries.mightAfterStatus(503, { ...GET, method: 'POST' }), false);
  assert.equal(retries.mightAfterStatus(503, { ...GET, replayable: false }), false);
});

test('nothing is tried more than twice again', () => {
  const retries = new Retries(RULE);
  const tries = [0, 1, 2, 3];
  assert.deepEqual(
    tries.map((count) => retries.takeAfterFailure(REFUSED, { ...GET, tries: count }, 0)),
    [true, true, false, false],
  );
  assert.deepEqual(
    tries.map((count) => retries.mightAfterStatus(503, { ...GET, tries: count })),
    [true, true, false, false],
  );
});

test('retries are a fifth of the requests of the last ten seconds, and three', () => {
  const retries = new Retries(RULE);
  let taken = 0;
  for (let now = 0; now < 60_000; now += 10) {
    retries.note(now);
    if (retries.takeAfterFailure(REFUSED, GET, now)) taken += 1;
    // Ten seconds of a request each ten milliseconds.
    if (now === 9_990) assert.equal(taken, 203);
  }
  assert.ok(taken <= 0.2 * 6_000 + 6 * 3 + 20, `${taken}`);
  assert.ok(taken >= 0.18 * 6_000, `${taken}`);
  // Nothing more is going on.
  let spare = 0;
  for (let attempt = 0; attempt < 100; attempt += 1) if (retries.takeAfterStatus(GET, 120_000)) spare += 1;
  assert.equal(spare, 3);
});

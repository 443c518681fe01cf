import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WebhookFailure, WebhookProgress } from '@hufu/store/port';
import { afterDelivered, afterFailed, delayAfter, type Step } from './progress.ts';

const BEGIN = 1_000_000;
const THERE: WebhookProgress = {
  cursorSeq: 4,
  failures: 0,
  failingSince: 0,
  headSeq: 0,
  headAttempts: 0,
  headSince: 0,
  dueAt: 0,
  deliveredAt: 0,
};
const TRIED = { seq: 7, messageId: 'evt_7', action: 'user.created' };

/** Tries the same event again whenever it is due, until it is given up or the webhook ends. */
function fail(there: WebhookProgress, patience: 'long' | 'short', begin: number, reason: WebhookFailure = 'refused'): readonly Step[] {
  const steps: Step[] = [];
  let progress = there;
  for (let now = begin; steps.length < 100; now = progress.dueAt) {
    const step = afterFailed(progress, TRIED, { reason, patience }, now, 0.5);
    steps.push(step);
    progress = step.progress;
    if (step.delivery.state === 'dead' || step.end !== undefined) break;
  }
  return steps;
}

test('delays double and more up to six hours, each a fifth sooner or later', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 100].map((failures) => delayAfter(failures, 0.5)),
    [5, 30, 120, 600, 3_600, 21_600, 21_600, 21_600],
  );
  assert.deepEqual([delayAfter(9, 0), delayAfter(9, 1), delayAfter(1, 0)], [17_280, 25_920, 4]);
});

test('an event is given up after a day, after an hour where the receiver says that it is to blame, and the next one is due at once', () => {
  const long = fail(THERE, 'long', BEGIN);
  assert.deepEqual(
    long.map(({ delivery }) => delivery.at - BEGIN),
    [0, 5, 35, 155, 755, 4_355, 25_955, 47_555, 69_155, 90_755],
  );
  const last = long.at(-1);
  assert.deepEqual(last?.delivery, { ...TRIED, state: 'dead', attempts: 10, reason: 'refused', at: BEGIN + 90_755 });
  assert.deepEqual([last?.progress.cursorSeq, last?.progress.headSeq, last?.progress.dueAt], [7, 0, BEGIN + 90_755]);
  assert.ok(long.slice(0, -1).every(({ progress, delivery }) => progress.cursorSeq === 4 && delivery.state === 'waiting'));
  assert.equal(fail(THERE, 'short', BEGIN).at(-1)?.delivery.at, BEGIN + 4_355);
});

test('a target that has failed for five days is switched off, and one that says 410 at once, without losing the event', () => {
  let progress = THERE;
  let now = BEGIN;
  let end: string | undefined;
  let dead = 0;
  for (let i = 0; i < 200 && end === undefined; i += 1) {
    const step = afterFailed(progress, { ...TRIED, seq: progress.cursorSeq + 1 }, { reason: 'unreachable', patience: 'long' }, now, 0.5);
    ({ end, progress } = step);
    if (step.delivery.state === 'dead') dead += 1;
    now = progress.dueAt;
  }
  assert.equal(end, 'failing');
  assert.ok(dead <= 5, `${dead} are given up in five days, however many there are`);
  const gone = afterFailed(THERE, TRIED, { reason: 'gone', patience: 'short' }, BEGIN, 0.5);
  assert.deepEqual([gone.end, gone.delivery.state, gone.progress.cursorSeq], ['gone', 'waiting', 4]);
});

test('a success ends all of it', () => {
  const [, , third] = fail(THERE, 'long', BEGIN);
  assert.ok(third !== undefined);
  const { progress, delivery } = afterDelivered(third.progress, TRIED, BEGIN + 99);
  assert.deepEqual(progress, { ...THERE, cursorSeq: 7, dueAt: BEGIN + 99, deliveredAt: BEGIN + 99 });
  assert.deepEqual(delivery, { ...TRIED, state: 'delivered', attempts: 4, reason: undefined, at: BEGIN + 99 });
});

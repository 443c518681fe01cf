import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, testClock } from './clock.ts';

test('the clock never goes back, and counts whole milliseconds', () => {
  const clock = systemClock();
  let last = 0;
  for (let i = 0; i < 10_000; i++) {
    const now = clock.nowMs();
    assert.ok(now >= last && Number.isInteger(now));
    last = now;
  }
  assert.ok(Math.abs(clock.nowMs() - Date.now()) < 1_000);
});

test("it follows the store's clock forward alone: a clock set back revives nothing", () => {
  const clock = systemClock();
  const before = clock.nowMs();
  clock.align(before - 3_600_000);
  assert.ok(clock.nowMs() >= before);
  clock.align(before + 3_600_000);
  assert.ok(clock.nowMs() >= before + 3_600_000);
  clock.align(before);
  assert.ok(clock.nowMs() >= before + 3_600_000);
});

test('a test clock stands where it is frozen, moves when it is moved, and runs on when it is resumed', () => {
  const clock = testClock();
  clock.freeze(1_000);
  assert.equal(clock.nowMs(), 1_000);
  clock.advance(500);
  assert.equal(clock.nowMs(), 1_500);
  clock.align(9_000);
  assert.equal(clock.nowMs(), 1_500, 'frozen is frozen');
  clock.resume();
  assert.ok(Math.abs(clock.nowMs() - Date.now()) < 1_000);
});

test('a running test clock that is moved keeps running from there', () => {
  const clock = testClock();
  clock.advance(86_400_000);
  const moved = clock.nowMs();
  assert.ok(Math.abs(moved - Date.now() - 86_400_000) < 1_000);
  clock.freeze(5);
  clock.resume();
  assert.ok(clock.nowMs() < moved, 'resuming forgets the travels');
});

test('what happens again and again does not overlap with itself, goes on after a pause, and stops', async () => {
  const clock = systemClock();
  let under = 0;
  let most = 0;
  let calls = 0;
  let release = (): void => undefined;
  const stop = clock.every(1, async () => {
    calls++;
    under++;
    most = Math.max(most, under);
    if (calls === 1) await new Promise<void>((resolve) => (release = resolve));
    under--;
  });
  await delay(20);
  assert.equal(calls, 1, 'the first is still under way');
  release();
  while (calls < 3) await delay(1);
  stop();
  const then = calls;
  await delay(10);
  assert.equal(calls, then);
  assert.equal(most, 1);
});

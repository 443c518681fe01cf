import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenSessions } from './open-sessions.ts';
import type { OpenStream } from './proxy/forward-task.ts';

function stream(): OpenStream & { isCut: boolean } {
  return {
    isCut: false,
    cut() {
      this.isCut = true;
    },
  };
}

/** What was asked has been answered. */
const settled = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

test('a session that was used again after it seemed to be over is asked for when it seems so the next time', async () => {
  const asked: string[] = [];
  let answer: Promise<number | undefined> = Promise.reject(new Error('the store is away'));
  const sessions = new OpenSessions((id) => {
    asked.push(id);
    return answer;
  });
  const [one, other] = [stream(), stream()];
  const session = sessions.enter({ id: 's', livesUntil: 1_000 }, one);
  assert.equal(sessions.isOver(session, 1_000), false);
  await settled();
  // Used here, while nobody could say whether it lives.
  sessions.enter({ id: 's', livesUntil: 2_800 }, other);
  assert.equal(sessions.isOver(session, 1_002), false);
  answer = Promise.resolve(5_000);
  assert.equal(sessions.isOver(session, 2_800), false, 'its patience begins anew');
  await settled();
  assert.deepEqual(asked, ['s', 's']);
  assert.equal(sessions.isOver(session, 4_999), false);
  assert.deepEqual([one.isCut, other.isCut], [false, false]);
});

test('of many sessions that seem to be over only some are asked for at a time, the others after them', async () => {
  const asked: ((livesUntil: number | undefined) => void)[] = [];
  const sessions = new OpenSessions(() => new Promise((resolve) => asked.push(resolve)));
  const streams = Array.from({ length: 20 }, stream);
  for (const [i, one] of streams.entries()) assert.equal(sessions.isOver(sessions.enter({ id: `s${i}`, livesUntil: 10 }, one), 11), false);
  assert.equal(asked.length, 16);
  for (const answer of asked.splice(0)) answer(undefined);
  await settled();
  assert.deepEqual([asked.length, streams.filter(({ isCut }) => isCut).length], [4, 16]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ack, Acks } from './acks.ts';
import { systemClock } from './clock.ts';

interface Desk {
  readonly acks: Acks;
  readonly sent: (readonly Ack[])[];
  /** How long was waited, each time. */
  readonly waits: number[];
  nowMs: number;
  isAway: boolean;
  /** Ends the wait. */
  turn(): Promise<void>;
}

function open(): Desk {
  let go: (() => void) | undefined;
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const desk: Desk = {
    sent: [],
    waits: [],
    nowMs: 1_000,
    isAway: false,
    acks: new Acks(
      {
        ...systemClock,
        monotonicMs: () => desk.nowMs,
        wait: (ms) => {
          desk.waits.push(ms);
          return new Promise((resolve) => {
            go = resolve;
          });
        },
      },
      new AbortController().signal,
      async (acks) => {
        if (desk.isAway) throw new Error('away');
        desk.sent.push(acks);
      },
    ),
    async turn() {
      await settle();
      go?.();
      await settle();
    },
  };
  return desk;
}

test('what is enforced is told at most every 200 ms, each with the time that it has when it is told', async () => {
  const desk = open();
  desk.acks.note(1);
  desk.acks.note(2);
  desk.nowMs += 150;
  desk.acks.note(3);
  await desk.turn();
  assert.deepEqual(desk.sent, [
    [{ seq: 1, ago_ms: 0 }],
    [
      { seq: 2, ago_ms: 150 },
      { seq: 3, ago_ms: 0 },
    ],
  ]);
  assert.deepEqual(desk.waits, [200, 200]);
  await desk.turn();
  assert.equal(desk.sent.length, 2, 'and nothing where there is nothing to tell');
});

test('what could not be told is told later, with its own time; beyond 50 the oldest falls, as the next says it too', async () => {
  const desk = open();
  desk.isAway = true;
  desk.acks.note(1);
  await desk.turn();
  desk.nowMs += 1_000;
  desk.isAway = false;
  await desk.turn();
  assert.deepEqual(desk.sent, [[{ seq: 1, ago_ms: 1_000 }]]);
  assert.deepEqual(desk.waits.slice(0, 2), [1_000, 1_000]);
  for (let seq = 2; seq < 100; seq++) desk.acks.note(seq);
  await desk.turn();
  assert.deepEqual([desk.sent[1]?.length, desk.sent[1]?.[0]?.seq, desk.sent[1]?.at(-1)?.seq], [50, 50, 99]);
  desk.acks.note(100);
  desk.acks.forget();
  await desk.turn();
  assert.equal(desk.sent.length, 2, 'numbers of another log are not told');
});

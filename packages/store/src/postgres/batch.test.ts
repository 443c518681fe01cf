import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoreUnavailable } from '../port.ts';
import { batch } from './batch.ts';

/** A `send` whose answers are given by hand. */
function manual(): {
  sent: string[][];
  send: (items: readonly string[]) => Promise<string[]>;
  answer: () => void;
  fail: (error: Error) => void;
} {
  const sent: string[][] = [];
  const pending: { resolve: (answers: string[]) => void; reject: (error: Error) => void; items: readonly string[] }[] = [];
  return {
    sent,
    send: (items) =>
      new Promise((resolve, reject) => {
        sent.push([...items]);
        pending.push({ resolve, reject, items });
      }),
    answer: () => {
      const one = pending.shift();
      one?.resolve(one.items.map((item) => item.toUpperCase()));
    },
    fail: (error) => pending.shift()?.reject(error),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what arrives in one turn goes together, and each gets its own answer', async () => {
  const { sent, send, answer } = manual();
  const call = batch({ key: () => '', send });
  const answers = Promise.all([call('a'), call('b'), call('c')]);
  await turn();
  assert.deepEqual(sent, [['a', 'b', 'c']]);
  answer();
  assert.deepEqual(await answers, ['A', 'B', 'C']);
});

test('two batches are under way at most; what comes meanwhile goes together afterwards', async () => {
  const { sent, send, answer } = manual();
  const call = batch({ key: () => '', send });
  const answers: Promise<string>[] = [];
  for (const item of ['a', 'b', 'c', 'd']) {
    answers.push(call(item));
    await turn();
  }
  assert.deepEqual(sent, [['a'], ['b']]);
  answer();
  await turn();
  assert.deepEqual(sent, [['a'], ['b'], ['c', 'd']]);
  answer();
  answer();
  assert.deepEqual(await Promise.all(answers), ['A', 'B', 'C', 'D']);
});

test('items of different keys never share a batch, and a busy key starves nobody', async () => {
  const { sent, send, answer } = manual();
  const call = batch<string, string>({ key: (item) => item.slice(0, 1), send });
  const busy = Array.from({ length: 1000 }, (_, index) => `a${index}`);
  const answers = Promise.all([...busy, 'b1', 'b2'].map((item) => call(item)));
  for (let round = 0; round < 20; round += 1) {
    await turn();
    answer();
  }
  await answers;
  assert.ok(sent.every((items) => new Set(items.map((item) => item.slice(0, 1))).size === 1));
  assert.ok(sent.findIndex((items) => items.includes('b1')) <= 2);
  assert.ok(sent.every((items) => items.length <= 128));
});

test('a store that is away fails the whole batch, and the next one is tried', async () => {
  const { send, answer, fail } = manual();
  const call = batch({ key: () => '', send });
  const both = Promise.allSettled([call('a'), call('b')]);
  await turn();
  fail(new StoreUnavailable('away'));
  assert.deepEqual(
    (await both).map((one) => one.status),
    ['rejected', 'rejected'],
  );
  const next = call('c');
  await turn();
  answer();
  assert.equal(await next, 'C');
});

test('an item that cannot be sent fails alone', async () => {
  const call = batch<string, string>({
    key: () => '',
    send: async (items) => {
      if (items.includes('poison')) throw new RangeError('poison');
      return items.map((item) => item.toUpperCase());
    },
  });
  const settled = await Promise.allSettled(['a', 'poison', 'b'].map((item) => call(item)));
  assert.deepEqual(
    settled.map((one) => (one.status === 'fulfilled' ? one.value : one.reason instanceof RangeError)),
    ['A', true, 'B'],
  );
});

test('more than can wait is refused at once', async () => {
  const { send } = manual();
  const call = batch({ key: () => '', send });
  const refused: unknown[] = [];
  for (let index = 0; index < 5000; index += 1) call(`${index}`).catch((error: unknown) => refused.push(error));
  await turn();
  assert.ok(refused.length > 0 && refused.length < 1000);
  assert.ok(refused.every((error) => error instanceof StoreUnavailable));
});

test('whatever arrives when, everybody gets the answer to their own question', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ key: fc.integer({ min: 0, max: 3 }), waits: fc.boolean() }), { maxLength: 300 }),
      async (calls) => {
        const call = batch<{ key: number; index: number }, string>({
          key: ({ key }) => String(key),
          send: async (items) => {
            await turn();
            return items.map(({ key, index }) => `${key} ${index}`);
          },
        });
        const answers: Promise<string>[] = [];
        for (const [index, { key, waits }] of calls.entries()) {
          answers.push(call({ key, index }));
          if (waits) await turn();
        }
        assert.deepEqual(
          await Promise.all(answers),
          calls.map(({ key }, index) => `${key} ${index}`),
        );
      },
    ),
    { numRuns: 30 },
  );
});

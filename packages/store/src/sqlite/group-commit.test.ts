import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnavailable } from '../port.ts';
import { GroupCommit, type GroupLimits } from './group-commit.ts';

const LIMITS: GroupLimits = { maxGroup: 10, maxWaiting: 30, maxAttempts: 3 };

/** Transactions that write down what happened, and fail where told. */
function recording(limits: GroupLimits = LIMITS) {
  const log: string[] = [];
  const fail: Record<string, unknown> = {};
  const step = (name: string) => () => {
    log.push(name);
    if (fail[name] !== undefined) throw fail[name];
  };
  const groups: number[] = [];
  const queue = new GroupCommit({ begin: step('begin'), commit: step('commit'), rollback: step('rollback') }, limits, (writes) =>
    groups.push(writes),
  );
  const write = async (name: string): Promise<string> =>
    await queue.write(() => {
      log.push(name);
      return name;
    });
  return { queue, write, log, fail, groups };
}

function sqliteError(errcode: number): Error {
  return Object.assign(new Error('sqlite says no'), { code: 'ERR_SQLITE_ERROR', errcode });
}

test('what arrives in one turn commits together, and is answered after the commit', async () => {
  const { write, log, groups } = recording();
  const answers = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      const answer = await write(name);
      log.push(`${answer} answered`);
      return answer;
    }),
  );
  assert.deepEqual(answers, ['a', 'b', 'c']);
  assert.deepEqual(log, ['begin', 'a', 'b', 'c', 'commit', 'a answered', 'b answered', 'c answered']);
  assert.deepEqual(groups, [3]);
});

test('a group is bounded, and the event loop turns between two of them', async () => {
  const { write, groups } = recording();
  let turnsBetween = 0;
  const writes = Array.from({ length: 25 }, async (_, index) => await write(`${index}`));
  const watch = async (): Promise<void> => {
    for (let turn = 0; turn < 20 && groups.length < 3; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (groups.length > 0 && groups.length < 3) turnsBetween += 1;
    }
  };
  await Promise.all([...writes, watch()]);
  assert.deepEqual(groups, [10, 10, 5]);
  assert.ok(turnsBetween >= 2);
});

test('one verb that throws fails alone; the others run again and commit without it', async () => {
  const { queue, write, log, groups } = recording();
  const results = await Promise.allSettled([
    write('a'),
    queue.write(() => {
      log.push('faulty');
      throw new RangeError('my fault');
    }),
    write('b'),
  ]);
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason))),
    ['a', 'RangeError: my fault', 'b'],
  );
  assert.deepEqual(log, ['begin', 'a', 'faulty', 'rollback', 'begin', 'a', 'b', 'commit']);
  assert.deepEqual(groups, [2]);
});

test('several that throw fail each with its own error', async () => {
  const { queue, write } = recording();
  const faulty = async (text: string): Promise<never> =>
    await queue.write((): never => {
      throw new Error(text);
    });
  const results = await Promise.allSettled([faulty('1'), write('a'), faulty('2'), faulty('3')]);
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason))),
    ['Error: 1', 'a', 'Error: 2', 'Error: 3'],
  );
  const alone = await Promise.allSettled([faulty('4')]);
  assert.equal(alone[0].status, 'rejected');
  assert.equal(await write('after'), 'after');
});

test('a store that cannot answer fails everybody of the group, with its cause, and nobody after', async () => {
  for (const [place, code] of [
    ['begin', 14],
    ['commit', 13],
    ['commit', 10 | (4 << 8)],
    ['b', 10],
  ] as const) {
    const { queue, write, log, fail } = recording();
    const cause = sqliteError(code);
    if (place !== 'b') fail[place] = cause;
    const b = queue.write(() => {
      if (place === 'b') throw cause;
    });
    const results = await Promise.allSettled([write('a'), b, write('c')]);
    for (const result of results) {
      assert.ok(result.status === 'rejected' && result.reason instanceof StoreUnavailable);
      assert.equal(result.reason.cause, cause);
    }
    assert.equal(log.includes('rollback'), place !== 'begin');
    delete fail[place];
    assert.equal(await write('later'), 'later');
  }
});

test('while another process writes, a group waits its turn and then runs', async () => {
  const { write, log, fail } = recording();
  fail['begin'] = sqliteError(5);
  const waiting = write('a');
  await new Promise((resolve) => setImmediate(resolve));
  delete fail['begin'];
  assert.equal(await waiting, 'a');
  assert.deepEqual(log, ['begin', 'begin', 'a', 'commit']);
});

test('a lock that is never free is a store that cannot answer', async () => {
  const { write, log, fail } = recording();
  fail['begin'] = sqliteError(5);
  await assert.rejects(async () => await write('a'), StoreUnavailable);
  assert.deepEqual(log, ['begin', 'begin', 'begin']);
  delete fail['begin'];
  assert.equal(await write('b'), 'b');
});

test('the queue is bounded', async () => {
  const { queue, write } = recording();
  queue.hold();
  const waiting = Array.from({ length: 30 }, async (_, index) => await write(`${index}`));
  await assert.rejects(async () => await write('one too many'), StoreUnavailable);
  queue.release();
  assert.equal((await Promise.all(waiting)).length, 30);
  assert.equal(await write('again'), 'again');
});

test('held writes wait, and run when released', async () => {
  const { queue, write, log } = recording();
  const first = write('a');
  queue.hold();
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(log, []);
  queue.release();
  assert.equal(await first, 'a');
});

test('closing settles what waits, also what is held, and refuses the rest', async () => {
  const { queue, write, log } = recording();
  const waiting = Array.from({ length: 12 }, async (_, index) => await write(`${index}`));
  queue.hold();
  const closing = queue.close();
  await assert.rejects(async () => await write('late'), StoreUnavailable);
  await closing;
  assert.equal(log.filter((entry) => entry === 'commit').length, 2);
  assert.equal((await Promise.all(waiting)).length, 12);
  await queue.close();
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { unlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Clock, systemClock } from '../clock.ts';
import { FileLock } from './file-lock.ts';
import { identify, isProcessGone } from './process-identity.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hufu-lock-'));
});
after(() => rm(folder, { recursive: true, force: true }));

let count = 0;
const fresh = (): string => join(folder, `f${++count}`);
const soon = (): AbortSignal => AbortSignal.timeout(300);
const inTime = (): AbortSignal => AbortSignal.timeout(60_000);

/** The system's clock, with seconds that go by in a fiftieth. */
const fast: Clock = {
  ...systemClock,
  progressMs: () => systemClock.progressMs() * 50,
  after: (ms, keeps, call) => systemClock.after(ms / 50, keeps, call),
};

/** The identity of a process that has ended. */
async function ended(): Promise<string> {
  const [, ...rest] = JSON.parse(identify());
  const child = spawn('true');
  await once(child, 'exit');
  return JSON.stringify([child.pid, ...rest]);
}

const textOf = (holder: string, beat = 0): string => JSON.stringify({ holder, beat }).padEnd(512);

describe('the lock of a file', () => {
  test('is taken over at once where its process is known to be gone', async () => {
    const path = fresh();
    await writeFile(`${path}.lock.7`, textOf(await ended()));
    // No time goes by in which it could have been watched.
    const still: Clock = { ...systemClock, progressMs: () => 0 };
    const held = await new FileLock(path, { clock: still }).acquire('', inTime());
    assert.equal(held.fence, 8);
    await held.release();
  });

  test('is taken from nobody who is at work, however long that takes, while it gives signs', async () => {
    const path = fresh();
    const held = await new FileLock(path, { clock: fast }).acquire('', inTime());
    // 40 of the holder's seconds, in each of which it gives a sign.
    await assert.rejects(new FileLock(path, { clock: fast }).acquire('', AbortSignal.timeout(800)));
    await held.release();
    await (await new FileLock(path).acquire('', inTime())).release();
  });

  test('is taken over after 20 seconds without a sign from a holder that nobody can ask, of the time that went by here', async () => {
    const path = fresh();
    await writeFile(`${path}.lock.3`, textOf('["somewhere else"]'));
    const begun = performance.now();
    const held = await new FileLock(path, { clock: fast }).acquire('', inTime());
    assert.ok(performance.now() - begun >= 390);
    assert.equal(held.fence, 4);
    assert.equal(await held.isGone('["somewhere else"]'), true, 'who was watched for 20 seconds is not waited for again');
    assert.equal(await held.isGone('["elsewhere"]'), false);
    await held.release();
    await assert.rejects(async () => readFile(`${path}.lock.3`), { code: 'ENOENT' });
  });

  test('a machine that slept has watched nothing: a jump of its clock takes the lock from nobody', async () => {
    const path = fresh();
    await writeFile(`${path}.lock.3`, textOf('["somewhere else"]'));
    let jump = 0;
    const jumping: Clock = { ...systemClock, progressMs: () => systemClock.progressMs() + (jump += 3_600_000) };
    await assert.rejects(new FileLock(path, { clock: jumping }).acquire('', soon()));
  });

  test('a disk whose looks take long, and those who give up and come again, keep nobody from it for ever', async () => {
    for (const [givesUpMs, takenMs] of [
      [Number.POSITIVE_INFINITY, 21_000],
      [8_000, 25_000],
    ] as const) {
      const path = fresh();
      await writeFile(`${path}.lock.3`, textOf('["somewhere else"]'));
      let now = 0;
      const slow: Clock = {
        ...systemClock,
        progressMs: () => now,
        after: (_ms, keeps, call) =>
          systemClock.after(0, keeps, () => {
            now += 300;
            call();
          }),
      };
      const lock = new FileLock(path, { pollMs: 5, clock: slow });
      for (let attempt = 0; attempt < 10; attempt++) {
        const until = now + givesUpMs;
        const signal = { throwIfAborted: () => assert.ok(now < until), addEventListener: () => {}, removeEventListener: () => {} };
        // What of a signal is used here.
        const held = await lock.acquire('', signal as unknown as AbortSignal).catch(() => undefined);
        if (held === undefined) continue;
        await held.release();
        break;
      }
      assert.ok(now >= 20_000 && now <= takenMs, String(now));
    }
  });

  test('a number that was there before is not taken for the lock', async () => {
    const path = fresh();
    await writeFile(`${path}.lock.1`, textOf('["somewhere else"]'));
    let looks = 0;
    const slow = new FileLock(path, {
      pollMs: 10_000,
      clock: {
        ...systemClock,
        after: (_ms, keeps, call) => systemClock.after(1, keeps, call),
        progressMs: () => {
          looks += 1;
          // Between finding number 1 worth nothing and making number 2, two others come, and the first of them is gone again.
          if (looks === 2) {
            writeFileSync(`${path}.lock.3`, textOf(identify()));
            unlinkSync(`${path}.lock.1`);
          }
          return Math.min(looks, 2) * 30_000;
        },
      },
    });
    await assert.rejects(slow.acquire('', soon()));
    assert.ok(looks >= 2);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith(`f${count}.`)),
      [`f${count}.lock.3`],
    );
  });

  test('whatever a crash left is gone with the next holder, and what is being made stays', async () => {
    const path = fresh();
    await writeFile(`${path}.lock.tmp-old`, 'half');
    await utimes(`${path}.lock.tmp-old`, 1, 1);
    await writeFile(`${path}.lock.tmp-new`, 'half');
    await (await new FileLock(path).acquire('', inTime())).release();
    const left = (await readdir(folder)).filter((name) => name.startsWith(`f${count}.`)).toSorted();
    assert.deepEqual(left, [`f${count}.lock.1`, `f${count}.lock.tmp-new`]);
  });
});

describe('whether a process is gone', () => {
  test('is said only where its number, its start, this boot and this namespace agree', async () => {
    const [pid, start, boot, namespace, random] = JSON.parse(identify());
    assert.equal(await isProcessGone(identify()), false);
    assert.equal(await isProcessGone(await ended()), true);
    assert.equal(await isProcessGone(JSON.stringify([pid, `${start}0`, boot, namespace, random])), true, 'its number was given out again');
    const [gone] = JSON.parse(await ended());
    assert.equal(await isProcessGone(JSON.stringify([gone, start, 'another boot', namespace, random])), false);
    assert.equal(await isProcessGone(JSON.stringify([gone, start, boot, 'pid:[1]', random])), false);
    assert.equal(await isProcessGone(JSON.stringify([gone, '', '', '', random])), false, 'a system that does not say');
    assert.equal(await isProcessGone('nonsense'), false);
  });

  test('one that was killed and not yet collected does nothing any more', async () => {
    const child = spawn('sleep', ['30']);
    await once(child, 'spawn');
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const [, , ...rest] = JSON.parse(identify());
    const identity = JSON.stringify([child.pid, start, ...rest]);
    assert.equal(await isProcessGone(identity), false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(await isProcessGone(identity), true);
  });
});

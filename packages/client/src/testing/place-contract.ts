import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SessionPlace } from '../session/place.ts';
import { type SessionRecord, stampOf } from '../session/record.ts';

/** What every place keeps to. `open` is another process's view of the same place each time; `close` is after the last. */
export function testPlace(what: string, open: () => Promise<SessionPlace>, close: () => Promise<void> = async () => {}): void {
  const record = (more: Partial<SessionRecord> = {}): SessionRecord => ({
    v: 1,
    rev: 1,
    session: 'a',
    refresh: 'r1',
    access: { k: { token: 't', type: 'Bearer', obtainedAt: 1, expiresAt: 2 } },
    claims: { sub: 'mei' },
    ...more,
  });
  let count = 0;
  const fresh = (): string => `${what} ${++count}`;

  describe(`a session in ${what}`, { concurrency: false }, () => {
    test('is read as it was written, by everybody', async () => {
      const [one, two] = [await open(), await open()];
      const name = fresh();
      assert.equal(await one.storage.read(name), undefined);
      assert.deepEqual(await one.storage.replace(name, undefined, record()), { kind: 'replaced' });
      assert.deepEqual(await two.storage.read(name), record());
      const next = record({ rev: 2, refresh: 'r2', pending: { refresh: 'r3' }, ended: { kind: 'replaced', reason: 'because' } });
      assert.deepEqual(await two.storage.replace(name, await stampOf(record()), next), { kind: 'replaced' });
      assert.deepEqual(await one.storage.read(name), next);
    });

    test('is changed only from what whoever changes it has seen: its session, its refresh token, its revision', async () => {
      const { storage } = await open();
      const name = fresh();
      await storage.replace(name, undefined, record());
      const next = record({ rev: 2 });
      for (const expected of [
        undefined,
        await stampOf(record({ rev: 3 })),
        await stampOf(record({ session: 'b' })),
        await stampOf(record({ refresh: 'r0' })),
      ])
        assert.deepEqual(await storage.replace(name, expected, next), { kind: 'conflict', current: record() });
      assert.deepEqual(await storage.read(name), record());
    });

    test('has one winner of 20 who change it at once', async () => {
      const places = await Promise.all([open(), open(), open(), open()]);
      const name = fresh();
      await places[0]?.storage.replace(name, undefined, record());
      const expected = await stampOf(record());
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const { storage } = places[index % 4] ?? assert.fail();
          return (await storage.replace(name, expected, record({ rev: 2, session: `s${index}` }))).kind;
        }),
      );
      assert.equal(outcomes.filter((kind) => kind === 'replaced').length, 1);
    });

    test('loses no change of 20 who add one each', async () => {
      const places = await Promise.all([open(), open()]);
      const name = fresh();
      await places[0]?.storage.replace(name, undefined, record({ failures: 0 }));
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const { storage } = places[index % 2] ?? assert.fail();
          for (;;) {
            const current = (await storage.read(name)) ?? assert.fail();
            const next = { ...current, rev: current.rev + 1, failures: (current.failures ?? 0) + 1 };
            if ((await storage.replace(name, await stampOf(current), next)).kind === 'replaced') return;
          }
        }),
      );
      assert.equal((await places[1]?.storage.read(name))?.failures, 20);
    });

    test('is guarded by a lock that one at a time has, with a number that only grows', async () => {
      const places = await Promise.all([open(), open(), open()]);
      const name = fresh();
      const fences: number[] = [];
      let inside = 0;
      await Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          const { lock } = places[index % 3] ?? assert.fail();
          const held = await lock.acquire(name, AbortSignal.timeout(60_000));
          inside += 1;
          assert.equal(inside, 1);
          fences.push(held.fence);
          // oxlint-disable-next-line hufu/time-and-chance -- it waits for no time
          await new Promise((resolve) => setImmediate(resolve));
          inside -= 1;
          await held.release();
          await held.release();
        }),
      );
      assert.equal(fences.length, 12);
      if (places[0]?.storage.reach !== 'process')
        assert.deepEqual(
          fences,
          fences.toSorted((a, b) => a - b),
        );
    });

    test('waiting for the lock ends with the signal, and costs nobody the turn', async () => {
      const { lock } = await open();
      const name = fresh();
      const held = await lock.acquire(name, AbortSignal.timeout(60_000));
      const leaving = new AbortController();
      const left = lock.acquire(name, leaving.signal);
      const stays = lock.acquire(name, AbortSignal.timeout(60_000));
      leaving.abort(new Error('gone'));
      await assert.rejects(left, /gone/);
      await held.release();
      await (await stays).release();
      await close();
    });
  });
}

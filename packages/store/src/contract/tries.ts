import assert from 'node:assert/strict';
import { FALL_AFTER_SECONDS, NEVER, PURGE_EVERY } from '../retention.ts';
import { type Case, countKinds, HOUR, hashText, NOW, race } from './bench.ts';
import { until } from './until.ts';

export function tryCases(define: Case): void {
  define('tries are counted in a window that begins with the first, for each kind and subject by itself', async (b) => {
    const { store, tenant } = b;
    const take = async (now: number, subject = 'ada'): Promise<unknown> =>
      await store.takeTry(tenant, 'second_factor', subject, 2, 60, now);
    assert.deepEqual(await take(NOW), { kind: 'taken', count: 1 });
    assert.deepEqual(await take(NOW + 30), { kind: 'taken', count: 2 });
    assert.deepEqual(await take(NOW + 30), { kind: 'limited', retryAfterSeconds: 30 });
    assert.deepEqual(await take(NOW + 59), { kind: 'limited', retryAfterSeconds: 1 });
    assert.deepEqual(await take(NOW + 59, 'bob'), { kind: 'taken', count: 1 });
    assert.deepEqual(await store.takeTry(tenant, 'mail_code', 'ada', 2, 60, NOW + 59), { kind: 'taken', count: 1 });
    assert.deepEqual(await store.takeTry(b.otherTenant, 'second_factor', 'ada', 2, 60, NOW + 59), { kind: 'taken', count: 1 });
    assert.deepEqual(await take(NOW + 60), { kind: 'taken', count: 1 }, 'what was refused counted nothing, and made no window longer');
  });

  define('fifty at once take as many as are allowed, in each window', async (b) => {
    for (const [round, max] of [10, 1, 49].entries()) {
      const now = NOW + round * HOUR;
      const answers = await race(b, async (store) => await store.takeTry(b.tenant, 'second_factor', 'ada', max, 60, now));
      assert.deepEqual(countKinds(answers), { taken: max, limited: 50 - max });
      const counts = answers.flatMap((answer) => (answer.kind === 'taken' ? [answer.count] : []));
      assert.deepEqual(
        counts.toSorted((one, other) => one - other),
        Array.from({ length: max }, (_, index) => index + 1),
      );
      for (const answer of answers) if (answer.kind === 'limited') assert.equal(answer.retryAfterSeconds, 60);
    }
  });

  define('what a right one gives back can be taken again, never more than was taken, and not in a window that is over', async (b) => {
    const { store, tenant } = b;
    const take = async (now: number): Promise<number> => {
      const answer = await store.takeTry(tenant, 'second_factor', 'ada', 3, 60, now);
      return answer.kind === 'taken' ? answer.count : 0;
    };
    const giveBack = async (now: number): Promise<void> => await store.giveBackTry(tenant, 'second_factor', 'ada', now);
    await giveBack(NOW);
    assert.equal(await take(NOW), 1);
    for (let index = 0; index < 5; index += 1) await giveBack(NOW);
    assert.deepEqual([await take(NOW), await take(NOW), await take(NOW), await take(NOW)], [1, 2, 3, 0]);
    await giveBack(NOW + 60);
    assert.equal(await take(NOW + 59), 0);
    await giveBack(NOW + 59);
    assert.equal(await take(NOW + 59), 3);
    await store.forgetTries(tenant, 'mail_code', 'ada');
    assert.equal(await take(NOW + 59), 0);
    await store.forgetTries(tenant, 'second_factor', 'ada');
    assert.equal(await take(NOW + 59), 1);
  });

  define('a window of a hundred years and one without end still count to their bound (attacks USR-10)', async (b) => {
    const years = 100 * 365 * 86_400;
    for (const [subject, seconds] of [
      ['a', years],
      ['b', Number.MAX_SAFE_INTEGER],
    ] as const) {
      const take = async (): Promise<string> => (await b.store.takeTry(b.tenant, 'totp_failures', subject, 2, seconds, NOW)).kind;
      assert.deepEqual([await take(), await take(), await take()], ['taken', 'taken', 'limited']);
    }
    const answer = await b.store.takeTry(b.tenant, 'totp_failures', 'b', 2, years, NOW);
    assert.deepEqual(answer, { kind: 'limited', retryAfterSeconds: NEVER - NOW });
  });

  define('a subject that is too long, no tries and no time are the mistake of the caller', async (b) => {
    const take = async (subject: string, max: number, seconds: number): Promise<unknown> =>
      await b.store.takeTry(b.tenant, 'mail_code', subject, max, seconds, NOW);
    await assert.rejects(take('x'.repeat(65), 1, 60), TypeError);
    await assert.rejects(take('x\0', 1, 60), TypeError);
    await assert.rejects(take('x', 0, 60), TypeError);
    await assert.rejects(take('x', 1, 0), TypeError);
  });

  define('windows that are over fall', async (b) => {
    for (let index = 0; index < 50; index += 1) await b.store.takeTry(b.tenant, 'mail_code', hashText(index), 5, 60, NOW);
    const later = NOW + 60 + FALL_AFTER_SECONDS;
    for (let index = 0; index < 2 * PURGE_EVERY; index += 1)
      await b.store.takeTry(b.tenant, 'mail_code', hashText(`l${index}`), 5, 60, later);
    await until(async () => (await b.countRows('tries')) === 2 * PURGE_EVERY);
    // What still counts stays.
    assert.deepEqual(await b.store.takeTry(b.tenant, 'mail_code', hashText('l0'), 5, 60, later + 59), { kind: 'taken', count: 2 });
  });
}

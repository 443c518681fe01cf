import assert from 'node:assert/strict';
import type { Mail } from '../port.ts';
import { MAIL_KEPT_SECONDS, MAX_MAIL, MAX_WAITING_MAILS, PURGE_EVERY } from '../retention.ts';
import { type Bench, type Case, HOUR, NOW, race } from './bench.ts';
import { until } from './until.ts';

export function mailCases(define: Case): void {
  define('a mail that waits is given to one alone until its lease is over', async (b) => {
    const { store, second, tenant } = b;
    assert.deepEqual(await take(b, NOW), []);
    for (const [index, text] of ['one', 'two', 'three'].entries())
      assert.equal(await store.putMail(tenant, text, NOW + HOUR, NOW + index), 'put');
    assert.deepEqual(await store.takeMails(b.otherTenant, 10, 60, NOW + 9), []);
    const taken = await store.takeMails(tenant, 2, 60, NOW + 9);
    assert.deepEqual(
      taken.map(({ sealed, attempt, createdAt, expiresAt }) => [sealed, attempt, createdAt, expiresAt]),
      [
        ['one', 1, NOW, NOW + HOUR],
        ['two', 1, NOW + 1, NOW + HOUR],
      ],
    );
    assert.deepEqual(
      (await second.takeMails(tenant, 10, 60, NOW + 9)).map(({ sealed }) => sealed),
      ['three'],
    );
    assert.deepEqual(await take(b, NOW + 68), []);
    assert.deepEqual(
      (await take(b, NOW + 69)).map(({ sealed, attempt }) => [sealed, attempt]),
      [
        ['one', 2],
        ['two', 2],
        ['three', 2],
      ],
    );
  });

  define('of fifty who take at once each mail is given to one', async (b) => {
    for (let index = 0; index < 30; index += 1) await b.store.putMail(b.tenant, `${index}`, NOW + HOUR, NOW);
    const taken = (await race(b, async (store) => await store.takeMails(b.tenant, 3, 60, NOW))).flat();
    assert.equal(taken.length, 30);
    assert.equal(new Set(taken.map(({ id }) => id)).size, 30);
  });

  define('what was sent is gone; what failed is due again, or dead and without its text', async (b) => {
    const { store, tenant } = b;
    for (const text of ['sent', 'again', 'dead', 'late']) await store.putMail(tenant, text, NOW + HOUR, NOW);
    const [sent, again, dead, late] = (await take(b, NOW)) as [Mail, Mail, Mail, Mail];
    await store.settleMail(tenant, sent.id, 1, { kind: 'sent' }, NOW);
    await store.settleMail(tenant, again.id, 1, { kind: 'failed', error: '421', dueAt: NOW + 30 }, NOW);
    await store.settleMail(tenant, dead.id, 1, { kind: 'failed', error: '550', dueAt: undefined }, NOW);
    await store.settleMail(tenant, late.id, 1, { kind: 'failed', error: '421', dueAt: NOW + HOUR }, NOW);
    assert.equal(await b.countRows('mails'), 3);
    assert.deepEqual(
      (await take(b, NOW + 30)).map(({ sealed, attempt }) => [sealed, attempt]),
      [['again', 2]],
    );
    // Only the last who took one has a say.
    await store.settleMail(tenant, again.id, 1, { kind: 'sent' }, NOW + 31);
    await store.settleMail(tenant, dead.id, 1, { kind: 'sent' }, NOW + 31);
    assert.equal(await b.countRows('mails'), 3);
    await store.settleMail(tenant, again.id, 2, { kind: 'sent' }, NOW + 31);
    assert.equal(await b.countRows('mails'), 2);
    assert.deepEqual(await take(b, NOW + HOUR - 1), []);
  });

  define('a mail is not taken once it is not worth sending any more', async (b) => {
    await b.store.putMail(b.tenant, 'code', NOW + 60, NOW);
    await b.store.putMail(b.tenant, 'notice', NOW + HOUR, NOW);
    assert.deepEqual(
      (await take(b, NOW + 60)).map(({ sealed }) => sealed),
      ['notice'],
    );
    assert.equal(await b.countRows('mails'), 2, 'it stays a while');
  });

  define('a mail has a bound, and so has what waits of a tenant', async (b) => {
    await assert.rejects(b.store.putMail(b.tenant, 'x'.repeat(MAX_MAIL + 1), NOW + HOUR, NOW), TypeError);
    for (let put = 0; put < MAX_WAITING_MAILS; put += 100)
      await Promise.all(Array.from({ length: 100 }, async () => await b.store.putMail(b.tenant, '', NOW + HOUR, NOW)));
    assert.equal(await b.store.putMail(b.tenant, '', NOW + HOUR, NOW), 'full');
    assert.equal(await b.store.putMail(b.otherTenant, '', NOW + HOUR, NOW), 'put');
    const [one] = await b.store.takeMails(b.tenant, 1, 60, NOW);
    assert.equal(await b.store.putMail(b.tenant, '', NOW + HOUR, NOW), 'full', 'what is being sent waits too');
    await b.store.settleMail(b.tenant, one?.id ?? 0, 1, { kind: 'sent' }, NOW);
    assert.equal(await b.store.putMail(b.tenant, '', NOW + HOUR, NOW), 'put');
  });

  define('mails that are over fall after a while', async (b) => {
    for (let index = 0; index < 50; index += 1) await b.store.putMail(b.tenant, 'x', NOW + 60, NOW);
    const later = NOW + 60 + MAIL_KEPT_SECONDS;
    for (let index = 0; index < 2 * PURGE_EVERY; index += 1) await b.store.putMail(b.tenant, 'x', later + HOUR, later);
    await until(async () => (await b.countRows('mails')) === 2 * PURGE_EVERY);
  });
}

async function take(b: Bench, now: number): Promise<Mail[]> {
  return await b.store.takeMails(b.tenant, 10, 60, now);
}

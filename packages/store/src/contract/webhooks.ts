import assert from 'node:assert/strict';
import type { TakenWebhook, WebhookDelivery, WebhookProgress, WebhookRecord } from '../port.ts';
import { DEAD_KEPT, DELIVERED_KEPT, MAX_REDELIVERIES } from '../retention.ts';
import { sealAll } from './audit.ts';
import { type Bench, type Case, countKinds, NOW, race } from './bench.ts';
import { STILL, someDelivery, someWebhook } from './webhook-bench.ts';

export function webhookCases(define: Case): void {
  define(
    'a webhook is made at the end that the log has, read, listed, changed where nobody else has changed it, and removed',
    async (b) => {
      await entries(b, 3);
      const webhook = await make(b, 'b');
      assert.deepEqual(webhook, { id: 'b', ...someWebhook(), ...STILL, cursorSeq: 3, createdAt: NOW, version: 1 });
      assert.deepEqual(await b.second.findWebhook(b.tenant, 'b'), webhook);
      assert.equal(await b.store.findWebhook(b.otherTenant, 'b'), undefined, 'of another tenant it is none');
      await make(b, 'a');
      assert.deepEqual(
        (await b.second.listWebhooks(b.tenant)).map(({ id }) => id),
        ['a', 'b'],
      );
      const next = someWebhook({ url: 'https://other.example/', actions: ['*'], enabled: false, endedBy: 'failing', description: '' });
      assert.deepEqual(await b.store.changeWebhook(b.tenant, 'b', next, 1, NOW, 0), {
        kind: 'done',
        webhook: { ...webhook, ...next, version: 2 },
      });
      assert.deepEqual(await b.store.changeWebhook(b.tenant, 'b', someWebhook(), 1, NOW, 0), { kind: 'changed' });
      assert.deepEqual(await b.store.changeWebhook(b.tenant, 'z', someWebhook(), 1, NOW, 0), { kind: 'unknown' });
      assert.deepEqual(await b.store.changeWebhook(b.otherTenant, 'b', someWebhook(), 2, NOW, 0), { kind: 'unknown' });
      assert.equal(await b.store.removeWebhook(b.otherTenant, 'b'), 'unknown');
      assert.equal(await b.store.removeWebhook(b.tenant, 'b'), 'removed');
      assert.equal(await b.second.removeWebhook(b.tenant, 'b'), 'unknown');
      await assert.rejects(() => b.store.createWebhook(b.tenant, { ...someWebhook({ url: `https://a/\0` }), id: 'c' }, 9, NOW), TypeError);
    },
  );

  define('there are so many webhooks of a tenant and no more, however many are made at once', async (b) => {
    const made = await race(b, async (store, index) => await store.createWebhook(b.tenant, { ...someWebhook(), id: `${index}` }, 5, NOW));
    assert.deepEqual(countKinds(made), { created: 5, full: 45 });
    assert.equal((await b.store.createWebhook(b.otherTenant, { ...someWebhook(), id: '1' }, 5, NOW)).kind, 'created');
  });

  define('of fifty changes of one version one is made, and one removal', async (b) => {
    await make(b, 'a');
    const changed = await race(b, async (store) => await store.changeWebhook(b.tenant, 'a', someWebhook(), 1, NOW, 0));
    assert.deepEqual(countKinds(changed), { done: 1, changed: 49 });
    const removed = await race(b, async (store) => await store.removeWebhook(b.tenant, 'a'));
    assert.equal(removed.filter((answer) => answer === 'removed').length, 1);
  });

  define('due is what is enabled, in nobody’s hands, at its time, and not where the log ends', async (b) => {
    await make(b, 'a');
    assert.deepEqual(await due(b), [], 'there is nothing to read');
    await entries(b, 1);
    const { seq: end } = await b.store.readAuditHead(b.tenant);
    assert.deepEqual(await due(b), ['a']);
    assert.deepEqual(
      (await b.store.dueWebhooks(b.tenant, NOW)).map((one) => one.end),
      [end],
    );
    assert.deepEqual(await due(b, NOW - 1), [], 'not before its time');
    assert.deepEqual(await b.store.dueWebhooks(b.otherTenant, NOW), []);
    const taken = await take(b, 'a');
    assert.deepEqual(await due(b), [], 'somebody has it');
    assert.deepEqual(await due(b, NOW + 30), ['a'], 'whoever died with it gives it back');
    await settle(b, taken, { progress: { ...STILL, cursorSeq: end } });
    assert.deepEqual(await due(b), []);
    // A log that was cut off is not where it was either.
    await settle(b, taken, { progress: { ...STILL, cursorSeq: end + 9 } });
    assert.deepEqual(await due(b), ['a']);
    await b.store.changeWebhook(b.tenant, 'a', someWebhook({ enabled: false }), 1, NOW, 0);
    assert.deepEqual(await due(b), []);
  });

  define('of fifty nodes that take a webhook one has it, and what others settle changes nothing', async (b) => {
    await make(b, 'a');
    await entries(b, 1);
    const taken = (await race(b, async (store) => await store.takeWebhook(b.tenant, 'a', 30, NOW))).filter((one) => one !== undefined);
    assert.equal(taken.length, 1);
    const [first] = taken;
    assert.ok(first !== undefined);
    assert.equal(await b.store.takeWebhook(b.tenant, 'a', 30, NOW + 29), undefined);
    const second = await take(b, 'a', NOW + 30);
    assert.ok(second.lease > first.lease);
    const late = { version: 1, progress: { ...STILL, cursorSeq: 1 }, delivery: someDelivery(1), leasedUntil: NOW + 99 };
    assert.deepEqual(await b.store.settleWebhook(b.tenant, 'a', first.lease, late), { kind: 'lost' });
    assert.deepEqual(await b.store.settleWebhook(b.otherTenant, 'a', second.lease, late), { kind: 'lost' });
    assert.deepEqual(await b.store.listWebhookDeliveries(b.tenant, 'a', {}, 9), []);
    assert.equal((await b.store.findWebhook(b.tenant, 'a'))?.cursorSeq, 0);
    const kept = await b.second.settleWebhook(b.tenant, 'a', second.lease, late);
    assert.ok(kept.kind === 'kept' && kept.webhook.cursorSeq === 1);
    assert.deepEqual(await b.store.listWebhookDeliveries(b.tenant, 'a', {}, 9), [late.delivery]);
    await b.store.removeWebhook(b.tenant, 'a');
    assert.deepEqual(await b.store.settleWebhook(b.tenant, 'a', second.lease, late), { kind: 'lost' });
    assert.equal(await b.countRows('webhook_deliveries'), 0);
  });

  define('what was settled is there for the next one, with the settings of now', async (b) => {
    await make(b, 'a');
    await entries(b, 2);
    const taken = await take(b, 'a');
    const progress = {
      cursorSeq: 1,
      failures: 2,
      failingSince: 3,
      headSeq: 2,
      headAttempts: 4,
      headSince: 5,
      dueAt: NOW + 60,
      deliveredAt: 7,
    };
    await b.store.changeWebhook(b.tenant, 'a', someWebhook({ url: 'https://new.example/' }), 1, NOW, 0);
    const kept = await settle(b, taken, { version: 2, progress });
    assert.deepEqual([kept?.url, kept?.version, kept?.dueAt], ['https://new.example/', 2, NOW + 60]);
    assert.equal(await b.store.takeWebhook(b.tenant, 'a', 30, NOW + 59), undefined, 'not before it is due');
    const again = await take(b, 'a', NOW + 60);
    assert.deepEqual(again.webhook, { ...kept, ...progress });
    // Switched off and on it has not failed, and is where it was.
    await settle(b, again, { progress: { ...progress, dueAt: NOW + 9_999 } });
    await b.store.changeWebhook(b.tenant, 'a', someWebhook({ enabled: false, endedBy: 'gone' }), 2, NOW, 0);
    const on = await b.second.changeWebhook(b.tenant, 'a', someWebhook(), 3, NOW + 61, 0);
    assert.ok(on.kind === 'done');
    const { failures, failingSince, dueAt, cursorSeq, endedBy, headSince } = on.webhook;
    assert.deepEqual([failures, failingSince, dueAt, cursorSeq, endedBy], [0, 0, NOW + 61, 1, undefined]);
    assert.equal(headSince, NOW + 61, 'and is not given up for the time that it was off');
  });

  define('progress that was judged by settings of before changes nothing: what an administrator began anew stays so', async (b) => {
    await make(b, 'a');
    await entries(b, 2);
    const taken = await take(b, 'a');
    const failed = {
      ...STILL,
      failures: 7,
      failingSince: NOW - 400_000,
      headSeq: 1,
      headAttempts: 7,
      headSince: NOW - 9_000,
      dueAt: NOW + 21_600,
    };
    await settle(b, taken, { progress: failed });
    await b.store.changeWebhook(b.tenant, 'a', someWebhook({ enabled: false }), 1, NOW, 0);
    const on = await b.second.changeWebhook(b.tenant, 'a', someWebhook(), 2, NOW + 1, 0);
    assert.ok(on.kind === 'done');
    const late = {
      version: 1,
      progress: { ...failed, failures: 8 },
      delivery: someDelivery(1, { state: 'waiting' }),
      leasedUntil: NOW + 30,
    };
    assert.deepEqual(await b.store.settleWebhook(b.tenant, 'a', taken.lease, late), { kind: 'changed', webhook: on.webhook });
    assert.deepEqual(await b.second.findWebhook(b.tenant, 'a'), on.webhook);
    assert.deepEqual(await b.store.listWebhookDeliveries(b.tenant, 'a', {}, 9), []);
    // What was sent once more is no progress, and judged by itself.
    const { progress: _, ...again } = late;
    assert.equal((await b.store.settleWebhook(b.tenant, 'a', taken.lease, again)).kind, 'kept');
    assert.equal((await b.store.settleWebhook(b.tenant, 'a', taken.lease, { ...late, version: 3 })).kind, 'kept');
    assert.equal((await b.store.settleWebhook(b.tenant, 'a', taken.lease + 1, late)).kind, 'lost', 'whose lease it is comes first');
  });

  define('a change passes what the settings before did not want, and never goes back', async (b) => {
    await make(b, 'a');
    await entries(b, 3);
    for (const [version, passedTo, cursorSeq] of [
      [1, 2, 2],
      [2, 0, 2],
      [3, 1, 2],
      [4, 3, 3],
    ] as const) {
      const changed = await b.store.changeWebhook(b.tenant, 'a', someWebhook(), version, NOW, passedTo);
      assert.ok(changed.kind === 'done');
      assert.equal(changed.webhook.cursorSeq, cursorSeq);
      assert.deepEqual(await b.second.findWebhook(b.tenant, 'a'), changed.webhook);
    }
  });

  define('deliveries are listed from the newest on, by their state, and one that waits is forgotten with what it waits for', async (b) => {
    await make(b, 'a');
    await entries(b, 1);
    const taken = await take(b, 'a');
    for (const [seq, more] of [
      [3, {}],
      [5, { state: 'dead', reason: 'refused', attempts: 7 }],
      [7, { state: 'waiting', reason: 'unreachable' }],
    ] as const)
      await settle(b, taken, { progress: { ...STILL, headSeq: seq }, delivery: someDelivery(seq, more) });
    const seqs = async (filter: Parameters<typeof b.store.listWebhookDeliveries>[2], limit = 9): Promise<readonly number[]> =>
      (await b.second.listWebhookDeliveries(b.tenant, 'a', filter, limit)).map(({ seq }) => seq);
    assert.deepEqual(await seqs({}), [7, 5, 3]);
    assert.deepEqual(await seqs({ before: 7 }, 1), [5]);
    assert.deepEqual(await seqs({ state: 'dead' }), [5]);
    assert.deepEqual(await b.store.listWebhookDeliveries(b.tenant, 'a', { state: 'dead' }, 9), [
      someDelivery(5, { state: 'dead', reason: 'refused', attempts: 7 }),
    ]);
    assert.deepEqual(await b.store.listWebhookDeliveries(b.otherTenant, 'a', {}, 9), []);
    await settle(b, taken, { progress: { ...STILL, cursorSeq: 8 } });
    assert.deepEqual(await seqs({}), [5, 3]);
    assert.equal((await b.store.findWebhook(b.tenant, 'a'))?.cursorSeq, 8);
  });

  define('what somebody wants sent once more is due at once, however long the webhook waits, and is theirs who takes it', async (b) => {
    await make(b, 'a');
    await entries(b, 1);
    const taken = await take(b, 'a');
    await settle(b, taken, {
      progress: { ...STILL, cursorSeq: 1, dueAt: NOW + 9_999 },
      delivery: someDelivery(1, { state: 'dead', reason: 'gone' }),
    });
    assert.deepEqual(await due(b), []);
    for (const [tenant, id, seq] of [
      [b.otherTenant, 'a', 1],
      [b.tenant, 'z', 1],
      [b.tenant, 'a', 2],
    ] as const)
      assert.equal(await b.store.redeliverWebhook(tenant, id, seq), 'unknown');
    const asked = await race(b, async (store) => await store.redeliverWebhook(b.tenant, 'a', 1));
    assert.equal(asked.filter((answer) => answer === 'done').length, 1, 'once for however many have asked');
    assert.deepEqual(
      (await b.second.dueWebhooks(b.tenant, NOW)).map(({ webhook, isAsked }) => [webhook.id, isAsked]),
      [['a', true]],
    );
    const again = await take(b, 'a');
    assert.deepEqual(again.redeliveries, [someDelivery(1, { state: 'due', reason: 'gone' })]);
    await settle(b, again, { delivery: someDelivery(1, { attempts: 2 }) });
    assert.deepEqual(await due(b), []);
    assert.equal((await b.store.findWebhook(b.tenant, 'a'))?.dueAt, NOW + 9_999, 'the rest waits as before');
  });

  define('the last of what was delivered and given up stay, and no more (attacks SSR-14)', async (b) => {
    await make(b, 'a');
    await entries(b, 1);
    const taken = await take(b, 'a');
    for (let seq = 1; seq <= DELIVERED_KEPT + 3; seq += 1) await settle(b, taken, { delivery: someDelivery(seq) });
    for (let seq = 10_001; seq <= 10_000 + DEAD_KEPT + 3; seq += 1)
      await settle(b, taken, { delivery: someDelivery(seq, { state: 'dead' }) });
    assert.equal(await b.countRows('webhook_deliveries'), DELIVERED_KEPT + DEAD_KEPT);
    assert.equal((await b.store.listWebhookDeliveries(b.tenant, 'a', { state: 'dead', before: 10_004 }, 9)).length, 0);
    for (let seq = 10_004; seq < 10_004 + MAX_REDELIVERIES + 5; seq += 1) await b.store.redeliverWebhook(b.tenant, 'a', seq);
    assert.equal((await take(b, 'a', NOW)).redeliveries.length, MAX_REDELIVERIES);
  });
}

async function make(b: Bench, id: string): Promise<WebhookRecord> {
  const made = await b.store.createWebhook(b.tenant, { ...someWebhook(), id }, 20, NOW);
  assert.equal(made.kind, 'created');
  return made.webhook;
}

let users = 0;

/** So many entries, which are sealed together with those of all else that was done. */
async function entries(b: Bench, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    users += 1;
    const name = `u${users}`;
    await b.store.createUser(b.tenant, { sub: name, username: name, passwordHash: undefined, claims: {} }, NOW);
  }
  await sealAll(b.store, b.tenant);
}

async function due(b: Bench, now: number = NOW): Promise<readonly string[]> {
  return (await b.second.dueWebhooks(b.tenant, now)).map(({ webhook }) => webhook.id);
}

async function take(b: Bench, id: string, now: number = NOW): Promise<TakenWebhook> {
  const taken = await b.store.takeWebhook(b.tenant, id, 30, now);
  assert.ok(taken !== undefined);
  return taken;
}

/** Gives it back. */
async function settle(
  b: Bench,
  { webhook, lease }: TakenWebhook,
  settlement: { readonly version?: number; readonly progress?: WebhookProgress; readonly delivery?: WebhookDelivery },
): Promise<WebhookRecord | undefined> {
  const kept = await b.store.settleWebhook(b.tenant, webhook.id, lease, { version: webhook.version, ...settlement, leasedUntil: NOW });
  return kept.kind === 'kept' ? kept.webhook : undefined;
}

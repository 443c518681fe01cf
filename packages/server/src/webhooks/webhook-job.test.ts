import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { openMemory } from '@hufu/store/memory';
import type { Store, WebhookSettings } from '@hufu/store/port';
import { withOutages } from '@hufu/store/slow';
import { openReceiver, type Receiver } from '../testing/receiver.ts';
import { advance, change, expectedSignature, makeWebhook, WEBHOOK_YAML } from '../testing/webhooks.ts';
import { openWorld, START, type World, type WorldOptions } from '../testing/world.ts';
import { newWebhookSecret, rotateSecrets } from './secrets.ts';
import { startWebhooks, wakeWebhooks } from './webhook-job.ts';

interface Bench {
  readonly world: World;
  readonly receiver: Receiver;
}

async function withBench(
  answer: Parameters<typeof openReceiver>[0],
  act: (bench: Bench) => Promise<void>,
  options: WorldOptions = {},
): Promise<void> {
  const receiver = await openReceiver(answer);
  const world = await openWorld({ yaml: WEBHOOK_YAML, ...options });
  const stop = startWebhooks(world.ctx);
  try {
    await act({ world, receiver });
  } finally {
    await receiver.close();
    await stop();
    await world.close();
  }
}

function typesOf({ heard }: Receiver): readonly string[] {
  return heard.map(({ body }) => String(Object(JSON.parse(body)).type));
}

function idsOf({ heard }: Receiver): readonly unknown[] {
  return heard.map(({ headers }) => headers['webhook-id']);
}

/** As it is in the store, once it is so. */
async function settled(
  world: World,
  id: string,
  is: (webhook: WebhookSettings & { cursorSeq: number; failures: number }) => boolean,
): Promise<void> {
  await until(async () => {
    const webhook = await world.store.findWebhook(world.tenant, id);
    return webhook !== undefined && is(webhook);
  }, `${id} is settled`);
}

describe('entries of the audit log as events', () => {
  test('what is wanted is sent in its order, signed, with nothing in it but what the log has; what is not wanted moves the cursor', () =>
    withBench(undefined, async ({ world, receiver }) => {
      const { webhook, secret } = await makeWebhook(world, `${receiver.origin}/hook?token=capability`, { actions: ['user.disabled'] });
      await change(world, 6);
      const heard = await receiver.count(3);
      assert.deepEqual(typesOf(receiver), ['user.disabled', 'user.disabled', 'user.disabled']);
      const [first] = heard;
      assert.ok(first !== undefined);
      assert.deepEqual([first.method, first.path, first.contentType], ['POST', '/hook?token=capability', 'application/json']);
      assert.equal(first.headers['webhook-signature'], expectedSignature(secret, first));
      assert.equal(first.headers['webhook-timestamp'], String(START));
      assert.equal(first.headers.authorization, undefined);
      const entry = (await world.store.readAudit(world.tenant, webhook.cursorSeq, 9)).find(({ action }) => action === 'user.disabled');
      assert.ok(entry !== undefined);
      const { seq, id, hash } = entry;
      assert.deepEqual(JSON.parse(first.body), {
        type: 'user.disabled',
        timestamp: '2026-01-01T00:00:00.000Z',
        data: {
          issuer: world.ctx.issuer,
          seq,
          id,
          hash,
          actor: { kind: 'system', id: '' },
          via: '',
          request_id: '',
          target: entry.target,
          details: {},
        },
      });
      assert.equal(first.headers['webhook-id'], `evt_${hash.slice(0, 32)}`);
      assert.equal(new Set(idsOf(receiver)).size, 3);
      await until(() => world.events('webhook.delivered').length === 3);
      assert.ok(
        world.lines.every((line) => !/capability|whsec_/.test(line)),
        'its address is in no log',
      );
      const deliveries = await world.store.listWebhookDeliveries(world.tenant, webhook.id, {}, 9);
      assert.deepEqual(
        deliveries.map(({ state, attempts, reason }) => [state, attempts, reason]),
        Array.from({ length: 3 }, () => ['delivered', 1, undefined]),
      );
    }));

  test('one event that fails holds back those after it, comes again under its name, and then they come (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4)', async () => {
    const answers = [503, 408, 425, 429, 200];
    await withBench(
      (_, reply) => void reply.writeHead(answers.shift() ?? 200).end('canary'),
      async ({ world, receiver }) => {
        const { webhook } = await makeWebhook(world, receiver.origin);
        await change(world, 2);
        for (const [failures, seconds] of [
          [1, 6],
          [2, 36],
          [3, 144],
          [4, 720],
        ] as const) {
          await settled(world, webhook.id, (now) => now.failures === failures);
          assert.equal(receiver.heard.length, failures);
          advance(world, seconds);
        }
        await receiver.count(6);
        const ids = idsOf(receiver);
        assert.equal(new Set(ids.slice(0, 5)).size, 1, 'the same event under the same name');
        assert.notEqual(ids[5], ids[0]);
        const [, second] = receiver.heard;
        assert.notEqual(second?.headers['webhook-timestamp'], receiver.heard[0]?.headers['webhook-timestamp'], 'signed anew, at its time');
        await settled(world, webhook.id, (now) => now.failures === 0);
        assert.ok(
          world.lines.every((line) => !line.includes('canary')),
          'what it answered is in no log (attacks SSR-07)',
        );
      },
    );
  });

  test('a receiver that says 410 is switched off, in the audit log as well, and goes on where it was once it is enabled', async () => {
    let status = 410;
    await withBench(
      (_, reply) => void reply.writeHead(status).end(),
      async ({ world, receiver }) => {
        const { webhook } = await makeWebhook(world, receiver.origin);
        await change(world, 2);
        await settled(world, webhook.id, ({ enabled, endedBy }) => !enabled && endedBy === 'gone');
        await change(world, 1);
        const [told] = await world.store.listAudit(world.tenant, { action: 'webhook.changed' }, 1);
        assert.deepEqual(
          [told?.actor.kind, told?.target.id, Object(JSON.parse(told?.details ?? '')).ended_by],
          ['system', webhook.id, 'gone'],
        );
        assert.equal(receiver.heard.length, 1);
        status = 204;
        const there = (await world.store.findWebhook(world.tenant, webhook.id)) ?? assert.fail();
        await world.store.changeWebhook(
          world.tenant,
          webhook.id,
          { ...there, enabled: true, endedBy: undefined },
          there.version,
          world.now(),
          0,
        );
        wakeWebhooks(world.ctx);
        await receiver.count(4);
        assert.deepEqual(typesOf(receiver), ['user.disabled', 'user.disabled', 'user.enabled', 'user.disabled']);
      },
    );
  });

  test('the event that a webhook stopped at is not given up for the time that it was off', async () => {
    await withBench(
      (_, reply) => void reply.writeHead(503).end(),
      async ({ world, receiver }) => {
        const { webhook } = await makeWebhook(world, receiver.origin);
        await change(world, 1);
        await settled(world, webhook.id, ({ failures }) => failures === 1);
        const failed = (await world.store.findWebhook(world.tenant, webhook.id)) ?? assert.fail();
        await world.store.changeWebhook(world.tenant, webhook.id, { ...failed, enabled: false }, failed.version, world.now(), 0);
        advance(world, 2 * 86_400);
        await world.store.changeWebhook(world.tenant, webhook.id, { ...failed, enabled: true }, failed.version + 1, world.now(), 0);
        wakeWebhooks(world.ctx);
        await receiver.count(2);
        await settled(world, webhook.id, ({ failures }) => failures === 1);
        const [delivery] = await world.store.listWebhookDeliveries(world.tenant, webhook.id, {}, 1);
        assert.deepEqual([delivery?.state, delivery?.attempts], ['waiting', 2]);
      },
    );
  });

  test('an entry that no server has written is sent to nobody, and what comes after it is', () =>
    withBench(undefined, async ({ world, receiver }) => {
      const { webhook } = await makeWebhook(world, receiver.origin, { actions: ['user.*'] });
      // A store on which nobody acts signs nothing, as somebody who has the database alone.
      const bob = (await world.store.findUserByName(world.tenant, 'bob')) ?? assert.fail();
      await world.store.setUserEnabled(world.tenant, bob.id, false, world.now());
      await change(world, 1);
      await receiver.count(1);
      assert.deepEqual(typesOf(receiver), ['user.enabled']);
      await until(() => world.events('webhook.delivered').length === 1);
      const dead = await world.store.listWebhookDeliveries(world.tenant, webhook.id, { state: 'dead' }, 9);
      assert.deepEqual(
        dead.map(({ reason, attempts }) => [reason, attempts]),
        [['altered', 0]],
      );
      assert.equal(world.events('audit.tampered').length, 1);
    }));

  test('a log that was cut off sets the cursor back to its end, and what is sealed then is sent', () =>
    withBench(undefined, async ({ world, receiver }) => {
      const { webhook } = await makeWebhook(world, receiver.origin);
      const taken = (await world.store.takeWebhook(world.tenant, webhook.id, 30, world.now())) ?? assert.fail();
      const beyond = { ...taken.webhook, cursorSeq: webhook.cursorSeq + 1_000 };
      await world.store.settleWebhook(world.tenant, webhook.id, taken.lease, { version: 1, progress: beyond, leasedUntil: world.now() });
      wakeWebhooks(world.ctx);
      await settled(world, webhook.id, ({ cursorSeq }) => cursorSeq === webhook.cursorSeq);
      await change(world, 1);
      await receiver.count(1);
    }));

  test('what nobody wants is read once and written down now and then', () =>
    withBench(undefined, async ({ world, receiver }) => {
      const { webhook } = await makeWebhook(world, receiver.origin, { actions: ['key.*'] });
      await change(world, 300);
      const still = (await world.store.findWebhook(world.tenant, webhook.id)) ?? assert.fail();
      assert.equal(still.cursorSeq, webhook.cursorSeq);
      await change(world, 800);
      await settled(world, webhook.id, ({ cursorSeq }) => cursorSeq >= webhook.cursorSeq + 1_000);
      assert.equal(receiver.heard.length, 0);
    }));

  test('a delivery that somebody wants once more comes under its name, and one that fails then is dead again', async () => {
    let status = 200;
    await withBench(
      (_, reply) => void reply.writeHead(status).end(),
      async ({ world, receiver }) => {
        const { webhook } = await makeWebhook(world, receiver.origin);
        await change(world, 1);
        await until(() => world.events('webhook.delivered').length === 1);
        const [delivery] = await world.store.listWebhookDeliveries(world.tenant, webhook.id, {}, 1);
        assert.ok(delivery !== undefined);
        status = 500;
        await world.store.redeliverWebhook(world.tenant, webhook.id, delivery.seq);
        wakeWebhooks(world.ctx);
        await until(() => world.events('webhook.dead').length === 1);
        await until(async () => (await world.store.listWebhookDeliveries(world.tenant, webhook.id, { state: 'dead' }, 1)).length === 1);
        const [first, second] = receiver.heard;
        assert.equal(first?.headers['webhook-id'], second?.headers['webhook-id']);
        assert.equal(first?.body, second?.body);
        const [dead] = await world.store.listWebhookDeliveries(world.tenant, webhook.id, {}, 1);
        assert.deepEqual(dead, { ...delivery, state: 'dead', attempts: 2, reason: 'refused' });
        assert.equal((await world.store.findWebhook(world.tenant, webhook.id))?.failures, 0, 'the line of the others is not touched');
      },
    );
  });
});

describe('what changes while something is being sent', () => {
  test('a webhook that is deleted gets no more than the request that is under way; a secret, a filter and an address count from the next one on', async () => {
    const held: (() => void)[] = [];
    await withBench(
      (_, reply) => void held.push(() => reply.writeHead(200).end()),
      async ({ world, receiver }) => {
        const { webhook, secret } = await makeWebhook(world, `${receiver.origin}/one`);
        await change(world, 4);
        await receiver.count(1);
        const made = newWebhookSecret(world.ctx, webhook.id, world.now());
        const next = {
          ...webhook,
          url: `${receiver.origin}/two`,
          actions: ['user.enabled'],
          secrets: rotateSecrets(webhook.secrets, made.kept, 60, world.now()),
        };
        await world.store.changeWebhook(world.tenant, webhook.id, next, 1, world.now(), 0);
        held.shift()?.();
        const [first, second] = await receiver.count(2);
        assert.ok(first !== undefined && second !== undefined);
        assert.deepEqual([first.path, second.path], ['/one', '/two']);
        assert.deepEqual(typesOf(receiver), ['user.disabled', 'user.enabled']);
        assert.equal(first.headers['webhook-signature'], expectedSignature(secret, first));
        assert.equal(
          second.headers['webhook-signature'],
          [expectedSignature(made.text, second), expectedSignature(secret, second)].join(' '),
        );
        await world.store.removeWebhook(world.tenant, webhook.id);
        held.shift()?.();
        await until(() => world.events('webhook.delivered').length === 2);
        advance(world, 60);
        await change(world, 1);
        assert.equal(receiver.heard.length, 2);
        assert.equal(await world.store.findWebhook(world.tenant, webhook.id), undefined, 'what was under way has brought nothing back');
      },
    );
  });

  test('a node that dies between the answer and the cursor: after its lease another one sends it once more, under the same name', async () => {
    const store = await openMemory();
    const dies = (inner: Store): Store => withOutages(inner, (verb) => (verb === 'settleWebhook' ? 'before' : 'none'));
    await withBench(
      undefined,
      async ({ world, receiver }) => {
        const { webhook } = await makeWebhook(world, receiver.origin);
        await change(world, 1);
        await receiver.count(1);
        const second = await openWorld({ yaml: WEBHOOK_YAML, store });
        second.clock.freeze(world.clock.nowMs());
        const stop = startWebhooks(second.ctx);
        await until(() => world.events('job.failed').length > 0);
        assert.deepEqual(await store.dueWebhooks(world.tenant, second.now() + 29), [], 'the lease holds');
        advance(second, 30);
        await receiver.count(2);
        await settled(second, webhook.id, ({ cursorSeq }) => cursorSeq > webhook.cursorSeq);
        assert.equal(new Set(idsOf(receiver)).size, 1);
        await stop();
        await second.close();
      },
      { store, wrap: dies },
    );
    await store.close();
  });
});

describe('receivers that are no good', () => {
  test('one that drips, sends without end, compresses or redirects costs five seconds at most, and its body is not read (attacks SSR-03, SSR-07, SSR-09)', async () => {
    let how = 0;
    const answers: readonly Parameters<typeof openReceiver>[0][] = [
      (_, reply) => void reply.writeHead(200, { 'content-encoding': 'gzip' }).write('x'),
      (_, reply) => void reply.writeHead(200, { 'content-length': '1000000000' }).write('x'.repeat(100_000)),
      (_, reply) => void reply.writeHead(307, { location: 'http://127.0.0.1:1/private' }).end(),
    ];
    await withBench(
      (heard, reply) => answers[how]?.(heard, reply),
      async ({ world, receiver }) => {
        const { webhook } = await makeWebhook(world, receiver.origin);
        for (const delivered of [1, 2]) {
          await change(world, 1);
          await until(() => world.events('webhook.delivered').length === delivered);
          how += 1;
        }
        await change(world, 1);
        await settled(world, webhook.id, ({ failures }) => failures === 1);
        assert.equal(receiver.heard.length, 3, 'nobody went where it sent us');
        assert.deepEqual(
          world.events('webhook.failed').map(({ reason }) => reason),
          ['refused'],
        );
      },
    );
  });

  test('one that says nothing, is not there, or may not be called is the same to whoever looks, and the others go on meanwhile (attacks SSR-07, SSR-08)', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await withBench(undefined, async ({ world, receiver }) => {
      const bad = [`http://127.0.0.1:${port}/`, 'http://127.0.0.1:9/', 'https://10.0.0.1/', 'https://localhost/', 'http://public.example/'];
      const ids = await Promise.all(bad.map(async (url) => (await makeWebhook(world, url)).webhook.id));
      await makeWebhook(world, receiver.origin);
      await change(world, 3);
      await receiver.count(3);
      await until(() => world.events('webhook.failed').length === bad.length);
      for (const id of ids) {
        await settled(world, id, ({ failures }) => failures === 1);
        const [delivery] = await world.store.listWebhookDeliveries(world.tenant, id, {}, 1);
        assert.deepEqual([delivery?.state, delivery?.reason, delivery?.attempts], ['waiting', 'unreachable', 1]);
      }
    });
    silent.close();
  });

  test('of twenty that have something eight are sent to at once, and each in its turn (attacks SSR-14)', async () => {
    const held: (() => void)[] = [];
    await withBench(
      (_, reply) => void held.push(() => reply.writeHead(200).end()),
      async ({ world, receiver }) => {
        for (let i = 0; i < 20; i += 1) await makeWebhook(world, `${receiver.origin}/${i}`);
        await change(world, 1);
        await receiver.count(8);
        assert.equal(receiver.most, 8);
        await until(() => {
          for (const answer of held.splice(0)) answer();
          wakeWebhooks(world.ctx);
          return receiver.heard.length === 20;
        });
        assert.equal(new Set(receiver.heard.map(({ path }) => path)).size, 20);
        assert.equal(receiver.most, 8);
      },
    );
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import type { Store } from '@hufu/store/port';
import { withOutages } from '@hufu/store/slow';
import { openSqlite } from '@hufu/store/sqlite/open';
import { openReceiver, type Receiver } from '../testing/receiver.ts';
import { advance, change, makeWebhook, WEBHOOK_YAML } from '../testing/webhooks.ts';
import { openWorld, type World, type WorldOptions } from '../testing/world.ts';
import { startWebhooks, wakeWebhooks } from './webhook-job.ts';

interface Bench {
  readonly world: World;
  readonly receiver: Receiver;
  /** The clock of the job's own process, which stands still otherwise. */
  readonly passed: { ms: number };
  /** The verbs that the job and the test have called. */
  readonly verbs: (keyof Store)[];
}

async function withBench(
  answer: Parameters<typeof openReceiver>[0],
  act: (bench: Bench) => Promise<void>,
  options: WorldOptions & { readonly onVerb?: (verb: keyof Store, passed: { ms: number }) => void } = {},
): Promise<void> {
  const receiver = await openReceiver(answer);
  const passed = { ms: 1_000 };
  const verbs: (keyof Store)[] = [];
  const { onVerb, ...given } = options;
  const watch = (store: Store): Store =>
    withOutages(store, (verb) => {
      verbs.push(verb);
      onVerb?.(verb, passed);
      return 'none';
    });
  const world = await openWorld({ yaml: WEBHOOK_YAML, wrap: watch, ...given });
  const stop = startWebhooks(world.ctx, () => passed.ms);
  try {
    await act({ world, receiver, passed, verbs });
  } finally {
    await receiver.close();
    await stop();
    await world.close();
  }
}

/** So often it was taken. */
function turns({ verbs }: Bench): number {
  return verbs.filter((verb) => verb === 'takeWebhook').length;
}

describe('whose turn it is', () => {
  test('a lease sends for fifteen seconds, and is given back then', async () => {
    let bench: Bench | undefined;
    await withBench(
      (_, reply) => {
        if (bench !== undefined) bench.passed.ms += 8_000;
        reply.writeHead(200).end();
      },
      async (there) => {
        bench = there;
        await makeWebhook(there.world, there.receiver.origin);
        await change(there.world, 6);
        await until(() => {
          wakeWebhooks(there.world.ctx);
          return there.receiver.heard.length === 6;
        });
        assert.equal(turns(there), 3, 'two requests of eight seconds each');
      },
    );
  });

  test('one that always has something to send lets all others have their turn before it has another', async () => {
    const held: { readonly path: string; readonly answer: () => void }[] = [];
    await withBench(
      ({ path: asked }, reply) => void held.push({ path: asked, answer: () => reply.writeHead(200).end() }),
      async ({ world, receiver, passed }) => {
        const made: string[] = [];
        for (let i = 0; i < 10; i += 1) made.push((await makeWebhook(world, `${receiver.origin}/${i}`)).webhook.id);
        await change(world, 5);
        await receiver.count(8);
        assert.equal(new Set(receiver.heard.map(({ path: asked }) => asked)).size, 8);
        // Each turn is over with its first request.
        passed.ms += 15_000;
        held.shift()?.answer();
        await receiver.count(9);
        held.shift()?.answer();
        await receiver.count(10);
        assert.equal(new Set(receiver.heard.map(({ path: asked }) => asked)).size, 10);
        for (const id of made) await world.store.removeWebhook(world.tenant, id);
        for (const { answer } of held) answer();
      },
    );
  });

  test('a request begins within ten seconds after what came of the one before was written down, or not in this lease: it would be another node’s by its end', async () => {
    let slowReads = 0;
    await withBench(
      undefined,
      async (bench) => {
        const { world, receiver } = bench;
        const { webhook } = await makeWebhook(world, receiver.origin);
        // The first is the look of whoever takes it, the second that of the turn.
        slowReads = 2;
        await change(world, 1);
        await until(() => {
          wakeWebhooks(world.ctx);
          return receiver.heard.length === 1;
        });
        assert.equal(turns(bench), 2, 'the first has sent nothing');
        await until(() => world.events('webhook.delivered').length === 1);
        const [delivery] = await world.store.listWebhookDeliveries(world.tenant, webhook.id, {}, 1);
        // The same for what somebody wants once more.
        slowReads = 1;
        await world.store.redeliverWebhook(world.tenant, webhook.id, delivery?.seq ?? 0);
        await until(() => {
          wakeWebhooks(world.ctx);
          return receiver.heard.length === 2;
        });
        assert.equal(turns(bench), 4);
      },
      {
        onVerb: (verb, passed) => {
          if (verb !== 'readAudit' || slowReads === 0) return;
          slowReads -= 1;
          passed.ms += 10_000;
        },
      },
    );
  });
});

describe('what was looked at in vain', () => {
  test('counts for nothing once the log was cut off before it: what is sealed under those numbers is sent', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'hufu-webhooks-'));
    const file = path.join(folder, 'hufu.db');
    const store = await openSqlite(file);
    await withBench(
      undefined,
      async ({ world, receiver, verbs }) => {
        const { webhook } = await makeWebhook(world, receiver.origin, { actions: ['user.created'] });
        await change(world, 6);
        const looks = (): number => verbs.filter((verb) => verb === 'dueWebhooks').length;
        const before = looks();
        await until(() => {
          wakeWebhooks(world.ctx);
          return looks() >= before + 3;
        });
        const db = new DatabaseSync(file);
        db.exec(`DELETE FROM audit_log WHERE seq > ${webhook.cursorSeq + 1}`);
        db.exec('DELETE FROM audit_heads');
        db.close();
        await world.ctx.store.createUser(world.tenant, { sub: 'lin', username: 'lin', passwordHash: undefined, claims: {} }, world.now());
        const sealed = await world.store.sealAudit(world.tenant, 10);
        assert.ok(sealed.kind === 'sealed' && sealed.seq < webhook.cursorSeq + 6, 'under a number that was another entry’s');
        await until(() => {
          wakeWebhooks(world.ctx);
          return receiver.heard.length === 1;
        });
      },
      { store },
    );
    await store.close();
    await rm(folder, { recursive: true });
  });
});

describe('what an administrator changes while a request is under way', () => {
  test('one that is switched off and on begins anew: what fails then has failed once, is not given up and ends nothing', async () => {
    const held: ((status: number) => void)[] = [];
    await withBench(
      (_, reply) => void held.push((status) => reply.writeHead(status).end()),
      async ({ world, receiver }) => {
        const { webhook } = await makeWebhook(world, receiver.origin);
        const now = async (): ReturnType<Store['findWebhook']> => await world.store.findWebhook(world.tenant, webhook.id);
        const offAndOn = async (): Promise<void> => {
          for (const enabled of [false, true]) {
            const there = (await now()) ?? assert.fail();
            await world.store.changeWebhook(world.tenant, webhook.id, { ...there, enabled }, there.version, world.now(), 0);
          }
        };
        await change(world, 1);
        await receiver.count(1);
        held.shift()?.(503);
        await until(async () => (await now())?.failures === 1);
        advance(world, 6 * 86_400);
        await receiver.count(2);
        await offAndOn();
        held.shift()?.(503);
        await until(async () => (await now())?.failures === 1 && (await now())?.headAttempts === 2);
        const failed = (await now()) ?? assert.fail();
        assert.deepEqual([failed.enabled, failed.failingSince, failed.headSince], [true, world.now(), world.now()]);
        assert.ok(failed.dueAt <= world.now() + 6, 'and is tried soon');
        const [delivery] = await world.store.listWebhookDeliveries(world.tenant, webhook.id, {}, 1);
        assert.deepEqual([delivery?.state, delivery?.attempts], ['waiting', 2]);
        // "Send me no more" was said before it was enabled again: it may say so once more.
        advance(world, 6);
        await receiver.count(3);
        await offAndOn();
        held.shift()?.(410);
        await until(() => world.events('webhook.failed').length === 3);
        assert.equal((await now())?.enabled, true);
        advance(world, 6);
        await receiver.count(4);
        held.shift()?.(410);
        await until(async () => (await now())?.endedBy === 'gone');
      },
    );
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { tenantId } from '@hufu/protocol/ids';
import pg from 'pg';
// Runs on the cluster of HUFU_TEST_POSTGRES, or on one of its own.
import { createDatabase, dropDatabase, testPostgres } from '../../../../scripts/provision/postgres.mjs';
import { bench, makeGrant, makeScene, NOW } from '../contract/bench.ts';
import { until } from '../contract/until.ts';
import type { Store } from '../port.ts';
import { listeningBell } from './listening-bell.ts';
import { openPostgres } from './open.ts';

const cluster = await testPostgres();
const name = `hufu_bell_${process.pid}`;
const url = await createDatabase(name, cluster.url);
const looking = new pg.Client({ connectionString: url });
const OTHER = tenantId(2);

describe('a bell that other processes hear', () => {
  let store: Store;
  let second: Store;

  before(async () => {
    await looking.connect();
    store = await openPostgres(url);
    second = await openPostgres(url);
  });

  after(async () => {
    await Promise.all([store.close(), second.close()]);
    await looking.end();
    await dropDatabase(name, cluster.url);
    await cluster.stop();
  });

  test('what one process revokes wakes who watches in another, also where nobody watches in the first', async () => {
    const b = await bench({ store, second, countRows: () => Promise.resolve(0), close: () => Promise.resolve() });
    const scene = await makeScene(b);
    const heard = listener();
    const stop = await second.watchRevocations(b.tenant, heard.ring);
    const stopOther = await second.watchRevocations(OTHER, () => assert.fail('of another tenant'));
    const first = heard.next();
    await store.revokeGrant(b.tenant, await makeGrant(b, scene), 'revoked_by_user', NOW);
    await first;
    await stopOther();

    await terminateListeners();
    // A connection that is made again looks at once, for what was told meanwhile.
    await heard.next();
    await until(async () => (await countListeners()) === 1);
    const third = heard.next();
    await store.revokeGrant(b.tenant, await makeGrant(b, scene), 'revoked_by_user', NOW);
    await third;
    await stop();
  });

  for (const [name, checkMs] of [
    ['that takes nothing, when something is to be told: it is told otherwise', 3_600_000],
    ['that says nothing, when it is asked now and then', 50],
  ] as const)
    test(`another connection is made in place of one ${name}`, { timeout: 30_000 }, async () => {
      const between = await proxy(url);
      const told = Promise.withResolvers<unknown>();
      const db = { run: (_statement: unknown, [tenants]: readonly unknown[]) => Promise.resolve(told.resolve(tenants)).then(() => []) };
      const listening = listeningBell(db, between.url, checkMs);
      const heard = listener();
      const stop = listening.on(OTHER, heard.ring);
      await listening.ready();
      between.hold();
      const again = heard.next();
      if (checkMs > 1_000) {
        listening.ring(OTHER);
        assert.deepEqual(await told.promise, [String(OTHER)]);
        await again;
      }
      // Whoever listens anew looks at once.
      await (checkMs > 1_000 ? heard.next() : again);
      stop();
      await listening.close();
      between.close();
    });

  test('a close waits neither for a connection that says nothing nor for a database that does not', { timeout: 30_000 }, async () => {
    const between = await proxy(url);
    const db = { run: () => new Promise<never>(() => undefined) };
    const listening = listeningBell(db, between.url, 3_600_000, 50);
    const stop = listening.on(OTHER, () => undefined);
    await listening.ready();
    between.hold();
    listening.ring(OTHER);
    await listening.close();
    stop();
    const unheard = listeningBell(db, between.url, 3_600_000, 50);
    unheard.ring(OTHER);
    await unheard.close();
    between.close();
  });

  test('a process that ends right after it has revoked has told the others', async () => {
    const short = await openPostgres(url);
    const b = await bench({ store: short, countRows: () => Promise.resolve(0), close: () => Promise.resolve() });
    const scene = await makeScene(b, b.tenant, 'brief');
    const heard = listener();
    const stop = await second.watchRevocations(b.tenant, heard.ring);
    const told = heard.next();
    await short.revokeGrant(b.tenant, await makeGrant(b, scene), 'revoked_by_user', NOW);
    await short.close();
    await told;
    await stop();
  });
});

/** Lets everything through until it keeps everything back, without a word to either side. */
async function proxy(to: string): Promise<{ readonly url: string; readonly hold: () => void; readonly close: () => void }> {
  const target = new URL(to);
  let open: Socket[] = [];
  const server = createServer((near) => {
    const far = connect({ host: target.hostname, port: Number(target.port) });
    near.pipe(far).pipe(near);
    for (const one of [near, far]) one.on('error', () => undefined);
    open.push(near, far);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(to);
  url.hostname = '127.0.0.1';
  url.port = String(Object(server.address()).port);
  const held: Socket[] = [];
  return {
    url: url.href,
    hold: () => {
      for (const one of open) one.unpipe().pause();
      held.push(...open);
      open = [];
    },
    close: () => {
      for (const one of [...held, ...open]) one.destroy();
      server.close();
    },
  };
}

async function countListeners(): Promise<number> {
  const { rows } = await looking.query(`SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND application_name = 'hufu listening'`, [name]);
  return rows.length;
}

async function terminateListeners(): Promise<void> {
  const { rows } = await looking.query<{ done: boolean }>(
    `SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity WHERE datname = $1 AND application_name = 'hufu listening'`,
    [name],
  );
  assert.ok(rows.length > 0);
}

function listener(): { ring(): void; next(): Promise<void> } {
  let waiting: (() => void)[] = [];
  return {
    ring() {
      for (const heard of waiting) heard();
      waiting = [];
    },
    next: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

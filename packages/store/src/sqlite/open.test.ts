import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import {
  type Bench,
  bench,
  DAY,
  hashText,
  makeCode,
  makeGrant,
  makeScene,
  mustFind,
  NOW,
  someClient,
  someCode,
} from '../contract/bench.ts';
import { storeOn } from '../memory.ts';
import { type Store, StoreUnavailable } from '../port.ts';
import { openSqlite } from './open.ts';

async function inDirectory(run: (path: string, directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
  try {
    await run(join(directory, 'hufu.db'), directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function benchOn(store: Store): Promise<Bench> {
  return await bench({ store, countRows: async () => 0, close: async () => await store.close() });
}

test('a new database is for its owner alone, and its log too', async () => {
  await inDirectory(async (path) => {
    const store = await openSqlite(path);
    await store.ensureTenant('default');
    for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal(statSync(file).mode & 0o777, 0o600, file);
    await store.close();
  });
});

test('a closed store leaves one file, answers no more, and closes again in peace', async () => {
  await inDirectory(async (path, directory) => {
    const store = await openSqlite(path);
    const last = store.ensureTenant('default');
    await store.close();
    assert.equal((await last).id, 1);
    assert.deepEqual(readdirSync(directory), ['hufu.db']);
    await assert.rejects(async () => await store.ensureTenant('late'), StoreUnavailable);
    await assert.rejects(async () => await store.time(), StoreUnavailable);
    await store.close();
  });
});

test('what was acknowledged is there when the database is opened again, and no id is given out twice', async () => {
  await inDirectory(async (path) => {
    const first = await openSqlite(path);
    const b = await benchOn(first);
    const scene = await makeScene(b);
    const grant = await makeGrant(b, scene);
    await first.keepTime(1_800_000_000_123);
    await first.close();

    const second = await openSqlite(path);
    const again = await benchOn(second);
    assert.equal(await second.time(), 1_800_000_000_123);
    assert.equal((await mustFind(again, grant)).generation, 1);
    assert.deepEqual(await second.findClient(again.tenant, scene.client.clientId), scene.client);
    // All grants fall, and yet:
    for (let index = 0; index < 40; index += 1)
      await second.createGrant(again.tenant, someCode(scene, { sessionId: undefined, expiresAt: NOW + 99 * DAY }), NOW + 90 * DAY);
    assert.equal(await second.findGrant(again.tenant, grant), undefined);
    await second.close();

    const third = await openSqlite(path);
    assert.ok((await makeCode(await benchOn(third), scene)) > 40);
    await third.close();
  });
});

test('a database that cannot be opened is a store that cannot answer, with its cause', async () => {
  await inDirectory(async (path, directory) => {
    writeFileSync(path, 'this is not a database, but it is long enough to be taken for one. '.repeat(20));
    for (const place of [path, join(directory, 'missing', 'hufu.db'), directory]) {
      await assert.rejects(
        async () => await openSqlite(place),
        (error) => error instanceof StoreUnavailable && error.cause instanceof Error,
      );
    }
  });
});

test('a write waits while another process holds the lock, and reads go on', async () => {
  await inDirectory(async (path) => {
    const store = await openSqlite(path);
    await store.ensureTenant('default');
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    let settled = false;
    const write = store.ensureTenant('other').then((tenant) => {
      settled = true;
      return tenant;
    });
    for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(settled, false);
    assert.equal(await store.time(), 0);
    other.exec('COMMIT');
    assert.equal((await write).id, 2);
    other.close();
    await store.close();
  });
});

test('a lock that is never let go is a store that cannot answer, and the store works again afterwards', async () => {
  await inDirectory(async (path) => {
    const store = await openSqlite(path, { lockWaitMs: 200 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await assert.rejects(
      async () => await store.ensureTenant('default'),
      (error) => error instanceof StoreUnavailable && /lock/.test(String(error.cause)),
    );
    other.exec('ROLLBACK');
    other.close();
    assert.equal((await store.ensureTenant('default')).id, 1);
    await store.close();
  });
});

test('a full disk loses nothing that was acknowledged, and writes go on once there is room', async () => {
  const handle = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
  const store = await storeOn(handle);
  const { id: tenant } = await store.ensureTenant('default');
  handle.exec(`PRAGMA max_page_count = ${Number(handle.prepare('PRAGMA page_count').get()?.['page_count']) + 3}`);
  const acknowledged: string[] = [];
  let refused = 0;
  for (let index = 0; index < 40; index += 1) {
    const name = `user${index}`.padEnd(600, '.');
    try {
      await store.createUser(tenant, { sub: hashText(index), username: name, passwordHash: undefined, claims: {} }, NOW);
      acknowledged.push(name);
    } catch (error) {
      assert.ok(error instanceof StoreUnavailable && error.cause instanceof Error);
      refused += 1;
    }
  }
  assert.ok(refused > 0 && acknowledged.length > 0);
  handle.exec('PRAGMA max_page_count = 100000');
  for (const name of acknowledged) assert.ok(await store.findUserByName(tenant, name));
  assert.equal((await store.listUsers(tenant, 0, 100)).length, acknowledged.length);
  const users = await store.listUsers(tenant, 0, 100);
  assert.deepEqual(
    users.map((user) => user.id),
    users.map((_, index) => index + 1),
    'a refused write burns no id of a counter',
  );
  await store.close();
});

test('more writes than may wait are refused at once, and the others are done', async () => {
  await inDirectory(async (path) => {
    const store = await openSqlite(path, { maxWaiting: 100 });
    const results = await Promise.allSettled(Array.from({ length: 150 }, async (_, index) => await store.ensureTenant(`t${index}`)));
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 100);
    assert.ok(results.slice(100).every((result) => result.status === 'rejected' && result.reason instanceof StoreUnavailable));
    await store.close();
  });
});

test('processes that open a new database at once all get a migrated one', async () => {
  await inDirectory(async (path) => {
    const source = `import { openSqlite } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
      const store = await openSqlite(process.argv[1]);
      for (let index = 0; index < 20; index += 1) await store.ensureTenant('t' + index);
      const { id } = await store.ensureTenant('default');
      await store.putClient(id, { clientId: 'from-' + process.pid, metadata: {}, secrets: [], enabled: true, source: 'config' }, 1);
      await store.close();`;
    const exits = await Promise.all(Array.from({ length: 4 }, async () => await run(source, path)));
    assert.deepEqual(exits, ['0 ', '0 ', '0 ', '0 ']);
    const store = await openSqlite(path);
    const { id } = await store.ensureTenant('default');
    assert.equal(id, 21);
    assert.equal((await store.listClients(id, '', 10)).length, 4);
    await store.close();
  });
});

test('a new file that somebody else has in hand is waited for while the event loop turns, and is then migrated', async () => {
  await inDirectory(async (path) => {
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE t (a); BEGIN; SELECT * FROM t');
    const opening = openSqlite(path);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    other.exec('COMMIT');
    other.close();
    const store = await opening;
    assert.equal((await store.ensureTenant('default')).id, 1);
    await store.close();
  });
});

test('another process is seen at once while both write', async () => {
  await inDirectory(async (path) => {
    const store = await openSqlite(path);
    const b = await benchOn(store);
    const id = await makeGrant(b, await makeScene(b));
    const source = `import { openSqlite } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
      const store = await openSqlite(process.argv[1]);
      for (let index = 0; index < 200; index += 1) await store.ensureTenant('p' + index);
      console.log(await store.revokeGrant(1, ${id}, 'revoked_by_admin', ${NOW}));
      await store.close();`;
    const other = run(source, path);
    let generation = 1;
    let lost: string | undefined;
    // Bounded: the other process needs a second or two.
    for (let step = 0; step < 200_000 && lost === undefined; step += 1) {
      const taken = await store.rotate(b.tenant, id, generation, 1, NOW);
      if (taken.kind === 'lost') lost = taken.grant?.dead?.reason;
      generation += 1;
    }
    assert.equal(lost, 'revoked_by_admin');
    assert.equal(await other, '0 revoked');
    await store.putClient(b.tenant, someClient(), NOW);
    await store.close();
  });
});

/** Exit code and output of a process that runs `source` as a module. */
async function run(source: string, path: string): Promise<string> {
  const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '--eval', source, path], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return `${code} ${output.trim()}`;
}

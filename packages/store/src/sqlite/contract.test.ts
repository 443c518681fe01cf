import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after } from 'node:test';
import { contract, type StoreUnderTest } from '../contract.ts';
import { storeOn } from '../memory.ts';
import { openSqlite } from './open.ts';

const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
// Migrated once, copied for each case.
const template = join(directory, 'template.db');
await (await openSqlite(template)).close();
after(() => rmSync(directory, { recursive: true }));
let cases = 0;

contract('sqlite', async (): Promise<StoreUnderTest> => {
  cases += 1;
  const path = join(directory, `${cases}.db`);
  copyFileSync(template, path);
  const store = await openSqlite(path);
  const second = await openSqlite(path);
  const looking = new DatabaseSync(path);
  return {
    store,
    second,
    countRows: async (table) => count(looking, table),
    changeRows: async (sql) => looking.exec(sql),
    close: async () => {
      looking.close();
      await Promise.all([store.close(), second.close()]);
      rmSync(path);
    },
  };
});

contract('memory', async (): Promise<StoreUnderTest> => {
  const handle = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
  const store = await storeOn(handle);
  return {
    store,
    countRows: async (table) => count(handle, table),
    changeRows: async (sql) => handle.exec(sql),
    close: async () => await store.close(),
  };
});

function count(handle: DatabaseSync, table: string): number {
  return Number(handle.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
}

import { after, describe } from 'node:test';
import pg from 'pg';
// Runs on the cluster of HUFU_TEST_POSTGRES, or on one of its own.
import { createDatabase, dropDatabase, testPostgres } from '../../../../scripts/provision/postgres.mjs';
import { contract } from '../contract.ts';
import { MIGRATIONS } from '../migrations/list.ts';
import { migrate } from '../migrations/migrate.ts';
import { openDatabase } from './database.ts';
import { migrationTarget } from './migration-target.ts';
import { postgresStore } from './store.ts';

const cluster = await testPostgres();
const name = `hufu_contract_${process.pid}`;
// What an outage does is told elsewhere; here nobody waits for the disk.
const url = `${await createDatabase(name, cluster.url)}?options=-c%20synchronous_commit%3Doff`;
await migrate(migrationTarget(url), MIGRATIONS);

// Two nodes: what they keep in memory is made anew for each case, their connections stay.
const nodes = [0, 1].map(() => openDatabase(url, { poolSize: 8, allowUnsafe: true, timeoutMs: 10_000 }));
const looking = new pg.Client({ connectionString: url });
await looking.connect();
const { rows: tables } = await looking.query<{ name: string }>(
  `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations'`,
);

describe('postgres', () => {
  after(async () => {
    await Promise.all([looking.end(), ...nodes.map((node) => node.close())]);
    await dropDatabase(name, cluster.url);
    await cluster.stop();
  });

  contract('postgres', async () => {
    // DELETE, not TRUNCATE: plans that were made for full tables have to do for empty ones, and the other way round.
    for (const table of tables) await looking.query(`DELETE FROM ${table.name}`);
    const [store, second] = nodes.map((node) => postgresStore({ ...node, close: async () => {} }));
    if (store === undefined) throw new Error('no store');
    return {
      store,
      second,
      countRows: async (table) => {
        const { rows } = await looking.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
        return Number(rows[0]?.count);
      },
      changeRows: async (sql) => await looking.query(sql),
      close: async () => await store.close(),
    };
  });
});

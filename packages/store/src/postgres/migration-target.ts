import pg from 'pg';
import type { MigrationSession, MigrationTarget } from '../migrations/migrate.ts';
import { toStoreError } from './unavailable.ts';

/** Any number will do, as long as it is always the same: the lock is of this database alone. */
const MIGRATION_LOCK = 4_855_465_855;
const VERSIONS_SQL = 'SELECT version::float8 AS version FROM schema_migrations';

/** Migrations on a connection of their own, without the time limits that verbs have: another node may be at it, and a big index takes long. */
export function migrationTarget(url: string): MigrationTarget {
  return {
    dialect: 'postgres',
    readVersions: () => withClient(url, readVersions),
    exclusively: <T>(act: (session: MigrationSession) => Promise<T>): Promise<T> =>
      withClient(url, async (client) => {
        await client.query('BEGIN');
        await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
        const answer = await act({
          async run(sql) {
            await client.query(sql);
          },
          readVersions: () => readVersions(client),
          async recordVersion(version, name) {
            await client.query('INSERT INTO schema_migrations (version, name) VALUES ($1, $2)', [version, name]);
          },
        });
        await client.query('COMMIT');
        return answer;
      }),
  };
}

async function readVersions(client: pg.Client): Promise<number[]> {
  const { rows: tables } = await client.query<{ there: boolean }>("SELECT to_regclass('schema_migrations') IS NOT NULL AS there");
  if (tables[0]?.there !== true) return [];
  const { rows } = await client.query<{ version: number }>(VERSIONS_SQL);
  return rows.map((row) => row.version);
}

/** A failure ends the connection, and with it its transaction and lock. */
async function withClient<T>(url: string, act: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, fallback_application_name: 'hufu migrate' });
  // The statement under way fails as well; without a listener the process would end.
  client.on('error', () => {});
  try {
    await client.connect();
    return await act(client);
  } catch (error) {
    throw toStoreError(error);
  } finally {
    await client.end().catch(() => {});
  }
}

import { DatabaseSync } from 'node:sqlite';
import { ENTRY_COLUMNS, isNumber, writeEntryRow } from '@hufu/store/audit/rows';
import type { AuditCheckpoint, AuditEntry, SealedEntry } from '@hufu/store/port';
import pg from 'pg';
import { DIALECTS } from './dialect.ts';
import type { Rows } from './rows.ts';

/** A database beside its store, for as many rows as no verb should be asked for. */
export interface Bulk {
  insert(rows: Rows): Promise<void>;
  insertAudit(tenant: number, entries: readonly SealedEntry[]): Promise<void>;
  /** Entries that are still to be sealed. */
  insertWaiting(tenant: number, entries: readonly AuditEntry[]): Promise<void>;
  insertCheckpoints(tenant: number, points: readonly AuditCheckpoint[]): Promise<void>;
  run(sql: string): Promise<void>;
  /** Takes away the indexes of a table that hold no rule, and answers what makes them again. */
  dropIndexes(table: string): Promise<readonly string[]>;
  /** What a store does in the end that has grown by itself: statistics, and pages that are known to be visible. */
  settle(): Promise<void>;
  /** Bytes on the disk. */
  bytes(): Promise<number>;
  close(): Promise<void>;
}

/** Rows of one statement. */
const CHUNK = 500_000;

/** @param url as the `database` setting takes it */
export async function openBulk(url: string): Promise<Bulk> {
  return url.startsWith('sqlite:') ? sqliteBulk(url.slice('sqlite:'.length)) : await postgresBulk(url);
}

const AUDIT_COLUMNS: readonly string[] = [...ENTRY_COLUMNS, 'seq', 'hash'];
const POINT_COLUMNS: readonly string[] = ['seq', 'hash', 'at_ms', 'jws', 'jwk'];

function auditRow(entry: SealedEntry): (string | number)[] {
  return [...writeEntryRow(entry), entry.seq, entry.hash];
}

function pointRow({ seq, hash, atMs, jws, jwk }: AuditCheckpoint): (string | number)[] {
  return [seq, hash, atMs, jws, jwk];
}

async function inChunks(
  { table, columns, count }: Rows,
  engine: 'sqlite' | 'postgres',
  run: (sql: string) => Promise<unknown>,
): Promise<void> {
  for (let first = 1; first <= count; first += CHUNK) {
    const { before, from } = DIALECTS[engine].series(first, Math.min(first + CHUNK - 1, count));
    const names = Object.keys(columns).join(', ');
    const conflict = engine === 'sqlite' ? ' WHERE true ON CONFLICT DO NOTHING' : ' ON CONFLICT DO NOTHING';
    await run(`INSERT INTO ${table} (${names}) ${before} SELECT ${Object.values(columns).join(', ')} FROM ${from}${conflict}`);
  }
}

function sqliteBulk(file: string): Bulk {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  // Whoever seeds can begin again: nothing of this has to outlive a loss of power.
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY');
  const run = async (sql: string): Promise<void> => void db.exec(sql);
  const all = (table: string, columns: readonly string[], tenant: number, rows: readonly (readonly (string | number)[])[]): void => {
    const insert = db.prepare(`INSERT INTO ${table} (tenant, ${columns.join(', ')}) VALUES (?, ${columns.map(() => '?').join(', ')})`);
    db.exec('BEGIN');
    for (const row of rows) insert.run(tenant, ...row);
    db.exec('COMMIT');
  };
  return {
    insert: async (rows) => await inChunks(rows, 'sqlite', run),
    insertAudit: async (tenant, entries) => all('audit_log', AUDIT_COLUMNS, tenant, entries.map(auditRow)),
    insertWaiting: async (tenant, entries) =>
      all(
        'audit_inbox',
        ENTRY_COLUMNS,
        tenant,
        entries.map((entry) => [...writeEntryRow(entry)]),
      ),
    insertCheckpoints: async (tenant, points) => all('audit_checkpoints', POINT_COLUMNS, tenant, points.map(pointRow)),
    run,
    async dropIndexes(table) {
      const found = db
        .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql NOT LIKE 'CREATE UNIQUE%'`)
        .all(table);
      for (const { name } of found) db.exec(`DROP INDEX ${String(name)}`);
      return found.map(({ sql }) => String(sql));
    },
    // As our servers run it: without statistics.
    settle: async () => void db.exec('PRAGMA wal_checkpoint(TRUNCATE)'),
    bytes: async () =>
      Number(db.prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()').get()?.['bytes']),
    close: async () => db.close(),
  };
}

async function postgresBulk(url: string): Promise<Bulk> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET jit = off`);
  const run = async (sql: string): Promise<void> => void (await client.query(sql));
  const all = async (
    table: string,
    columns: readonly string[],
    tenant: number,
    rows: readonly (readonly (string | number)[])[],
  ): Promise<void> => {
    const types = columns.map((column) => `${isNumber(column) || column === 'seq' ? 'bigint' : 'text'}[]`);
    await client.query({
      name: `seed_${table}`,
      text: `INSERT INTO ${table} (tenant, ${columns.join(', ')}) SELECT $1::bigint, w.* FROM unnest(${types.map((type, at) => `$${at + 2}::${type}`).join(', ')}) AS w`,
      values: [tenant, ...columns.map((_, at) => rows.map((row) => row[at]))],
    });
  };
  return {
    insert: async (rows) => await inChunks(rows, 'postgres', run),
    insertAudit: async (tenant, entries) => await all('audit_log', AUDIT_COLUMNS, tenant, entries.map(auditRow)),
    insertWaiting: async (tenant, entries) =>
      await all(
        'audit_inbox',
        ENTRY_COLUMNS,
        tenant,
        entries.map((entry) => [...writeEntryRow(entry)]),
      ),
    insertCheckpoints: async (tenant, points) => await all('audit_checkpoints', POINT_COLUMNS, tenant, points.map(pointRow)),
    run,
    async dropIndexes(table) {
      const { rows } = await client.query<{ indexname: string; indexdef: string }>(
        `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1 AND indexdef NOT LIKE 'CREATE UNIQUE%'`,
        [table],
      );
      for (const { indexname } of rows) await client.query(`DROP INDEX ${indexname}`);
      return rows.map(({ indexdef }) => indexdef);
    },
    settle: async () => await run('VACUUM ANALYZE'),
    async bytes() {
      const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
      return Number(rows[0]?.bytes);
    },
    close: async () => await client.end(),
  };
}

import { DatabaseSync } from 'node:sqlite';
import type { Store } from '@hufu/store/port';
import { openDatabase } from '@hufu/store/postgres/database';
import { postgresStore } from '@hufu/store/postgres/store';
import { tracedDatabase } from '@hufu/store/postgres/traced-database';
import { GROUP_LIMITS } from '@hufu/store/sqlite/group-commit';
import { sqliteStore } from '@hufu/store/sqlite/store';
import { TracedConnection } from '@hufu/store/sqlite/traced-connection';

/** A store that can say how what it was asked since is found. */
export interface ExplainedStore {
  readonly store: Store;
  forget(): void;
  /** Plans of the statements since, as the engine tells them. */
  plans(): Promise<readonly string[]>;
}

export async function openExplained(url: string): Promise<ExplainedStore> {
  return url.startsWith('sqlite:') ? explainedSqlite(url.slice('sqlite:'.length)) : explainedPostgres(url);
}

function explainedSqlite(file: string): ExplainedStore {
  const handle = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  handle.exec('PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY');
  const db = new TracedConnection(handle, GROUP_LIMITS, () => undefined);
  return {
    store: sqliteStore('sqlite', db, async () => handle.close()),
    forget: () => void db.steps.splice(0),
    plans: async () =>
      db.steps.map(([sql]) => {
        const steps = handle
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all()
          .map(({ detail }) => `    ${String(detail)}`);
        return [oneLine(sql), ...steps].join('\n');
      }),
  };
}

function explainedPostgres(url: string): ExplainedStore {
  const database = openDatabase(url, { poolSize: 4, allowUnsafe: true, timeoutMs: 120_000 });
  const asked: { readonly text: string; readonly values: readonly unknown[] }[] = [];
  return {
    store: postgresStore(tracedDatabase(database, ({ text }, values) => asked.push({ text, values }))),
    forget: () => void asked.splice(0),
    plans: async () => {
      const plans: string[] = [];
      for (const { text, values } of asked.splice(0)) {
        const rows = await database.run<{ 'QUERY PLAN': string }>(
          { text: `EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, SUMMARY OFF) ${text}` },
          values,
        );
        plans.push([oneLine(text), ...rows.map((row) => `    ${row['QUERY PLAN']}`)].join('\n'));
      }
      return plans;
    },
  };
}

function oneLine(sql: string): string {
  return sql.replaceAll(/\s+/g, ' ').slice(0, 400);
}

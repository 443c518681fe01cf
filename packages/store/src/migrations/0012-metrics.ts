import type { Dialect, Migration } from './migrate.ts';

/** What processes have counted, and that they were there. New tables: the version before goes on working beside them, and writes none. */
function metrics(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const text = sqlite ? 'TEXT' : 'text';
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  const end = sqlite ? 'STRICT, WITHOUT ROWID' : '';
  return [
    `CREATE TABLE metric_rows (
      tenant ${int} NOT NULL,
      span ${int} NOT NULL,
      began_at ${int} NOT NULL,
      instance ${key} NOT NULL,
      counts ${text} NOT NULL,
      PRIMARY KEY (tenant, span, began_at, instance)
    ) ${end}`,
    `CREATE TABLE metric_nodes (
      tenant ${int} NOT NULL,
      instance ${key} NOT NULL,
      name ${text} NOT NULL,
      version ${text} NOT NULL,
      started_at ${int} NOT NULL,
      seen_at ${int} NOT NULL,
      stopped ${int} NOT NULL,
      about ${text} NOT NULL,
      PRIMARY KEY (tenant, instance)
    ) ${end}`,
    'CREATE INDEX metric_nodes_by_seen ON metric_nodes (tenant, seen_at, instance)',
  ];
}

export const migration: Migration = { version: 12, name: 'metrics', sqlite: metrics('sqlite'), postgres: metrics('postgres') };

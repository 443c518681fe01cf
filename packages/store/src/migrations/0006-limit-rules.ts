import type { Dialect, Migration } from './migrate.ts';

/** Rules of flow control that were set while the server ran. A new table: the version before goes on working beside it, and knows none of them. */
function limitRules(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const text = sqlite ? 'TEXT' : 'text';
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  return [
    `CREATE TABLE limit_rules (
      tenant ${int} NOT NULL,
      name ${key} NOT NULL,
      rule ${text} NOT NULL,
      changed_at ${int} NOT NULL,
      changed_by ${text} NOT NULL,
      PRIMARY KEY (tenant, name)
    ) ${sqlite ? 'STRICT, WITHOUT ROWID' : ''}`,
  ];
}

export const migration: Migration = { version: 6, name: 'limit-rules', sqlite: limitRules('sqlite'), postgres: limitRules('postgres') };

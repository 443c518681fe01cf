import type { Dialect, Migration } from './migrate.ts';

/**
 * Administrators, what became of requests that may come twice, and indexes for what administrators look for. New tables and indexes: the version before goes on
 * working beside them, and knows no administrators.
 *
 * `users_disabled` and `users_locked` hold the few that are; they are in the order in which users are listed. Decisions are found by their client, error or endpoint, in the order of time.
 */
function administration(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const text = sqlite ? 'TEXT' : 'text';
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  const strict = sqlite ? 'STRICT, WITHOUT ROWID' : '';
  return [
    `CREATE TABLE administrators (
      tenant ${int} NOT NULL,
      user_id ${int} NOT NULL,
      role ${text} NOT NULL,
      changed_at ${int} NOT NULL,
      changed_by ${text} NOT NULL,
      PRIMARY KEY (tenant, user_id)
    ) ${strict}`,
    `CREATE TABLE kept_replies (
      tenant ${int} NOT NULL,
      name ${key} NOT NULL,
      digest ${text} NOT NULL,
      began_at ${int} NOT NULL,
      reply ${text},
      expires_at ${int} NOT NULL,
      PRIMARY KEY (tenant, name)
    ) ${strict}`,
    'CREATE INDEX kept_replies_by_end ON kept_replies (tenant, expires_at)',
    'CREATE INDEX users_disabled ON users (tenant, username_folded) WHERE enabled = 0 AND deleted_at IS NULL',
    'CREATE INDEX users_locked ON users (tenant, username_folded) WHERE locked_until IS NOT NULL',
    'CREATE INDEX clients_of_source ON clients (tenant, source, client_id)',
    'CREATE INDEX decisions_by_client ON decisions (tenant, client_id, id)',
    'CREATE INDEX decisions_by_error ON decisions (tenant, error, id)',
    'CREATE INDEX decisions_by_endpoint ON decisions (tenant, endpoint, id)',
  ];
}

export const migration: Migration = {
  version: 8,
  name: 'administration',
  sqlite: administration('sqlite'),
  postgres: administration('postgres'),
};

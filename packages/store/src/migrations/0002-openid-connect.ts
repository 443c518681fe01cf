import type { Dialect, Migration } from './migrate.ts';

/**
 * What single sign-out, registration and the `claims` parameter need. All of it is new columns that may be NULL, new tables and indexes that
 * are not unique, so the version before goes on working beside it (`older-versions.test.ts`). It only does not know whom to tell of a session's
 * end, and leaves participants behind where it lets a session's row fall.
 *
 * `participants`: one row for each session, client and `sid`; none outlives its session's row. `deliveries`: `due_at` is NULL once one is
 * dead, and `attempt` is how often it was taken. Clients of source `registered` can be removed from now on, `used_at` says when something was last granted to one (or a while before): counter 'client' is the highest
 * version that a removed one had, and 'delivery' the last id of a delivery.
 */
function openIdConnect(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const flag = sqlite ? 'INTEGER' : 'smallint';
  const text = sqlite ? 'TEXT' : 'text';
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  const table = sqlite ? 'STRICT, WITHOUT ROWID' : '';
  return [
    `ALTER TABLE grants ADD COLUMN claims ${text}`,
    `ALTER TABLE clients ADD COLUMN registration_hash ${text}`,
    `ALTER TABLE clients ADD COLUMN used_at ${int}`,
    'CREATE INDEX clients_by_source ON clients (tenant, source)',
    'CREATE INDEX consents_by_client ON consents (tenant, client_id)',

    `CREATE TABLE participants (
      tenant ${int} NOT NULL,
      session_id ${int} NOT NULL,
      client_id ${key} NOT NULL,
      sid ${key} NOT NULL,
      subject ${text} NOT NULL,
      backchannel ${flag} NOT NULL,
      PRIMARY KEY (tenant, session_id, client_id, sid)
    ) ${table}`,
    'CREATE INDEX participants_by_client ON participants (tenant, client_id)',

    `CREATE TABLE deliveries (
      tenant ${int} NOT NULL,
      id ${int} NOT NULL,
      client_id ${key} NOT NULL,
      subject ${text} NOT NULL,
      sid ${text} NOT NULL,
      created_at ${int} NOT NULL,
      attempt ${int} NOT NULL,
      due_at ${int},
      died_at ${int},
      error ${text} NOT NULL,
      purge_at ${int} NOT NULL,
      PRIMARY KEY (tenant, id)
    ) ${table}`,
    'CREATE INDEX deliveries_due ON deliveries (tenant, due_at, id) WHERE due_at IS NOT NULL',
    'CREATE INDEX deliveries_dead ON deliveries (tenant, died_at, id) WHERE died_at IS NOT NULL',
    'CREATE INDEX deliveries_by_client ON deliveries (tenant, client_id) WHERE due_at IS NOT NULL',
    'CREATE INDEX deliveries_by_end ON deliveries (tenant, purge_at)',
  ];
}

export const migration: Migration = {
  version: 2,
  name: 'openid-connect',
  sqlite: openIdConnect('sqlite'),
  postgres: openIdConnect('postgres'),
};

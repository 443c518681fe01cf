import type { Dialect, Migration } from './migrate.ts';

/**
 * Consents that are forgotten with their client's epoch: those of a client with fewer `client_epoch` than `before_epoch` stand no more, whether their rows have fallen yet or not. A row of `forgotten_consents` is there
 * as long as such rows are. `client_epoch` is NULL where the version before gave it, which is older than any other.
 *
 * The version before goes on working beside them, and takes what has not fallen yet for given: it falls as fast as it can.
 */
function forgottenConsents(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  return [
    `CREATE TABLE forgotten_consents (
      tenant ${int} NOT NULL,
      client_id ${key} NOT NULL,
      before_epoch ${int} NOT NULL,
      PRIMARY KEY (tenant, client_id)
    ) ${sqlite ? 'STRICT, WITHOUT ROWID' : ''}`,
    `ALTER TABLE consents ADD COLUMN client_epoch ${int}`,
    'CREATE INDEX consents_by_epoch ON consents (tenant, client_id, coalesce(client_epoch, -1))',
  ];
}

export const migration: Migration = {
  version: 14,
  name: 'forgotten-consents',
  sqlite: forgottenConsents('sqlite'),
  postgres: forgottenConsents('postgres'),
};

import type { Dialect, Migration } from './migrate.ts';

/**
 * What followers of the revocation log need: a name for the log, and who has enforced what since when; and an index for status lists and lineages. New tables and a column that may be NULL: the version before goes on working beside
 * it. (It lets entries about keys fall, names no grants of a user whom it locks, and rings nobody, so followers hear of what it revokes a quarter of a second later.)
 *
 * `revocation_followers.client_id` is '' for nodes of the server. `points` is how many rows it has in `revocation_points`, `fallen_seq` the highest number of those that fell.
 * Their times are milliseconds, as `seen_at` is.
 *
 * `devices.trusted_at` is when trust began: it falls with a later password, also one of the version before, which raises nothing. Trust that the version before gives has none, and is none here
 * once there has been another password than the first.
 */
function revocations(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const text = sqlite ? 'TEXT' : 'text';
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  const table = sqlite ? 'STRICT, WITHOUT ROWID' : '';
  // As in `0001-first.ts`: room in the page for the next version of a row.
  const hotTable = sqlite ? table : 'WITH (fillfactor = 70)';
  return [
    `ALTER TABLE devices ADD COLUMN trusted_at ${int}`,
    `CREATE TABLE revocation_logs (
      tenant ${int} NOT NULL,
      epoch ${text} NOT NULL,
      PRIMARY KEY (tenant)
    ) ${table}`,

    `CREATE TABLE revocation_followers (
      tenant ${int} NOT NULL,
      client_id ${key} NOT NULL,
      node ${key} NOT NULL,
      epoch ${text} NOT NULL,
      seen_at ${int} NOT NULL,
      points ${int} NOT NULL,
      fallen_seq ${int} NOT NULL,
      PRIMARY KEY (tenant, client_id, node)
    ) ${hotTable}`,
    'CREATE INDEX revocation_followers_by_time ON revocation_followers (tenant, seen_at)',

    `CREATE TABLE revocation_points (
      tenant ${int} NOT NULL,
      client_id ${key} NOT NULL,
      node ${key} NOT NULL,
      seq ${int} NOT NULL,
      at_ms ${int} NOT NULL,
      PRIMARY KEY (tenant, client_id, node, seq)
    ) ${table}`,

    // What comes from a grant is found by it. The condition is one that only those who look for children write: PostgreSQL would take an index of all
    // rows that have a parent for the walk up a line.
    'CREATE INDEX grants_by_parent ON grants (tenant, parent_id, id) WHERE parent_id > 0',
  ];
}

export const migration: Migration = { version: 5, name: 'revocations', sqlite: revocations('sqlite'), postgres: revocations('postgres') };

import type { Dialect, Migration } from './migrate.ts';

/**
 * What pushed requests, the device flow, CIBA, rich authorization requests, sender constraint and token exchange need. New columns that may be
 * NULL, new tables, and one more index on `grants` that only the rows of subjects who are nobody of ours are in: the version before goes on
 * working beside it. (It does not know that a grant which comes from another ends with that, so tokens are exchanged once all nodes are new.)
 *
 * `pushed_requests`: `client_epoch` as in `grants`, so that no client inherits what one of its id had pushed. `pending_authorizations`: polling
 * writes `polled_at` and `interval_seconds`, which no index names. `user_code_hash` is unique among all rows that have one; whoever opens an
 * authorization takes it away from a row that has expired. `due_at` is when the client is to be notified, NULL where nothing (more) is to be
 * told, and `attempt` how often that was taken. Counters 'pushed' and 'pending' are the last ids reserved.
 */
function oauthComplete(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const text = sqlite ? 'TEXT' : 'text';
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  const table = sqlite ? 'STRICT, WITHOUT ROWID' : '';
  // As in `0001-first.ts`: room in the page for the next version of a row.
  const hotTable = sqlite ? table : 'WITH (fillfactor = 70)';
  return [
    `ALTER TABLE grants ADD COLUMN authorization_details ${text}`,
    `ALTER TABLE grants ADD COLUMN actor ${text}`,
    `ALTER TABLE grants ADD COLUMN bound_key ${text}`,
    // Its last columns let the live grants of a subject and client be counted from the index alone.
    `CREATE INDEX grants_by_subject ON grants (tenant, client_id, subject, id, client_epoch, expires_at)
      WHERE revoked_at IS NULL AND user_id IS NULL AND access_hash IS NOT NULL`,

    `CREATE TABLE pushed_requests (
      tenant ${int} NOT NULL,
      id ${int} NOT NULL,
      secret_hash ${text} NOT NULL,
      client_id ${key} NOT NULL,
      client_epoch ${int} NOT NULL,
      parameters ${text} NOT NULL,
      bound_key ${text},
      created_at ${int} NOT NULL,
      expires_at ${int} NOT NULL,
      PRIMARY KEY (tenant, id)
    ) ${table}`,
    'CREATE INDEX pushed_requests_by_client ON pushed_requests (tenant, client_id)',
    'CREATE INDEX pushed_requests_by_end ON pushed_requests (tenant, expires_at)',

    `CREATE TABLE pending_authorizations (
      tenant ${int} NOT NULL,
      id ${int} NOT NULL,
      kind ${text} NOT NULL,
      client_id ${key} NOT NULL,
      secret_hash ${text} NOT NULL,
      user_code_hash ${key},
      user_id ${int},
      request ${text} NOT NULL,
      created_at ${int} NOT NULL,
      expires_at ${int} NOT NULL,
      interval_seconds ${int} NOT NULL,
      polled_at ${int},
      decision ${text} NOT NULL,
      grant_id ${int},
      attempt ${int} NOT NULL,
      due_at ${int},
      PRIMARY KEY (tenant, id)
    ) ${hotTable}`,
    `CREATE UNIQUE INDEX pending_authorizations_by_code ON pending_authorizations (tenant, user_code_hash) WHERE user_code_hash IS NOT NULL`,
    // The open ones of a client are counted with it, and all of a client's are found.
    'CREATE INDEX pending_authorizations_by_client ON pending_authorizations (tenant, client_id, decision, expires_at)',
    `CREATE INDEX pending_authorizations_by_user ON pending_authorizations (tenant, user_id, expires_at)
      WHERE decision = 'pending' AND kind = 'backchannel'`,
    'CREATE INDEX pending_authorizations_due ON pending_authorizations (tenant, due_at, id) WHERE due_at IS NOT NULL',
    'CREATE INDEX pending_authorizations_by_end ON pending_authorizations (tenant, expires_at)',
  ];
}

export const migration: Migration = {
  version: 3,
  name: 'oauth-complete',
  sqlite: oauthComplete('sqlite'),
  postgres: oauthComplete('postgres'),
};

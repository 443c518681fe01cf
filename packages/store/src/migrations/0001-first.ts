import type { Dialect, Migration } from './migrate.ts';

/**
 * One schema, two engines. Every key begins with the tenant, and none is a random hash. Times are whole seconds, flags 0 or 1, lists
 * are joined by spaces, objects are JSON text. There are no foreign keys: each verb checks what it needs in its own act, and users are
 * never deleted.
 *
 * `grants` is the hot table: a rotation writes `generation`, `key_id` and `rotated_at`, none of which any index (or its condition)
 * names, so it is one small row changed in place, and heap-only in PostgreSQL. `purge_at` is the indexed expiry for that reason.
 * What is bound to a session is found by the session's user, because each index that is not in the order of time costs a page a grant.
 * `redeemed` is 0 for a code. `own_key` is the SHA-256 of the lists of a live grant that a client has for itself.
 */
function first(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const flag = sqlite ? 'INTEGER' : 'smallint';
  const text = sqlite ? 'TEXT' : 'text';
  // Ordered by bytes in both engines.
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  const bytes = sqlite ? 'BLOB' : 'bytea';
  const table = sqlite ? 'STRICT, WITHOUT ROWID' : '';
  // Room in the page for the next version of a row, so that it stays there and no index learns of it.
  const hotTable = sqlite ? table : 'WITH (fillfactor = 70)';
  return [
    `CREATE TABLE tenants (
      id ${int} NOT NULL PRIMARY KEY,
      name ${key} NOT NULL UNIQUE
    ) ${table}`,

    // Tenant 0 holds what belongs to nobody: 'tenant' (the last tenant id) and 'time' (milliseconds, embedded databases only).
    // The others: 'grant', 'session', 'user', 'key' (last id given out or reserved), 'keys' (version), 'revocation' (last seq).
    `CREATE TABLE counters (
      tenant ${int} NOT NULL,
      name ${key} NOT NULL,
      value ${int} NOT NULL,
      PRIMARY KEY (tenant, name)
    ) ${hotTable}`,

    `CREATE TABLE clients (
      tenant ${int} NOT NULL,
      client_id ${key} NOT NULL,
      metadata ${text} NOT NULL,
      secrets ${text} NOT NULL,
      enabled ${flag} NOT NULL,
      epoch ${int} NOT NULL,
      version ${int} NOT NULL,
      source ${text} NOT NULL,
      created_at ${int} NOT NULL,
      revoked_at ${int},
      disabled_at ${int},
      PRIMARY KEY (tenant, client_id)
    ) ${table}`,

    `CREATE TABLE users (
      tenant ${int} NOT NULL,
      id ${int} NOT NULL,
      sub ${key} NOT NULL,
      username ${text} NOT NULL,
      username_folded ${key} NOT NULL,
      password_hash ${text},
      claims ${text} NOT NULL,
      enabled ${flag} NOT NULL,
      created_at ${int} NOT NULL,
      updated_at ${int} NOT NULL,
      password_changed_at ${int} NOT NULL,
      PRIMARY KEY (tenant, id)
    ) ${table}`,
    'CREATE UNIQUE INDEX users_by_name ON users (tenant, username_folded)',
    'CREATE UNIQUE INDEX users_by_sub ON users (tenant, sub)',

    `CREATE TABLE sessions (
      tenant ${int} NOT NULL,
      id ${int} NOT NULL,
      user_id ${int} NOT NULL,
      secret_hash ${text} NOT NULL,
      auth_time ${int} NOT NULL,
      amr ${text} NOT NULL,
      created_at ${int} NOT NULL,
      expires_at ${int} NOT NULL,
      ended_at ${int},
      user_agent ${text} NOT NULL,
      purge_at ${int} NOT NULL,
      PRIMARY KEY (tenant, id)
    ) ${table}`,
    'CREATE INDEX sessions_by_user ON sessions (tenant, user_id) WHERE ended_at IS NULL',
    'CREATE INDEX sessions_by_end ON sessions (tenant, purge_at)',

    `CREATE TABLE consents (
      tenant ${int} NOT NULL,
      user_id ${int} NOT NULL,
      client_id ${key} NOT NULL,
      scopes ${text} NOT NULL,
      resources ${text} NOT NULL,
      granted_at ${int} NOT NULL,
      updated_at ${int} NOT NULL,
      PRIMARY KEY (tenant, user_id, client_id)
    ) ${table}`,

    `CREATE TABLE grants (
      tenant ${int} NOT NULL,
      id ${int} NOT NULL,
      generation ${int} NOT NULL,
      key_id ${int} NOT NULL,
      rotated_at ${int} NOT NULL,
      expires_at ${int} NOT NULL,
      idle_seconds ${int} NOT NULL,
      revoked_at ${int},
      revoked_reason ${text},
      has_revoked_tokens ${flag} NOT NULL,
      user_id ${int},
      subject ${text} NOT NULL,
      client_id ${key} NOT NULL,
      client_epoch ${int} NOT NULL,
      session_id ${int},
      parent_id ${int},
      scopes ${text} NOT NULL,
      resources ${text} NOT NULL,
      auth_time ${int},
      amr ${text} NOT NULL,
      offline ${flag} NOT NULL,
      created_at ${int} NOT NULL,
      redeemed ${flag} NOT NULL,
      secret_hash ${text},
      access_hash ${text},
      code_hash ${text},
      code_request ${text},
      purge_at ${int},
      own_key ${text},
      PRIMARY KEY (tenant, id)
    ) ${hotTable}`,
    // Its last columns let the live grants of a user and client be counted from the index alone (SQLite looks even for `revoked_at`).
    `CREATE INDEX grants_by_user ON grants (tenant, user_id, client_id, redeemed, id, client_epoch, created_at, expires_at, idle_seconds, revoked_at)
      WHERE revoked_at IS NULL AND user_id IS NOT NULL`,
    'CREATE INDEX grants_by_client ON grants (tenant, client_id, client_epoch, id) WHERE revoked_at IS NULL',
    'CREATE INDEX grants_by_end ON grants (tenant, purge_at) WHERE purge_at IS NOT NULL',
    'CREATE UNIQUE INDEX grants_own ON grants (tenant, client_id, client_epoch, own_key) WHERE own_key IS NOT NULL',

    `CREATE TABLE revoked_tokens (
      tenant ${int} NOT NULL,
      grant_id ${int} NOT NULL,
      token ${key} NOT NULL,
      expires_at ${int} NOT NULL,
      PRIMARY KEY (tenant, grant_id, token)
    ) ${table}`,
    'CREATE INDEX revoked_tokens_by_end ON revoked_tokens (tenant, expires_at)',

    `CREATE TABLE marks (
      tenant ${int} NOT NULL,
      kind ${key} NOT NULL,
      expires_at ${int} NOT NULL,
      value ${key} NOT NULL,
      PRIMARY KEY (tenant, kind, expires_at, value)
    ) ${table}`,

    `CREATE TABLE keys (
      tenant ${int} NOT NULL,
      id ${int} NOT NULL,
      key_use ${text} NOT NULL,
      alg ${text} NOT NULL,
      public_jwk ${text} NOT NULL,
      sealed_private ${bytes} NOT NULL,
      created_at ${int} NOT NULL,
      active_at ${int} NOT NULL,
      retired_at ${int} NOT NULL,
      expires_at ${int} NOT NULL,
      PRIMARY KEY (tenant, id)
    ) ${table}`,

    `CREATE TABLE decisions (
      tenant ${int} NOT NULL,
      id ${key} NOT NULL,
      made_at ${int} NOT NULL,
      endpoint ${text} NOT NULL,
      status ${int} NOT NULL,
      error ${text} NOT NULL,
      client_id ${text} NOT NULL,
      record ${text} NOT NULL,
      PRIMARY KEY (tenant, id)
    ) ${table}`,

    `CREATE TABLE revocations (
      tenant ${int} NOT NULL,
      seq ${int} NOT NULL,
      kind ${text} NOT NULL,
      subject ${text} NOT NULL,
      reason ${text} NOT NULL,
      revoked_at ${int} NOT NULL,
      expires_at ${int} NOT NULL,
      PRIMARY KEY (tenant, seq)
    ) ${table}`,
    'CREATE INDEX revocations_by_end ON revocations (tenant, expires_at)',
  ];
}

export const migration: Migration = { version: 1, name: 'first', sqlite: first('sqlite'), postgres: first('postgres') };

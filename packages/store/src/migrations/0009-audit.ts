import type { Dialect, Migration } from './migrate.ts';

/**
 * The log of what was changed, and by whom. New tables: the version before goes on working beside them, and what it changes is not in the log.
 *
 * `audit_inbox` holds what verbs have written in their own transactions, until it is sealed. `audit_log` is only ever inserted into: in the order of
 * `seq`, each with the hash that the one before it leads to. `audit_heads` has a row a tenant, which whoever seals holds.
 */
function audit(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const text = sqlite ? 'TEXT' : 'text';
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  const end = sqlite ? 'STRICT, WITHOUT ROWID' : '';
  const entry = `
      id ${int} NOT NULL,
      at_ms ${int} NOT NULL,
      actor_kind ${key} NOT NULL,
      actor_id ${key} NOT NULL,
      via ${text} NOT NULL,
      request_id ${text} NOT NULL,
      action ${key} NOT NULL,
      target_kind ${key} NOT NULL,
      target_id ${key} NOT NULL,
      details ${text} NOT NULL,
      mac ${text} NOT NULL,`;
  return [
    `CREATE TABLE audit_inbox (
      tenant ${int} NOT NULL,${entry}
      PRIMARY KEY (tenant, id)
    ) ${end}`,
    `CREATE TABLE audit_log (
      tenant ${int} NOT NULL,
      seq ${int} NOT NULL,${entry}
      hash ${text} NOT NULL,
      PRIMARY KEY (tenant, seq)
    ) ${end}`,
    `CREATE TABLE audit_heads (
      tenant ${int} NOT NULL,
      seq ${int} NOT NULL,
      hash ${text} NOT NULL,
      PRIMARY KEY (tenant)
    ) ${end}`,
    `CREATE TABLE audit_checkpoints (
      tenant ${int} NOT NULL,
      seq ${int} NOT NULL,
      hash ${text} NOT NULL,
      at_ms ${int} NOT NULL,
      jws ${text} NOT NULL,
      jwk ${text} NOT NULL,
      PRIMARY KEY (tenant, seq)
    ) ${end}`,
    'CREATE INDEX audit_log_by_actor ON audit_log (tenant, actor_kind, actor_id, seq)',
    'CREATE INDEX audit_log_by_target ON audit_log (tenant, target_kind, target_id, seq)',
    'CREATE INDEX audit_log_by_action ON audit_log (tenant, action, seq)',
    'CREATE INDEX audit_log_by_time ON audit_log (tenant, at_ms, seq)',
  ];
}

export const migration: Migration = { version: 9, name: 'audit', sqlite: audit('sqlite'), postgres: audit('postgres') };

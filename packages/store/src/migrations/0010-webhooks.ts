import type { Dialect, Migration } from './migrate.ts';

/**
 * Webhooks: who wants to hear of entries of the audit log. New tables: the version before goes on working beside them, and sends nothing.
 *
 * What is to be sent is the log itself, from `cursor_seq` on; `webhook_deliveries` tells what became of the last ones.
 */
function webhooks(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const text = sqlite ? 'TEXT' : 'text';
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  const end = sqlite ? 'STRICT, WITHOUT ROWID' : '';
  return [
    `CREATE TABLE webhooks (
      tenant ${int} NOT NULL,
      id ${key} NOT NULL,
      url ${text} NOT NULL,
      description ${text} NOT NULL,
      actions ${text} NOT NULL,
      secrets ${text} NOT NULL,
      enabled ${int} NOT NULL,
      ended_by ${text} NOT NULL,
      created_at ${int} NOT NULL,
      version ${int} NOT NULL,
      cursor_seq ${int} NOT NULL,
      failures ${int} NOT NULL,
      failing_since ${int} NOT NULL,
      head_seq ${int} NOT NULL,
      head_attempts ${int} NOT NULL,
      head_since ${int} NOT NULL,
      due_at ${int} NOT NULL,
      delivered_at ${int} NOT NULL,
      lease ${int} NOT NULL,
      leased_until ${int} NOT NULL,
      PRIMARY KEY (tenant, id)
    ) ${end}`,
    `CREATE TABLE webhook_deliveries (
      tenant ${int} NOT NULL,
      webhook_id ${key} NOT NULL,
      seq ${int} NOT NULL,
      message_id ${text} NOT NULL,
      action ${text} NOT NULL,
      state ${key} NOT NULL,
      attempts ${int} NOT NULL,
      reason ${text} NOT NULL,
      at ${int} NOT NULL,
      PRIMARY KEY (tenant, webhook_id, seq)
    ) ${end}`,
    'CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (tenant, webhook_id, state, seq)',
  ];
}

export const migration: Migration = { version: 10, name: 'webhooks', sqlite: webhooks('sqlite'), postgres: webhooks('postgres') };

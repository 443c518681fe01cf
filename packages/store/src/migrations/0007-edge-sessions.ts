import type { Dialect, Migration } from './migrate.ts';

/** What the gateways of an edge keep together. New tables: the version before goes on working beside them, and knows no edge. */
function edgeSessions(dialect: Dialect): string[] {
  const sqlite = dialect === 'sqlite';
  const int = sqlite ? 'INTEGER' : 'bigint';
  const text = sqlite ? 'TEXT' : 'text';
  const key = sqlite ? 'TEXT' : 'text COLLATE "C"';
  const strict = sqlite ? 'STRICT, WITHOUT ROWID' : '';
  return [
    // `end_seq` numbers ends over the tenant. `due_at`: a tombstone whose refresh token nobody has revoked yet.
    `CREATE TABLE edge_records (
      tenant ${int} NOT NULL,
      edge ${key} NOT NULL,
      id ${key} NOT NULL,
      version ${int} NOT NULL,
      sealed ${text} NOT NULL,
      sub ${key},
      sid ${key},
      issued_at ${int} NOT NULL,
      created_at ${int} NOT NULL,
      last_seen_at ${int} NOT NULL,
      idle_seconds ${int} NOT NULL,
      expires_at ${int} NOT NULL,
      end_seq ${int},
      ended_at ${int},
      end_reason ${text},
      due_at ${int},
      purge_at ${int} NOT NULL,
      PRIMARY KEY (tenant, edge, id)
    ) ${strict}`,
    'CREATE INDEX edge_records_by_sub ON edge_records (tenant, edge, sub) WHERE sub IS NOT NULL AND end_seq IS NULL',
    'CREATE INDEX edge_records_by_sid ON edge_records (tenant, edge, sid) WHERE sid IS NOT NULL AND end_seq IS NULL',
    'CREATE INDEX edge_records_by_end ON edge_records (tenant, edge, end_seq) WHERE end_seq IS NOT NULL',
    'CREATE INDEX edge_records_due ON edge_records (tenant, edge, due_at) WHERE due_at IS NOT NULL',
    'CREATE INDEX edge_records_by_purge ON edge_records (tenant, purge_at)',
    `CREATE TABLE edge_marks (
      tenant ${int} NOT NULL,
      edge ${key} NOT NULL,
      subject ${key} NOT NULL,
      issued_by ${int} NOT NULL,
      expires_at ${int} NOT NULL,
      PRIMARY KEY (tenant, edge, subject)
    ) ${strict}`,
    'CREATE INDEX edge_marks_by_end ON edge_marks (tenant, expires_at)',
  ];
}

export const migration: Migration = {
  version: 7,
  name: 'edge-sessions',
  sqlite: edgeSessions('sqlite'),
  postgres: edgeSessions('postgres'),
};

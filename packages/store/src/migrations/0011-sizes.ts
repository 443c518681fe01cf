import type { Dialect, Migration } from './migrate.ts';

/**
 * Indexes for what administrators look for by two or three things at once, where each of them alone is frequent: without them a search that finds nothing reads a whole tenant. New indexes alone: the
 * version before goes on working beside them. No table of a hot path gets one: decisions are written in batches that nobody waits for, entries of the audit log when they are sealed.
 *
 * What is asked for by fewer columns than an index has is found in it value by value of the column in between, of which there are few (`docs/performance.md`).
 */
function sizes(): string[] {
  return [
    'CREATE INDEX decisions_by_error_and_endpoint ON decisions (tenant, error, endpoint, id)',
    'CREATE INDEX decisions_by_client_and_error ON decisions (tenant, client_id, error, endpoint, id)',
    'CREATE INDEX audit_log_by_actor_and_action ON audit_log (tenant, actor_kind, actor_id, action, seq)',
    'CREATE INDEX audit_log_by_target_and_action ON audit_log (tenant, target_kind, target_id, action, seq)',
    'CREATE INDEX audit_log_by_actor_and_target ON audit_log (tenant, actor_kind, actor_id, target_kind, target_id, action, seq)',
  ];
}

const BOTH: Readonly<Record<Dialect, readonly string[]>> = { sqlite: sizes(), postgres: sizes() };

export const migration: Migration = { version: 11, name: 'sizes', ...BOTH };

import type { DatabaseSync } from 'node:sqlite';
import type { MigrationSession, MigrationTarget } from '../migrations/migrate.ts';

/** `BEGIN IMMEDIATE` is alone among all processes. Nobody else may use `handle` meanwhile. */
export function migrationTarget(handle: DatabaseSync): MigrationTarget {
  const readVersions = async (): Promise<number[]> => {
    if (handle.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'").get() === undefined) return [];
    return handle
      .prepare('SELECT version FROM schema_migrations')
      .all()
      .map((row) => Number(row['version']));
  };
  const session: MigrationSession = {
    run: async (sql) => handle.exec(sql),
    readVersions,
    recordVersion: async (version, name) =>
      void handle.prepare('INSERT INTO schema_migrations (version, name) VALUES (?, ?)').run(version, name),
  };
  return {
    dialect: 'sqlite',
    readVersions,
    exclusively: async (act) => {
      handle.exec('BEGIN IMMEDIATE');
      try {
        const result = await act(session);
        handle.exec('COMMIT');
        return result;
      } catch (error) {
        if (handle.isTransaction) handle.exec('ROLLBACK');
        throw error;
      }
    },
  };
}

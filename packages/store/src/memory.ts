import { DatabaseSync } from 'node:sqlite';
import { MIGRATIONS } from './migrations/list.ts';
import { migrate } from './migrations/migrate.ts';
import type { Store } from './port.ts';
import { Connection } from './sqlite/connection.ts';
import { GROUP_LIMITS } from './sqlite/group-commit.ts';
import { migrationTarget } from './sqlite/migration-target.ts';
import { sqliteStore } from './sqlite/store.ts';

/** A store that is gone when it is closed: the embedded one without its file. */
export async function openMemory(): Promise<Store> {
  return await storeOn(new DatabaseSync(':memory:', { enableForeignKeyConstraints: false }));
}

/** On a handle that the caller keeps looking at: for tests. */
export async function storeOn(handle: DatabaseSync): Promise<Store> {
  await migrate(migrationTarget(handle), MIGRATIONS);
  const db = new Connection(handle, GROUP_LIMITS, () => undefined);
  return sqliteStore('memory', db, async () => handle.close());
}

/**
 * Migrations are numbered SQL, forward only, and additive: the version before must go on working on the new schema while nodes are
 * replaced one by one. A database that is ahead of this build is therefore left alone.
 */
export type Dialect = 'sqlite' | 'postgres';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sqlite: readonly string[];
  readonly postgres: readonly string[];
}

/** One transaction that is alone among all processes: `BEGIN IMMEDIATE`, or one that holds an advisory lock. */
export interface MigrationSession {
  run(sql: string): Promise<void>;
  /** Rows of `schema_migrations`. */
  readVersions(): Promise<number[]>;
  recordVersion(version: number, name: string): Promise<void>;
}

export interface MigrationTarget {
  readonly dialect: Dialect;
  /** Rows of `schema_migrations`, read without a lock; none where the table is not there. */
  readVersions(): Promise<number[]>;
  /** Commits when `act` is done, rolls back when it throws. */
  exclusively<T>(act: (session: MigrationSession) => Promise<T>): Promise<T>;
}

/** A database that others may be using has an older schema, and whoever opened it was not to change that. */
export class SchemaBehind extends Error {
  override readonly name = 'SchemaBehind';
}

/** `advance`: brings the schema up to this build. `keep`: only that of a database in which there is none yet; one that is behind is refused. */
export type SchemaPolicy = 'advance' | 'keep';

/**
 * Brings a database up to this build: safe to run again, and by any number of processes at once. All that is missing is applied in one
 * transaction, so a process that dies leaves either nothing or everything. Answers the versions that it applied. Rejects with `SchemaBehind` where the policy is to keep it.
 */
export async function migrate(
  target: MigrationTarget,
  migrations: readonly Migration[],
  policy: SchemaPolicy = 'advance',
): Promise<number[]> {
  const missingFrom = (versions: number[]): Migration[] => migrations.filter((migration) => !versions.includes(migration.version));
  if (missingFrom(await target.readVersions()).length === 0) return [];
  return await target.exclusively(async (session) => {
    await session.run(VERSIONS_TABLE[target.dialect]);
    const versions = await session.readVersions();
    const missing = missingFrom(versions);
    if (policy === 'keep' && versions.length > 0 && missing.length > 0)
      throw new SchemaBehind(
        `the schema of the database is that of an older version: it lacks ${missing.map(({ name }) => name).join(', ')}`,
      );
    for (const migration of missing) {
      for (const sql of migration[target.dialect]) await session.run(sql);
      await session.recordVersion(migration.version, migration.name);
    }
    return missing.map((migration) => migration.version);
  });
}

const VERSIONS_TABLE: Readonly<Record<Dialect, string>> = {
  sqlite: 'CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT',
  postgres: 'CREATE TABLE IF NOT EXISTS schema_migrations (version bigint NOT NULL PRIMARY KEY, name text NOT NULL)',
};

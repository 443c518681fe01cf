import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { MIGRATIONS } from '../migrations/list.ts';
import { migrate, SchemaBehind, type SchemaPolicy } from '../migrations/migrate.ts';
import { type Store, StoreUnavailable } from '../port.ts';
import { Checkpoints } from './checkpoints.ts';
import { Connection } from './connection.ts';
import { isBusy, readFailure } from './failure.ts';
import { GROUP_LIMITS } from './group-commit.ts';
import { migrationTarget } from './migration-target.ts';
import { sqliteStore } from './store.ts';

export interface SqliteOptions {
  /** From how many bytes in the write-ahead log on it is moved into the database. 8 MiB. */
  readonly checkpointBytes?: number;
  /** Writes that may wait before `StoreUnavailable`. 10,000. */
  readonly maxWaiting?: number;
  /** How long a write waits while another process holds the lock, before `StoreUnavailable`. Milliseconds; 5,000. */
  readonly lockWaitMs?: number;
  /** `advance` by default. */
  readonly schema?: SchemaPolicy;
}

/**
 * Opens the database at `path`, made and migrated as needed (a new file is for its owner alone, mode 0600). Its directory must be there.
 * Any number of processes may have it open, on this machine. Rejects with `StoreUnavailable` where it cannot be opened.
 */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<Store> {
  const file = resolve(path);
  const handle = await openFile(file, options.schema);
  const checkpoints = new Checkpoints(
    { path: file, frames: Math.ceil((options.checkpointBytes ?? 8 * 1024 * 1024) / PAGE_BYTES) },
    {
      holdWrites: () => db.holdWrites(),
      releaseWrites: () => db.releaseWrites(),
      giveUp: () => handle.exec('PRAGMA wal_autocheckpoint = 1000'),
    },
  );
  const limits = {
    maxGroup: GROUP_LIMITS.maxGroup,
    maxWaiting: options.maxWaiting ?? GROUP_LIMITS.maxWaiting,
    maxAttempts: options.lockWaitMs === undefined ? GROUP_LIMITS.maxAttempts : Math.ceil(options.lockWaitMs / BUSY_MS),
  };
  const db = new Connection(handle, limits, (writes) => checkpoints.wrote(writes));
  return sqliteStore('sqlite', db, async () => {
    await checkpoints.stop();
    // The last to close moves the log into the database and removes it: one file is left.
    handle.close();
  });
}

/** The lock is waited for in such short steps, between which the event loop turns. */
const BUSY_MS = 10;
const OPEN_BUSY_MS = 10_000;
const OPEN_ATTEMPTS = 500;
const PAGE_BYTES = 4096;

async function openFile(file: string, schema?: SchemaPolicy): Promise<DatabaseSync> {
  let handle: DatabaseSync | undefined;
  try {
    closeSync(openSync(file, 'a', 0o600));
    handle = new DatabaseSync(file, { timeout: BUSY_MS, enableForeignKeyConstraints: false });
    // The page size counts for a new file alone. The limit gives back what a burst has taken.
    handle.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    if ((await keepLog(handle)) !== 'wal') throw new StoreUnavailable(`${file}: the file system does not allow a write-ahead log`);
    handle.exec(
      `PRAGMA busy_timeout = ${OPEN_BUSY_MS}; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY`,
    );
    await migrate(migrationTarget(handle), MIGRATIONS, schema);
    handle.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    return handle;
  } catch (error) {
    handle?.close();
    if (error instanceof SchemaBehind) throw error;
    const failure = readFailure(error);
    throw failure instanceof StoreUnavailable ? failure : new StoreUnavailable(`${file} cannot be opened`, { cause: error });
  }
}

/**
 * The journal mode after the step to a write-ahead log. Of two processes that take this step on a new file, each with a shared lock, one
 * is refused at once, whatever its timeout (SQLite waits for nobody who may wait for it): it tries again, ten seconds at most.
 */
async function keepLog(handle: DatabaseSync): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return handle.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
    } catch (error) {
      if (!isBusy(error) || attempt === OPEN_ATTEMPTS) throw error;
      await delay(BUSY_MS);
    }
  }
}

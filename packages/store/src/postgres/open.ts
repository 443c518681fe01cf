import { MIGRATIONS } from '../migrations/list.ts';
import { migrate, type SchemaPolicy } from '../migrations/migrate.ts';
import { type Store, StoreUnavailable } from '../port.ts';
import { openDatabase, UnsafeDatabase } from './database.ts';
import { listeningBell } from './listening-bell.ts';
import { migrationTarget } from './migration-target.ts';
import { postgresStore } from './store.ts';

export interface PostgresOptions {
  /** Connections at most, 8 by default. */
  readonly poolSize?: number;
  /** Accepts a server that may lose what it has acknowledged (`fsync` or `synchronous_commit` off). `?unsafe=1` in the URL does the same. */
  readonly allowUnsafe?: boolean;
  /** `advance` by default. */
  readonly schema?: SchemaPolicy;
}

/**
 * Opens the database that `url` (`postgres://…`) names, which must be there, and brings its schema up to this build. Any number of
 * processes may have it open. Rejects with `StoreUnavailable` where it cannot be reached, with `UnsafeDatabase` where the server would
 * acknowledge what it may lose.
 */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<Store> {
  const { connectionUrl, isUnsafe } = readUnsafe(url);
  const db = openDatabase(connectionUrl, {
    poolSize: options.poolSize ?? DEFAULT_POOL_SIZE,
    allowUnsafe: options.allowUnsafe === true || isUnsafe,
    timeoutMs: TIMEOUT_MS,
  });
  try {
    const store = postgresStore(db, listeningBell(db, connectionUrl));
    // Before anything is written: an unsafe server is left as it was.
    await store.time();
    await migrate(migrationTarget(connectionUrl), MIGRATIONS, options.schema);
    return store;
  } catch (error) {
    await db.close();
    throw error instanceof StoreUnavailable && error.cause instanceof UnsafeDatabase ? error.cause : error;
  }
}

const DEFAULT_POOL_SIZE = 8;
const TIMEOUT_MS = 3000;

/** `unsafe` is ours and must not reach the driver. */
function readUnsafe(url: string): { readonly connectionUrl: string; readonly isUnsafe: boolean } {
  const [base = '', query] = url.split('?', 2);
  if (query === undefined) return { connectionUrl: url, isUnsafe: false };
  const parameters = query.split('&');
  const rest = parameters.filter((parameter) => parameter !== 'unsafe=1').join('&');
  return { connectionUrl: rest === '' ? base : `${base}?${rest}`, isUnsafe: parameters.includes('unsafe=1') };
}

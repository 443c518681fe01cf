import { MIGRATIONS } from '../migrations/list.ts';
import { migrate } from '../migrations/migrate.ts';
import { type Store, StoreUnavailable } from '../port.ts';
import { clients } from './clients.ts';
import { consents } from './consents.ts';
import { type Database, openDatabase, type Statement, UnsafeDatabase } from './database.ts';
import { decisions } from './decisions.ts';
import { grants } from './grants.ts';
import { keys } from './keys.ts';
import { marks } from './marks.ts';
import { migrationTarget } from './migration-target.ts';
import { purge } from './purge.ts';
import { reservedIds } from './reserved-ids.ts';
import { revocations } from './revocation-log.ts';
import { sessions } from './sessions.ts';
import { tenants } from './tenants.ts';
import { users } from './users.ts';

export interface PostgresOptions {
  /** Connections at most, 8 by default. */
  readonly poolSize?: number;
  /** Accepts a server that may lose what it has acknowledged (`fsync` or `synchronous_commit` off). `?unsafe=1` in the URL does the same. */
  readonly allowUnsafe?: boolean;
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
  });
  try {
    await db.run(READ_CLOCK, []);
    await migrate(migrationTarget(connectionUrl), MIGRATIONS);
  } catch (error) {
    await db.close();
    throw error instanceof StoreUnavailable && error.cause instanceof UnsafeDatabase ? error.cause : error;
  }
  return postgresStore(db);
}

function postgresStore(db: Database): Store {
  const ids = reservedIds(db);
  const purging = purge(db);
  return {
    kind: 'postgres',
    async time() {
      const [row] = await db.run<{ ms: number }>(READ_CLOCK, []);
      if (row === undefined) throw new Error('no clock');
      return row.ms;
    },
    keepTime: () => Promise.resolve(),
    close: () => db.close(),
    ...tenants(db),
    ...clients(db, purging),
    ...users(db, purging),
    ...sessions(db, ids, purging),
    ...consents(db, purging),
    ...grants(db, ids, purging),
    ...marks(db, purging),
    ...keys(db),
    ...decisions(db),
    ...revocations(db),
  };
}

const DEFAULT_POOL_SIZE = 8;

const READ_CLOCK: Statement = { name: 'read_clock', text: 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms' };

/** `unsafe` is ours and must not reach the driver. */
function readUnsafe(url: string): { readonly connectionUrl: string; readonly isUnsafe: boolean } {
  const [base = '', query] = url.split('?', 2);
  if (query === undefined) return { connectionUrl: url, isUnsafe: false };
  const parameters = query.split('&');
  const rest = parameters.filter((parameter) => parameter !== 'unsafe=1').join('&');
  return { connectionUrl: rest === '' ? base : `${base}?${rest}`, isUnsafe: parameters.includes('unsafe=1') };
}

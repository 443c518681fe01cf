import type { SchemaPolicy } from './migrations/migrate.ts';
import type { Store } from './port.ts';

export { SchemaBehind, type SchemaPolicy } from './migrations/migrate.ts';

/**
 * The store of a `database` setting: `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. Only the adapter that is needed is loaded.
 * Anything else is a `TypeError`. Rejects with `StoreUnavailable` where it cannot be reached, with `SchemaBehind` where its schema is older and is to be kept.
 */
export async function openStore(url: string, schema: SchemaPolicy = 'advance'): Promise<Store> {
  if (url === 'sqlite::memory:') return await (await import('./memory.ts')).openMemory();
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length)
    return await (await import('./sqlite/open.ts')).openSqlite(url.slice('sqlite:'.length), { schema });
  if (/^postgres(ql)?:\/\//.test(url)) return await (await import('./postgres/open.ts')).openPostgres(url, { schema });
  throw new TypeError('a database is sqlite:PATH or postgres://…');
}

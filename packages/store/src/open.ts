import type { Store } from './port.ts';

/**
 * The store of a `database` setting: `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. Only the adapter that is needed is loaded.
 * Anything else is a `TypeError`. Rejects with `StoreUnavailable` where it cannot be reached.
 */
export async function openStore(url: string): Promise<Store> {
  if (url === 'sqlite::memory:') return await (await import('./memory.ts')).openMemory();
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length)
    return await (await import('./sqlite/open.ts')).openSqlite(url.slice('sqlite:'.length));
  if (/^postgres(ql)?:\/\//.test(url)) return await (await import('./postgres/open.ts')).openPostgres(url);
  throw new TypeError('a database is sqlite:PATH or postgres://…');
}

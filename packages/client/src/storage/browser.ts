import { LeaseLock } from '../locks/lease.ts';
import { WebLock } from '../locks/web-lock.ts';
import type { SessionPlace } from '../session/place.ts';
import { IndexedDbStorage } from './indexed-db.ts';
import { memoryPlace } from './memory.ts';
import { SessionDatabase } from './session-database.ts';

export interface BrowserPlaceOptions {
  /** Of IndexedDB; `hufu`. */
  readonly database?: string;
  /** `lease` where a browser's Web Locks are not to be used; left out: they are where there are any. */
  readonly lock?: 'web' | 'lease';
}

/**
 * Sessions for all tabs and workers of an origin, over its restarts. Where the browser has no IndexedDB they are in the memory of this tab.
 * Throws a `TypeError` outside secure contexts: a page has to come by https, or from localhost.
 */
export function browserPlace(options: BrowserPlaceOptions = {}): SessionPlace {
  if (globalThis.isSecureContext === false) throw new TypeError('sessions need a secure context: https, or localhost');
  if (typeof indexedDB !== 'object') return memoryPlace();
  const database = new SessionDatabase(options.database ?? 'hufu');
  const storage = new IndexedDbStorage(database);
  const hasWebLocks = typeof navigator === 'object' && 'locks' in navigator && options.lock !== 'lease';
  return { storage, lock: hasWebLocks ? new WebLock() : new LeaseLock(database) };
}

import { type Replaced, type SessionStorage, StorageError } from '../session/place.ts';
import { readRecord, type SessionRecord, type Stamp, sameStamp, stampOf } from '../session/record.ts';
import { seal, unseal } from './sealed.ts';
import type { SessionDatabase } from './session-database.ts';

/** What stands in the database: the stamp readable, the DPoP key as the browser keeps it, the rest encrypted. */
interface Row extends Stamp {
  readonly sealed: Uint8Array<ArrayBuffer>;
  readonly dpopKey?: CryptoKeyPair;
}

const KEY = 'sessions';

/**
 * Sessions of an origin, encrypted with a key that scripts can use but not read. What is on the disk is of no use without the browser's
 * profile; a script in the page can use all of it.
 */
export class IndexedDbStorage implements SessionStorage {
  readonly reach = 'machine';
  readonly watch?: (name: string, call: () => void) => () => void;
  readonly #database: SessionDatabase;
  readonly #channels = new Map<string, { readonly channel: BroadcastChannel; readonly calls: Set<() => void> }>();
  #key: Promise<CryptoKey> | undefined;

  constructor(database: SessionDatabase) {
    this.#database = database;
    // Without word from the other tabs nothing that was read may be believed.
    if (typeof BroadcastChannel === 'function') this.watch = (name, call) => this.#listen(name, call);
  }

  async read(name: string): Promise<SessionRecord | undefined> {
    const row = await this.#database.run<Row | undefined>('sessions', 'readonly', (store, answer) => {
      const found = store.get(name);
      found.onsuccess = () => answer(found.result);
    });
    return row === undefined ? undefined : await this.#unseal(name, row);
  }

  async replace(name: string, expected: Stamp | undefined, next: SessionRecord): Promise<Replaced> {
    const { dpopKey, ...rest } = next;
    const stamp = await stampOf(next);
    // A transaction waits for nothing but its own requests: what is encrypted is encrypted before.
    const sealed = await seal(await this.#findKey(), name, stamp, JSON.stringify(rest));
    const row: Row = { ...stamp, sealed, ...(dpopKey && { dpopKey }) };
    const before = await this.#database.run<Row | undefined | 'replaced'>('sessions', 'readwrite', (store, answer) => {
      const found = store.get(name);
      found.onsuccess = () => {
        const current: Row | undefined = found.result;
        if (!sameStamp(current, expected)) return answer(current);
        store.put(row, name);
        answer('replaced');
      };
    });
    if (before !== 'replaced') return { kind: 'conflict', current: before === undefined ? undefined : await this.#unseal(name, before) };
    this.#tell(name, next);
    return { kind: 'replaced' };
  }

  async #unseal(name: string, row: Row): Promise<SessionRecord> {
    const key = await this.#findKey();
    // What was sealed here is JSON.
    const text = await unseal(key, name, row, row.sealed).catch(() => undefined);
    const record = text === undefined ? undefined : readRecord(JSON.parse(text));
    const { session, rev, hash, dpopKey } = row;
    if (record === undefined) throw new StorageError('what is kept of the session cannot be read', undefined, { session, rev, hash });
    return dpopKey === undefined ? record : { ...record, dpopKey };
  }

  async #findKey(): Promise<CryptoKey> {
    this.#key ??= this.#loadKey();
    try {
      return await this.#key;
    } catch (cause) {
      this.#key = undefined;
      throw cause;
    }
  }

  /** Of two tabs that make one, the second takes that of the first. */
  async #loadKey(): Promise<CryptoKey> {
    const read = (): Promise<CryptoKey | undefined> =>
      this.#database.run('keys', 'readonly', (store, answer) => {
        const found = store.get(KEY);
        found.onsuccess = () => answer(found.result);
      });
    const known = await read();
    if (known !== undefined) return known;
    const made = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
    const kept = await this.#database.run<boolean>('keys', 'readwrite', (store, answer) => {
      const added = store.add(made, KEY);
      added.onsuccess = () => answer(true);
      added.onerror = (event) => {
        // There is one already, and that is no reason to give up.
        event.preventDefault();
        event.stopPropagation();
        answer(false);
      };
    });
    const key = kept ? made : await read();
    if (key === undefined) throw new StorageError('the key of the sessions is gone');
    return key;
  }

  #listen(name: string, call: () => void): () => void {
    const { channel, calls } = this.#channelOf(name);
    calls.add(call);
    // A page that comes back from where the browser had put it has heard nothing.
    const back = (): void => {
      if (typeof document !== 'object' || document.visibilityState === 'visible') call();
    };
    globalThis.addEventListener?.('pageshow', back);
    globalThis.document?.addEventListener('visibilitychange', back);
    return () => {
      calls.delete(call);
      globalThis.removeEventListener?.('pageshow', back);
      globalThis.document?.removeEventListener('visibilitychange', back);
      if (calls.size > 0) return;
      channel.close();
      this.#channels.delete(name);
    };
  }

  #tell(name: string, { session, rev, ended }: SessionRecord): void {
    // Where there is none, nobody believes what was read before.
    if (this.watch === undefined) return;
    const { channel, calls } = this.#channelOf(name);
    try {
      // Which, never what: no token leaves the storage this way.
      channel.postMessage({ session, rev, ended: ended !== undefined });
    } catch {
      // It is stored, whoever hears of it.
    }
    for (const call of calls) call();
  }

  #channelOf(name: string): { readonly channel: BroadcastChannel; readonly calls: Set<() => void> } {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const made = { channel: new BroadcastChannel(`hufu session ${name}`), calls: new Set<() => void>() };
    made.channel.onmessage = () => {
      for (const call of made.calls) call();
    };
    this.#channels.set(name, made);
    return made;
  }
}

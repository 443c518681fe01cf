import { type Replaced, type SessionPlace, type SessionStorage, StorageError } from '../session/place.ts';
import type { SessionRecord, Stamp } from '../session/record.ts';
import { readEnvelope, writeEnvelope } from './envelope.ts';
import { MemoryLock, MemoryStorage } from './memory.ts';

/**
 * A session of one tab: over a reload there is its access token, by `sessionStorage`. A refresh token and a key stay in memory: a tab that
 * is duplicated copies its `sessionStorage`, and two that go on with one refresh token are what theft looks like.
 */
export function tabPlace(area: Storage = globalThis.sessionStorage): SessionPlace {
  return { storage: new TabStorage(area), lock: new MemoryLock() };
}

class TabStorage implements SessionStorage {
  readonly reach = 'process';
  readonly #memory = new MemoryStorage();
  readonly #area: Storage;
  readonly #loaded = new Map<string, Promise<void>>();

  constructor(area: Storage) {
    this.#area = area;
  }

  async read(name: string): Promise<SessionRecord | undefined> {
    await this.#load(name);
    return this.#memory.read(name);
  }

  async replace(name: string, expected: Stamp | undefined, next: SessionRecord): Promise<Replaced> {
    await this.#load(name);
    const done = await this.#memory.replace(name, expected, next);
    if (done.kind === 'replaced') await this.#copy(name, next);
    return done;
  }

  #load(name: string): Promise<void> {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    const loading = this.#fetch(name);
    this.#loaded.set(name, loading);
    // Blocked now is not blocked for ever.
    loading.catch(() => this.#loaded.delete(name));
    return loading;
  }

  async #fetch(name: string): Promise<void> {
    let text: string | null;
    try {
      text = this.#area.getItem(keyOf(name));
    } catch (cause) {
      throw new StorageError('the storage of the tab cannot be read', cause);
    }
    // There is no refresh token in it: a copy that cannot be read costs a sign-in and no more.
    const record = text === null ? undefined : await readEnvelope(name, text, undefined).catch(() => undefined);
    if (record !== undefined) await this.#memory.replace(name, undefined, record);
  }

  /** For the next page of this tab; whatever goes wrong here costs no more than a sign-in then. */
  async #copy(name: string, record: SessionRecord): Promise<void> {
    const { refresh: _refresh, pending: _pending, renewing: _renewing, dpopKey, ...rest } = record;
    // A bound token is worth nothing without its key.
    const access = dpopKey === undefined ? rest.access : {};
    const text = await writeEnvelope(name, { ...rest, access }, undefined);
    try {
      this.#area.setItem(keyOf(name), text);
    } catch {
      try {
        this.#area.removeItem(keyOf(name));
      } catch {
        // It is blocked altogether; what counts is in memory.
      }
    }
  }
}

function keyOf(name: string): string {
  return `hufu session ${name}`;
}

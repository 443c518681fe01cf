import { type Clock, deadline, until } from '../clock.ts';
import { type Replaced, type SessionStorage, StorageError } from './place.ts';
import { type Ending, nextRefresh, type SessionRecord, type Stamp, stampOf } from './record.ts';

/** What a change came to. */
export type Changed =
  | { readonly kind: 'saved'; readonly record: SessionRecord }
  /** It is not the same session any more, or not the same refresh token. */
  | { readonly kind: 'conflict'; readonly current: SessionRecord | undefined };

const MAX_TURNS = 10;

/** A storage that does not answer must not keep the lock of everybody; longer than a lock of a writer who is gone takes to be free. */
const ANSWER_MS = 30_000;

/** One session in a storage. Rejects with what the storage rejects with, or after 30 seconds. */
export class Slot {
  readonly #storage: SessionStorage;
  readonly #name: string;
  readonly #clock: Clock;

  constructor(storage: SessionStorage, name: string, clock: Clock) {
    this.#storage = storage;
    this.#name = name;
    this.#clock = clock;
  }

  read(): Promise<SessionRecord | undefined> {
    return this.#inTime(this.#storage.read(this.#name));
  }

  /**
   * Changes what is stored, if it is still the session of `base` with the refresh token of `base`, whatever else of it has changed: then
   * `edit` gets the newer one.
   */
  async change(base: SessionRecord, edit: (current: SessionRecord) => SessionRecord): Promise<Changed> {
    let current = base;
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const next = { ...edit(current), rev: current.rev + 1 };
      const done = await this.#replace(await stampOf(current), next);
      if (done.kind === 'replaced') return { kind: 'saved', record: next };
      if (!isSame(done.current, base)) return { kind: 'conflict', current: done.current };
      current = done.current;
    }
    throw new Error('others change it all the time');
  }

  /** Puts a record in the place of whatever is there, readable or not; unless that is this very session, put there before. */
  async put(next: SessionRecord): Promise<{ readonly record: SessionRecord; readonly over: SessionRecord | undefined }> {
    let seen: SessionRecord | undefined;
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const { over, expected } = await this.#find();
      // A storage whose answer was lost, or that was asked twice for one change, calls it a conflict with what it has written itself.
      if (over?.session === next.session) return { record: over, over: seen };
      seen = over;
      const record = { ...next, rev: (expected?.rev ?? 0) + 1 };
      const done = await this.#replace(expected, record);
      if (done.kind === 'replaced') return { record, over };
    }
    throw new Error('others change it all the time');
  }

  /**
   * Leaves a tombstone in the place of the session with the id `session`; undefined: of whichever is there.
   *
   * @returns what is buried, without its tokens where nobody can read them; undefined where there was nothing to bury
   */
  async bury(session: string | undefined, ended: Ending): Promise<SessionRecord | undefined> {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const { over: found, expected } = await this.#find();
      if (expected === undefined) return undefined;
      const unreadable: SessionRecord = { v: 1, rev: expected.rev, session: expected.session || (session ?? 'unknown'), access: {} };
      const over = found ?? unreadable;
      if (over.ended !== undefined || (session !== undefined && over.session !== session)) return undefined;
      const tombstone: SessionRecord = { v: 1, rev: over.rev + 1, session: over.session, access: {}, ended };
      const done = await this.#replace(expected, tombstone);
      if (done.kind === 'replaced') return over;
    }
    throw new Error('others change it all the time');
  }

  #replace(expected: Stamp | undefined, next: SessionRecord): Promise<Replaced> {
    return this.#inTime(this.#storage.replace(this.#name, expected, next));
  }

  async #inTime<Value>(promise: Promise<Value>): Promise<Value> {
    const limit = deadline(this.#clock, ANSWER_MS);
    try {
      return await until(promise, limit.signal);
    } finally {
      limit.clear();
    }
  }

  async #find(): Promise<{ readonly over: SessionRecord | undefined; readonly expected: Stamp | undefined }> {
    try {
      const over = await this.read();
      return { over, expected: over === undefined ? undefined : await stampOf(over) };
    } catch (error) {
      // What nobody can read any more must not stand in the way of a new sign-in for ever.
      if (!(error instanceof StorageError) || error.stamp === undefined) throw error;
      return { over: undefined, expected: error.stamp };
    }
  }
}

function isSame(current: SessionRecord | undefined, base: SessionRecord): current is SessionRecord {
  return (
    current !== undefined && current.session === base.session && current.ended === undefined && nextRefresh(current) === nextRefresh(base)
  );
}

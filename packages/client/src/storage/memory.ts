import { newSecret } from '../bytes.ts';
import { until } from '../clock.ts';
import type { HeldLock, Replaced, SessionLock, SessionPlace, SessionStorage } from '../session/place.ts';
import { type SessionRecord, type Stamp, sameStamp, stampOf } from '../session/record.ts';

/** Sessions in the memory of this page or process, gone with it. */
export function memoryPlace(): SessionPlace {
  return { storage: new MemoryStorage(), lock: new MemoryLock() };
}

/** Sessions in memory. */
export class MemoryStorage implements SessionStorage {
  readonly reach = 'process';
  readonly #records = new Map<string, { readonly record: SessionRecord; readonly stamp: Stamp }>();

  async read(name: string): Promise<SessionRecord | undefined> {
    return this.#records.get(name)?.record;
  }

  async replace(name: string, expected: Stamp | undefined, next: SessionRecord): Promise<Replaced> {
    const stamp = await stampOf(next);
    const current = this.#records.get(name);
    if (!sameStamp(current?.stamp, expected)) return { kind: 'conflict', current: current?.record };
    this.#records.set(name, { record: next, stamp });
    return { kind: 'replaced' };
  }
}

/** One after the other, among those who have this very object. */
export class MemoryLock implements SessionLock {
  readonly reach = 'process';
  readonly me: string = newSecret();
  readonly #tails = new Map<string, Promise<void>>();
  #fence = 0;

  async acquire(name: string, signal: AbortSignal): Promise<HeldLock> {
    signal.throwIfAborted();
    const before = this.#tails.get(name) ?? Promise.resolve();
    let release = (): void => {};
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = before.then(() => mine);
    this.#tails.set(name, tail);
    await until(before, signal).catch((error: unknown) => {
      release();
      throw error;
    });
    this.#fence += 1;
    return {
      fence: this.#fence,
      // Nobody gets it before whoever had it has let go.
      isGone: async () => true,
      release: async () => {
        release();
        if (this.#tails.get(name) === tail) this.#tails.delete(name);
      },
    };
  }
}

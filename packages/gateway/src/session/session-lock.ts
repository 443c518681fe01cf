import { pause } from '@hufu/client/clock';
import { type HeldLock, type SessionLock, StorageError } from '@hufu/client/session/place';
import type { EdgeRecord } from '@hufu/store/port';
import { nowSeconds, type TokenHandler } from './token-handler.ts';

const POLL_MS = 100;
const BEAT_MS = 3_000;
/** As long as a renewal may take. */
const STILL_MS = 20_000;
const KEPT_SECONDS = 3_600;

/**
 * A lock among the gateways of an edge: a record whose version grows while its holder is at work. Nobody's clock is believed; who finds it standing still for 20 seconds of its own
 * time takes it over.
 */
export class EdgeSessionLock implements SessionLock {
  readonly reach = 'network';
  readonly me: string;
  readonly #handler: TokenHandler;
  readonly #idOf: (name: string) => string;

  constructor(handler: TokenHandler, idOf: (name: string) => string) {
    this.me = handler.newSecret();
    this.#handler = handler;
    this.#idOf = idOf;
  }

  async acquire(name: string, signal: AbortSignal): Promise<HeldLock> {
    const { clock } = this.#handler;
    const id = `lock:${this.#idOf(name)}`;
    let seen = 0;
    let stillMs = 0;
    let lookedAt = clock.progressMs();
    for (;;) {
      signal.throwIfAborted();
      const found = await this.#look(id);
      if (found === undefined) continue;
      const now = clock.progressMs();
      // A machine that slept has watched nothing.
      stillMs = found.version === seen ? stillMs + Math.min(now - lookedAt, 10 * POLL_MS) : 0;
      [seen, lookedAt] = [found.version, now];
      if (found.sealed === FREE || stillMs >= STILL_MS) {
        const version = await this.#write(id, found.version, this.me);
        if (version !== undefined) return this.#hold(id, version, found.sealed);
        continue;
      }
      await pause(clock, POLL_MS * (0.5 + clock.chance()), signal);
    }
  }

  /** It, as it stands; undefined where it fell at this moment. */
  async #look(id: string): Promise<EdgeRecord | undefined> {
    const { store, tenant, settings } = this.#handler;
    const now = nowSeconds(this.#handler);
    const record = await asking(store.findEdgeRecord(tenant, settings.edge, id));
    if (record !== undefined && record.expiresAt > now) return record;
    const fresh = { id, sealed: FREE, idleSeconds: 0, expiresAt: now + KEPT_SECONDS, subject: undefined };
    await asking(store.putEdgeRecord(tenant, settings.edge, fresh, now));
    return await asking(store.findEdgeRecord(tenant, settings.edge, id));
  }

  /** The version that it has then; undefined where somebody else was faster. */
  async #write(id: string, version: number, holder: string): Promise<number | undefined> {
    const { store, tenant, settings } = this.#handler;
    const now = nowSeconds(this.#handler);
    const next = { sealed: holder, expiresAt: now + KEPT_SECONDS };
    const done = await asking(store.replaceEdgeRecord(tenant, settings.edge, id, version, next, now));
    return done.kind === 'replaced' ? done.version : undefined;
  }

  #hold(id: string, taken: number, silent: string): HeldLock {
    const { clock } = this.#handler;
    let version: number | undefined = taken;
    let writing: Promise<void> = Promise.resolve();
    let cancel = (): void => {};
    /** One after the other. What the store could not do is tried with the next beat. */
    const write = (holder: string): Promise<void> => {
      writing = writing.then(async () => {
        if (version === undefined) return;
        version = await this.#write(id, version, holder).catch(() => version);
      });
      return writing;
    };
    const schedule = (): void => {
      cancel = clock.after(BEAT_MS, 'nothing', () => {
        void write(this.me);
        schedule();
      });
    };
    schedule();
    let released: Promise<void> | undefined;
    return {
      fence: taken,
      // Whoever had it was seen to stand still.
      isGone: async (me) => silent !== FREE && me === silent,
      release: () => {
        cancel();
        released ??= write(FREE);
        return released;
      },
    };
  }
}

const FREE = 'free';

async function asking<Value>(promise: Promise<Value>): Promise<Value> {
  try {
    return await promise;
  } catch (cause) {
    throw new StorageError('the store of the edge cannot be asked now', cause);
  }
}

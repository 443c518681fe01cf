import { newSecret } from '../bytes.ts';
import { type Clock, pause, systemClock } from '../clock.ts';
import type { HeldLock, SessionLock } from '../session/place.ts';
import type { SessionDatabase } from '../storage/session-database.ts';

/** Who has it: nobody where `holder` is ''. `beat` grows while they are at work. */
interface Lease {
  readonly fence: number;
  readonly holder: string;
  readonly beat: number;
}

interface Taken {
  readonly kind: 'mine' | 'theirs';
  readonly lease: Lease;
}

const POLL_MS = 200;
const BEAT_MS = 1_000;
const STILL_MS = 20_000;

/** A lock among the tabs and workers of an origin where the browser has no Web Locks: a lease in IndexedDB that its holder keeps alive. */
export class LeaseLock implements SessionLock {
  readonly reach = 'machine';
  readonly me: string = newSecret();
  readonly #database: SessionDatabase;
  readonly #clock: Clock;

  constructor(database: SessionDatabase, clock: Clock = systemClock) {
    this.#database = database;
    this.#clock = clock;
  }

  async acquire(name: string, signal: AbortSignal): Promise<HeldLock> {
    let seen: Lease | undefined;
    let stillMs = 0;
    let lookedAt = this.#clock.progressMs();
    for (;;) {
      signal.throwIfAborted();
      const overdue = stillMs >= STILL_MS ? seen : undefined;
      const { kind, lease: found } = await this.#take(name, overdue);
      if (kind === 'mine') return this.#hold(name, found, overdue?.holder);
      const now = this.#clock.progressMs();
      const isSame = seen?.fence === found.fence && seen.beat === found.beat;
      // A machine that slept has watched nothing.
      stillMs = isSame ? stillMs + Math.min(now - lookedAt, 10 * POLL_MS) : 0;
      [seen, lookedAt] = [found, now];
      await pause(this.#clock, POLL_MS * (0.5 + this.#clock.chance()), signal);
    }
  }

  /** The lease as it is now: ours, where it was nobody's, or has not changed since it was found `overdue`. */
  #take(name: string, overdue: Lease | undefined): Promise<Taken> {
    return this.#database.run<Taken>('leases', 'readwrite', (store, answer) => {
      const found = store.get(name);
      found.onsuccess = () => {
        const lease: Lease = found.result ?? { fence: 0, holder: '', beat: 0 };
        const free = lease.holder === '' || (overdue?.fence === lease.fence && overdue.beat === lease.beat);
        if (!free) return answer({ kind: 'theirs', lease });
        const mine = { fence: lease.fence + 1, holder: this.me, beat: 0 };
        store.put(mine, name);
        answer({ kind: 'mine', lease: mine });
      };
    });
  }

  #hold(name: string, { fence }: Lease, silent: string | undefined): HeldLock {
    let released = false;
    let beat = 0;
    let cancel = (): void => {};
    const write = (next: Lease): Promise<void> =>
      this.#database.run<void>('leases', 'readwrite', (store, answer) => {
        const found = store.get(name);
        found.onsuccess = () => {
          const lease: Lease | undefined = found.result;
          // Whoever took it over while this tab slept keeps it.
          if (lease?.fence === fence) store.put(next, name);
          answer();
        };
      });
    const schedule = (): void => {
      cancel = this.#clock.after(BEAT_MS, 'nothing', () => {
        if (released) return;
        beat += 1;
        write({ fence, holder: this.me, beat }).catch(() => undefined);
        schedule();
      });
    };
    schedule();
    return {
      fence,
      // Nobody can ask a tab whether it is there; one was watched for 20 seconds and gave no sign.
      isGone: async (me) => me === silent,
      release: async () => {
        if (released) return;
        released = true;
        cancel();
        await write({ fence, holder: '', beat: 0 }).catch(() => undefined);
      },
    };
  }
}

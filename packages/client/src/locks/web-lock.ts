import { newSecret } from '../bytes.ts';
import type { HeldLock, SessionLock } from '../session/place.ts';

/** A lock among the tabs and workers of an origin, by the browser (Web Locks): whoever is closed or crashes has let go of it. */
export class WebLock implements SessionLock {
  readonly reach = 'machine';
  readonly me: string = newSecret();
  #count = 0;

  acquire(name: string, signal: AbortSignal): Promise<HeldLock> {
    return new Promise((resolve, reject) => {
      let release = (): void => {};
      const released = new Promise<void>((done) => {
        release = done;
      });
      const hold = (): Promise<void> => {
        this.#count += 1;
        // The browser gives it to nobody before whoever had it is done, or gone.
        resolve({ fence: this.#count, isGone: async () => true, release: async () => release() });
        return released;
      };
      navigator.locks.request(`hufu session ${name}`, { mode: 'exclusive', signal }, hold).catch(reject);
    });
  }
}

import type { Ending } from './record.ts';
import type { SessionError } from './session-error.ts';

/** What a token session tells, always after it has let go of every lock: a listener may ask for a token. */
export interface SessionEvents {
  /** A sign-in was stored here, or adopted. */
  readonly signed_in: { readonly session: string };
  /** There is a new access token; `rotated`: and a new refresh token. */
  readonly renewed: { readonly session: string; readonly rotated: boolean };
  /** The sign-in is over, because its time was. */
  readonly expired: Ending;
  /** It is over, because the user signed in at another device. */
  readonly replaced: Ending;
  /** It is over, because somebody has ended it: here, in another tab, at the server. */
  readonly signed_out: Ending;
  /** Another sign-in has taken the place of this one, or the first has come. See `TokenSession.adopt`. */
  readonly changed: { readonly from: string | undefined; readonly to: string };
  /** A successor could not be stored, and is kept in memory until it can. */
  readonly storage_failed: { readonly error: unknown };
  /** A renewal has failed for now. */
  readonly delayed: { readonly error: SessionError };
  /** An API wants another sign-in (RFC 9470 §3). */
  readonly step_up: { readonly acrValues: string | undefined; readonly maxAge: number | undefined; readonly url: string };
}

/** Who listens to what. */
export class Listeners {
  readonly #listeners = new Map<keyof SessionEvents, Set<(event: never) => void>>();

  /** @returns what ends it */
  on<Name extends keyof SessionEvents>(name: Name, listener: (event: SessionEvents[Name]) => void): () => void {
    const listening = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listening.add(listener));
    return () => void listening.delete(listener);
  }

  tell<Name extends keyof SessionEvents>(name: Name, event: SessionEvents[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        // It was put in under this name.
        (listener as (event: SessionEvents[Name]) => void)(event);
      } catch (error) {
        // As with an EventTarget: a listener's mistake is nobody's but the listener's, and does not go unseen.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

import { type Clock, systemClock } from './clock.ts';

/** What a page knows about whoever uses it. */
export type SessionView =
  | { readonly status: 'loading' }
  /** `ending`: how the session before ended (`expired`, `replaced`, `signed_out`), with what the server said, as far as it was told here. */
  | { readonly status: 'signed_out'; readonly ending: string | undefined; readonly error: unknown }
  | {
      readonly status: 'signed_in';
      /** Of this sign-in. */
      readonly id: string;
      /** Of the ID token. */
      readonly claims: Readonly<Record<string, unknown>> | undefined;
    }
  /** Somebody else has signed in, in another tab: `TokenSession.adopt` to go on as them. */
  | { readonly status: 'changed' }
  /** It cannot be told now; it is looked at again after a while, with the next event, and with `look`. */
  | { readonly status: 'unavailable'; readonly error: unknown };

/** What of a `TokenSession` is looked at. */
export interface ViewedSession {
  current(): Promise<{ readonly id: string; readonly claims: Readonly<Record<string, unknown>> | undefined }>;
  on(name: 'signed_in' | 'renewed' | 'delayed' | 'expired' | 'replaced' | 'signed_out' | 'changed', listener: () => void): () => void;
}

/** A view that changes, as `useSyncExternalStore` and its like want it. */
export interface LiveView {
  /** The same object until something changes. */
  snapshot(): SessionView;
  /** @returns what ends it; the session is listened to while anybody listens here */
  subscribe(listener: () => void): () => void;
  /** Looks again. Never rejects. */
  look(): Promise<void>;
}

const EVENTS = ['signed_in', 'renewed', 'delayed', 'expired', 'replaced', 'signed_out', 'changed'] as const;
const MAX_WAIT_MS = 30_000;
const ENDINGS: readonly unknown[] = ['expired', 'replaced', 'signed_out'];

/**
 * Follows a session.
 *
 * @param arrive what happens once before the first look: ending a sign-in that the page came back from. Where it fails, nobody is signed in,
 *   and the view has its error.
 */
export function viewSession(
  session: ViewedSession,
  arrive: () => Promise<unknown> = () => Promise.resolve(),
  clock: Clock = systemClock,
): LiveView {
  let view: SessionView = { status: 'loading' };
  let arrival: Promise<unknown> | undefined;
  let looks = 0;
  let waits = 0;
  let cancel = (): void => {};
  const listeners = new Set<() => void>();
  let unlisten: readonly (() => void)[] = [];

  const look = async (): Promise<void> => {
    const turn = ++looks;
    const arrived = (arrival ??= arrive().then(
      () => undefined,
      (error: unknown) => error,
    ));
    const seen = await see(session, await arrived);
    // What was looked at later is newer, whichever comes first.
    if (turn !== looks) return;
    cancel();
    waits = seen.status === 'unavailable' ? waits + 1 : 0;
    if (waits > 0 && listeners.size > 0)
      cancel = clock.after(Math.min(1_000 * 2 ** Math.min(waits - 1, 5), MAX_WAIT_MS), 'nothing', () => void look());
    if (isSame(seen, view)) return;
    view = seen;
    for (const listener of listeners) listener();
  };
  return {
    snapshot: () => view,
    look,
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) {
        unlisten = EVENTS.map((name) => session.on(name, () => void look()));
        void look();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        cancel();
        for (const end of unlisten) end();
      };
    },
  };
}

async function see(session: ViewedSession, failure: unknown): Promise<SessionView> {
  try {
    const { id, claims } = await session.current();
    return { status: 'signed_in', id, claims };
  } catch (error) {
    const { code }: { readonly code?: unknown } = Object(error);
    if (code === 'session_changed') return { status: 'changed' };
    if (code === 'no_session') return { status: 'signed_out', ending: undefined, error: failure };
    return ENDINGS.includes(code) ? { status: 'signed_out', ending: String(code), error: failure } : { status: 'unavailable', error };
  }
}

function isSame(one: SessionView, other: SessionView): boolean {
  if (one.status !== other.status) return false;
  if (one.status === 'signed_in' && other.status === 'signed_in') return one.id === other.id && one.claims === other.claims;
  return one.status === 'changed';
}

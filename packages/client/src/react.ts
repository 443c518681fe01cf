/** For apps with React: who is signed in, kept true while tokens are renewed and other tabs sign in and out. */
import { createContext, createElement, type ReactElement, type ReactNode, useContext, useMemo, useSyncExternalStore } from 'react';
import { type LiveView, type SessionView, type ViewedSession, viewSession } from './session-view.ts';

const Context = createContext<LiveView | undefined>(undefined);
const LOADING: SessionView = { status: 'loading' };

export interface SessionProviderProps {
  /** A `TokenSession`: the same object for as long as the app runs. */
  readonly session: ViewedSession;
  /**
   * Runs once, before the session is looked at: `finishRedirect` and `session.signedIn`. The same function each time, so that it runs once.
   */
  readonly arrive?: () => Promise<unknown>;
  readonly children?: ReactNode;
}

/** Lets everything within know who is signed in. */
export function SessionProvider({ session, arrive, children }: SessionProviderProps): ReactElement {
  const view = useMemo(() => viewSession(session, arrive), [session, arrive]);
  return createElement(Context.Provider, { value: view }, children);
}

/** Who is signed in: on a server, and until it is known, `loading`. Throws where there is no `SessionProvider` around it. */
export function useSession(): SessionView {
  const view = useContext(Context);
  if (view === undefined) throw new TypeError('useSession needs a SessionProvider around it');
  return useSyncExternalStore(view.subscribe, view.snapshot, () => LOADING);
}

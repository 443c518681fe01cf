import { systemClock } from './clock.ts';

/** For pages behind an edge of Hufu: the browser has a cookie that no script reads, and no token. Without dependencies. */

/** Who is signed in. */
export interface EdgeSession {
  readonly signed_in: boolean;
  /** Another one: somebody else has signed in meanwhile. */
  readonly handle?: string;
  readonly sub?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Seconds, if nobody uses it. */
  readonly expires_in?: number;
  /** Why there is none any more: `signed_out`, `replaced`, `expired` and their like. */
  readonly reason?: string;
}

export interface Edge {
  /** Asks the edge. `slide: false` is no use of the session. Rejects where the edge cannot say. */
  session(options?: { readonly slide?: boolean }): Promise<EdgeSession>;
  /** Goes to sign in and comes back to `returnTo`: a path of this site, the present one where it is left out. In one tab at a time; the others come back signed in. */
  login(returnTo?: string): Promise<void>;
  /** Ends the session here and at the authorization server. */
  logout(): Promise<void>;
  /** As `fetch`, with what the edge asks of requests with a session. A 409 `session_changed` says that somebody else has signed in since `session()`. */
  fetch(input: string | URL, init?: RequestInit): Promise<Response>;
}

/** What is used of a page's `window`. */
export interface EdgePage {
  fetch(input: string | URL, init: RequestInit): Promise<Response>;
  readonly location: Pick<Location, 'pathname' | 'search' | 'hash' | 'assign'>;
  readonly navigator: { readonly locks?: LockManager };
}

const LOCK = 'hufu edge login';
/** A navigation that somebody has stopped keeps no other tab waiting. */
const LEAVING_MS = 10_000;

/**
 * @param base where the edge is: this site's own, or another origin that lists this one, such as `https://api.example`.
 */
export function edge(base = '', page: EdgePage = window): Edge {
  let handle: string | undefined;
  const send = (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set('x-csrf', '1');
    if (handle !== undefined) headers.set('x-hufu-session', handle);
    return page.fetch(input, { ...init, headers, credentials: base === '' ? 'same-origin' : 'include' });
  };
  const ask = async <Answer>(path: string, init?: RequestInit): Promise<Answer> => {
    const reply = await send(base + path, init);
    if (!reply.ok) throw new Error(`the edge answers ${reply.status}`);
    return await reply.json();
  };
  const session: Edge['session'] = async ({ slide = true } = {}) => {
    const found = await ask<EdgeSession>(slide ? '/edge/session' : '/edge/session?slide=false');
    handle = found.handle;
    return found;
  };
  return {
    session,
    async login(returnTo = page.location.pathname + page.location.search + page.location.hash) {
      const leave = async (): Promise<void> => {
        page.location.assign(`${base}/edge/login?return_to=${encodeURIComponent(returnTo)}`);
        // Let go when the page is gone.
        await new Promise<void>((resolve) => void systemClock.after(LEAVING_MS, 'nothing', resolve));
      };
      const { locks } = page.navigator;
      if (locks === undefined) return await leave();
      const isFirst = await locks.request(LOCK, { ifAvailable: true }, async (lock) => {
        if (lock !== null) await leave();
        return lock !== null;
      });
      if (isFirst) return;
      await locks.request(LOCK, async () => {
        // Somebody has signed in in the tab that was first.
        if ((await session()).signed_in) page.location.assign(returnTo);
        else await leave();
      });
    },
    async logout() {
      const { location: end } = await ask<{ readonly location: string }>('/edge/logout', { method: 'POST' });
      handle = undefined;
      page.location.assign(base + end);
    },
    fetch: send,
  };
}

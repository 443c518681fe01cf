/** Sessions in memory. A real app keeps them in its database, or nobody stays signed in over a restart. */
import { randomBytes } from 'node:crypto';
import type { Pending, Tokens } from './hufu.ts';

export interface SignedIn {
  readonly kind: 'signed_in';
  tokens: Tokens;
}

export type Session = SignedIn | { readonly kind: 'signing_in'; readonly pending: Pending };

const MAX_SESSIONS = 10_000;
const sessions = new Map<string, Session>();

/** @param cookies the Cookie header */
export function findSession(cookies: string | undefined): Session | undefined {
  return sessions.get(idIn(cookies));
}

/**
 * Keeps a session under a new id, in the place of the one that the browser had.
 * @returns the Set-Cookie header
 */
export function keepSession(cookies: string | undefined, session: Session): string {
  sessions.delete(idIn(cookies));
  const id = randomBytes(24).toString('base64url');
  sessions.set(id, session);
  const [oldest] = sessions.keys();
  if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
  return cookie(id);
}

/** @returns the Set-Cookie header that clears it */
export function endSession(cookies: string | undefined): string {
  sessions.delete(idIn(cookies));
  return `${cookie('')}; Max-Age=0`;
}

/**
 * Ends every session that came from that session at Hufu.
 * @returns how many there were
 */
export function endSessionsOf(sid: string): number {
  let ended = 0;
  for (const [id, session] of sessions) {
    if (session.kind === 'signed_in' && session.tokens.sid === sid && sessions.delete(id)) ended += 1;
  }
  return ended;
}

// On https, add Secure and call it __Host-ledger. Lax: sent when the browser comes back from Hufu, but not with foreign forms.
function cookie(id: string): string {
  return `ledger=${id}; Path=/; HttpOnly; SameSite=Lax`;
}

function idIn(cookies: string | undefined): string {
  return /(?:^|;\s*)ledger=([\w-]+)/.exec(cookies ?? '')?.[1] ?? '';
}

import { createHash } from 'node:crypto';

/** The names of the cookies of one edge: two edges on one host do not meet. */
export interface CookieNames {
  readonly session: string;
  /** The rest of a session that one cookie is too short for. */
  readonly more: string;
  /** Of the sign-in with this `state`. */
  transaction(state: string): string;
  /** That a sign-out is on its way to the issuer. */
  readonly signOut: string;
  /** What the names of transactions begin with. */
  readonly transactions: string;
}

/** `__Host-Http-`: set by a server over https alone, for this host alone, and never by a script (draft-ietf-httpbis-rfc6265bis §4.1.3). */
export function cookieNames(issuer: string, clientId: string): CookieNames {
  const session = `__Host-Http-hufu-${short(JSON.stringify([issuer, clientId]))}`;
  return {
    session,
    more: `${session}-1`,
    transaction: (state) => `${session}-tx-${short(state)}`,
    signOut: `${session}-out`,
    transactions: `${session}-tx-`,
  };
}

function short(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 8);
}

/**
 * Those of a `Cookie` header whose names begin with `prefix`, by name. White space is SP and HTAB, as browsers write it; one that stands twice is absent,
 * for nobody knows which of the two is ours (RFC 6265 §5.4).
 */
export function readCookies(header: string | undefined, prefix: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const twice = new Set<string>();
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const name = trim(pair.slice(0, equals));
    if (!name.startsWith(prefix)) continue;
    if (found.has(name)) twice.add(name);
    found.set(name, trim(pair.slice(equals + 1)));
  }
  for (const name of twice) found.delete(name);
  return found;
}

function trim(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
}

/** A `Set-Cookie` value. */
export function writeCookie(name: string, value: string, maxAgeSeconds: number, sameSite: 'Lax' | 'Strict'): string {
  return `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=${sameSite}; Max-Age=${maxAgeSeconds}`;
}

/** The same attributes as when it was set: browsers keep what differs. */
export function clearCookie(name: string): string {
  return writeCookie(name, '', 0, 'Lax');
}

/** What clears every cookie of an edge that a request brings, those too that stand twice; the session's in any case. */
export function clearAll(header: string | undefined, { session }: CookieNames): readonly string[] {
  return [...new Set([session, ...namesIn(header, `${session}-`)])].map(clearCookie);
}

/** What clears those of sign-ins on their way, and nothing else. */
export function clearTransactions(header: string, { transactions }: CookieNames): readonly string[] {
  return [...new Set(namesIn(header, transactions))].map(clearCookie);
}

function namesIn(header: string | undefined, prefix: string): readonly string[] {
  const names = (header ?? '').split(';').map((pair) => trim(pair.slice(0, Math.max(0, pair.indexOf('=')))));
  return names.filter((name) => name.startsWith(prefix));
}

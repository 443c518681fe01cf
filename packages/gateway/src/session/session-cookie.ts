import { readRecord } from '@hufu/client/session/record';
import { clearCookie, readCookies, writeCookie } from './cookie-jar.ts';
import { type SessionContents, sessionId } from './session-contents.ts';
import { nowSeconds, sameSiteOf, type TokenHandler } from './token-handler.ts';

/** A session that a browser keeps itself, sealed: everything that the store of another gateway, or of this one after a start, has to know of it. Times are seconds since 1970. */
export interface KeptSession {
  readonly contents: SessionContents;
  /** When it was last seen, as far as the cookie knows. */
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  /** Of the ID token that stood at its beginning. */
  readonly issuedAt: number;
}

/** The session that a request's cookies name. `kept`: where it is in the cookie itself. */
export interface PresentedSession {
  readonly id: string;
  readonly kept: KeptSession | undefined;
}

/** What is kept is more than two cookies can hold. */
export class SessionTooLarge extends Error {
  override readonly name = 'SessionTooLarge';
}

/** Browsers take 4,096 bytes of name, value and attributes. */
const CHUNK = 3_800;
const MAX_CHUNKS = 2;

/** Undefined: there is none. `unreadable`: there is something that none of our keys has sealed for this place. Nothing is asked of the store. */
export function readPresented(handler: TokenHandler, cookieHeader: string | undefined): PresentedSession | 'unreadable' | undefined {
  const { cookies, settings } = handler;
  const found = readCookies(cookieHeader, cookies.session);
  const first = found.get(cookies.session);
  if (first === undefined) return undefined;
  if (settings.keep !== 'cookie') return /^[\w-]{43}$/.test(first) ? { id: sessionId(first), kept: undefined } : undefined;
  const count = /^[12]\./.test(first) ? Number(first[0]) : 0;
  const second = count === 2 ? found.get(cookies.more) : '';
  if (count === 0 || second === undefined || first.length > CHUNK || second.length > CHUNK) return 'unreadable';
  return open(handler, first.slice(2) + second) ?? 'unreadable';
}

/**
 * The `Set-Cookie` values with which a browser keeps a session: a JWE (RFC 7516 §7.1), in two pieces where one is too short, bound to the name of its cookie, its edge, its purpose and its session.
 *
 * @throws SessionTooLarge
 */
export function sessionCookies(handler: TokenHandler, id: string, kept: KeptSession): readonly string[] {
  const { cookies, keys, settings } = handler;
  const { contents, ...times } = kept;
  const jwe = keys.encrypt(
    'cookie',
    { cookie: cookies.session, edge: settings.edge, sid: id },
    JSON.stringify({ v: 1, ...contents, ...times }),
  );
  const pieces = [jwe.slice(0, CHUNK - 2), jwe.slice(CHUNK - 2)];
  const [first = '', second = ''] = pieces;
  if (second.length > CHUNK) throw new SessionTooLarge(`a session of ${jwe.length} characters, and ${MAX_CHUNKS} cookies of ${CHUNK} each`);
  const age = Math.max(0, kept.expiresAt - nowSeconds(handler));
  const sameSite = sameSiteOf(handler);
  if (second === '') return [writeCookie(cookies.session, `1.${first}`, age, sameSite), clearCookie(cookies.more)];
  return [writeCookie(cookies.session, `2.${first}`, age, sameSite), writeCookie(cookies.more, second, age, sameSite)];
}

/** How old, in seconds, what a cookie says of its use may be: a quarter of the idle time, from a minute to five. */
function seenEvery(idleSeconds: number): number {
  return idleSeconds === 0 ? Number.POSITIVE_INFINITY : Math.min(300, Math.max(60, idleSeconds / 4));
}

/** What a browser has to be told so that its cookie says what is known here by now; nothing where it does. */
export function renewedCookies(handler: TokenHandler, id: string, contents: SessionContents, kept: KeptSession): readonly string[] {
  const { tokens } = contents;
  const now = nowSeconds(handler);
  const isCurrent = tokens.rev === kept.contents.tokens.rev && now - kept.lastSeenAt < seenEvery(handler.settings.idleSeconds);
  // What is under way is not worth keeping; and nobody gets a session back that was signed out.
  if (isCurrent || tokens.renewing !== undefined || tokens.ended !== undefined || handler.over.has(id)) return [];
  try {
    return sessionCookies(handler, id, { ...kept, contents, lastSeenAt: now });
  } catch (error) {
    // Tokens that have grown: the session goes on here, as long as this gateway does.
    if (error instanceof SessionTooLarge) return [];
    throw error;
  }
}

function open({ keys, cookies, settings }: TokenHandler, jwe: string): PresentedSession | undefined {
  const opened = keys.decrypt('cookie', jwe);
  const id = opened?.header['sid'];
  if (opened === undefined || typeof id !== 'string' || opened.header['cookie'] !== cookies.session) return undefined;
  // Two edges may have one secret and one client, and do not hear of each other's sign-outs.
  if (opened.header['edge'] !== settings.edge) return undefined;
  // Sealed by us; but maybe by a version that is not this one.
  const value = JSON.parse(opened.plain) as Readonly<Record<string, unknown>>;
  const { v, tokens: written, sub, lastSeenAt, expiresAt, issuedAt } = value;
  const tokens = readRecord(written);
  if (v !== 1 || tokens === undefined || typeof sub !== 'string') return undefined;
  if (typeof lastSeenAt !== 'number' || typeof expiresAt !== 'number' || typeof issuedAt !== 'number') return undefined;
  return { id, kept: { contents: { tokens, sub }, lastSeenAt, expiresAt, issuedAt } };
}

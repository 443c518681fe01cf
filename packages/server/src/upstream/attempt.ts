import { equalText } from '@hufu/protocol/equal-text';
import { type SessionId, sessionId } from '@hufu/protocol/ids';
import type { Upstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import type { Aim } from '../interaction/aim.ts';
import { type OwnPage, readOwnPage } from '../interaction/own-page.ts';
import { PageError } from '../interaction/page-error.ts';
import { openSealed, seal } from '../interaction/sealed.ts';
import { readTicketParts, type Ticket, ticketParts } from '../interaction/ticket.ts';
import { clearCookie, cookieName, cookiePairs, readCookie, writeCookie } from '../sessions/cookies.ts';
import type { Visit } from './visit.ts';

/** A sign-in that has gone elsewhere: what this browser has to bring back. */
export interface Attempt {
  /** 24 random characters: `state`. */
  readonly id: string;
  readonly upstream: string;
  readonly startedMs: number;
  /** The browser that it was begun in. */
  readonly browserId: string;
  readonly purpose: 'sign_in' | 'link';
  /** Of a link: the session that it was begun in, and the user's `authVersion`. */
  readonly session: SessionId | undefined;
  readonly authVersion: number;
  readonly ticket: Ticket | undefined;
  readonly next: OwnPage;
  /** See `Aim`. */
  readonly fresh: boolean;
}

/** Seconds for which it may be away. */
const ATTEMPT_SECONDS = 600;
/** A browser has so many at a time; the oldest falls. */
const MAX_ATTEMPTS = 5;
/** Characters of a cookie, less than browsers keep. */
const MAX_COOKIE = 3_900;
const ID = /^[A-Za-z0-9_-]{24}$/;

/** The cookies of an attempt that begins: its own, and those of the ones that fall. Throws where the request is too long to be carried. */
export function attemptCookies(ctx: Context, http: HttpRequest, attempt: Attempt): readonly string[] {
  const sealed = write(ctx, attempt);
  if (sealed.length > MAX_COOKIE) throw new PageError('request_too_large', 'the request is too long to be carried to an upstream and back');
  const others = openAttempts(ctx, http).toSorted((a, b) => b.startedMs - a.startedMs);
  return [
    writeCookie(ctx, nameOf(attempt.id), sealed, ATTEMPT_SECONDS),
    ...others.slice(MAX_ATTEMPTS - 1).map(({ id }) => clearAttempt(ctx, id)),
  ];
}

/** Whether the request that somebody signs in for can be carried to that upstream and back: a cookie holds less than an address. */
export function canCarry(ctx: Context, browserId: string, upstream: string, { way, next, fresh }: Aim): boolean {
  if (way === undefined) return true;
  const [id, { startedMs }] = ['A'.repeat(24), way.ticket];
  const about = { id, upstream, startedMs, browserId, purpose: 'sign_in', session: undefined, authVersion: 0, next } as const;
  return write(ctx, { ...about, ticket: way.ticket, fresh: fresh === true }).length <= MAX_COOKIE;
}

/** The cookie goes with its first answer, whatever that says. */
export function clearAttempt(ctx: Context, id: string): string {
  return clearCookie(ctx, nameOf(id));
}

/** Whether this browser says that it has begun it; what it says is not looked at yet. */
export function hasAttempt(ctx: Context, http: HttpRequest, id: string): boolean {
  return ID.test(id) && readCookie(ctx, http, nameOf(id)) !== undefined;
}

/**
 * Takes the attempt that an answer is for, for exactly one answer (attacks FED-10): begun in this browser (RFC 9700 §4.7), with this upstream (§4.4), and not long ago. Throws `PageError`.
 */
export async function takeAttempt(ctx: Context, http: HttpRequest, upstream: Upstream, id: string): Promise<Attempt> {
  const cookie = ID.test(id) ? readCookie(ctx, http, nameOf(id)) : undefined;
  const attempt = cookie === undefined ? undefined : read(ctx, cookie);
  if (attempt?.id !== id)
    throw new PageError('upstream_attempt_unknown', cookie === undefined ? 'this browser has not begun it' : 'its seal does not hold');
  const browser = readCookie(ctx, http, 'browser');
  if (browser === undefined || !equalText(browser, attempt.browserId))
    throw new PageError('upstream_attempt_unknown', 'it was begun in another browser');
  const now = Math.floor(http.nowMs / 1000);
  const end = Math.floor(attempt.startedMs / 1000) + ATTEMPT_SECONDS;
  if (end <= now) throw new PageError('request_expired', 'begun too long ago');
  if (!(await ctx.store.takeOnce(ctx.tenant, 'upstream', attempt.id, end, now)))
    throw new PageError('upstream_attempt_unknown', 'it has had its answer');
  // Only now: an answer that comes to the wrong place has used it up.
  if (attempt.upstream !== upstream.name) throw new PageError('upstream_failed', 'it was begun with another upstream');
  return attempt;
}

/** What goes with it: made from its name, so that nothing more has to be carried. */
export function visitOf(ctx: Context, upstream: Upstream, { id }: Pick<Attempt, 'id'>, anew: Visit['anew'], now: number): Visit {
  return {
    id,
    nonce: ctx.keys.keyedHash('upstream_nonce', id),
    verifier: ctx.keys.keyedHash('upstream_verifier', id),
    callback: callbackOf(ctx, upstream),
    anew,
    now,
  };
}

/** Where answers of an upstream come to; each has its own (RFC 9700 §4.4). */
export function callbackOf(ctx: Pick<Context, 'issuer'>, { name }: Pick<Upstream, 'name'>): string {
  return `${ctx.issuer}/signin/with/${name}/callback`;
}

function nameOf(id: string): `up_${string}` {
  return `up_${id.slice(0, 8)}`;
}

function openAttempts(ctx: Context, http: HttpRequest): readonly Attempt[] {
  const header = http.headers['cookie'];
  const prefix = cookieName(ctx, 'up_');
  const found: Attempt[] = [];
  for (const pair of typeof header === 'string' ? cookiePairs(header.slice(0, 65_536)) : []) {
    const [name = '', value = ''] = pair.split('=', 2);
    if (!name.startsWith(prefix)) continue;
    const attempt = read(ctx, value);
    if (attempt !== undefined) found.push(attempt);
  }
  return found;
}

function write(ctx: Context, attempt: Attempt): string {
  const { id, upstream, startedMs, browserId, purpose, session, authVersion, ticket, next, fresh } = attempt;
  const request = ticket === undefined ? null : ticketParts(ticket);
  return seal(ctx, 'upstream', [id, upstream, startedMs, browserId, purpose, session ?? 0, authVersion, request, next, fresh]);
}

function read(ctx: Context, cookie: string): Attempt | undefined {
  const parts = openSealed(ctx, 'upstream', cookie, MAX_COOKIE);
  return Array.isArray(parts) ? readParts(parts) : undefined;
}

function readParts(parts: readonly unknown[]): Attempt | undefined {
  const [id, upstream, startedMs, browserId, purpose, session, authVersion, ticket, next, fresh] = parts;
  if (
    typeof id !== 'string' ||
    typeof upstream !== 'string' ||
    typeof startedMs !== 'number' ||
    typeof browserId !== 'string' ||
    typeof next !== 'string'
  )
    return undefined;
  if ((purpose !== 'sign_in' && purpose !== 'link') || typeof session !== 'number' || typeof authVersion !== 'number') return undefined;
  return {
    id,
    upstream,
    startedMs,
    browserId,
    purpose,
    session: session === 0 ? undefined : sessionId(session),
    authVersion,
    ticket: readTicketParts(ticket),
    next: readOwnPage(next),
    fresh: fresh === true,
  };
}

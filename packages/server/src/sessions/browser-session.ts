import { equalText } from '@hufu/protocol/equal-text';
import { type SessionId, sessionId } from '@hufu/protocol/ids';
import { readHolder, SECRET_LENGTH, writeHolder } from '@hufu/protocol/tally';
import type { SessionRecord, SessionRefusal, SignedInAt, UserRecord } from '@hufu/store/port';
import { SEEN_EVERY_SECONDS } from '@hufu/store/retention';
import { isActive } from '../accounts/is-active.ts';
import { asUser } from '../audit/acting.ts';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { wakeDelivery } from '../logout/delivery-job.ts';
import { type EndOfGrant, wordOf } from '../tokens/end-of-grant.ts';
import { sha256 } from '../tokens/secrets.ts';
import { holdOf } from './binding.ts';
import { browserStateCookie } from './browser-state.ts';
import { readCookie, writeCookie } from './cookies.ts';
import { seenDevice } from './device-of.ts';
import { fingerprintOf } from './fingerprint.ts';
import { browserCookie, browserOf } from './known-browser.ts';
import { amrOf, authTimeOf, type ProvedMethod } from './methods.ts';

/** Somebody who is signed in at this browser, as the store says at this moment. */
export interface BrowserSession {
  readonly session: SessionRecord;
  readonly user: UserRecord;
}

/** The session of a request. A cookie that is malformed, forged, another tenant's, ended, or of a disabled user is as if there were none. */
export async function findBrowserSession(ctx: Context, request: HttpRequest): Promise<BrowserSession | undefined> {
  const found = await findShownSession(ctx, request);
  if (found === undefined || holdOf(ctx, request, found.session) !== 'holds') return undefined;
  const { session, user } = found;
  const now = Math.floor(request.nowMs / 1000);
  if (session.lastSeenAt + SEEN_EVERY_SECONDS <= now) await ctx.store.seeSession(ctx.tenant, session.id, request.place?.(), now);
  return { session, user };
}

/** The live session whose cookie came, wherever it came from: for a sign-in that takes its place. */
async function findShownSession(ctx: Context, request: HttpRequest): Promise<BrowserSession | undefined> {
  const session = await findNamedSession(ctx, request);
  if (session === undefined) return undefined;
  const now = Math.floor(request.nowMs / 1000);
  if (session.endedAt !== undefined || endOfSession(ctx, session) <= now) return undefined;
  const user = await ctx.store.findUser(ctx.tenant, session.userId);
  return user !== undefined && isActive(user, now) ? { session, user } : undefined;
}

/** As long as it was made for, and no longer than sessions last by now (attacks SES-14). */
export function endOfSession(ctx: Context, { createdAt, expiresAt }: Pick<SessionRecord, 'createdAt' | 'expiresAt'>): number {
  return Math.min(expiresAt, createdAt + ctx.config.policies.sessions.absoluteSeconds);
}

/** The session that a cookie names and has the secret of, whatever became of it. */
async function findNamedSession(ctx: Context, request: HttpRequest): Promise<SessionRecord | undefined> {
  const cookie = readCookie(ctx, request, 'session');
  const credential = cookie === undefined ? undefined : readHolder(ctx.keys.tally, 'session', cookie);
  if (credential === undefined) return undefined;
  const session = await ctx.store.findSession(ctx.tenant, sessionId(credential.id));
  return session !== undefined && equalText(session.secretHash, sha256(credential.secret)) ? session : undefined;
}

/** A session of this browser that is over. */
export interface EndedSession extends Pick<EndOfGrant, 'word' | 'at'> {
  /** The one that took its place. */
  readonly by: SessionId | undefined;
}

/** Why the session whose cookie came has ended; undefined where there is no such session, or it lives. Asked where somebody has to sign in anew. */
export async function findEndedSession(ctx: Context, request: HttpRequest): Promise<EndedSession | undefined> {
  const session = await findNamedSession(ctx, request);
  if (session === undefined) return undefined;
  const { endedAt, endedReason, endedBy } = session;
  const expiresAt = endOfSession(ctx, session);
  if (endedAt !== undefined) return { word: endedReason === undefined ? undefined : wordOf(endedReason), at: endedAt, by: endedBy };
  return expiresAt <= Math.floor(request.nowMs / 1000) ? { word: 'session_expired', at: expiresAt, by: undefined } : undefined;
}

/** A sign-in that is complete. */
export interface Opening {
  /** The session of this browser that what was shown is added to: it has to be alive still, and the new one ends with it. */
  readonly stepsUp?: SessionRecord;
  /** What makes room for this one. */
  readonly signsOut?: readonly SignedInAt[];
}

export interface Opened {
  readonly kind: 'opened';
  readonly session: BrowserSession;
  readonly cookie: string;
  readonly stateCookie: string;
  /** The browser's own, made or kept for longer. */
  readonly browserCookie: string;
  readonly isNewDevice: boolean;
  /** How many other devices are signed out by it. */
  readonly replaced: number;
}

/**
 * A new session for somebody who has just proved who they are; the browser's old one ends (its id never survives a sign-in).
 *
 * @param user as read when what they showed was judged: another `authVersion` by now is refused.
 */
export async function openBrowserSession(
  ctx: Context,
  request: HttpRequest,
  user: UserRecord,
  proved: readonly [ProvedMethod, ...ProvedMethod[]],
  { stepsUp, signsOut = [] }: Opening = {},
): Promise<Opened | { readonly kind: 'refused'; readonly reason: SessionRefusal }> {
  const now = Math.floor(request.nowMs / 1000);
  const shown = await findShownSession(ctx, request);
  const before = shown === undefined || holdOf(ctx, request, shown.session) === 'denied' ? undefined : shown;
  if (stepsUp !== undefined && before?.session.id !== stepsUp.id) return { kind: 'refused', reason: 'session_ended' };
  const secret = ctx.random.text(SECRET_LENGTH);
  const expiresAt = stepsUp?.expiresAt ?? now + ctx.config.policies.sessions.absoluteSeconds;
  const browser = browserOf(ctx, request);
  const agent = request.headers['user-agent'];
  const opened = await asUser(ctx, user).openSession(
    ctx.tenant,
    {
      userId: user.id,
      secretHash: sha256(secret),
      authTime: authTimeOf(proved),
      amr: amrOf(proved),
      methods: proved,
      expiresAt,
      userAgent: typeof agent === 'string' ? agent.slice(0, 256) : '',
      fingerprint: fingerprintOf(request),
      place: request.place?.(),
      device: seenDevice(ctx, request, browser.id),
    },
    {
      authVersion: user.authVersion,
      replaces: before?.session.id,
      stepsUp: stepsUp !== undefined,
      limit: ctx.config.policies.devices.limit,
      signsOut,
    },
    now,
  );
  if (opened.kind === 'refused') return opened;
  const text = writeHolder(ctx.keys.tally, 'session', { keyId: ctx.keys.sealKeyId, id: opened.session.id, generation: 0 }, secret);
  // Where somebody else was signed in, that session has ended, as have those of the devices that had to go.
  if (before !== undefined || opened.replaced > 0 || signsOut.length > 0) wakeDelivery(ctx);
  return {
    kind: 'opened',
    session: { session: opened.session, user },
    cookie: writeCookie(ctx, 'session', text, expiresAt - now),
    stateCookie: browserStateCookie(ctx, opened.session, now),
    browserCookie: browserCookie(ctx, browser.id),
    isNewDevice: opened.isNewDevice,
    replaced: opened.replaced,
  };
}

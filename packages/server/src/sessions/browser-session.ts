import { equalText } from '@hufu/protocol/equal-text';
import { sessionId } from '@hufu/protocol/ids';
import { readHolder, SECRET_LENGTH, writeHolder } from '@hufu/protocol/tally';
import type { SessionRecord, UserRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { wakeDelivery } from '../logout/delivery-job.ts';
import { sha256 } from '../tokens/secrets.ts';
import { browserStateCookie } from './browser-state.ts';
import { readCookie, writeCookie } from './cookies.ts';

/** Somebody who is signed in at this browser, as the store says at this moment. */
export interface BrowserSession {
  readonly session: SessionRecord;
  readonly user: UserRecord;
}

/** The session of a request. A cookie that is malformed, forged, another tenant's, ended, or of a disabled user is as if there were none. */
export async function findBrowserSession(ctx: Context, request: HttpRequest): Promise<BrowserSession | undefined> {
  const cookie = readCookie(ctx, request, 'session');
  if (cookie === undefined) return undefined;
  const credential = readHolder(ctx.keys.tally, 'session', cookie);
  if (credential === undefined) return undefined;
  const session = await ctx.store.findSession(ctx.tenant, sessionId(credential.id));
  if (session === undefined || !equalText(session.secretHash, sha256(credential.secret))) return undefined;
  if (session.endedAt !== undefined || session.expiresAt <= Math.floor(request.nowMs / 1000)) return undefined;
  const user = await ctx.store.findUser(ctx.tenant, session.userId);
  return user?.enabled === true ? { session, user } : undefined;
}

/** A new session for somebody who has just proved who they are; the browser's old one ends (its id never survives a sign-in). */
export async function openBrowserSession(
  ctx: Context,
  request: HttpRequest,
  user: UserRecord,
  amr: readonly string[],
): Promise<
  | { readonly kind: 'opened'; readonly session: BrowserSession; readonly cookie: string; readonly stateCookie: string }
  | { readonly kind: 'user_inactive' }
> {
  const now = Math.floor(request.nowMs / 1000);
  const before = await findBrowserSession(ctx, request);
  const secret = ctx.random.text(SECRET_LENGTH);
  const lifetime = ctx.config.policies.sessions.absoluteSeconds;
  const agent = request.headers['user-agent'];
  const opened = await ctx.store.openSession(
    ctx.tenant,
    {
      userId: user.id,
      secretHash: sha256(secret),
      authTime: now,
      amr,
      expiresAt: now + lifetime,
      userAgent: typeof agent === 'string' ? agent.slice(0, 256) : '',
    },
    before?.session.id,
    now,
  );
  if (opened.kind === 'user_inactive') return opened;
  const text = writeHolder(ctx.keys.tally, 'session', { keyId: ctx.keys.sealKeyId, id: opened.session.id, generation: 0 }, secret);
  // Where somebody else was signed in, that session has ended.
  if (before !== undefined) wakeDelivery(ctx);
  return {
    kind: 'opened',
    session: { session: opened.session, user },
    cookie: writeCookie(ctx, 'session', text, lifetime),
    stateCookie: browserStateCookie(ctx, opened.session, now),
  };
}

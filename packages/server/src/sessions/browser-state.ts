import type { SessionId } from '@hufu/protocol/ids';
import type { SessionRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { readCookie, writeCookie } from './cookies.ts';

/**
 * What stands for a session in the cookie that scripts can read (OpenID Connect Session Management §3.2, "OP browser state"): another one for
 * each session, and worth nothing to whoever steals it.
 */
export function browserState(ctx: Context, id: SessionId): string {
  return ctx.keys.keyedHash('browser_state', String(id));
}

/** `Set-Cookie` for the browser state of a session. */
export function browserStateCookie(ctx: Context, session: Pick<SessionRecord, 'id' | 'expiresAt'>, now: number): string {
  return writeCookie(ctx, 'browser_state', browserState(ctx, session.id), session.expiresAt - now);
}

/** The same where the browser does not have it, though it has the session: an answer that promises the state must not come without it. */
export function missingBrowserState(ctx: Context, request: HttpRequest, session: SessionRecord): string | undefined {
  if (readCookie(ctx, request, 'browser_state') === browserState(ctx, session.id)) return undefined;
  return browserStateCookie(ctx, session, Math.floor(request.nowMs / 1000));
}

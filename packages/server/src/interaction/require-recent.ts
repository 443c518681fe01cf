import { hasPassword } from '../accounts/first-ways.ts';
import { findSecondFactors, hasSecondFactor } from '../accounts/second-factors.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import type { BrowserSession } from '../sessions/browser-session.ts';
import { isDated, showsSecondFactor } from '../sessions/methods.ts';
import { standingOf } from '../sessions/standing.ts';
import type { OwnPage } from './own-page.ts';

/** Seconds for which a sign-in counts as one of this very moment. */
export const RECENT_SECONDS = 600;

/**
 * For what somebody else at the keyboard must not do (attacks USR-14): a new password, factors, addresses, links, the way out. Undefined where everything was shown in the last ten minutes, in a sign-in of its own, and
 * a second factor with it where the user has one. Else the redirect to a sign-in that asks for that, trusts no device, and comes back to `page`.
 */
export async function requireRecent(
  ctx: Context,
  http: HttpRequest,
  session: BrowserSession,
  page: OwnPage,
): Promise<HttpReply | undefined> {
  return (await isRecent(ctx, http, session)) ? undefined : seeOther(recentPath(page));
}

/** The sign-in page for it. */
export function recentPath(page: OwnPage): string {
  const next = page === 'account' ? '' : `next=${encodeURIComponent(page)}&`;
  return `/signin?${next}fresh=1`;
}

async function isRecent(ctx: Context, http: HttpRequest, session: BrowserSession): Promise<boolean> {
  const now = Math.floor(http.nowMs / 1000);
  const { methods, authTime } = standingOf(session);
  if (methods.length === 0 || now - authTime > RECENT_SECONDS) return false;
  // An upstream that says no time may have asked for nothing at all; it counts for those alone who have no other way.
  const knowsPassword = await hasPassword(ctx, session.user);
  if (!isDated(methods) && knowsPassword) return false;
  const having = await findSecondFactors(ctx, session.user);
  if (hasSecondFactor(having) && !showsSecondFactor(methods)) return false;
  // Mail alone is for those who have nothing else.
  const isMailAlone = methods.every(({ method }) => method === 'email_code' || method === 'email_link');
  return !isMailAlone || (!knowsPassword && !hasSecondFactor(having));
}

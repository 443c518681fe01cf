import type { UserRecord } from '@hufu/store/port';
import { foldUsername } from '@hufu/store/username';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { openBrowserSession } from '../sessions/browser-session.ts';
import { browserOf, rememberBrowser } from '../sessions/known-browser.ts';
import type { Aim } from './aim.ts';
import { pathOfPage } from './own-page.ts';
import { proceed, refuse, type UnderWay } from './way.ts';

/**
 * Lets somebody in who has just proved who they are by a password: a session at this browser, and on with the request or to the page of ours that was aimed at.
 * Undefined for a user who is disabled.
 */
export async function enter(
  ctx: Context,
  endpoint: 'signin' | 'signup',
  http: HttpRequest,
  user: UserRecord,
  { way, next }: Aim,
  trail: Trail,
): Promise<HttpReply | undefined> {
  const opened = await openBrowserSession(ctx, http, user, ['pwd']);
  if (opened.kind === 'user_inactive') return undefined;
  const browser = browserOf(ctx, http);
  const cookies = [opened.cookie, opened.stateCookie, rememberBrowser(ctx, http, browser.id, foldUsername(user.username))];
  if (way === undefined) return seeOther(pathOfPage(next), { 'set-cookie': cookies });
  const signedIn: UnderWay = { ...way, ticket: { ...way.ticket, session: opened.session.session.id } };
  // Signed in they are, whatever becomes of the request.
  const reply = await proceed(ctx, http, signedIn, opened.session, false, trail).catch((error: unknown) =>
    refuse(ctx, endpoint, http, error, signedIn.request, trail),
  );
  return { ...reply, headers: { ...reply.headers, 'set-cookie': cookies } };
}

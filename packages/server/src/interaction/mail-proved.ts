import type { ChallengeRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import type { Aim } from './aim.ts';
import { enter } from './enter.ts';

/** Goes on with the sign-in of somebody who has just used up a mail of theirs; undefined where something about the account has changed since it was sent. */
export async function signInByMail(
  ctx: Context,
  http: HttpRequest,
  method: 'email_code' | 'email_link',
  challenge: ChallengeRecord,
  aim: Aim,
  trail: Trail,
): Promise<HttpReply | undefined> {
  const user = challenge.userId === undefined ? undefined : await ctx.store.findUser(ctx.tenant, challenge.userId);
  if (user === undefined || user.authVersion !== challenge.authVersion) return undefined;
  return await enter(ctx, 'signin_email', http, { user, proved: [{ method, at: Math.floor(http.nowMs / 1000) }] }, aim, trail);
}

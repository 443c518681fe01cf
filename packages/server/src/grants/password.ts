import { OAuthError } from '@hufu/protocol/errors';
import type { UserRecord } from '@hufu/store/port';
import { MAX_USERNAME, tryPassword } from '../accounts/password-attempt.ts';
import { MAX_PASSWORD } from '../accounts/passwords.ts';
import { floorOfClient } from '../authorize/requirements.ts';
import type { Context } from '../context.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { requireNoDetails } from './asserted-token.ts';
import type { TokenRequest } from './grant.ts';
import { issueAtOnce, readTarget } from './issue-at-once.ts';

/**
 * The password grant (RFC 6749 §4.3), which RFC 9700 §2.4 forbids: for confidential clients with `hufu.unsafe_password_grant`. The password is looked
 * at as on the sign-in page, with the same limits. There is no session, and no consent but that the user gave the client their password.
 */
export async function password(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  const { client, form } = request;
  if (!client.confidential) throw new OAuthError('unauthorized_client', 'a public client cannot use password');
  requireNoDetails(request);
  const username = form.get('username');
  const text = form.get('password');
  if (username === undefined || text === undefined) throw new OAuthError('invalid_request', 'username or password is missing');
  if (username.length > MAX_USERNAME || text.length > MAX_PASSWORD)
    throw new OAuthError('invalid_request', 'username or password is too long');
  const target = readTarget(ctx, request);
  const user = await requireUser(ctx, request, username, text);
  request.trail.user = user.id;
  const issued = await issueAtOnce(ctx, request, user, target);
  if ('kind' in issued) throw new OAuthError('invalid_grant', 'the user name or the password is wrong', { detail: issued.detail });
  return issued;
}

/**
 * The user whose password it is, and who has nothing but that: more than a password cannot be shown here, so that for whoever has a second factor, and where the client or the policy wants one, every
 * password is wrong.
 */
async function requireUser(
  ctx: Context,
  { client, address, trail, now }: TokenRequest,
  username: string,
  text: string,
): Promise<UserRecord> {
  const { methods, secondFactor } = ctx.config.policies.signIn;
  const isEnough = methods.includes('password') && secondFactor !== 'required' && floorOfClient(client) <= 1;
  const enoughFor = isEnough ? 'who_has_no_more' : 'nobody';
  const outcome = await tryPassword(
    ctx,
    { username, password: text, address, knownBrowser: undefined, nowMs: now * 1000, enoughFor },
    trail,
  );
  if (outcome.kind === 'right') return outcome.user;
  if (outcome.kind === 'wrong') throw new OAuthError('invalid_grant', 'the user name or the password is wrong');
  throw new OAuthError('invalid_grant', 'signing in has failed too often; try again later', {
    detail: `limit ${outcome.rule}`,
    retryAfterSeconds: outcome.retryAfterSeconds,
  });
}

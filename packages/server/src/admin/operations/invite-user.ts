import { OAuthError } from '@hufu/protocol/errors';
import { foldAddress } from '@hufu/store/email-address';
import type { UserRecord } from '@hufu/store/port';
import { readEmailAddress } from '../../accounts/email-address.ts';
import { isActive } from '../../accounts/is-active.ts';
import { localeOfUser } from '../../accounts/tell-user.ts';
import type { Context } from '../../context.ts';
import { isMethodOn } from '../../interaction/methods-on.ts';
import { askByMail } from '../../mail/ask-by-mail.ts';
import { takeInvitation } from '../../mail/mail-limits.ts';
import { hasMail } from '../../mail/require-mail.ts';
import type { AdminCall, Answer } from '../call.ts';
import { conflict, notFound } from '../refusal.ts';

/**
 * Mails somebody the link by which they set their first password. What is looked at here is judged again when the link is used: by then the account has to be as it is now, which is
 * what its `authVersion` says (attacks USR-17).
 */
export async function inviteUser(call: AdminCall<'users.invite'>, user: UserRecord): Promise<Answer<'users.invite'>> {
  const { ctx, caller, now, nowMs } = call;
  const address = await requireInvitable(ctx, user, now);
  call.trail.at('mail_throttle');
  const taken = await takeInvitation(ctx, { address, caller: caller.name }, now);
  if (taken.kind === 'limited') {
    const { retryAfterSeconds } = taken;
    throw new OAuthError('temporarily_unavailable', 'many invitations were sent: wait', { status: 429, retryAfterSeconds });
  }
  const challenge = await call.change({ target: { kind: 'user', id: user.sub }, after: { email: address } }, (store) =>
    askByMail(
      ctx,
      { nowMs },
      {
        purpose: 'invite',
        user,
        address,
        to: address,
        isOver: false,
        // Any browser may open it.
        browserId: ctx.random.text(24),
        locale: localeOfUser(user),
        data: {},
      },
      store,
    ),
  );
  if (challenge.userId === undefined) throw notFound('user');
  return { body: { sub: user.sub, email: address, expires_at: challenge.expiresAt } };
}

/** The address of somebody who has no way in yet; throws `conflict` for everybody else. */
async function requireInvitable(ctx: Context, user: UserRecord, now: number): Promise<string> {
  const { id, source, claims, passwordHash } = user;
  if (!hasMail(ctx)) throw conflict('mail is not configured');
  if (!isMethodOn(ctx, 'password')) throw conflict('nobody signs in with a password here');
  if (source === 'config') throw conflict('hufu.yaml has them: their password is set there');
  if (source !== 'admin') throw conflict('they made the account themselves, or came from elsewhere');
  if (passwordHash !== undefined) throw conflict('they have a password already');
  if (!isActive(user, now)) throw conflict('they are disabled or locked');
  const address = typeof claims['email'] === 'string' ? readEmailAddress(claims['email']) : undefined;
  if (address === undefined || address !== claims['email']) throw conflict('the account has no address that mail can go to');
  const [factors, identities, devices, sessions] = await Promise.all([
    ctx.store.listFactors(ctx.tenant, id),
    ctx.store.listIdentities(ctx.tenant, id),
    ctx.store.listDevices(ctx.tenant, id),
    ctx.store.listSessions(ctx.tenant, id, 1, now),
  ]);
  if (factors.length + identities.length > 0) throw conflict('they have another way in');
  if (devices.length + sessions.length > 0) throw conflict('they have signed in already');
  const holder = await ctx.store.findUserByEmail(ctx.tenant, foldAddress(address));
  if (holder !== undefined && holder.id !== id) throw conflict('the address is somebody else’s');
  return address;
}

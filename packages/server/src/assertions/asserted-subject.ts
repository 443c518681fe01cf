import type { UserId } from '@hufu/protocol/ids';
import { isActive } from '../accounts/is-active.ts';
import type { Client } from '../clients.ts';
import type { TrustedIssuer } from '../config/config.ts';
import type { Context } from '../context.ts';
import { subjectFor } from '../tokens/subject.ts';

/** Whom a trusted issuer speaks for, as the client knows them. */
export interface AssertedSubject {
  /** Undefined: nobody of ours. */
  readonly userId: UserId | undefined;
  readonly subject: string;
}

/** Characters of the name by which an issuer knows somebody. */
const MAX_NAME = 255;

/**
 * Whom the claims of a trusted issuer are about, as its configuration says; a reason for the decision record where they are about nobody. The `sub` of
 * somebody who is not ours is the issuer, a bar, and its name for them: no `sub` that we make and no address of a client has a bar.
 */
export async function findAssertedSubject(
  ctx: Context,
  client: Client,
  issuer: TrustedIssuer,
  claims: Readonly<Record<string, unknown>>,
  now: number,
): Promise<AssertedSubject | string> {
  const { subjectClaim: claim } = issuer;
  const name = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME || !name.isWellFormed()) return `its ${claim} names nobody`;
  // Whoever may write any address into a profile would otherwise be whom the address belongs to.
  if (claim === 'email' && claims['email_verified'] !== true) return 'its email is not verified';
  if (issuer.subject === 'foreign') {
    return { userId: undefined, subject: subjectFor(ctx, client, { sub: `${issuer.issuer}|${name}` }) };
  }
  const user = await ctx.store.findUserByName(ctx.tenant, name);
  if (user === undefined) return 'no user has that name';
  if (!isActive(user, now)) return 'the user is not active';
  return { userId: user.id, subject: subjectFor(ctx, client, user) };
}

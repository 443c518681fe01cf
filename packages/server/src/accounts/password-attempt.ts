import type { UserRecord } from '@hufu/store/port';
import { foldUsername } from '@hufu/store/username';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { normalizePassword } from './normalize-password.ts';

/** UTF-16 units of a user name that is looked up. */
export const MAX_USERNAME = 256;

export interface PasswordAttempt {
  readonly username: string;
  readonly password: string;
  readonly address: string;
  /** See `SignInAttempt`. */
  readonly knownBrowser: string | undefined;
  readonly nowMs: number;
}

export type PasswordOutcome =
  | { readonly kind: 'right'; readonly user: UserRecord }
  /** Also for a user who is not there or disabled. */
  | { readonly kind: 'wrong' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number };

/**
 * Looks at a password: the same work and the same answer for a name that nobody has (attacks USR-01), and one attempt taken from every limit before
 * it is looked at. A second factor, once there are any, is asked for by whoever calls this.
 */
export async function tryPassword(ctx: Context, attempt: PasswordAttempt, trail: Trail): Promise<PasswordOutcome> {
  const { username, password, address, knownBrowser, nowMs } = attempt;
  const taken = { account: foldUsername(username), address, knownBrowser };
  trail.at('sign_in_throttle');
  const throttle = ctx.bruteForce.takeSignIn(taken, nowMs);
  if (throttle.kind === 'limited') return throttle;
  trail.at('credentials');
  const user = await findUserByPassword(ctx, username, password).catch((error: unknown) => {
    // Nobody has judged it: an outage must not slow down whoever knows the password.
    ctx.bruteForce.refundSignIn(taken);
    throw error;
  });
  if (user === undefined) return { kind: 'wrong' };
  ctx.bruteForce.refundSignIn(taken);
  await upgradeHash(ctx, user, password);
  return { kind: 'right', user };
}

/** The enabled user of that name whose password it is. The same work for a name that nobody has. */
async function findUserByPassword(ctx: Context, username: string, password: string): Promise<UserRecord | undefined> {
  const user = username === '' ? undefined : await ctx.store.findUserByName(ctx.tenant, username);
  const hash = user?.passwordHash;
  // As it was typed first: what was hashed before passwords were normalised stays right.
  const forms = [...new Set([password, normalizePassword(password)])];
  let right = false;
  for (const form of forms) right ||= await ctx.passwords.verify(hash, form);
  return right && user?.enabled === true ? user : undefined;
}

/** New parameters for an old hash, unless the password has been changed meanwhile. */
async function upgradeHash(ctx: Context, { id, passwordHash: hash }: UserRecord, password: string): Promise<void> {
  if (hash === undefined || !ctx.passwords.isOutdated(hash)) return;
  await ctx.store.upgradePasswordHash(ctx.tenant, id, hash, await ctx.passwords.hash(normalizePassword(password)));
}

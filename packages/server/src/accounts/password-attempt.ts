import { MAX_ID, userId } from '@hufu/protocol/ids';
import { StoreUnavailable, type UserRecord } from '@hufu/store/port';
import { foldUsername } from '@hufu/store/username';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { Limited } from '../limits/server-limits.ts';
import { findDirectoryUser } from '../upstream/directory-user.ts';
import { waitForFloor } from './answer-floor.ts';
import { isActive } from './is-active.ts';
import { normalizePassword, spellingsOf } from './normalize-password.ts';
import { takeSignIn } from './sign-in-limits.ts';

/** UTF-16 units of a user name that is looked up. */
export const MAX_USERNAME = 256;

export interface PasswordAttempt {
  readonly username: string;
  readonly password: string;
  readonly address: string;
  /** See `SignInAttempt`. */
  readonly knownBrowser: string | undefined;
  readonly nowMs: number;
  /** Where a password is all that will be shown: for whom that is enough. For everybody else it is wrong, and counts as that. */
  readonly enoughFor?: 'who_has_no_more' | 'nobody';
}

export type PasswordOutcome =
  | { readonly kind: 'right'; readonly user: UserRecord }
  /** Also for a user who is not there or disabled. */
  | { readonly kind: 'wrong' }
  | Limited;

/**
 * Looks at a password: the same work and the same answer for a name that nobody has (attacks USR-01), and one attempt taken from every limit before
 * it is looked at. A second factor is asked for by whoever calls this.
 *
 * What is wrong is said no sooner than the dearest hash takes that this process has met, and where a directory is away it is an outage for every name: neither the time nor the
 * answer says who is known here (attacks USR-02). The work itself is not made dearer: strangers would have that done for them.
 */
export async function tryPassword(ctx: Context, attempt: PasswordAttempt, trail: Trail): Promise<PasswordOutcome> {
  const { username, password, address, knownBrowser } = attempt;
  trail.at('sign_in_throttle');
  const taken = await takeSignIn(ctx, { account: foldUsername(username), address, knownBrowser });
  if (taken.kind === 'limited') return taken;
  trail.at('credentials');
  const begunMs = ctx.clock.nowMs();
  const { named, right } = await lookHere(ctx, attempt).catch((error: unknown) => {
    // Nobody has judged it: an outage must not slow down whoever knows the password.
    taken.refund();
    throw error;
  });
  const user =
    right ??
    (await lookElsewhere(ctx, named, attempt).catch(async (error: unknown) => {
      // A directory that is away has judged nothing, but the password was none of ours: who guesses those has no free tries meanwhile.
      if (error instanceof StoreUnavailable) taken.refund();
      await waitForFloor(ctx, begunMs, dearestMs(ctx, password));
      throw error;
    }));
  if (user === undefined) {
    await waitForFloor(ctx, begunMs, dearestMs(ctx, password));
    return { kind: 'wrong' };
  }
  taken.refund();
  await upgradeHash(ctx, user, password);
  return { kind: 'right', user };
}

/** What a wrong password may take by itself, with room for a processor that is shared. */
function dearestMs({ passwords }: Context, password: string): number {
  return ROOM * spellingsOf(password).length * passwords.dearestMs();
}

const ROOM = 2;

interface Look {
  /** Whoever has the name. */
  readonly named: UserRecord | undefined;
  /** They, where they are active and it is their password. */
  readonly right: UserRecord | undefined;
}

/** Whose password it is here. The same work for a name that nobody has. */
async function lookHere(ctx: Context, { username, password, enoughFor, nowMs }: PasswordAttempt): Promise<Look> {
  const named = username === '' ? undefined : await ctx.store.findUserByName(ctx.tenant, username);
  // Asked before the password is looked at, and of nobody too: the time says nothing about it.
  const factors = enoughFor !== undefined ? await ctx.store.listFactors(ctx.tenant, named?.id ?? NOBODY) : [];
  for (const spelling of spellingsOf(password)) {
    if (!(await ctx.passwords.verify(named?.passwordHash, spelling))) continue;
    const mayEnter = named !== undefined && isActive(named, Math.floor(nowMs / 1000)) && factors.length === 0 && enoughFor !== 'nobody';
    return { named, right: mayEnter ? named : undefined };
  }
  return { named, right: undefined };
}

/** The active user whom a directory confirms: after the hash for every name, so that who has a password here waits for no directory, and nobody sees whether one was asked. */
async function lookElsewhere(ctx: Context, named: UserRecord | undefined, attempt: PasswordAttempt): Promise<UserRecord | undefined> {
  const { enoughFor, nowMs } = attempt;
  const user = await findDirectoryUser(ctx, named, attempt);
  if (user === undefined || !isActive(user, Math.floor(nowMs / 1000)) || enoughFor === 'nobody') return undefined;
  return enoughFor === undefined || (await ctx.store.listFactors(ctx.tenant, user.id)).length === 0 ? user : undefined;
}

/** An id that no user has. */
const NOBODY = userId(MAX_ID);

/** New parameters for an old hash, unless the password has been changed meanwhile. */
async function upgradeHash(ctx: Context, { id, passwordHash: hash }: UserRecord, password: string): Promise<void> {
  if (hash === undefined || !ctx.passwords.isOutdated(hash)) return;
  await ctx.store.upgradePasswordHash(ctx.tenant, id, hash, await ctx.passwords.hash(normalizePassword(password)));
}

import type { UserRecord } from '@hufu/store/port';
import type { LdapUpstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import { directories } from './directories.ts';
import { findAccount } from './find-account.ts';
import { askDirectory, hasName, isAskable } from './ldap.ts';

/** What was typed, and where. */
export interface DirectoryAttempt {
  readonly username: string;
  readonly password: string;
  readonly address: string;
  readonly nowMs: number;
}

/**
 * The user whose name and password a directory confirms; they get an account with their first sign-in. A name that has a password here never goes to a directory, nor does one of ours that no directory
 * has confirmed before: who is asked about somebody is settled by their account, not by who says yes. Throws `temporarily_unavailable` where a directory does not answer, and that
 * for every name alike: where it is not to be asked about this one, it is asked about one that nobody has, which takes as long (attacks USR-02).
 *
 * @param local whoever has the name here
 */
export async function findDirectoryUser(
  ctx: Context,
  local: UserRecord | undefined,
  attempt: DirectoryAttempt,
): Promise<UserRecord | undefined> {
  const { username, password, address, nowMs } = attempt;
  // Directories take many spellings for one name (RFC 4518); our limits count each by itself.
  if (OTHER_SPELLING.test(username) || !isAskable(username, password)) return undefined;
  const now = Math.floor(nowMs / 1000);
  const theirs = await directoriesFor(ctx, local);
  for (const upstream of directories(ctx)) {
    if (!theirs.includes(upstream)) {
      await hasName(ctx, upstream, ctx.random.text(NOBODY_LENGTH));
      continue;
    }
    const answer = await askDirectory(ctx, upstream, username, password);
    if (answer.kind === 'right') return findAccount(ctx, upstream, answer.person, { address, now });
  }
  return undefined;
}

/** Of a name that nobody has. */
const NOBODY_LENGTH = 24;

/** Spaces at an end or in a row, and what cannot be seen. */
const OTHER_SPELLING = /^\s|\s$|\s\s|[\p{Cc}\p{Cf}]|\p{Default_Ignorable_Code_Point}/u;

async function directoriesFor(ctx: Context, local: UserRecord | undefined): Promise<readonly LdapUpstream[]> {
  const all = directories(ctx);
  if (all.length === 0 || local === undefined) return all;
  if (local.passwordHash !== undefined) return [];
  const identities = await ctx.store.listIdentities(ctx.tenant, local.id);
  return all.filter(({ name }) => identities.some(({ upstream }) => upstream === name));
}

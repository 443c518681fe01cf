import { foldAddress } from '@hufu/store/email-address';
import type { UserRecord } from '@hufu/store/port';
import { readEmailAddress } from '../accounts/email-address.ts';
import { MAX_NEW_USERNAME, readNewUsername } from '../accounts/new-username.ts';
import { findSecondFactors, hasSecondFactor } from '../accounts/second-factors.ts';
import { takeSignUp } from '../accounts/sign-in-limits.ts';
import { tellUser } from '../accounts/tell-user.ts';
import { asUser } from '../audit/acting.ts';
import type { Upstream, UpstreamBase } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import { PageError } from '../interaction/page-error.ts';
import { isDirectoryName } from './directories.ts';
import type { ForeignPerson } from './person.ts';
import { titleOf } from './title.ts';

const SUBJECT_LENGTH = 20;
/** Names that are tried for a new account. */
const MAX_NAMES = 5;

/**
 * The user of ours that an upstream speaks of: whoever has linked that very subject of that very issuer (attacks FED-08), and nobody by a name or an address alone. For one that nobody
 * has linked the upstream's rules decide: the verified address of a listed domain (attacks FED-01), a new account, or nobody: then undefined.
 */
export async function findAccount(
  ctx: Context,
  upstream: Upstream,
  person: ForeignPerson,
  { address, now }: { readonly address: string; readonly now: number },
): Promise<UserRecord | undefined> {
  const { issuer, subject, label } = person;
  const identity = await ctx.store.findIdentity(ctx.tenant, upstream.name, issuer, subject);
  if (identity !== undefined) {
    await ctx.store.useIdentity(ctx.tenant, upstream.name, issuer, subject, label, now);
    return ctx.store.findUser(ctx.tenant, identity.userId);
  }
  const verified = verifiedAddressOf(upstream, person);
  const holder = verified === undefined ? undefined : await ctx.store.findUserByEmail(ctx.tenant, verified);
  if (holder !== undefined) return upstream.link === 'verified_email' ? linkByAddress(ctx, upstream, person, holder, now) : undefined;
  if (!upstream.create) return undefined;
  const taken = await takeSignUp(ctx, address);
  if (taken.kind === 'limited')
    throw new PageError('too_many_requests', `accounts are made too fast: limit ${taken.rule}`, [], taken.retryAfterSeconds);
  return createAccount(ctx, upstream, person, now);
}

/** The folded address that the upstream's word makes theirs: it says `true`, and may speak for the domain. */
export function verifiedAddressOf({ domains }: UpstreamBase, { email, emailVerified }: ForeignPerson): string | undefined {
  if (email === undefined || !emailVerified || !/^[\x21-\x7e]+$/.test(email) || readEmailAddress(email) === undefined) return undefined;
  const folded = foldAddress(email);
  return domains.includes(folded.slice(folded.lastIndexOf('@') + 1)) ? folded : undefined;
}

/**
 * Somebody with a second factor links it themselves, signed in with that: an address alone must not open a way in around it.
 */
async function linkByAddress(
  ctx: Context,
  upstream: UpstreamBase,
  { issuer, subject, label }: ForeignPerson,
  holder: UserRecord,
  now: number,
): Promise<UserRecord | undefined> {
  if (hasSecondFactor(await findSecondFactors(ctx, holder))) return undefined;
  const identity = { upstream: upstream.name, issuer, subject, label };
  const linked = await asUser(ctx, holder).linkIdentity(ctx.tenant, holder.id, holder.authVersion, identity, undefined, now);
  if (linked.kind !== 'done') return undefined;
  await tellUser(ctx, holder, 'identity_linked', { name: titleOf(upstream, 'en') });
  return { ...holder, authVersion: linked.authVersion };
}

/** An account with what the upstream says, without a password. Undefined where the address is somebody's. */
async function createAccount(ctx: Context, upstream: Upstream, person: ForeignPerson, now: number): Promise<UserRecord | undefined> {
  const { issuer, subject, label, claims, email } = person;
  const address = email === undefined ? {} : { email, email_verified: verifiedAddressOf(upstream, person) !== undefined };
  const { preferred_username: _name, ...known } = claims;
  for (const username of namesFor(ctx, person)) {
    // Whoever has the name there would be shut out.
    if (upstream.kind !== 'ldap' && (await isDirectoryName(ctx, username))) continue;
    const made = await ctx.store.createUser(
      ctx.tenant,
      {
        sub: ctx.random.text(SUBJECT_LENGTH),
        username,
        passwordHash: undefined,
        claims: { ...known, ...address },
        source: 'upstream',
        identity: { upstream: upstream.name, issuer, subject, label },
      },
      now,
    );
    if (made.kind === 'created') {
      ctx.log.info('user.signed_up', { sub: made.user.sub, upstream: upstream.name });
      return made.user;
    }
    // The same answer twice, or two tabs: the other one has made it.
    if (made.kind === 'identity_taken') {
      const identity = await ctx.store.findIdentity(ctx.tenant, upstream.name, issuer, subject);
      return identity === undefined ? undefined : ctx.store.findUser(ctx.tenant, identity.userId);
    }
  }
  return undefined;
}

/** What the account may be called, as somebody who signs up could call it; the last is one that nobody has. */
function* namesFor(ctx: Context, { claims, email }: ForeignPerson): Generator<string> {
  const wished = [claims.preferred_username, email?.split('@', 1)[0], claims.nickname].flatMap((text) => {
    const read = readNewUsername((text ?? '').split('@', 1)[0] ?? '');
    return read.kind === 'name' ? [read.username] : [];
  });
  const [first] = wished;
  if (first !== undefined) {
    yield first;
    for (let tries = 2; tries < MAX_NAMES; tries++)
      yield `${Array.from(first)
        .slice(0, MAX_NEW_USERNAME - 6)
        .join('')}-${tail(ctx, 4)}`;
  }
  yield `user-${tail(ctx, 12)}`;
}

function tail(ctx: Context, length: number): string {
  return ctx.random
    .text(24)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .padEnd(length, '0')
    .slice(0, length);
}

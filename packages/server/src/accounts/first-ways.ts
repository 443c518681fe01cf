import type { UserRecord } from '@hufu/store/port';
import type { Upstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import type { ProvedMethod } from '../sessions/methods.ts';

/** Whether somebody has a password to show: one that is kept here, or one at their directory. Nobody has where `policies.sign_in.methods` has none. */
export async function hasPassword(ctx: Context, user: UserRecord): Promise<boolean> {
  if (!takesPasswords(ctx)) return false;
  return user.passwordHash !== undefined || (await findLinked(ctx, user)).some((upstream) => upstream.enabled && isDirectory(upstream));
}

/** Whether a directory keeps their password and nobody here does, be the directory on or off: with a first one of ours it would not be asked about them any more. */
export async function isKeptByDirectory(ctx: Context, user: UserRecord): Promise<boolean> {
  return user.passwordHash === undefined && (await findLinked(ctx, user)).some(isDirectory);
}

/**
 * What a sign-in of theirs may begin with, but mail and passkeys: all of it together, as none of two is a second factor. Of an upstream it is the most that its word may be.
 */
export async function firstWays(ctx: Context, user: UserRecord): Promise<readonly ProvedMethod[]> {
  const linked = (await findLinked(ctx, user)).filter(({ enabled }) => enabled);
  const knowsPassword = takesPasswords(ctx) && (user.passwordHash !== undefined || linked.some(isDirectory));
  return [...(knowsPassword ? [{ method: 'password', at: 0 } as const] : []), ...linked.filter((one) => !isDirectory(one)).map(bestOf)];
}

/** Directories, on or off: who is linked to one came from there. */
export function directoryNames({ config }: Context): readonly string[] {
  return config.upstreams.filter(isDirectory).map(({ name }) => name);
}

function bestOf(upstream: Upstream): ProvedMethod {
  const multiFactor = upstream.kind === 'oidc' && upstream.trustAmr;
  return { method: 'upstream', at: 0, upstream: { name: upstream.name, multiFactor, dated: true } };
}

function takesPasswords({ config }: Context): boolean {
  return config.policies.signIn.methods.includes('password');
}

/** It is asked behind the form for a password; a browser is sent to all others. */
function isDirectory({ kind }: Upstream): boolean {
  return kind === 'ldap';
}

async function findLinked(ctx: Context, { id }: UserRecord): Promise<readonly Upstream[]> {
  if (ctx.config.upstreams.length === 0) return [];
  const identities = await ctx.store.listIdentities(ctx.tenant, id);
  return ctx.config.upstreams.filter(({ name }) => identities.some(({ upstream }) => upstream === name));
}

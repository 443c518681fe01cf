import { directoryNames } from '../../accounts/first-ways.ts';
import type { Context } from '../../context.ts';
import type { BrowserSession } from '../../sessions/browser-session.ts';
import { standingOf } from '../../sessions/standing.ts';

/**
 * Whether everything that signs in to an account has been shown in this very session, or was made in it. Whoever made an account with somebody else's address could have left a password, a passkey or a
 * linked account there, and wait until its owner shows that the address is theirs: what this session has nothing to do with goes then. A session is carried along by what is made in it alone: one that
 * is behind has made none of what came after it. Nobody leaves an account at a directory with anybody: it made the account itself.
 */
export async function hasShownAll(ctx: Context, browserSession: BrowserSession): Promise<boolean> {
  const { session, user } = browserSession;
  if (session.authVersion !== user.authVersion) return false;
  const { methods } = standingOf(browserSession);
  const hasShown = (method: (typeof methods)[number]['method']): boolean => methods.some((one) => one.method === method);
  const knowsPassword = user.passwordHash === undefined || hasShown('password') || user.passwordChangedAt > session.createdAt;
  const factors = await ctx.store.listFactors(ctx.tenant, user.id);
  const spared = directoryNames(ctx);
  const identities = await ctx.store.listIdentities(ctx.tenant, user.id);
  const hasShownAt = (name: string): boolean => methods.some(({ upstream }) => upstream?.name === name);
  return (
    knowsPassword &&
    factors.every(({ kind, createdAt }) => createdAt > session.createdAt || hasShown(kind)) &&
    identities.every(({ upstream, linkedAt }) => linkedAt > session.createdAt || spared.includes(upstream) || hasShownAt(upstream))
  );
}

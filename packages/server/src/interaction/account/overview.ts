import type { Context } from '../../context.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { mailRoute } from '../../mail/mail-room.ts';
import { OPEN_LIMITS } from '../../pending/throttle.ts';
import { type OverviewView, overviewPage, type Todo } from '../pages/account/overview.ts';
import { findApps, removeApp, removedName, viewApps } from './apps.ts';
import { accountReply, actOnAccount, showAccount, type Visit } from './visit.ts';

/** Apps that the first page shows; the rest have a page of their own. */
const SHOWN_APPS = 6;
/** Recovery codes below which somebody should get new ones. */
const FEW_CODES = 4;
const MAX_SESSIONS = 100;

/** What somebody sees of their own account first. Whoever is not signed in goes to sign in first. */
export function overviewGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'account', async (visit) => {
    const apps = await findApps(visit);
    const signIn = await signInOf(visit);
    const email = emailOf(visit);
    const view: Omit<OverviewView, 'locale' | 'languages' | 'brand' | 'user' | 'hrefOf' | 'scriptNonce'> = {
      moment: visit.moment,
      csrf: visit.csrf,
      todo: await todoOf(visit, signIn, email),
      email,
      signIn,
      apps: await viewApps(visit, apps.slice(0, SHOWN_APPS)),
      appCount: apps.length,
      removed: await removedName(visit),
    };
    return accountReply(visit, (frame) => overviewPage({ ...frame, ...view }));
  });
}

/** Takes an app's access away. */
export function overviewPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'account', removeApp);
}

async function signInOf({ ctx, session, now }: Visit): Promise<OverviewView['signIn']> {
  const { user } = session;
  const factors = await ctx.store.listFactors(ctx.tenant, user.id);
  const sessions = await ctx.store.listSessions(ctx.tenant, user.id, MAX_SESSIONS, now);
  return {
    passwordChangedAt: user.passwordHash === undefined ? undefined : user.passwordChangedAt,
    totp: factors.filter(({ kind }) => kind === 'totp').length,
    passkeys: factors.filter(({ kind }) => kind === 'passkey').length,
    recoveryCodes: factors.length === 0 ? undefined : await ctx.store.countRecoveryCodes(ctx.tenant, user.id),
    devices: new Set(sessions.map(({ id, deviceId }) => (deviceId === undefined ? `session ${id}` : deviceId))).size,
  };
}

function emailOf({ session }: Visit): OverviewView['email'] {
  const { email, email_verified: verified } = session.user.claims;
  return typeof email === 'string' ? { address: email, isVerified: verified === true } : undefined;
}

/** The most pressing first. */
async function todoOf(visit: Visit, signIn: OverviewView['signIn'], email: OverviewView['email']): Promise<readonly Todo[]> {
  const { ctx, session, now } = visit;
  const todo: Todo[] = [];
  const waiting = await ctx.store.listPendingOfUser(ctx.tenant, session.user.id, OPEN_LIMITS.maxOpenOfUser, now);
  const open = waiting.filter(({ decision }) => decision.kind === 'pending').length;
  if (open > 0) todo.push({ kind: 'approvals', count: open });
  const hasFactor = signIn.totp + signIn.passkeys > 0;
  // Who has no password is let in by somebody else, whose business that is.
  if (!hasFactor && signIn.passwordChangedAt !== undefined) todo.push({ kind: 'second_factor' });
  if (signIn.recoveryCodes !== undefined && signIn.recoveryCodes < FEW_CODES && signIn.totp > 0)
    todo.push({ kind: 'recovery_codes', left: signIn.recoveryCodes });
  if (mailRoute(ctx.config) !== 'none' && ctx.config.policies.profile.editable.includes('email') && session.user.source !== 'config') {
    if (email === undefined) todo.push({ kind: 'no_email' });
    else if (!email.isVerified) todo.push({ kind: 'email_unverified' });
  }
  return todo;
}

import type { UserEvent } from '@hufu/store/port';
import { isKeptByDirectory } from '../../accounts/first-ways.ts';
import { asUser } from '../../audit/acting.ts';
import type { Context } from '../../context.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { activityPage, type EventView, notMePage } from '../pages/account/activity.ts';
import { signOutOthers } from './sessions.ts';
import { accountReply, actOnAccount, goOn, outcomeOf, showAccount } from './visit.ts';

/** As many as are kept of a user. */
const MAX_EVENTS = 200;

/** What has happened to an account. */
export function activityGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'activity', async (visit) => {
    const events = (await ctx.store.listUserEvents(ctx.tenant, visit.session.user.id, MAX_EVENTS)).map(viewOf);
    return accountReply(visit, (frame) => activityPage({ ...frame, moment: visit.moment, events, kept: MAX_EVENTS }));
  });
}

export function notMeGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'not_me', async (visit) =>
    accountReply(visit, (frame) => notMePage({ ...frame, csrf: visit.csrf, outcome: outcomeOf(visit) })),
  );
}

/**
 * Puts everybody else out: every other device and session, and every app, whatever it was connected on. This browser stays, so that its owner goes on to a new password; whoever else
 * sits at this very browser is out with that.
 */
export function notMePost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'not_me', async (visit) => {
    const { session, now } = visit;
    await signOutOthers(visit);
    await asUser(ctx, session.user).distrustDevices(ctx.tenant, session.user.id);
    for (const grant of await ctx.store.listGrants(ctx.tenant, { userId: session.user.id }, MAX_GRANTS))
      if (grant.dead === undefined) await asUser(ctx, session.user).revokeGrant(ctx.tenant, grant.id, 'revoked_by_user', now);
    const { methods } = ctx.config.policies.signIn;
    const maySetPassword = methods.includes('password') && !(await isKeptByDirectory(ctx, session.user));
    const mayHavePassword = session.user.passwordHash !== undefined || maySetPassword;
    return goOn(visit, mayHavePassword ? 'password' : 'security', mayHavePassword ? 'everywhere_out' : 'others_out');
  });
}

const MAX_GRANTS = 1_000;

function viewOf({ at, kind, detail }: UserEvent): EventView {
  const { name, device, place } = detail;
  return { at, kind, name: textOf(name), device: textOf(device), place: textOf(place) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

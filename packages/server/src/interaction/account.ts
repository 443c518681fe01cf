import { readQuery } from '@hufu/protocol/form';
import { type ClientId, isClientId } from '@hufu/protocol/ids';
import { shownScopes } from '../authorize/consent-scopes.ts';
import { seeOther } from '../authorize/respond.ts';
import { findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { OPEN_LIMITS } from '../pending/throttle.ts';
import { type BrowserSession, findBrowserSession } from '../sessions/browser-session.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { displayName } from './client-of-page.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { formPage } from './form-page.ts';
import { PageError, pageRefusal } from './page-error.ts';
import { languageLinks, localeOf } from './page-locale.ts';
import { type AppView, accountPage } from './pages/account.ts';
import type { Locale } from './pages/messages/locale.ts';
import { userView } from './user-of-page.ts';

const PATH = '/account';
/** Grants of a user that are looked at; a client and user have a hundred at most. */
const MAX_GRANTS = 1_000;

/** What a user sees of their own account: the apps that have access, since when. Whoever is not signed in goes to sign in first. */
export async function accountGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const removed = readQuery(http.query, { repetition: 'listed' }).get('removed');
    const session = await findBrowserSession(ctx, http);
    if (session === undefined) return seeOther('/signin');
    const locale = localeOf(http, undefined);
    const apps = await appsOf(ctx, session, locale);
    const now = Math.floor(http.nowMs / 1000);
    const waiting = await ctx.store.listPendingOfUser(ctx.tenant, session.user.id, OPEN_LIMITS.maxOpenOfUser, now);
    const browser = browserOf(ctx, http);
    const gone = removed === undefined ? undefined : await findStoredClient(ctx, removed);
    const body = accountPage({
      locale,
      languages: languageLinks(PATH, []),
      user: userView(session),
      apps,
      csrf: csrfToken(ctx, browser.id, formName(session)),
      action: PATH,
      signOutHref: '/oauth/logout',
      approvals: { href: '/account/approvals', count: waiting.length },
      ...(gone === undefined ? {} : { removed: displayName(gone, locale) }),
    });
    return formPage(ctx, browser, body);
  } catch (error) {
    return pageRefusal(ctx, 'account', http, trail, error);
  }
}

/** Takes an app's access away: its consent, grants and codes of this user, in one act (attacks CON-08). */
export async function accountPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('authentication');
    const session = await findBrowserSession(ctx, http);
    if (session === undefined) return seeOther('/signin');
    trail.at('same_site');
    requireOwnForm(ctx, http, form, formName(session));
    trail.at('parameters');
    const clientId = form.get('client_id') ?? '';
    if (!isClientId(clientId)) throw new PageError('request_malformed', 'no client_id');
    await ctx.store.withdrawConsent(ctx.tenant, session.user.id, clientId, Math.floor(http.nowMs / 1000));
    return seeOther(`${PATH}?removed=${encodeURIComponent(clientId)}`);
  } catch (error) {
    return pageRefusal(ctx, 'account', http, trail, error);
  }
}

function formName(session: BrowserSession): string {
  return `${PATH} ${session.session.id}`;
}

/** One entry for each client that has a consent or a live grant, the oldest access first. */
async function appsOf(ctx: Context, { user }: BrowserSession, locale: Locale): Promise<readonly AppView[]> {
  const found = new Map<ClientId, { since: number; readonly scopes: Set<string> }>();
  const add = (clientId: ClientId, at: number, scopes: readonly string[]): void => {
    const entry = found.get(clientId) ?? { since: at, scopes: new Set<string>() };
    entry.since = Math.min(entry.since, at);
    for (const scope of scopes) entry.scopes.add(scope);
    found.set(clientId, entry);
  };
  for (const consent of await ctx.store.listConsents(ctx.tenant, user.id)) add(consent.clientId, consent.grantedAt, consent.scopes);
  for (const grant of await ctx.store.listGrants(ctx.tenant, { userId: user.id }, MAX_GRANTS)) {
    if (grant.dead === undefined && grant.generation > 0) add(grant.clientId, grant.createdAt, grant.scopes);
  }
  const apps: AppView[] = [];
  for (const [clientId, { since, scopes }] of [...found].sort(([, a], [, b]) => a.since - b.since)) {
    const client = await findStoredClient(ctx, clientId);
    if (client === undefined) continue;
    apps.push({
      clientId,
      name: displayName(client, locale),
      scopes: shownScopes([...scopes]),
      since: new Date(since * 1000).toISOString().slice(0, 10),
    });
  }
  return apps;
}

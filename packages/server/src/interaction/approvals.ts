import { equalText } from '@hufu/protocol/equal-text';
import { readQuery } from '@hufu/protocol/form';
import type { PendingAuthorization } from '@hufu/store/port';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { findClientOf } from '../pending/client-of-pending.ts';
import { approve, deny } from '../pending/decide.ts';
import { readPendingRequest } from '../pending/pending-request.ts';
import { OPEN_LIMITS } from '../pending/throttle.ts';
import { type BrowserSession, findBrowserSession } from '../sessions/browser-session.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { waitingClientView } from './client-of-page.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { formPage } from './form-page.ts';
import { signInPath } from './own-page.ts';
import { pageRefusal } from './page-error.ts';
import { languageLinks, localeOf } from './page-locale.ts';
import { type ApprovalsView, type ApprovalView, approvalsPage } from './pages/approvals.ts';
import type { Locale } from './pages/messages/locale.ts';
import { permissionsView } from './permissions-view.ts';
import { userView } from './user-of-page.ts';

const PATH = '/account/approvals';
const OUTCOMES: readonly NonNullable<ApprovalsView['outcome']>[] = ['allowed', 'denied', 'gone'];

/** What clients ask the user for (OpenID Connect CIBA §8). */
export async function approvalsGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const said = readQuery(http.query, { repetition: 'listed' }).get('outcome');
    const session = await findBrowserSession(ctx, http);
    if (session === undefined) return seeOther(signInPath('approvals'));
    const locale = localeOf(http, undefined);
    const now = Math.floor(http.nowMs / 1000);
    const browser = browserOf(ctx, http);
    const outcome = OUTCOMES.find((one) => one === said);
    const requests: ApprovalView[] = [];
    for (const pending of await waitingFor(ctx, session, now)) {
      const view = await viewOf(ctx, session, pending, locale, now);
      if (view !== undefined) requests.push(view);
    }
    const body = approvalsPage({
      locale,
      languages: languageLinks(PATH, []),
      action: PATH,
      csrf: csrfToken(ctx, browser.id, formName(session)),
      user: userView(session),
      accountHref: '/account',
      requests,
      ...(outcome === undefined ? {} : { outcome }),
    });
    return formPage(ctx, browser, body);
  } catch (error) {
    return pageRefusal(ctx, 'approvals', http, trail, error);
  }
}

/** The user's answer to one of them: only a request that waits for this very user has a name here. */
export async function approvalsPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('authentication');
    const session = await findBrowserSession(ctx, http);
    if (session === undefined) return seeOther(signInPath('approvals'));
    trail.at('same_site');
    requireOwnForm(ctx, http, form, formName(session));
    trail.at('decided');
    const now = Math.floor(http.nowMs / 1000);
    const named = form.get('approval') ?? '';
    const pending = (await waitingFor(ctx, session, now)).find((one) => equalText(named, nameOf(ctx, session, one)));
    if (pending === undefined) return seeOther(`${PATH}?outcome=gone`);
    const { user } = session;
    const { authTime, amr } = session.session;
    const outcome =
      form.get('decision') === 'allow' ? await approve(ctx, pending, { user, authTime, amr }, now) : await deny(ctx, pending, user, now);
    return seeOther(`${PATH}?outcome=${outcome}`);
  } catch (error) {
    return pageRefusal(ctx, 'approvals', http, trail, error);
  }
}

async function waitingFor(ctx: Context, { user }: BrowserSession, now: number): Promise<readonly PendingAuthorization[]> {
  const all = await ctx.store.listPendingOfUser(ctx.tenant, user.id, OPEN_LIMITS.maxOpenOfUser, now);
  return all.filter(({ decision }) => decision.kind === 'pending');
}

async function viewOf(
  ctx: Context,
  session: BrowserSession,
  pending: PendingAuthorization,
  locale: Locale,
  now: number,
): Promise<ApprovalView | undefined> {
  const client = await findClientOf(ctx, pending);
  if (client === undefined) return undefined;
  const request = readPendingRequest(pending);
  return {
    name: nameOf(ctx, session, pending),
    client: waitingClientView(client, locale),
    message: request.bindingMessage ?? '',
    endsInSeconds: Math.max(1, pending.expiresAt - now),
    ...permissionsView(ctx, request),
  };
}

function nameOf(ctx: Context, { session }: BrowserSession, { id }: PendingAuthorization): string {
  return ctx.keys.keyedHash('approval', `${session.id}\n${id}`);
}

function formName({ session }: BrowserSession): string {
  return `${PATH} ${session.id}`;
}

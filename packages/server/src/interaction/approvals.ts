import { equalText } from '@hufu/protocol/equal-text';
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
import { standingOf } from '../sessions/standing.ts';
import { accountReply, hrefOf, marked, readMarked, showAccount } from './account/visit.ts';
import { waitingClientView } from './client-of-page.ts';
import { requireOwnForm } from './csrf.ts';
import { signInPath } from './own-page.ts';
import { pageRefusal } from './page-error.ts';
import { type ApprovalsView, type ApprovalView, approvalsPage } from './pages/approvals.ts';
import type { Locale } from './pages/messages/locale.ts';
import { permissionsView } from './permissions-view.ts';
import { requireLevel } from './require-level.ts';

const PATH = '/account/approvals';
const OUTCOMES: readonly NonNullable<ApprovalsView['outcome']>[] = ['allowed', 'denied', 'gone'];

/** What clients ask the user for (OpenID Connect CIBA §8). */
export function approvalsGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'approvals', async (visit) => {
    const { session, locale, now, csrf } = visit;
    const said = readMarked(visit, visit.query.get('outcome'));
    const outcome = OUTCOMES.find((one) => one === said);
    const requests: ApprovalView[] = [];
    for (const pending of await waitingFor(ctx, session, now)) {
      const view = await viewOf(ctx, session, pending, locale, now);
      if (view !== undefined) requests.push(view);
    }
    return accountReply(visit, (frame) =>
      approvalsPage({ ...frame, action: hrefOf(visit, PATH), csrf, requests, ...(outcome === undefined ? {} : { outcome }) }),
    );
  });
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
    if (pending === undefined) return seeOther(pathWith(ctx, session, 'gone'));
    const { user } = session;
    const allows = form.get('decision') === 'allow';
    const more = allows ? await requireLevel(ctx, session, await findClientOf(ctx, pending), 'approvals') : undefined;
    if (more !== undefined) return more;
    const { authTime, amr } = standingOf(session);
    const outcome = allows ? await approve(ctx, pending, { user, authTime, amr }, now) : await deny(ctx, pending, user, now);
    return seeOther(pathWith(ctx, session, outcome));
  } catch (error) {
    return pageRefusal(ctx, 'approvals', http, trail, error);
  }
}

/** The page that says so. */
function pathWith(ctx: Context, session: BrowserSession, outcome: NonNullable<ApprovalsView['outcome']>): string {
  return `${PATH}?${new URLSearchParams({ outcome: marked({ ctx, session }, outcome) }).toString()}`;
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

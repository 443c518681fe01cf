import { equalText } from '@hufu/protocol/equal-text';
import { type Form, readQuery } from '@hufu/protocol/form';
import type { PendingAuthorization } from '@hufu/store/port';
import { brandOf } from '../appearance/brand.ts';
import { seeOther } from '../authorize/respond.ts';
import { displayName } from '../client-name.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { findClientOf } from '../pending/client-of-pending.ts';
import { approve, type Decision, deny } from '../pending/decide.ts';
import { readPendingRequest } from '../pending/pending-request.ts';
import { formatUserCode, hashUserCode, readUserCode } from '../pending/user-code.ts';
import { type BrowserSession, findBrowserSession } from '../sessions/browser-session.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { standingOf } from '../sessions/standing.ts';
import { waitingClientView } from './client-of-page.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { formPage } from './form-page.ts';
import { devicePage, signInPath } from './own-page.ts';
import { pageRefusal } from './page-error.ts';
import { languageLinks, localeOf } from './page-locale.ts';
import { deviceConfirmPage, deviceDonePage } from './pages/device-confirm.ts';
import { pageHeaders } from './pages/headers.ts';
import { permissionsView } from './permissions-view.ts';
import { requireLevel } from './require-level.ts';
import { userView } from './user-of-page.ts';

const PATH = '/device/confirm';

/** A code that this session has typed, with the request and the client that it belongs to. */
interface Entered {
  readonly code: string;
  readonly entry: string;
  readonly pending: PendingAuthorization;
  readonly client: Client;
}

/** The address of the confirmation, for the session that has just typed the right code and for no other (attacks DEV-10). */
export function confirmPath(ctx: Context, session: BrowserSession, pending: PendingAuthorization, code: string): string {
  return `${PATH}?user_code=${formatUserCode(code)}&entry=${entryOf(ctx, session, pending)}`;
}

/** Who asks, for what, from where (RFC 8628 §3.3, §5.4). */
export async function confirmGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const query = readQuery(http.query, { repetition: 'listed' });
    const session = await findBrowserSession(ctx, http);
    if (session === undefined) return seeOther(signInPath(devicePage(readUserCode(query.get('user_code') ?? ''))));
    trail.at('user_code');
    const entered = await findEntered(ctx, http, session, query);
    return entered === undefined ? done(ctx, http, 'gone', '') : page(ctx, http, session, entered);
  } catch (error) {
    return pageRefusal(ctx, 'device', http, trail, error);
  }
}

/** The user's answer. What was asked for stands in the row: nothing of it is taken from the form (attacks DEV-14). */
export async function confirmPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('authentication');
    const session = await findBrowserSession(ctx, http);
    if (session === undefined) return seeOther(signInPath(devicePage(readUserCode(form.get('user_code') ?? ''))));
    trail.at('same_site');
    requireOwnForm(ctx, http, form, formName(session, form.get('entry') ?? ''));
    trail.at('user_code');
    const entered = await findEntered(ctx, http, session, form);
    if (entered === undefined) return done(ctx, http, 'gone', '');
    trail.at('decided');
    const now = Math.floor(http.nowMs / 1000);
    const { user } = session;
    const allows = form.get('decision') === 'allow';
    const more = allows ? await requireLevel(ctx, session, entered.client, devicePage(entered.code)) : undefined;
    if (more !== undefined) return more;
    const { authTime, amr } = standingOf(session);
    const outcome = allows
      ? await approve(ctx, entered.pending, { user, authTime, amr }, now)
      : await deny(ctx, entered.pending, user, now);
    return done(ctx, http, outcome, displayName(entered.client, localeOf(http, undefined)));
  } catch (error) {
    return pageRefusal(ctx, 'device', http, trail, error);
  }
}

/** Undefined alike where the code is over and where another session typed it: neither says whether there is such a code. */
async function findEntered(ctx: Context, http: HttpRequest, session: BrowserSession, sent: Form): Promise<Entered | undefined> {
  const code = readUserCode(sent.get('user_code') ?? '');
  const entry = sent.get('entry');
  if (code === undefined || entry === undefined) return undefined;
  const pending = await ctx.store.findPendingByUserCode(ctx.tenant, hashUserCode(ctx, code), Math.floor(http.nowMs / 1000));
  if (pending === undefined || !equalText(entry, entryOf(ctx, session, pending))) return undefined;
  const client = pending.decision.kind === 'pending' ? await findClientOf(ctx, pending) : undefined;
  return client === undefined ? undefined : { code, entry, pending, client };
}

function entryOf(ctx: Context, { session }: BrowserSession, { id }: PendingAuthorization): string {
  return ctx.keys.keyedHash('device_entry', `${session.id}\n${id}`);
}

function page(ctx: Context, http: HttpRequest, session: BrowserSession, { code, entry, pending, client }: Entered): HttpReply {
  const locale = localeOf(http, undefined);
  const browser = browserOf(ctx, http);
  const request = readPendingRequest(pending);
  const shown = formatUserCode(code);
  const body = deviceConfirmPage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(PATH, [
      ['user_code', shown],
      ['entry', entry],
    ]),
    action: PATH,
    csrf: csrfToken(ctx, browser.id, formName(session, entry)),
    userCode: shown,
    entry,
    client: waitingClientView(client, locale),
    user: userView(session),
    ...permissionsView(ctx, request),
    address: request.address,
    userAgent: request.userAgent,
    askedAt: `${new Date(pending.createdAt * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`,
    askedAgoSeconds: Math.max(0, Math.floor(http.nowMs / 1000) - pending.createdAt),
  });
  return formPage(ctx, browser, body);
}

function done(ctx: Context, http: HttpRequest, outcome: Decision, clientName: string): HttpReply {
  const body = deviceDonePage({ locale: localeOf(http, undefined), brand: brandOf(ctx), languages: [], outcome, clientName });
  return { status: outcome === 'gone' ? 400 : 200, headers: pageHeaders({ issuer: ctx.issuer }), body };
}

/** The form belongs to one session and one request. */
function formName({ session }: BrowserSession, entry: string): string {
  return `${PATH} ${session.id} ${entry}`;
}

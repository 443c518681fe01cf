import { equalText } from '@hufu/protocol/equal-text';
import { type Form, readQuery } from '@hufu/protocol/form';
import { brandOf } from '../../appearance/brand.ts';
import { seeOther } from '../../authorize/respond.ts';
import type { Context } from '../../context.ts';
import { Trail } from '../../decisions/trail.ts';
import { requireForm } from '../../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { type BrowserSession, findBrowserSession } from '../../sessions/browser-session.ts';
import { browserOf } from '../../sessions/known-browser.ts';
import { csrfToken, requireOwnForm } from '../csrf.ts';
import { formPage } from '../form-page.ts';
import { type OwnPage, pathOfPage, signInPath } from '../own-page.ts';
import { pageRefusal } from '../page-error.ts';
import { languageLinks, localeOf, ownLocale } from '../page-locale.ts';
import type { AccountPageView } from '../pages/account-layout.ts';
import type { PageHeaderOptions } from '../pages/headers.ts';
import type { Done, NotDone } from '../pages/messages/account.ts';
import type { Locale } from '../pages/messages/locale.ts';
import { type Moment, readZone } from '../pages/parts/when.ts';
import { userView } from '../user-of-page.ts';

/** Somebody who is signed in, on a page of their account. Whose account it is follows from the session and from nothing else (attacks SES-12). */
export interface Visit {
  readonly ctx: Context;
  readonly http: HttpRequest;
  readonly trail: Trail;
  readonly page: OwnPage;
  readonly path: string;
  readonly session: BrowserSession;
  readonly locale: Locale;
  /** Seconds since 1970. */
  readonly now: number;
  readonly moment: Moment;
  /** Parameters of the page's own address. */
  readonly query: Form;
  /** Bound to this browser, session and page. */
  readonly csrf: string;
}

/** A page of the account centre: whoever is not signed in signs in first and comes back to it. */
export async function showAccount(
  ctx: Context,
  http: HttpRequest,
  page: OwnPage,
  show: (visit: Visit) => Promise<HttpReply>,
): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const query = readQuery(http.query, { repetition: 'listed', malformed: 'listed' });
    const session = await findBrowserSession(ctx, http);
    if (session === undefined) return seeOther(signInPath(page));
    return await show(visitOf(ctx, http, trail, page, session, query));
  } catch (error) {
    return pageRefusal(ctx, endpointOf(page), http, trail, error);
  }
}

/** What a form of such a page asks for: sent from that very page, in this browser, by whoever is signed in now. */
export async function actOnAccount(
  ctx: Context,
  http: HttpRequest,
  page: OwnPage,
  act: (visit: Visit, form: Form) => Promise<HttpReply>,
): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const form = requireForm(http);
    const query = readQuery(http.query, { repetition: 'listed', malformed: 'listed' });
    trail.at('authentication');
    const session = await findBrowserSession(ctx, http);
    if (session === undefined) return seeOther(signInPath(page));
    trail.at('same_site');
    requireOwnForm(ctx, http, form, formName(page, session));
    trail.at('parameters');
    return await act(visitOf(ctx, http, trail, page, session, query), form);
  } catch (error) {
    return pageRefusal(ctx, endpointOf(page), http, trail, error);
  }
}

function visitOf(ctx: Context, http: HttpRequest, trail: Trail, page: OwnPage, session: BrowserSession, query: Form): Visit {
  const { claims } = session.user;
  const now = Math.floor(http.nowMs / 1000);
  return {
    ctx,
    http,
    trail,
    page,
    path: pathOfPage(page),
    session,
    locale: localeOf(http, typeof claims['locale'] === 'string' ? claims['locale'] : undefined),
    now,
    moment: { now, zone: readZone(claims['zoneinfo']) },
    query,
    csrf: csrfToken(ctx, browserOf(ctx, http).id, formName(page, session)),
  };
}

/** What the decision record calls it. */
function endpointOf(page: OwnPage): string {
  return pathOfPage(page).slice(1).replaceAll('/', '_').replaceAll('-', '_');
}

function formName(page: OwnPage, { session }: BrowserSession): string {
  return `${pathOfPage(page)} ${session.id}`;
}

/** An address of ours in the language of this visit, where that was chosen in the address. */
export function hrefOf({ http }: Pick<Visit, 'http'>, path: string, parameters: Readonly<Record<string, string>> = {}): string {
  const locale = ownLocale(http);
  const query = new URLSearchParams({ ...parameters, ...(locale === undefined ? {} : { ui_locales: locale }) }).toString();
  const [whole = '', fragment] = path.split('#', 2);
  const hash = fragment === undefined ? '' : `#${fragment}`;
  return query === '' ? path : `${whole}${whole.includes('?') ? '&' : '?'}${query}${hash}`;
}

/** What every page of the centre is told. */
export function frameOf(visit: Visit, scriptNonce: string): AccountPageView {
  return {
    locale: visit.locale,
    brand: brandOf(visit.ctx),
    languages: languageLinks(visit.path, kept(visit.query)),
    user: userView(visit.session),
    hrefOf: (path) => hrefOf(visit, path),
    scriptNonce,
  };
}

/** What an address says of the page that is shown, and the other language shows too. */
function kept(query: Form): readonly (readonly [string, string])[] {
  return KEPT.flatMap((name) => {
    const value = query.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
}

const KEPT = ['thing'] as const;

/** The page as a reply; `render` gets its frame. */
export function accountReply(visit: Visit, render: (frame: AccountPageView) => string, status = 200, more: MoreScripts = {}): HttpReply {
  const { ctx, http } = visit;
  const scriptNonce = ctx.random.text(24);
  return formPage(ctx, browserOf(ctx, http), render(frameOf(visit, scriptNonce)), { status, scriptNonce, ...more });
}

/** Of pages that run more than the centre's own script. */
type MoreScripts = Pick<PageHeaderOptions, 'scripts' | 'connects'>;

/** The same page with what is wrong on it, and why in the decision record. */
export function accountRefusal(
  visit: Visit,
  status: number,
  detail: string,
  render: (frame: AccountPageView) => string,
  more: MoreScripts = {},
): HttpReply {
  const { ctx, http, trail, page } = visit;
  const error = { code: 'invalid_request', description: 'the form was not accepted', detail } as const;
  const decision = ctx.decisions.record(endpointOf(page), status, error, trail, http.nowMs);
  const reply = accountReply(visit, render, status, more);
  return { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
}

const DONE: readonly Done[] = [
  'profile_saved',
  'password_changed',
  'factor_added',
  'factor_renamed',
  'factor_removed',
  'codes_made',
  'linked',
  'unlinked',
  'email_sent',
  'email_verified',
  'device_renamed',
  'device_out',
  'others_out',
  'distrusted',
  'app_removed',
  'everywhere_out',
];
const NOT_DONE: readonly NotDone[] = ['gone', 'changed', 'last', 'second_factor_needed', 'full', 'taken', 'managed', 'no_mail'];

/** What the page says about what has just been done. */
export type Outcome = { readonly kind: 'done'; readonly word: Done } | { readonly kind: 'not_done'; readonly word: NotDone };

/** On to a page that says so. The word is marked: nobody makes a page of ours say it by a link (attacks CON-02). */
export function goOn(visit: Visit, page: OwnPage, word: Done | NotDone, parameters: Readonly<Record<string, string>> = {}): HttpReply {
  return seeOther(hrefOf(visit, pathOfPage(page), { ...parameters, outcome: marked(visit, word) }));
}

/** What a page of ours says of itself in an address, with a mark that holds in this session alone: `readMarked` reads it (attacks CON-02). */
export function marked(visit: Pick<Visit, 'ctx' | 'session'>, text: string): string {
  return `${text}.${markOf(visit, text)}`;
}

/** What `marked` has written; undefined where anybody else has. */
export function readMarked(visit: Pick<Visit, 'ctx' | 'session'>, value: string | undefined): string | undefined {
  const dot = value?.lastIndexOf('.') ?? -1;
  if (value === undefined || dot < 0) return undefined;
  const text = value.slice(0, dot);
  return equalText(value.slice(dot + 1), markOf(visit, text)) ? text : undefined;
}

/** What `goOn` has written into the address, in this session. */
export function outcomeOf(visit: Visit): Outcome | undefined {
  const text = readMarked(visit, visit.query.get('outcome'));
  const done = DONE.find((word) => word === text);
  if (done !== undefined) return { kind: 'done', word: done };
  const notDone = NOT_DONE.find((word) => word === text);
  return notDone === undefined ? undefined : { kind: 'not_done', word: notDone };
}

function markOf({ ctx, session }: Pick<Visit, 'ctx' | 'session'>, word: string): string {
  return ctx.keys.keyedHash('account_outcome', `${session.session.id}\n${word}`).slice(0, 16);
}

/** What a form calls a thing of theirs: a name that means something in this session alone, so that no number of a row is ever told (attacks SES-12). */
export function nameOf({ ctx, session }: Visit, kind: 'factor' | 'identity' | 'device' | 'session', id: number | string): string {
  return ctx.keys.keyedHash('account_thing', `${session.session.id}\n${kind}\n${id}`).slice(0, 22);
}

/** The one of these that a form names; undefined for what is somebody else's, or not there any more. */
export function findNamed<T>(
  visit: Visit,
  kind: Parameters<typeof nameOf>[1],
  things: readonly T[],
  idOf: (thing: T) => number | string,
  named: string | undefined,
): T | undefined {
  return named === undefined ? undefined : things.find((thing) => equalText(named, nameOf(visit, kind, idOf(thing))));
}

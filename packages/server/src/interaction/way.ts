import { OAuthError } from '@hufu/protocol/errors';
import { readQuery } from '@hufu/protocol/form';
import { sessionId } from '@hufu/protocol/ids';
import { brandOf } from '../appearance/brand.ts';
import type { AuthorizationRequest, ReturnPath } from '../authorize/authorization-request.ts';
import { type Done, decide } from '../authorize/decide.ts';
import { issueAnswer } from '../authorize/issue-answer.ts';
import { takeAnswer } from '../authorize/pushed-request.ts';
import { REQUEST_RULES, RedirectError, readAuthorizationRequest } from '../authorize/read-request.ts';
import { respondWithAnswer, respondWithError, seeOther } from '../authorize/respond.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { answeredFacts } from '../history/authorize-facts.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { type BrowserSession, findEndedSession } from '../sessions/browser-session.ts';
import { missingBrowserState } from '../sessions/browser-state.ts';
import { sessionState } from '../sessions/session-state.ts';
import { describeEnd } from '../tokens/end-of-grant.ts';
import { clientHome } from './client-of-page.ts';
import { PageError, pageRefusal } from './page-error.ts';
import { localeOf } from './page-locale.ts';
import { completedPage } from './pages/completed.ts';
import { pageHeaders } from './pages/headers.ts';
import { MAX_TICKET, readTicket, TICKET_SECONDS, type Ticket, writeTicket } from './ticket.ts';

/** The page for what is to be done next. */
const PAGES = { sign_in: '/signin', sign_up: '/signup', step_up: '/signin/verify', consent: '/consent', devices: '/devices' } as const;

/** A request that one of our pages serves: its ticket, and what it asks, read and checked anew. */
export interface UnderWay {
  readonly ticket: Ticket;
  readonly request: AuthorizationRequest;
}

/** Reads the ticket of a page. Throws `PageError` for one that is not ours or too old, `RedirectError` where the request no longer holds. */
export async function readUnderWay(ctx: Context, request: HttpRequest, text: string | undefined, trail: Trail): Promise<UnderWay> {
  trail.at('interaction');
  const ticket = text === undefined ? undefined : readTicket(ctx, text);
  if (ticket === undefined) throw new PageError('request_unknown', text === undefined ? 'no request' : 'its seal does not hold');
  if (ticket.startedMs + TICKET_SECONDS * 1000 <= request.nowMs) throw new PageError('request_expired', 'begun too long ago');
  const now = Math.floor(request.nowMs / 1000);
  return { ticket, request: await readAuthorizationRequest(ctx, readQuery(ticket.query, REQUEST_RULES), { kind: 'ticket' }, trail, now) };
}

/** Goes on with a request as far as it can without the user: to a page of ours, or back to the client with a code. */
export async function proceed(
  ctx: Context,
  http: HttpRequest,
  { ticket, request }: UnderWay,
  session: BrowserSession | undefined,
  agreed: boolean,
  trail: Trail,
): Promise<HttpReply> {
  const now = Math.floor(http.nowMs / 1000);
  const done: Done = {
    signedIn: ticket.session === 0 ? undefined : sessionId(ticket.session),
    startedAt: Math.floor(ticket.startedMs / 1000),
    wished: ticket.wished,
    here: ticket.here === 0 ? undefined : sessionId(ticket.here),
    agreed,
  };
  trail.at('authentication');
  const step = await decide(ctx, request, session, done, now);
  switch (step.kind) {
    case 'sign_in':
    case 'sign_up':
    case 'step_up':
    case 'devices':
    case 'consent':
      return seeOther(pagePath(PAGES[step.kind], ctx, ticket, request));
    case 'issue': {
      trail.at('interaction');
      // One code for one page, however often it is sent (attacks CON-13).
      const end = Math.floor(ticket.startedMs / 1000) + TICKET_SECONDS;
      if (!(await ctx.store.takeOnce(ctx.tenant, 'interaction', ticket.id, end, now)))
        return completed(ctx, http, request.client, request.uiLocales);
      return await answer(ctx, http, request, step.session, done, trail);
    }
  }
}

/** The same for a request that has just come and shown no page yet: nothing has to be taken, each is its own. */
export async function begin(
  ctx: Context,
  http: HttpRequest,
  request: AuthorizationRequest,
  session: BrowserSession | undefined,
  query: string,
  trail: Trail,
): Promise<HttpReply> {
  const now = Math.floor(http.nowMs / 1000);
  trail.at('authentication');
  const nothing: Done = { signedIn: undefined, startedAt: now, wished: false, here: undefined, agreed: false };
  const step = await decide(ctx, request, session, nothing, now).catch(async (error: unknown) => {
    throw session === undefined ? await withEnd(ctx, http, error) : error;
  });
  if (step.kind === 'issue') return await answer(ctx, http, request, step.session, nothing, trail);
  const ticket: Ticket = { id: ctx.random.text(24), startedMs: http.nowMs, query, session: 0, wished: false, here: 0 };
  return seeOther(pagePath(PAGES[step.kind], ctx, ticket, request));
}

/** Who is not signed in any more learns why: with `prompt=none` that is all that the client sees. */
async function withEnd(ctx: Context, http: HttpRequest, error: unknown): Promise<unknown> {
  if (!(error instanceof OAuthError) || error.code !== 'login_required') return error;
  const ended = await findEndedSession(ctx, http);
  return ended === undefined ? error : new OAuthError('login_required', describeEnd(ended, undefined, error.description));
}

async function answer(
  ctx: Context,
  http: HttpRequest,
  request: AuthorizationRequest,
  session: BrowserSession,
  done: Done,
  trail: Trail,
): Promise<HttpReply> {
  const now = Math.floor(http.nowMs / 1000);
  const last = await onlyAnswer(ctx, request, trail, now);
  if (last === undefined) return completed(ctx, http, request.client, request.uiLocales);
  trail.at('consent');
  try {
    const fields = await issueAnswer(ctx, last, session, now);
    ctx.history.note(answeredFacts(request, session, done.signedIn === session.session.id, now), http.nowMs);
    const state = last.scopes.includes('openid') ? sessionState(ctx, last, session) : undefined;
    const reply = await respondWithAnswer(ctx, http, last, [...fields, ['session_state', state]]);
    const cookie = state === undefined ? undefined : missingBrowserState(ctx, http, session.session);
    return cookie === undefined ? reply : { ...reply, headers: { ...reply.headers, 'set-cookie': cookie } };
  } catch (error) {
    // Its one answer has been taken: this is it.
    if (error instanceof OAuthError && error.status < 500) throw new RedirectError(last, error);
    throw error;
  }
}

/** The same, with its one answer taken where there is only one; undefined where it has had it. */
async function onlyAnswer<Path extends ReturnPath>(ctx: Context, path: Path, trail: Trail, now: number): Promise<Path | undefined> {
  if (path.pushed === undefined) return path;
  trail.at('pushed_request');
  return (await takeAnswer(ctx, path.pushed, now)) ? { ...path, pushed: undefined } : undefined;
}

/** An error, sent back to the client: a pushed request has had its answer then as well. Where it had it before, a page of ours says so. */
export async function decline(ctx: Context, http: HttpRequest, path: ReturnPath, why: OAuthError, trail: Trail): Promise<HttpReply> {
  const reached = trail.reached.at(-1);
  const last = await onlyAnswer(ctx, path, trail, Math.floor(http.nowMs / 1000));
  if (last === undefined) return completed(ctx, http, path.client, undefined);
  if (reached !== undefined) trail.at(reached);
  return await respondWithError(ctx, http, last, why, trail);
}

/** The client, where a refusal is for it to hear. */
export function findTold(thrown: unknown, request: AuthorizationRequest | undefined): Pick<RedirectError, 'path' | 'error'> | undefined {
  if (thrown instanceof RedirectError) return thrown;
  return thrown instanceof OAuthError && request !== undefined && thrown.status < 500 ? { path: request, error: thrown } : undefined;
}

/** A refusal on the way: to the client where that is certain, else on a page of ours. */
export async function refuse(
  ctx: Context,
  endpoint: string,
  http: HttpRequest,
  thrown: unknown,
  request: AuthorizationRequest | undefined,
  trail: Trail,
): Promise<HttpReply> {
  try {
    const told = findTold(thrown, request);
    if (told !== undefined) return await decline(ctx, http, told.path, told.error, trail);
  } catch (error) {
    return pageRefusal(ctx, endpoint, http, trail, error);
  }
  return pageRefusal(ctx, endpoint, http, trail, thrown);
}

/** The address of a page for a ticket. The language that the client asked for goes along. */
export function pagePath(path: (typeof PAGES)[keyof typeof PAGES], ctx: Context, ticket: Ticket, request: AuthorizationRequest): string {
  const text = writeTicket(ctx, ticket);
  if (text.length > MAX_TICKET) throw new OAuthError('invalid_request', 'the request is too long');
  const locales =
    request.uiLocales === undefined ? '' : `&ui_locales=${encodeURIComponent(request.uiLocales.slice(0, 100).toWellFormed())}`;
  return `${path}?request=${text}${locales}`;
}

function completed(ctx: Context, http: HttpRequest, asking: Client, uiLocales: string | undefined): HttpReply {
  const locale = localeOf(http, uiLocales);
  const client = clientHome(asking, locale);
  const body = completedPage({ locale, brand: brandOf(ctx), languages: [], ...(client === undefined ? {} : { client }) });
  return { status: 200, headers: pageHeaders({ issuer: ctx.issuer, opener: 'popup' }), body };
}

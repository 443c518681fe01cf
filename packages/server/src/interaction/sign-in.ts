import { OAuthError } from '@hufu/protocol/errors';
import { readQuery } from '@hufu/protocol/form';
import type { UserRecord } from '@hufu/store/port';
import { foldUsername } from '@hufu/store/username';
import { MAX_PASSWORD } from '../accounts/passwords.ts';
import { respondWithError, seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { openBrowserSession } from '../sessions/browser-session.ts';
import { browserOf, knownBrowser, rememberBrowser } from '../sessions/known-browser.ts';
import { clientView } from './client-of-page.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { type OwnPage, pathOfPage, readOwnPage } from './own-page.ts';
import { PageError, pageRefusal } from './page-error.ts';
import { languageLinks, localeOf } from './page-locale.ts';
import { pageHeaders } from './pages/headers.ts';
import { type SignInProblem, signInPage } from './pages/sign-in.ts';
import { proceed, readUnderWay, refusalByRedirect, type UnderWay } from './way.ts';

const PATH = '/signin';
const MAX_USERNAME = 256;

/** What somebody signs in for: a request under way, or else a page of ours. */
interface Aim {
  readonly text: string | undefined;
  readonly way: UnderWay | undefined;
  readonly next: OwnPage;
}

/** The sign-in page, for an authorization request or (without one) for our own pages. */
export async function signInGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const query = readQuery(http.query, { repetition: 'listed' });
    const text = query.get('request');
    const way = text === undefined ? undefined : await readUnderWay(ctx, http, text, trail);
    return page(ctx, http, { text, way, next: readOwnPage(query.get('next')) }, 200, way?.request.loginHint, undefined);
  } catch (error) {
    return refusalByRedirect(ctx, http, error, undefined, trail) ?? pageRefusal(ctx, 'signin', http, trail, error);
  }
}

/**
 * Signs in: one error for an unknown user and a wrong password (attacks USR-01), the same work for both, and one attempt taken from every
 * limit before the password is looked at. Ends at the client, at the consent page, or at a page of our own.
 */
export async function signInPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  let way: UnderWay | undefined;
  try {
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('same_site');
    requireOwnForm(ctx, http, form, PATH);
    const text = form.get('request');
    if (text !== undefined) way = await readUnderWay(ctx, http, text, trail);
    const aim: Aim = { text, way, next: readOwnPage(form.get('next')) };
    if (form.has('cancel')) return cancelled(ctx, http, way, trail);

    trail.at('credentials');
    const username = form.get('username') ?? '';
    const password = form.get('password') ?? '';
    if (username.length > MAX_USERNAME || password.length > MAX_PASSWORD)
      throw new PageError('request_malformed', 'user name or password too long');
    const account = foldUsername(username);
    const attempt = { account, address: http.address, knownBrowser: knownBrowser(ctx, http, account) };
    trail.at('sign_in_throttle');
    const throttle = ctx.bruteForce.takeSignIn(attempt, http.nowMs);
    if (throttle.kind === 'limited') {
      return refused(ctx, http, aim, username, { kind: 'slowed_down', retryAfterSeconds: throttle.retryAfterSeconds }, trail);
    }
    trail.at('credentials');
    const user = await findUserByPassword(ctx, username, password).catch((error: unknown) => {
      // Nobody has judged it: an outage must not slow down whoever knows the password.
      ctx.bruteForce.refundSignIn(attempt);
      throw error;
    });
    if (user === undefined) return refused(ctx, http, aim, username, { kind: 'wrong_credentials' }, trail);
    ctx.bruteForce.refundSignIn(attempt);
    await upgradeHash(ctx, user.id, user.passwordHash, password);

    const opened = await openBrowserSession(ctx, http, user, ['pwd']);
    if (opened.kind === 'user_inactive') return refused(ctx, http, aim, username, { kind: 'wrong_credentials' }, trail);
    const browser = browserOf(ctx, http);
    const cookies = [opened.cookie, opened.stateCookie, rememberBrowser(ctx, http, browser.id, account)];
    if (way === undefined) return seeOther(pathOfPage(aim.next), { 'set-cookie': cookies });
    const signedIn: UnderWay = { ...way, ticket: { ...way.ticket, session: opened.session.session.id } };
    // Signed in they are, whatever becomes of the request.
    const reply = await proceed(ctx, http, signedIn, opened.session, false, trail).catch((error: unknown) => {
      const refusal = refusalByRedirect(ctx, http, error, signedIn.request, trail);
      if (refusal === undefined) throw error;
      return refusal;
    });
    return { ...reply, headers: { ...reply.headers, 'set-cookie': cookies } };
  } catch (error) {
    return refusalByRedirect(ctx, http, error, way?.request, trail) ?? pageRefusal(ctx, 'signin', http, trail, error);
  }
}

/** The enabled user of that name whose password it is. The same work for a name that nobody has. */
async function findUserByPassword(ctx: Context, username: string, password: string): Promise<UserRecord | undefined> {
  const user = username === '' ? undefined : await ctx.store.findUserByName(ctx.tenant, username);
  const right = await ctx.passwords.verify(user?.passwordHash, password);
  return right && user?.enabled === true ? user : undefined;
}

function cancelled(ctx: Context, http: HttpRequest, way: UnderWay | undefined, trail: Trail): HttpReply {
  if (way === undefined) return seeOther('/');
  trail.at('authentication');
  return respondWithError(ctx, http, way.request, new OAuthError('access_denied', 'the user did not sign in'), trail);
}

function refused(ctx: Context, http: HttpRequest, aim: Aim, username: string, problem: SignInProblem, trail: Trail): HttpReply {
  const slowed = problem.kind === 'slowed_down';
  const status = slowed ? 429 : 401;
  const error = { code: 'access_denied', description: slowed ? 'too many attempts' : 'wrong user name or password' } as const;
  const decision = ctx.decisions.record('signin', status, error, trail, http.nowMs);
  const reply = page(ctx, http, aim, status, username, problem);
  const wait = slowed ? { 'retry-after': String(problem.retryAfterSeconds) } : {};
  return { ...reply, headers: { ...reply.headers, ...wait, 'hufu-decision': decision } };
}

function page(
  ctx: Context,
  http: HttpRequest,
  { text, way, next }: Aim,
  status: number,
  username: string | undefined,
  problem: SignInProblem | undefined,
): HttpReply {
  const locale = localeOf(http, way?.request.uiLocales);
  const browser = browserOf(ctx, http);
  const body = signInPage({
    locale,
    languages: languageLinks(PATH, text !== undefined ? [['request', text]] : next === 'account' ? [] : [['next', next]]),
    form: { action: PATH, csrf: csrfToken(ctx, browser.id, PATH), request: text ?? '', ...(next === 'account' ? {} : { next }) },
    ...(way === undefined ? {} : { client: clientView(way.request, locale) }),
    ...(username === undefined ? {} : { username }),
    ...(problem === undefined ? {} : { problem }),
  });
  const cookie = browser.cookie === undefined ? {} : { 'set-cookie': browser.cookie };
  return { status, headers: { ...pageHeaders({ issuer: ctx.issuer, opener: 'popup' }), ...cookie }, body };
}

/** New parameters for an old hash, unless the password has been changed meanwhile. */
async function upgradeHash(
  ctx: Context,
  user: Parameters<Context['store']['findUser']>[1],
  hash: string | undefined,
  password: string,
): Promise<void> {
  if (hash === undefined || !ctx.passwords.isOutdated(hash)) return;
  await ctx.store.upgradePasswordHash(ctx.tenant, user, hash, await ctx.passwords.hash(password));
}

import { OAuthError } from '@hufu/protocol/errors';
import { readQuery } from '@hufu/protocol/form';
import { foldUsername } from '@hufu/store/username';
import { MAX_USERNAME, tryPassword } from '../accounts/password-attempt.ts';
import { MAX_PASSWORD } from '../accounts/passwords.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { browserOf, knownBrowser } from '../sessions/known-browser.ts';
import { type Aim, aimParameters } from './aim.ts';
import { clientView } from './client-of-page.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { enter } from './enter.ts';
import { formPage } from './form-page.ts';
import { readOwnPage } from './own-page.ts';
import { PageError } from './page-error.ts';
import { languageLinks, localeOf, pageLink } from './page-locale.ts';
import { type SignInProblem, signInPage } from './pages/sign-in.ts';
import { decline, readUnderWay, refuse, type UnderWay } from './way.ts';

const PATH = '/signin';

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
    return await refuse(ctx, 'signin', http, error, undefined, trail);
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
    if (form.has('cancel')) return await cancelled(ctx, http, way, trail);

    trail.at('credentials');
    const username = form.get('username') ?? '';
    const password = form.get('password') ?? '';
    if (username.length > MAX_USERNAME || password.length > MAX_PASSWORD)
      throw new PageError('request_malformed', 'user name or password too long');
    const account = foldUsername(username);
    const known = knownBrowser(ctx, http, account);
    const attempt = { username, password, address: http.address, knownBrowser: known, nowMs: http.nowMs };
    const outcome = await tryPassword(ctx, attempt, trail);
    if (outcome.kind === 'limited')
      return refused(ctx, http, aim, username, { kind: 'slowed_down', retryAfterSeconds: outcome.retryAfterSeconds }, trail);
    if (outcome.kind === 'wrong') return refused(ctx, http, aim, username, { kind: 'wrong_credentials' }, trail);
    const { user } = outcome;

    return (await enter(ctx, 'signin', http, user, aim, trail)) ?? refused(ctx, http, aim, username, { kind: 'wrong_credentials' }, trail);
  } catch (error) {
    return await refuse(ctx, 'signin', http, error, way?.request, trail);
  }
}

async function cancelled(ctx: Context, http: HttpRequest, way: UnderWay | undefined, trail: Trail): Promise<HttpReply> {
  if (way === undefined) return seeOther('/');
  trail.at('authentication');
  return await decline(ctx, http, way.request, new OAuthError('access_denied', 'the user did not sign in'), trail);
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
  aim: Aim,
  status: number,
  username: string | undefined,
  problem: SignInProblem | undefined,
): HttpReply {
  const { text, way, next } = aim;
  const locale = localeOf(http, way?.request.uiLocales);
  const browser = browserOf(ctx, http);
  const parameters = aimParameters(aim);
  // Nobody whom the client names can be new.
  const mayBeNew = ctx.config.policies.signUp === 'open' && way?.request.expectedSubject === undefined;
  const body = signInPage({
    locale,
    languages: languageLinks(PATH, parameters),
    form: { action: PATH, csrf: csrfToken(ctx, browser.id, PATH), request: text ?? '', ...(next === 'account' ? {} : { next }) },
    ...(way === undefined ? {} : { client: clientView(way.request, locale) }),
    ...(username === undefined ? {} : { username }),
    ...(mayBeNew ? { signUpHref: pageLink('/signup', parameters, locale) } : {}),
    ...(problem === undefined ? {} : { problem }),
  });
  return formPage(ctx, browser, body, { status, opener: 'popup' });
}

import { OAuthError } from '@hufu/protocol/errors';
import { type Form, readQuery } from '@hufu/protocol/form';
import type { UserRecord } from '@hufu/store/port';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { type Aim, aimParameters } from './aim.ts';
import { clientView } from './client-of-page.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { enter } from './enter.ts';
import { formPage } from './form-page.ts';
import { type NewAccount, readNewAccount } from './new-account.ts';
import { readOwnPage } from './own-page.ts';
import { PageError } from './page-error.ts';
import { languageLinks, localeOf, pageLink } from './page-locale.ts';
import { type SignUpProblems, signUpPage, type TypedAccount } from './pages/sign-up.ts';
import { decline, readUnderWay, refuse, type UnderWay } from './way.ts';

const PATH = '/signup';
const SUBJECT_LENGTH = 20;
/** Characters of what was typed that a page gives back; nothing longer is ever right. */
const MAX_TYPED = 300;
/** A form that is sent twice is sent twice at once. */
const TWICE_SECONDS = 60;

/** The sign-up page, for an authorization request (`prompt=create`, or from the sign-in page) or for our own pages. */
export async function signUpGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    requireOpen(ctx, trail);
    trail.at('parameters');
    const query = readQuery(http.query, { repetition: 'listed' });
    const text = query.get('request');
    const way = text === undefined ? undefined : await readUnderWay(ctx, http, text, trail);
    const hint = way?.request.loginHint ?? '';
    return await page(
      ctx,
      http,
      { text, way, next: readOwnPage(query.get('next')) },
      200,
      hint.includes('@') ? { email: hint } : { username: hint },
      {},
    );
  } catch (error) {
    return await refuse(ctx, 'signup', http, error, undefined, trail);
  }
}

/**
 * Makes an account and signs in to it; whoever was signed in at this browser is so no longer. Everything about the form is judged first, then
 * one attempt is taken from the limits, then the name is looked up, and only for a free one is a password hashed: the row decides who of two was
 * first.
 */
export async function signUpPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  let way: UnderWay | undefined;
  try {
    requireOpen(ctx, trail);
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('same_site');
    requireOwnForm(ctx, http, form, PATH);
    const text = form.get('request');
    if (text !== undefined) way = await readUnderWay(ctx, http, text, trail);
    if (form.has('cancel')) return await cancelled(ctx, http, way, trail);
    const aim: Aim = { text, way, next: readOwnPage(form.get('next')) };

    trail.at('sign_up_details');
    const read = await readNewAccount(form, ctx.config.policies.passwords.minLength);
    if (read.kind === 'problems') {
      if (isPasswordAlone(read.problems)) trail.at('password_policy');
      return await refused(ctx, http, aim, form, read.problems, trail);
    }
    trail.at('password_policy');
    trail.at('sign_up_throttle');
    const retryAfterSeconds = ctx.bruteForce.takeSignUp(http.address, http.nowMs);
    if (retryAfterSeconds > 0) return await refused(ctx, http, aim, form, { slowedDown: retryAfterSeconds }, trail);
    trail.at('username_free');
    const user = await makeUser(ctx, read.account, Math.floor(http.nowMs / 1000));
    const entered = user === undefined ? undefined : await enter(ctx, 'signup', http, user, aim, trail);
    return entered ?? (await refused(ctx, http, aim, form, { username: 'taken' }, trail));
  } catch (error) {
    return await refuse(ctx, 'signup', http, error, way?.request, trail);
  }
}

/** Asked of every request, not of the page alone (attacks USR-22). */
function requireOpen(ctx: Context, trail: Trail): void {
  trail.at('sign_up_open');
  if (ctx.config.policies.signUp === 'off') throw new PageError('sign_up_off', 'policies.sign_up is off');
}

/** The new user, or undefined where somebody else has the name. */
async function makeUser(ctx: Context, { username, password, claims }: NewAccount, now: number): Promise<UserRecord | undefined> {
  const holder = await ctx.store.findUserByName(ctx.tenant, username);
  if (holder !== undefined) return (await isSentTwice(ctx, holder, password, now)) ? holder : undefined;
  const passwordHash = await ctx.passwords.hash(password);
  const sub = ctx.random.text(SUBJECT_LENGTH);
  const made = await ctx.store.createUser(ctx.tenant, { sub, username, passwordHash, claims, source: 'sign_up' }, now);
  if (made.kind === 'taken') return (await isSentTwice(ctx, made.user, password, now)) ? made.user : undefined;
  ctx.log.info('user.signed_up', { sub });
  return made.user;
}

/** Whether this is the same form once more, by a finger that pressed twice: made a moment ago, and with the same password. */
async function isSentTwice(ctx: Context, user: UserRecord, password: string, now: number): Promise<boolean> {
  if (user.source !== 'sign_up' || now - user.createdAt > TWICE_SECONDS) return false;
  return ctx.passwords.verify(user.passwordHash, password);
}

async function cancelled(ctx: Context, http: HttpRequest, way: UnderWay | undefined, trail: Trail): Promise<HttpReply> {
  if (way === undefined) return seeOther('/');
  trail.at('authentication');
  return await decline(ctx, http, way.request, new OAuthError('access_denied', 'the user did not sign up'), trail);
}

function isPasswordAlone({ password, ...others }: SignUpProblems): boolean {
  return password !== undefined && Object.keys(others).length === 0;
}

async function refused(ctx: Context, http: HttpRequest, aim: Aim, form: Form, problems: SignUpProblems, trail: Trail): Promise<HttpReply> {
  const { slowedDown } = problems;
  const status = slowedDown === undefined ? 400 : 429;
  const decision = ctx.decisions.record('signup', status, refusalOf(problems), trail, http.nowMs);
  const typed = { username: typedIn(form, 'username'), email: typedIn(form, 'email'), name: typedIn(form, 'name') };
  const reply = await page(ctx, http, aim, status, typed, problems);
  const wait = slowedDown === undefined ? {} : { 'retry-after': String(slowedDown) };
  return { ...reply, headers: { ...reply.headers, ...wait, 'hufu-decision': decision } };
}

/** Which field, and by which rule; nothing of what was typed. */
function refusalOf(problems: SignUpProblems): {
  readonly code: 'access_denied' | 'invalid_request';
  readonly description: string;
  readonly detail?: string;
} {
  if (problems.slowedDown !== undefined) return { code: 'access_denied', description: 'too many attempts' };
  const detail = Object.entries(problems)
    .map(([field, fault]) => `${field}: ${String(fault)}`)
    .join(', ');
  return { code: 'invalid_request', description: 'the account could not be made', detail };
}

function typedIn(form: Form, name: string): string {
  return (form.get(name) ?? '').slice(0, MAX_TYPED).toWellFormed();
}

async function page(
  ctx: Context,
  http: HttpRequest,
  aim: Aim,
  status: number,
  typed: TypedAccount,
  problems: SignUpProblems,
): Promise<HttpReply> {
  const { text, way, next } = aim;
  const locale = localeOf(http, way?.request.uiLocales);
  const browser = browserOf(ctx, http);
  const session = await findBrowserSession(ctx, http);
  const parameters = aimParameters(aim);
  const body = signUpPage({
    locale,
    languages: languageLinks(PATH, parameters),
    form: { action: PATH, csrf: csrfToken(ctx, browser.id, PATH), request: text ?? '', ...(next === 'account' ? {} : { next }) },
    signInHref: pageLink('/signin', parameters, locale),
    minLength: ctx.config.policies.passwords.minLength,
    typed,
    problems,
    ...(way === undefined ? {} : { client: clientView(way.request, locale) }),
    ...(session === undefined ? {} : { signedInAs: session.user.username }),
  });
  return formPage(ctx, browser, body, { status, opener: 'popup' });
}

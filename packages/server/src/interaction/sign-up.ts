import type { Form } from '@hufu/protocol/form';
import type { UserRecord } from '@hufu/store/port';
import { withFloor } from '../accounts/answer-floor.ts';
import { takeSignUp } from '../accounts/sign-in-limits.ts';
import { brandOf } from '../appearance/brand.ts';
import { botPanel, judgeBot } from '../bot-check/bot-check.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { isDirectoryName } from '../upstream/directories.ts';
import { type Aim, aimParameters } from './aim.ts';
import { clientView } from './client-of-page.ts';
import { csrfToken } from './csrf.ts';
import { enter } from './enter.ts';
import { formPage } from './form-page.ts';
import { requireMethodOn } from './methods-on.ts';
import { type NewAccount, readNewAccount } from './new-account.ts';
import { PageError } from './page-error.ts';
import { languageLinks, localeOf, pageLink } from './page-locale.ts';
import { type SignUpProblems, signUpPage, type TypedAccount } from './pages/sign-up.ts';
import { askToProve, isVerified } from './sign-up-by-mail.ts';
import { type Step, showStep, takeStep } from './step.ts';

const PATH = '/signup';
const SUBJECT_LENGTH = 20;
/** Characters of what was typed that a page gives back; nothing longer is ever right. */
const MAX_TYPED = 300;
/** A form that is sent twice is sent twice at once. */
const TWICE_SECONDS = 60;

const STEP: Step = { path: PATH, endpoint: 'signup', require: requireOpen, cancelled: 'the user did not sign up' };

/** The sign-up page, for an authorization request (`prompt=create`, or from the sign-in page) or for our own pages. */
export async function signUpGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await showStep(ctx, http, STEP, async (query, aim) => {
    const hint = aim.way?.request.loginHint ?? '';
    const typed = hint.includes('@') ? { email: hint } : { username: hint };
    // The name was gone when the address had been shown: see `signUpByMail`.
    return await page(ctx, http, aim, 200, typed, query.get('taken') === 'username' ? { username: 'taken' } : {});
  });
}

/**
 * Makes an account and signs in to it; whoever was signed in at this browser is so no longer. Everything about the form is judged first, then
 * one attempt is taken from the limits, then the name is looked up, and only for a free one is a password hashed: the row decides who of two was
 * first.
 */
export async function signUpPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await takeStep(ctx, http, STEP, async (form, aim, trail) => {
    trail.at('sign_up_details');
    const read = await readNewAccount(form, ctx.config.policies.passwords.minLength, isVerified(ctx) ? 'needed' : 'optional');
    if (read.kind === 'problems') {
      if (isPasswordAlone(read.problems)) trail.at('password_policy');
      return await refused(ctx, http, aim, form, read.problems, trail);
    }
    trail.at('password_policy');
    const bot = await judgeBot(ctx, http, form, 'sign_up', trail);
    if (bot !== undefined) return await refused(ctx, http, aim, form, { bot }, trail);
    trail.at('sign_up_throttle');
    const taken = await takeSignUp(ctx, http.address);
    if (taken.kind === 'limited') return await refused(ctx, http, aim, form, { slowedDown: taken.retryAfterSeconds }, trail, taken.rule);
    trail.at('username_free');
    if (isVerified(ctx)) return await prove(ctx, http, aim, form, read.account, trail);
    const now = Math.floor(http.nowMs / 1000);
    const user = await makeUser(ctx, read.account, now);
    const entered =
      user === undefined ? undefined : await enter(ctx, 'signup', http, { user, proved: [{ method: 'password', at: now }] }, aim, trail);
    return entered ?? (await refused(ctx, http, aim, form, { username: 'taken' }, trail));
  });
}

/** The account is made once its address has been shown to be theirs. That the name is taken is told now: who chooses one has to know. */
async function prove(ctx: Context, http: HttpRequest, aim: Aim, form: Form, account: NewAccount, trail: Trail): Promise<HttpReply> {
  return await withFloor(ctx, async () => {
    if ((await ctx.store.findUserByName(ctx.tenant, account.username)) !== undefined)
      return await refused(ctx, http, aim, form, { username: 'taken' }, trail);
    trail.at('mail_throttle');
    const asked = await askToProve(ctx, http, account, aim);
    if (asked.kind === 'asked') return asked.reply;
    return await refused(ctx, http, aim, form, { slowedDown: asked.retryAfterSeconds }, trail);
  });
}

/** Asked of every request, not of the page alone (attacks USR-22). */
function requireOpen(ctx: Context, trail: Trail): void {
  trail.at('sign_up_open');
  if (ctx.config.policies.signUp === 'off') throw new PageError('sign_up_off', 'policies.sign_up is off');
  requireMethodOn(ctx, 'password');
}

/** The new user, or undefined where somebody else has the name. */
async function makeUser(ctx: Context, { username, password, claims }: NewAccount, now: number): Promise<UserRecord | undefined> {
  if (await isDirectoryName(ctx, username)) return undefined;
  const holder = await ctx.store.findUserByName(ctx.tenant, username);
  if (holder !== undefined) return (await isSentTwice(ctx, holder, password, now)) ? holder : undefined;
  const passwordHash = await ctx.passwords.hash(password);
  const sub = ctx.random.text(SUBJECT_LENGTH);
  const made = await ctx.store.createUser(ctx.tenant, { sub, username, passwordHash, claims, source: 'sign_up' }, now);
  if (made.kind === 'identity_taken') throw new TypeError('a sign-up links no identity');
  if (made.kind === 'taken') return (await isSentTwice(ctx, made.user, password, now)) ? made.user : undefined;
  ctx.log.info('user.signed_up', { sub });
  return made.user;
}

/** Whether this is the same form once more, by a finger that pressed twice: made a moment ago, and with the same password. */
async function isSentTwice(ctx: Context, user: UserRecord, password: string, now: number): Promise<boolean> {
  if (user.source !== 'sign_up' || now - user.createdAt > TWICE_SECONDS) return false;
  return ctx.passwords.verify(user.passwordHash, password);
}

function isPasswordAlone({ password, ...others }: SignUpProblems): boolean {
  return password !== undefined && Object.keys(others).length === 0;
}

async function refused(
  ctx: Context,
  http: HttpRequest,
  aim: Aim,
  form: Form,
  problems: SignUpProblems,
  trail: Trail,
  rule?: string,
): Promise<HttpReply> {
  const { slowedDown, bot } = problems;
  const status = slowedDown !== undefined ? 429 : bot === undefined ? 400 : 403;
  const decision = ctx.decisions.record('signup', status, refusalOf(problems, rule), trail, http.nowMs);
  const typed = { username: typedIn(form, 'username'), email: typedIn(form, 'email'), name: typedIn(form, 'name') };
  const reply = await page(ctx, http, aim, status, typed, problems, form);
  const wait = slowedDown === undefined ? {} : { 'retry-after': String(slowedDown) };
  return { ...reply, headers: { ...reply.headers, ...wait, 'hufu-decision': decision } };
}

/** Which field, and by which rule; nothing of what was typed. */
function refusalOf(
  problems: SignUpProblems,
  rule: string | undefined,
): {
  readonly code: 'access_denied' | 'invalid_request';
  readonly description: string;
  readonly detail?: string;
} {
  if (problems.slowedDown !== undefined)
    return { code: 'access_denied', description: 'too many attempts', ...(rule === undefined ? {} : { detail: `limit ${rule}` }) };
  if (problems.bot !== undefined) return { code: 'access_denied', description: 'the check against automated use was not finished' };
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
  before?: Form,
): Promise<HttpReply> {
  const { text, way, next } = aim;
  const locale = localeOf(http, way?.request.uiLocales);
  const browser = browserOf(ctx, http);
  const session = await findBrowserSession(ctx, http);
  const parameters = aimParameters(aim);
  const bot = botPanel(ctx, http, 'sign_up', locale, before);
  const body = signUpPage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(PATH, parameters),
    form: { action: PATH, csrf: csrfToken(ctx, browser.id, PATH), request: text ?? '', ...(next === 'account' ? {} : { next }) },
    signInHref: pageLink('/signin', parameters, locale),
    minLength: ctx.config.policies.passwords.minLength,
    email: isVerified(ctx) ? 'needed' : 'optional',
    typed,
    problems,
    ...(bot === undefined ? {} : { botCheck: bot.html }),
    ...(way === undefined ? {} : { client: clientView(way.request, locale) }),
    ...(session === undefined ? {} : { signedInAs: session.user.username }),
  });
  return formPage(ctx, browser, body, { status, opener: 'popup', ...bot?.headers });
}

import type { Form } from '@hufu/protocol/form';
import { foldUsername } from '@hufu/store/username';
import { MAX_USERNAME, tryPassword } from '../accounts/password-attempt.ts';
import { MAX_PASSWORD } from '../accounts/passwords.ts';
import { hasFailed } from '../accounts/sign-in-limits.ts';
import { brandOf } from '../appearance/brand.ts';
import { botPanel, judgeBot } from '../bot-check/bot-check.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { hasMail } from '../mail/require-mail.ts';
import { findBrowserSession, findEndedSession } from '../sessions/browser-session.ts';
import { browserOf, knownBrowser } from '../sessions/known-browser.ts';
import { buttonsFor } from '../upstream/buttons.ts';
import { type Aim, aimParameters } from './aim.ts';
import { clientView } from './client-of-page.ts';
import { csrfToken } from './csrf.ts';
import { enter } from './enter.ts';
import { formPage } from './form-page.ts';
import { isMethodOn, requireMethodOn } from './methods-on.ts';
import { PageError } from './page-error.ts';
import { languageLinks, localeOf, pageLink } from './page-locale.ts';
import { type SignInProblem, signInPage } from './pages/sign-in.ts';
import { PASSKEY_SCRIPTS, passkeyForm } from './passkey-form.ts';
import { type Step, showStep, takeStep } from './step.ts';

export const SIGN_IN_PATH = '/signin';

const STEP: Step = { path: SIGN_IN_PATH, endpoint: 'signin', cancelled: 'the user did not sign in' };

/** The sign-in page, for an authorization request or (without one) for our own pages. */
export async function signInGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await showStep(ctx, http, STEP, async (query, aim) => {
    const typed = aim.fresh === true ? (await findBrowserSession(ctx, http))?.user.username : aim.way?.request.loginHint;
    return page(ctx, http, aim, 200, typed, query.get('over') === '1' ? { kind: 'over' } : await findReplaced(ctx, http));
  });
}

/**
 * Signs in: one error for an unknown user and a wrong password (attacks USR-01), the same work for both, and one attempt taken from every
 * limit before the password is looked at. Ends at the client, at the consent page, or at a page of our own.
 */
export async function signInPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await takeStep(ctx, http, STEP, async (form, aim, trail) => {
    requireMethodOn(ctx, 'password');
    trail.at('credentials');
    const username = form.get('username') ?? '';
    const password = form.get('password') ?? '';
    if (username.length > MAX_USERNAME || password.length > MAX_PASSWORD)
      throw new PageError('request_malformed', 'user name or password too long');
    const account = foldUsername(username);
    const known = knownBrowser(ctx, http, account);
    const attempt = { username, password, address: http.address, knownBrowser: known, nowMs: http.nowMs };
    const bot = (await hasFailed(ctx, { account, address: http.address, knownBrowser: known }))
      ? await judgeBot(ctx, http, form, 'sign_in', trail)
      : undefined;
    if (bot !== undefined) return refuseSignIn(ctx, http, aim, username, { kind: 'bot', problem: bot }, trail, form);
    const outcome = await tryPassword(ctx, attempt, trail);
    if (outcome.kind === 'limited') {
      const { retryAfterSeconds, rule } = outcome;
      return refuseSignIn(ctx, http, aim, username, { kind: 'slowed_down', retryAfterSeconds, detail: `limit ${rule}` }, trail);
    }
    if (outcome.kind === 'wrong') return refuseSignIn(ctx, http, aim, username, { kind: 'wrong_credentials' }, trail);
    const proof = { user: outcome.user, proved: [{ method: 'password', at: Math.floor(http.nowMs / 1000) }] } as const;
    return (
      (await enter(ctx, 'signin', http, proof, aim, trail)) ?? refuseSignIn(ctx, http, aim, username, { kind: 'wrong_credentials' }, trail)
    );
  });
}

/** Says why somebody has to sign in, where another device has taken the place of this one. */
async function findReplaced(ctx: Context, http: HttpRequest): Promise<SignInProblem | undefined> {
  const ended = await findEndedSession(ctx, http);
  if (ended?.word !== 'session_replaced' || ended.at === undefined) return undefined;
  const device = ended.by === undefined ? undefined : await ctx.store.findSessionDevice(ctx.tenant, ended.by);
  return { kind: 'replaced', at: ended.at, device: device?.type };
}

/** The sign-in page once more, with what was wrong. */
export async function refuseSignIn(
  ctx: Context,
  http: HttpRequest,
  aim: Aim,
  username: string | undefined,
  problem: SignInProblem & { readonly detail?: string },
  trail: Trail,
  before?: Form,
): Promise<HttpReply> {
  const slowed = problem.kind === 'slowed_down';
  const status = slowed ? 429 : problem.kind === 'bot' ? 403 : 401;
  const error = { code: 'access_denied', description: DESCRIPTIONS[problem.kind], detail: problem.detail } as const;
  if (problem.kind !== 'over' && problem.kind !== 'replaced')
    ctx.metrics.meter.signInFailed(problem.kind === 'passkey' ? 'passkey' : 'password');
  const decision = ctx.decisions.record('signin', status, error, trail, http.nowMs);
  const reply = await page(ctx, http, aim, status, username, problem, before);
  const wait = slowed ? { 'retry-after': String(problem.retryAfterSeconds) } : {};
  return { ...reply, headers: { ...reply.headers, ...wait, 'hufu-decision': decision } };
}

const DESCRIPTIONS: Readonly<Record<SignInProblem['kind'], string>> = {
  slowed_down: 'too many attempts',
  wrong_credentials: 'wrong user name or password',
  passkey: 'the passkey was not accepted',
  bot: 'the check against automated use was not finished',
  over: 'the sign-in took too long',
  replaced: 'another device has taken the place of this one',
};

async function page(
  ctx: Context,
  http: HttpRequest,
  aim: Aim,
  status: number,
  username: string | undefined,
  problem: SignInProblem | undefined,
  before?: Form,
): Promise<HttpReply> {
  const { text, way, fresh } = aim;
  const locale = localeOf(http, way?.request.uiLocales);
  const browser = browserOf(ctx, http);
  const parameters = aimParameters(aim);
  // Nobody whom the client names can be new, and an account begins with a password.
  const takesPassword = isMethodOn(ctx, 'password');
  const mayBeNew = takesPassword && ctx.config.policies.signUp === 'open' && way?.request.expectedSubject === undefined;
  // The browser lists passkeys at a field for the user name, which is there for a password.
  const place = takesPassword ? ({ place: 'aside', conditional: true } as const) : ({ place: 'alone' } as const);
  const passkey = isMethodOn(ctx, 'passkey') ? passkeyForm(ctx, browser.id, { page: SIGN_IN_PATH, aim, ...place }) : undefined;
  const account = foldUsername(username ?? '');
  const failed = { account, address: http.address, knownBrowser: knownBrowser(ctx, http, account) };
  const bot = (await hasFailed(ctx, failed)) ? botPanel(ctx, http, 'sign_in', locale, before) : undefined;
  const body = signInPage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(SIGN_IN_PATH, parameters),
    form: {
      action: SIGN_IN_PATH,
      csrf: csrfToken(ctx, browser.id, SIGN_IN_PATH),
      request: text ?? '',
      more: parameters.filter(([name]) => name !== 'request'),
    },
    ...(way === undefined ? {} : { client: clientView(way.request, locale) }),
    ...(username === undefined ? {} : { username }),
    ...(mayBeNew ? { signUpHref: pageLink('/signup', parameters, locale) } : {}),
    ...(hasMail(ctx) && isMethodOn(ctx, 'email') ? { emailHref: pageLink('/signin/email', parameters, locale) } : {}),
    ...(hasMail(ctx) && takesPassword ? { recoverHref: pageLink('/recover', parameters, locale) } : {}),
    upstreams: buttonsFor(ctx, browser.id, aim, locale),
    ...(problem === undefined ? {} : { problem }),
    ...(passkey === undefined ? {} : { passkey }),
    ...(fresh === true ? { fresh } : {}),
    takesPassword,
    ...(bot === undefined ? {} : { botCheck: bot.html }),
  });
  const passkeys = passkey === undefined ? { scripts: [] } : PASSKEY_SCRIPTS;
  const scripts = [...passkeys.scripts, ...(bot?.headers.scripts ?? [])];
  return formPage(ctx, browser, body, { status, opener: 'popup', ...passkeys, ...bot?.headers, scripts });
}

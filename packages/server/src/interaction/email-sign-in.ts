import { foldAddress } from '@hufu/store/email-address';
import type { UserRecord } from '@hufu/store/port';
import { foldUsername } from '@hufu/store/username';
import { withFloor } from '../accounts/answer-floor.ts';
import { readEmailAddress } from '../accounts/email-address.ts';
import { isActive } from '../accounts/is-active.ts';
import { verifiedAddress } from '../accounts/tell-user.ts';
import { brandOf } from '../appearance/brand.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { askByMail } from '../mail/ask-by-mail.ts';
import { writeAsked } from '../mail/asked.ts';
import { takeMail } from '../mail/mail-limits.ts';
import { requireMail } from '../mail/require-mail.ts';
import { browserOf, knownBrowser } from '../sessions/known-browser.ts';
import { type Aim, aimParameters } from './aim.ts';
import { clientView } from './client-of-page.ts';
import { csrfToken } from './csrf.ts';
import { type CodeStep, codePath, emailCodeGet, emailCodePost } from './email-code.ts';
import { formPage } from './form-page.ts';
import { signInByMail } from './mail-proved.ts';
import { requireMethodOn } from './methods-on.ts';
import { languageLinks, localeOf, pageLink } from './page-locale.ts';
import { type AddressProblem, addressPage } from './pages/address.ts';
import { messagesFor } from './pages/messages/locale.ts';
import { type Step, showStep, takeStep } from './step.ts';

const PATH = '/signin/email';
/** Characters of what was typed that a page gives back. */
const MAX_TYPED = 300;

const STEP: Step = { path: PATH, endpoint: 'signin_email', require: requireMailMethod, cancelled: 'the user did not sign in' };

/** Where the code is typed. */
const SIGN_IN_CODE: CodeStep = {
  path: '/signin/email/code',
  endpoint: 'signin_email',
  purpose: 'sign_in',
  againPath: PATH,
  says: 'if_there',
  require: (ctx) => requireMethodOn(ctx, 'email'),
  finish: (ctx, http, challenge, aim, trail) => signInByMail(ctx, http, 'email_code', challenge, aim, trail),
};

export function signInCodeGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return emailCodeGet(ctx, http, SIGN_IN_CODE);
}

export function signInCodePost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return emailCodePost(ctx, http, SIGN_IN_CODE);
}

/** Where somebody asks for a mail to sign in with. */
export async function emailSignInGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await showStep(ctx, http, STEP, (_, aim) => {
    const hint = aim.way?.request.loginHint ?? '';
    return page(ctx, http, aim, hint.includes('@') ? hint : '', 200, undefined);
  });
}

/** Sends the mail. The answer is the same for an address that nobody has, and takes as long (attacks USR-01). */
export async function emailSignInPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await withFloor(ctx, () => post(ctx, http));
}

async function post(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await takeStep(ctx, http, STEP, async (form, aim, trail) => {
    trail.at('mail_address');
    const typed = (form.get('address') ?? '').slice(0, MAX_TYPED);
    const address = readEmailAddress(typed);
    if (address === undefined) return refused(ctx, http, aim, typed, { kind: 'not_an_address' }, trail);
    trail.at('mail_throttle');
    const browserId = browserOf(ctx, http).id;
    const user = await findMailUser(ctx, address, Math.floor(http.nowMs / 1000));
    const isKnown = user !== undefined && knownBrowser(ctx, http, foldUsername(user.username)) !== undefined;
    const taken = await takeMail(ctx, http, { address, browserId, isKnown, isReset: false, isNobody: user === undefined });
    if (taken.kind === 'limited')
      return refused(ctx, http, aim, typed, { kind: 'too_many', retryAfterSeconds: taken.retryAfterSeconds }, trail);
    const challenge = await askByMail(ctx, http, {
      purpose: 'sign_in',
      user,
      address,
      to: user === undefined || !taken.sends ? undefined : verifiedAddress(user),
      isOver: taken.isOver,
      browserId,
      locale: localeOf(http, aim.way?.request.uiLocales),
      data: aimData(aim),
    });
    const asked = writeAsked(ctx, { challenge: challenge.id, purpose: 'sign_in', address, browserId });
    return seeOther(codePath(SIGN_IN_CODE, asked, aim));
  });
}

function requireMailMethod(ctx: Context): void {
  requireMail(ctx);
  requireMethodOn(ctx, 'email');
}

/** Who may be sent a mail at that address: somebody active, who has shown that it is theirs. */
export async function findMailUser(ctx: Context, address: string, now: number): Promise<UserRecord | undefined> {
  const user = await ctx.store.findUserByEmail(ctx.tenant, foldAddress(address));
  return user !== undefined && isActive(user, now) ? user : undefined;
}

/** Characters of a request that are kept with a mail; a longer one goes on where it waits, by the code. */
const MAX_KEPT = 6_000;

/** What the link of a mail goes on with, in the browser that asked. */
export function aimData(aim: Aim): Readonly<Record<string, string>> {
  return Object.fromEntries(aimParameters(aim).filter(([, value]) => value.length <= MAX_KEPT));
}

function refused(ctx: Context, http: HttpRequest, aim: Aim, typed: string, problem: AddressProblem, trail: Trail): HttpReply {
  const isSlowed = problem.kind === 'too_many';
  const status = isSlowed ? 429 : 400;
  const error = { code: 'invalid_request', description: isSlowed ? 'too many mails asked for' : 'not an email address' } as const;
  const decision = ctx.decisions.record('signin_email', status, error, trail, http.nowMs);
  const reply = page(ctx, http, aim, typed, status, problem);
  const wait = isSlowed ? { 'retry-after': String(problem.retryAfterSeconds) } : {};
  return { ...reply, headers: { ...reply.headers, ...wait, 'hufu-decision': decision } };
}

function page(ctx: Context, http: HttpRequest, aim: Aim, typed: string, status: number, problem: AddressProblem | undefined): HttpReply {
  const { text, way } = aim;
  const locale = localeOf(http, way?.request.uiLocales);
  const words = messagesFor(locale).mail.signIn;
  const browser = browserOf(ctx, http);
  const parameters = aimParameters(aim);
  const body = addressPage({
    page: 'signin-email',
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(PATH, parameters),
    form: {
      action: PATH,
      csrf: csrfToken(ctx, browser.id, PATH),
      request: text ?? '',
      more: parameters.filter(([name]) => name !== 'request'),
    },
    heading: words.heading,
    lead: words.lead,
    submit: words.submit,
    cancel: words.cancel,
    address: typed.toWellFormed(),
    other: { href: pageLink('/signin', parameters, locale), text: words.otherWays },
    ...(way === undefined ? {} : { client: clientView(way.request, locale) }),
    ...(problem === undefined ? {} : { problem }),
  });
  return formPage(ctx, browser, body, { status, opener: 'popup' });
}

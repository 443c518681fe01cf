import type { Form } from '@hufu/protocol/form';
import { foldUsername } from '@hufu/store/username';
import { withFloor } from '../accounts/answer-floor.ts';
import { readEmailAddress } from '../accounts/email-address.ts';
import { verifiedAddress } from '../accounts/tell-user.ts';
import { brandOf } from '../appearance/brand.ts';
import { botPanel, judgeBot } from '../bot-check/bot-check.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { askByMail } from '../mail/ask-by-mail.ts';
import { isFirstToday, takeMail } from '../mail/mail-limits.ts';
import { requireMail } from '../mail/require-mail.ts';
import { writeNoPassword } from '../mail/templates/no-password.ts';
import { browserOf, knownBrowser } from '../sessions/known-browser.ts';
import { type Aim, aimParameters } from './aim.ts';
import { csrfToken } from './csrf.ts';
import { findMailUser } from './email-sign-in.ts';
import { formPage } from './form-page.ts';
import { requireMethodOn } from './methods-on.ts';
import { languageLinks, localeOf, pageLink } from './page-locale.ts';
import { type AddressProblem, addressPage } from './pages/address.ts';
import { displayText } from './pages/display-text.ts';
import { html } from './pages/html.ts';
import { messagesFor } from './pages/messages/locale.ts';
import { toldPage } from './pages/told.ts';
import { type Step, showStep, takeStep } from './step.ts';

const PATH = '/recover';
/** Characters of what was typed that a page gives back. */
const MAX_TYPED = 300;

const STEP: Step = { path: PATH, endpoint: 'recover', require: requireRecovery };

/** Where somebody who has forgotten their password asks for a mail. */
export async function recoverGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await showStep(ctx, http, STEP, (_, aim) => {
    return page(ctx, http, aim, '', 200, undefined);
  });
}

/** Sends the mail. The answer is the same for an address that nobody has, and takes as long (attacks USR-01). */
export async function recoverPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await withFloor(ctx, () => post(ctx, http));
}

/** Passwords are replaced where there are any, and mail to do it by. */
export function requireRecovery(ctx: Context): void {
  requireMail(ctx);
  requireMethodOn(ctx, 'password');
}

async function post(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await takeStep(ctx, http, STEP, async (form, aim, trail) => {
    trail.at('mail_address');
    const typed = (form.get('address') ?? '').slice(0, MAX_TYPED);
    const address = readEmailAddress(typed);
    if (address === undefined) return refused(ctx, http, aim, typed, { kind: 'not_an_address' }, trail);
    const bot = await judgeBot(ctx, http, form, 'recovery', trail);
    if (bot !== undefined) return refused(ctx, http, aim, typed, { kind: 'bot', problem: bot }, trail, form);
    trail.at('mail_throttle');
    const now = Math.floor(http.nowMs / 1000);
    const browserId = browserOf(ctx, http).id;
    const found = await findMailUser(ctx, address, now);
    const user = found?.passwordHash === undefined ? undefined : found;
    const isKnown = user !== undefined && knownBrowser(ctx, http, foldUsername(user.username)) !== undefined;
    const taken = await takeMail(ctx, http, { address, browserId, isKnown, isReset: true, isNobody: user === undefined });
    if (taken.kind === 'limited')
      return refused(ctx, http, aim, typed, { kind: 'too_many', retryAfterSeconds: taken.retryAfterSeconds }, trail);
    const locale = localeOf(http, aim.way?.request.uiLocales);
    const isFirst = await isFirstToday(ctx, user === undefined ? 'no_password' : 'password', address, now);
    const toNobody = isFirst ? address : undefined;
    await askByMail(ctx, http, {
      purpose: 'reset_password',
      user,
      address,
      to: !taken.sends ? undefined : user === undefined ? toNobody : verifiedAddress(user),
      instead: user === undefined ? writeNoPassword(ctx, locale) : undefined,
      isOver: taken.isOver,
      browserId,
      locale,
      data: {},
    });
    return sent(ctx, http, aim, address);
  });
}

function sent(ctx: Context, http: HttpRequest, aim: Aim, address: string): HttpReply {
  const locale = localeOf(http, aim.way?.request.uiLocales);
  const { recover, code } = messagesFor(locale).mail;
  const body = toldPage({
    locale,
    brand: brandOf(ctx),
    languages: [],
    page: 'mail-told',
    heading: recover.sentHeading,
    lines: [recover.sent(html`<bdi><b>${displayText(address, 100)}</b></bdi>`), code.patience],
    onward: { href: pageLink('/signin', aimParameters(aim), locale), text: recover.back },
  });
  return formPage(ctx, browserOf(ctx, http), body, { opener: 'popup' });
}

function refused(
  ctx: Context,
  http: HttpRequest,
  aim: Aim,
  typed: string,
  problem: AddressProblem,
  trail: Trail,
  before?: Form,
): HttpReply {
  const isSlowed = problem.kind === 'too_many';
  const { status, description } = REFUSALS[problem.kind];
  const error = { code: 'invalid_request', description } as const;
  const decision = ctx.decisions.record('recover', status, error, trail, http.nowMs);
  const reply = page(ctx, http, aim, typed, status, problem, before);
  const wait = isSlowed ? { 'retry-after': String(problem.retryAfterSeconds) } : {};
  return { ...reply, headers: { ...reply.headers, ...wait, 'hufu-decision': decision } };
}

const REFUSALS: Readonly<Record<AddressProblem['kind'], { readonly status: number; readonly description: string }>> = {
  too_many: { status: 429, description: 'too many mails asked for' },
  not_an_address: { status: 400, description: 'not an email address' },
  bot: { status: 403, description: 'the check against automated use was not finished' },
};

function page(
  ctx: Context,
  http: HttpRequest,
  aim: Aim,
  typed: string,
  status: number,
  problem: AddressProblem | undefined,
  before?: Form,
): HttpReply {
  const { text, way } = aim;
  const locale = localeOf(http, way?.request.uiLocales);
  const words = messagesFor(locale).mail.recover;
  const browser = browserOf(ctx, http);
  const parameters = aimParameters(aim);
  const bot = botPanel(ctx, http, 'recovery', locale, before);
  const body = addressPage({
    page: 'recover',
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
    address: typed.toWellFormed(),
    other: { href: pageLink('/signin', parameters, locale), text: words.back },
    ...(problem === undefined ? {} : { problem }),
    ...(bot === undefined ? {} : { botCheck: bot.html }),
  });
  return formPage(ctx, browser, body, { status, opener: 'popup', ...bot?.headers });
}

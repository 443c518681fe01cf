import type { UserRecord } from '@hufu/store/port';
import { foldUsername } from '@hufu/store/username';
import { verifiedAddress } from '../accounts/tell-user.ts';
import { brandOf } from '../appearance/brand.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { askByMail } from '../mail/ask-by-mail.ts';
import { type Asked, readAsked, writeAsked } from '../mail/asked.ts';
import { takeMail } from '../mail/mail-limits.ts';
import { mailRoute } from '../mail/mail-room.ts';
import { tryMailCode } from '../mail/try-code.ts';
import { browserOf, knownBrowser } from '../sessions/known-browser.ts';
import { type Aim, aimParameters } from './aim.ts';
import { csrfToken } from './csrf.ts';
import { enter, progressPath, startAgain } from './enter.ts';
import { formPage } from './form-page.ts';
import { PageError } from './page-error.ts';
import { languageLinks, localeOf } from './page-locale.ts';
import { type EnrolMailProblem, enrolMailPage } from './pages/enrol-mail.ts';
import { type Progress, readProgress, writeProgress } from './progress.ts';
import { type Step, showStep, takeStep } from './step.ts';

/** Where somebody who makes a second factor in a sign-in shows first that they have their verified address as well: whoever has only guessed the password makes none. */
export const ENROL_MAIL_PATH = '/signin/enrol/mail';

const STEP: Step = { path: ENROL_MAIL_PATH, endpoint: 'enrol' };

interface State {
  readonly user: UserRecord;
  readonly progress: Progress;
  /** The verified address. */
  readonly address: string;
}

/** The address of that page; undefined where it is shown already, there is no such address, or no mail. */
export function mailProofPath(ctx: Context, user: UserRecord, progress: Progress, aim: Aim): string | undefined {
  return addressToProve(ctx, user, progress) === undefined ? undefined : progressPath(ctx, ENROL_MAIL_PATH, progress, aim);
}

/** Offers to send a code. Nothing is sent before somebody presses. */
export async function enrolMailGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await showStep(ctx, http, STEP, async (query, aim, trail) => {
    trail.at('authentication');
    const state = await resume(ctx, http, query.get('progress'), aim);
    return state === undefined ? startAgain(aim) : page(ctx, http, state, aim, undefined, 200);
  });
}

/** Sends the code, or takes it: then the sign-in goes on to where the factor is made. */
export async function enrolMailPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await takeStep(ctx, http, STEP, async (form, aim, trail) => {
    trail.at('authentication');
    const state = await resume(ctx, http, form.get('progress'), aim);
    if (state === undefined) return startAgain(aim);
    if (form.has('send')) return await send(ctx, http, state, aim, trail);
    trail.at('mail_code');
    const { user, progress } = state;
    const asked = readAsked(ctx, form.get('asked'), { purpose: 'enrol', browserId: progress.browserId });
    if (asked === undefined) throw new PageError('request_unknown', 'this browser has asked for no such mail');
    const now = Math.floor(http.nowMs / 1000);
    const outcome = await tryMailCode(ctx, asked, form.get('code') ?? '', now);
    if (outcome.kind !== 'right') return refused(ctx, http, state, aim, asked, outcome, trail);
    // The mail is this very user's, under what they prove themselves with now.
    if (outcome.challenge.userId !== user.id || outcome.challenge.authVersion !== user.authVersion) return startAgain(aim);
    trail.at('authentication');
    return (
      (await enter(ctx, 'enrol', http, { user, progress, proved: [{ method: 'email_code', at: now }] }, aim, trail)) ?? startAgain(aim)
    );
  });
}

async function resume(ctx: Context, http: HttpRequest, text: string | undefined, aim: Aim): Promise<State | undefined> {
  const read = await readProgress(ctx, http, text, { purposes: ['enrol'], ticketId: aim.way?.ticket.id ?? '' });
  const address = read && addressToProve(ctx, read.user, read.progress);
  return read === undefined || address === undefined ? undefined : { ...read, address };
}

function addressToProve(ctx: Context, user: UserRecord, { methods }: Progress): string | undefined {
  const isShown = methods.some(({ method }) => method === 'email_code' || method === 'email_link');
  return isShown || mailRoute(ctx.config) === 'none' ? undefined : verifiedAddress(user);
}

async function send(ctx: Context, http: HttpRequest, state: State, aim: Aim, trail: Trail): Promise<HttpReply> {
  const { user, progress, address } = state;
  const { browserId } = progress;
  trail.at('mail_throttle');
  const isKnown = knownBrowser(ctx, http, foldUsername(user.username)) !== undefined;
  const taken = await takeMail(ctx, http, { address, browserId, isKnown, isReset: false, isNobody: false });
  if (taken.kind === 'limited')
    return refused(ctx, http, state, aim, undefined, { kind: 'too_many', retryAfterSeconds: taken.retryAfterSeconds }, trail);
  const challenge = await askByMail(ctx, http, {
    purpose: 'enrol',
    user,
    address,
    to: taken.sends ? address : undefined,
    isOver: taken.isOver,
    browserId,
    locale: localeOf(http, aim.way?.request.uiLocales),
    data: {},
  });
  return page(ctx, http, state, aim, { asked: { challenge: challenge.id, purpose: 'enrol', address, browserId } }, 200);
}

function refused(
  ctx: Context,
  http: HttpRequest,
  state: State,
  aim: Aim,
  asked: Asked | undefined,
  problem: EnrolMailProblem,
  trail: Trail,
): HttpReply {
  const slowed = problem.kind === 'too_many';
  const status = slowed ? 429 : problem.kind === 'no_code' ? 400 : 401;
  const description = slowed ? 'too many mails asked for' : 'not the code of the mail';
  const decision = ctx.decisions.record('enrol', status, { code: 'access_denied', description }, trail, http.nowMs);
  const reply = page(ctx, http, state, aim, { asked, problem }, status);
  const wait = slowed ? { 'retry-after': String(problem.retryAfterSeconds) } : {};
  return { ...reply, headers: { ...reply.headers, ...wait, 'hufu-decision': decision } };
}

function page(
  ctx: Context,
  http: HttpRequest,
  { user, progress, address }: State,
  aim: Aim,
  shown: { readonly asked: Asked | undefined; readonly problem?: EnrolMailProblem } | undefined,
  status: number,
): HttpReply {
  const browser = browserOf(ctx, http);
  const parameters = [...aimParameters(aim), ['progress', writeProgress(ctx, progress)] as const];
  const { name } = user.claims;
  const body = enrolMailPage({
    locale: localeOf(http, aim.way?.request.uiLocales),
    brand: brandOf(ctx),
    languages: shown?.asked === undefined ? languageLinks(ENROL_MAIL_PATH, parameters) : [],
    form: {
      action: ENROL_MAIL_PATH,
      csrf: csrfToken(ctx, browser.id, ENROL_MAIL_PATH),
      request: aim.text ?? '',
      more: parameters.filter(([key]) => key !== 'request'),
    },
    user: { username: user.username, ...(typeof name === 'string' ? { name } : {}) },
    address: masked(address),
    ...(shown?.asked === undefined ? {} : { asked: writeAsked(ctx, shown.asked) }),
    ...(shown?.problem === undefined ? {} : { problem: shown.problem }),
  });
  return formPage(ctx, browser, body, { status, opener: 'popup' });
}

/** Enough for its owner to know it by: whoever is here has shown a password alone. */
function masked(address: string): string {
  const at = address.lastIndexOf('@');
  return `${address.slice(0, 1)}…${address.slice(at)}`;
}

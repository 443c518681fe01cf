import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { UserRecord } from '@hufu/store/port';
import { findSecondFactors, type SecondFactors } from '../accounts/second-factors.ts';
import { isFirstOverLimit } from '../accounts/second-tries.ts';
import { tellUser } from '../accounts/tell-user.ts';
import { brandOf } from '../appearance/brand.ts';
import { judge, reachable, requirementsOf } from '../authorize/requirements.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import type { PasskeyRefusal } from '../passkeys/problem.ts';
import { type BrowserSession, findBrowserSession } from '../sessions/browser-session.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { type ProvedMethod, withMethods } from '../sessions/methods.ts';
import { standingOf } from '../sessions/standing.ts';
import { type Aim, aimParameters } from './aim.ts';
import { csrfToken } from './csrf.ts';
import { enter, findShown, goOn, progressPath, startAgain, VERIFY_PATH } from './enter.ts';
import { formPage } from './form-page.ts';
import { PageError } from './page-error.ts';
import { languageLinks, localeOf, pageLink } from './page-locale.ts';
import { type VerifyProblem, verifyPage, type WayView } from './pages/verify.ts';
import { PASSKEY_SCRIPTS } from './passkey-form.ts';
import { passkeyToShow } from './passkey-slot.ts';
import { newProgress, type Progress, readProgress, writeProgress } from './progress.ts';
import type { SecondWay, Verifying, WayOutcome } from './second-way.ts';
import { SECOND_WAYS } from './second-ways.ts';
import { type Step, showStep, takeStep } from './step.ts';
import { proceed } from './way.ts';

const DAY = 86_400;
/** Where a reset goes on once the second factor is shown. */
export const RESET_PATH = '/recover/reset';

const STEP: Step = { path: VERIFY_PATH, endpoint: 'verify', cancelled: 'the user did not go on' };

/** What of the page is chosen. */
interface Shown {
  readonly way: string | undefined;
  readonly isWish: boolean;
}

/** Somebody who is to show more, and what has been shown. */
export interface VerifyState {
  readonly user: UserRecord;
  readonly progress: Progress;
  readonly having: SecondFactors;
  readonly methods: readonly ProvedMethod[];
  readonly base: BrowserSession | undefined;
}

/** Where a second factor is shown: in a sign-in that has begun (`progress`), or, without that, by somebody who is signed in and is asked for more. */
export async function verifyGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await showStep(ctx, http, STEP, async (query, aim, trail) => {
    trail.at('authentication');
    const text = query.get('progress');
    const state = text === undefined ? await beginStepUp(ctx, http, aim) : await resume(ctx, http, text, aim);
    if (state === undefined) return startAgain(aim);
    const shown = { way: query.get('way'), isWish: isWish(ctx, state, aim, query) };
    return page(ctx, http, state, aim, shown, 200, undefined);
  });
}

/**
 * Takes a code. The try is counted in the store before it is looked at, and what is right is consumed there before it counts (attacks USR-11, USR-13). Ends at the client, at a page
 * of ours, or at the next step.
 */
export async function verifyPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await takeStep(ctx, http, STEP, async (form, aim, trail) => {
    trail.at('authentication');
    const state = await resume(ctx, http, form.get('progress'), aim);
    if (state === undefined) return startAgain(aim);
    if (form.has('skip')) return await skipped(ctx, http, state, aim, trail);
    return await judged(ctx, http, form, state, aim, trail);
  });
}

async function judged(ctx: Context, http: HttpRequest, form: Form, state: VerifyState, aim: Aim, trail: Trail): Promise<HttpReply> {
  trail.at('second_factor');
  const way = openWays(ctx, state, aim).find(({ name }) => name === form.get('way'));
  if (way === undefined) throw new PageError('request_malformed', 'no such way to show a second factor');
  const outcome = await way.prove(ctx, http, form, state, trail);
  if (outcome.kind !== 'proved')
    return await refused(ctx, http, state, aim, { way: way.name, isWish: isWish(ctx, state, aim, form) }, outcome, trail);
  return await shown(ctx, http, state, { method: outcome.method, trust: form.has('trust') }, aim, trail);
}

/** Goes on with what has been shown on the page: to the next step of the sign-in, or to the new password. */
export async function shown(
  ctx: Context,
  http: HttpRequest,
  { user, progress }: Verifying,
  { method, trust }: { readonly method: ProvedMethod; readonly trust: boolean },
  aim: Aim,
  trail: Trail,
): Promise<HttpReply> {
  const proved = [method] as const;
  if (progress.purpose === 'reset') {
    const next = { ...progress, methods: withMethods(progress.methods, proved) };
    return seeOther(progressPath(ctx, RESET_PATH, next, aim));
  }
  trail.at('authentication');
  return (await enter(ctx, 'verify', http, { user, proved, progress, trust }, aim, trail)) ?? startAgain(aim);
}

/** The page once more, for a passkey that did not do. */
export function refuseShown(
  ctx: Context,
  http: HttpRequest,
  state: VerifyState,
  aim: Aim,
  form: Form,
  { problem, detail }: PasskeyRefusal,
  trail: Trail,
): HttpReply {
  const error = { code: 'access_denied', description: 'the passkey was not accepted', detail } as const;
  ctx.metrics.meter.signInFailed('passkey');
  const decision = ctx.decisions.record('verify', 401, error, trail, http.nowMs);
  const reply = page(ctx, http, state, aim, { way: 'passkey', isWish: isWish(ctx, state, aim, form) }, 401, { kind: 'passkey', problem });
  return { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
}

/** Of a live session of this browser: nothing of it is taken over before more has been shown. */
async function beginStepUp(ctx: Context, http: HttpRequest, aim: Aim): Promise<VerifyState | undefined> {
  const base = await findBrowserSession(ctx, http);
  if (base === undefined) return undefined;
  const { methods } = standingOf(base);
  if (methods.length === 0) return undefined;
  const progress = newProgress(ctx, http, base.user, {
    purpose: 'step_up',
    methods: [],
    ticketId: aim.way?.ticket.id ?? '',
    session: base.session.id,
  });
  return { user: base.user, progress, having: await findSecondFactors(ctx, base.user), methods, base };
}

/** Undefined where the sign-in is over. */
export async function resume(ctx: Context, http: HttpRequest, text: string | undefined, aim: Aim): Promise<VerifyState | undefined> {
  const expected = { purposes: ['sign_in', 'step_up', 'reset'], ticketId: aim.way?.ticket.id ?? '' } as const;
  const read = await readProgress(ctx, http, text, expected);
  if (read === undefined) return undefined;
  const shown = await findShown(ctx, http, read.progress);
  return shown && { ...read, ...shown, having: await findSecondFactors(ctx, read.user) };
}

/** Codes to type that lead to what is needed: where only a passkey does, none. */
function openWays(
  ctx: Context,
  { having, methods, progress }: Pick<VerifyState, 'having' | 'methods' | 'progress'>,
  aim: Aim,
): readonly SecondWay[] {
  const floor = Math.max(requirementsOf(ctx, aim.way?.request).floor, aim.level ?? 0);
  const code: ProvedMethod = { method: 'totp', at: 0 };
  const isEnough =
    progress.purpose === 'reset' ||
    reachable([...methods, code], { ...having, passkeys: [] }) >= floor ||
    reachable(methods, having) < floor;
  return isEnough ? SECOND_WAYS.filter((way) => way.isOpen(having)) : [];
}

/** Past what the client would rather have, and past nothing else: whatever is needed is asked for again. */
async function skipped(ctx: Context, http: HttpRequest, state: VerifyState, aim: Aim, trail: Trail): Promise<HttpReply> {
  const { user, progress, base } = state;
  if (progress.purpose === 'reset') return startAgain(aim);
  if (base === undefined) {
    const next = { user, progress, isFirst: false, trust: false, wished: true };
    return (await goOn(ctx, 'verify', http, next, aim, trail)) ?? startAgain(aim);
  }
  if (aim.way === undefined) return startAgain(aim);
  return await proceed(ctx, http, { ...aim.way, ticket: { ...aim.way.ticket, wished: true } }, base, false, trail);
}

/** Whether there is a way past the page. It only shows a button. */
function isWish(ctx: Context, { methods, having, progress, base }: VerifyState, { way }: Aim, sent: Pick<Form, 'get'>): boolean {
  if (way === undefined || progress.purpose === 'reset') return false;
  if (base === undefined) return sent.get('wish') === '1';
  const needs = requirementsOf(ctx, way.request);
  // A session that stands is asked for a second factor only where each has to have one.
  const policy = needs.secondFactor === 'required' ? 'required' : 'new_device';
  return judge({ ...needs, secondFactor: policy }, { methods, having, trusted: true, wished: false }) === 'wish';
}

async function refused(
  ctx: Context,
  http: HttpRequest,
  state: VerifyState,
  aim: Aim,
  shown: Shown,
  outcome: Exclude<WayOutcome, { kind: 'proved' }>,
  trail: Trail,
): Promise<HttpReply> {
  const status = outcome.kind === 'wrong' ? 401 : 429;
  const description = outcome.kind === 'wrong' ? 'wrong second factor' : 'too many attempts';
  ctx.metrics.meter.signInFailed(shown.way === 'recovery_code' ? 'recovery_code' : 'totp');
  const decision = ctx.decisions.record('verify', status, { code: 'access_denied', description }, trail, http.nowMs);
  // Whoever gets here knows the password, or has the mail.
  if (outcome.kind !== 'wrong' && (await isFirstOverLimit(ctx, state.user, Math.floor(http.nowMs / 1000))))
    await tellUser(ctx, state.user, 'too_many_tries', {});
  const reply = page(ctx, http, state, aim, shown, status, outcome);
  const wait = outcome.kind === 'limited' ? { 'retry-after': String(outcome.retryAfterSeconds) } : {};
  return { ...reply, headers: { ...reply.headers, ...wait, 'hufu-decision': decision } };
}

function page(
  ctx: Context,
  http: HttpRequest,
  state: VerifyState,
  aim: Aim,
  shown: Shown,
  status: number,
  problem: VerifyProblem | undefined,
): HttpReply {
  const { user, progress, having } = state;
  const locale = localeOf(http, aim.way?.request.uiLocales);
  const browser = browserOf(ctx, http);
  const text = writeProgress(ctx, progress);
  const wish = shown.isWish ? [['wish', '1'] as const] : [];
  const parameters = [...aimParameters(aim), ['progress', text] as const, ...wish];
  const { signIn } = ctx.config.policies;
  const mayTrust = signIn.secondFactor === 'new_device' && progress.purpose === 'sign_in' && aim.fresh !== true;
  const trust = mayTrust ? { trustDays: Math.ceil(signIn.trustedDeviceSeconds / DAY) } : {};
  const csrf = csrfToken(ctx, browser.id, VERIFY_PATH);
  const slot = passkeyToShow(ctx, state, { fields: [['csrf', csrf], ...parameters], locale, ...trust });
  const views: readonly WayView[] = [
    ...(slot === undefined ? [] : [{ kind: 'passkey', panel: slot.panel } as const]),
    ...openWays(ctx, state, aim).map(({ name }) =>
      name === 'totp' ? ({ kind: name } as const) : ({ kind: name, left: having.recoveryCodes } as const),
    ),
  ];
  const way = views.find(({ kind }) => kind === shown.way) ?? views[0];
  if (way === undefined) return nothingToShow(aim);
  const { name } = user.claims;
  const body = verifyPage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(VERIFY_PATH, [...parameters, ['way', way.kind]]),
    form: {
      action: VERIFY_PATH,
      csrf,
      request: aim.text ?? '',
      more: parameters.filter(([key]) => key !== 'request'),
    },
    user: { username: user.username, ...(typeof name === 'string' ? { name } : {}) },
    way,
    others: views
      .filter((other) => other !== way)
      .map(({ kind }) => ({ kind, href: pageLink(VERIFY_PATH, [...parameters, ['way', kind]], locale) })),
    purpose: progress.purpose === 'step_up' ? 'step_up' : 'sign_in',
    isWish: shown.isWish,
    ...trust,
    ...(problem === undefined ? {} : { problem }),
  });
  return formPage(ctx, browser, body, { status, opener: 'popup', ...(way.kind === 'passkey' ? PASSKEY_SCRIPTS : {}) });
}

/** Whoever has nothing to show is told so: by the client, or by us. */
function nothingToShow({ way }: Aim): never {
  if (way === undefined) throw new PageError('sign_in_too_weak', 'the user has no second factor');
  throw new OAuthError('unmet_authentication_requirements', 'the user has nothing that would do');
}

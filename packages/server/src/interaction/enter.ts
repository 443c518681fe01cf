import type { UserRecord } from '@hufu/store/port';
import { foldUsername } from '@hufu/store/username';
import { findSecondFactors } from '../accounts/second-factors.ts';
import { tellSignIn } from '../accounts/tell-sign-in.ts';
import { judge, requirementsOf } from '../authorize/requirements.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { type BrowserSession, findBrowserSession, openBrowserSession } from '../sessions/browser-session.ts';
import { browserOf, rememberBrowser } from '../sessions/known-browser.ts';
import { type ProvedMethod, showsSecondFactor, withMethods } from '../sessions/methods.ts';
import type { PlaceInUse } from '../sessions/places-in-use.ts';
import { standingOf } from '../sessions/standing.ts';
import { trustBrowser, useTrustedBrowser } from '../sessions/trust.ts';
import { type Aim, aimParameters } from './aim.ts';
import { requireFresh } from './freshness.ts';
import { tellSignedOut, thingsAt } from './make-room.ts';
import { requireMethods } from './methods-on.ts';
import { pathOfPage } from './own-page.ts';
import { localeOf } from './page-locale.ts';
import { newProgress, PROGRESS_SECONDS, type Progress, writeProgress } from './progress.ts';
import { proceed, refuse, type UnderWay } from './way.ts';

/** The page where a second factor is shown, and the one where a first one is made. */
export const VERIFY_PATH = '/signin/verify';
export const ENROL_PATH = '/signin/enrol';
/** The page where somebody with too many devices signs out of some. */
export const DEVICES_PATH = '/signin/devices';

/** What somebody has just proved. */
export interface Proof {
  /** As read when it was judged: with the `authVersion` that counts. */
  readonly user: UserRecord;
  readonly proved: readonly [ProvedMethod, ...ProvedMethod[]];
  /** What had been proved before in this sign-in (`readProgress`); without it this is its beginning. */
  readonly progress?: Progress;
  /** The user wants this device to be trusted. Heard where the policy has such a thing, and a second factor was shown. */
  readonly trust?: boolean;
}

/**
 * Takes what somebody has just proved, and answers the whole reply: to the next page of the sign-in where more has to be shown, else a session at this browser, and on with the
 * request or to the page of ours that was aimed at. Nobody else makes sessions. What is consumed by a proof (a code, a challenge) has to be consumed before.
 *
 * Undefined where none of it counts (the user is not active, or has changed what they prove themselves with): the caller answers as if it had been wrong. Throws `PageError`
 * (403) for a method that `policies.sign_in.methods` does not have (attacks USR-22).
 */
export async function enter(
  ctx: Context,
  endpoint: string,
  http: HttpRequest,
  proof: Proof,
  aim: Aim,
  trail: Trail,
): Promise<HttpReply | undefined> {
  const { user, proved } = proof;
  const before = proof.progress ?? newProgress(ctx, http, user, { purpose: 'sign_in', methods: [], ticketId: aim.way?.ticket.id ?? '' });
  if (before.userId !== user.id || before.authVersion !== user.authVersion) return undefined;
  requireMethods(ctx, before, proved);
  const progress: Progress = { ...before, methods: withMethods(before.methods, proved), lacksRoom: false };
  const state = { user, progress, isFirst: proof.progress === undefined, trust: proof.trust === true, wished: false };
  return await goOn(ctx, endpoint, http, state, aim, trail);
}

/** Where a sign-in stands. */
export interface SignInState {
  readonly user: UserRecord;
  readonly progress: Progress;
  /** Nobody has seen this progress yet, so that nobody can send it twice. */
  readonly isFirst: boolean;
  readonly trust: boolean;
  /** What the client would rather have has been asked for, and refused. */
  readonly wished: boolean;
  /** Where the user signs out to make room for this device: in the same act as they sign in, or not at all. */
  readonly signsOut?: readonly PlaceInUse[];
}

/** The next step of a sign-in, or its end: see `enter`, which is for whoever has proved something. */
export async function goOn(
  ctx: Context,
  endpoint: string,
  http: HttpRequest,
  state: SignInState,
  aim: Aim,
  trail: Trail,
): Promise<HttpReply | undefined> {
  const { user, progress } = state;
  if (progress.purpose === 'reset') throw new TypeError('a reset ends in no session');
  const shown = await findShown(ctx, http, progress);
  if (shown === undefined) return startAgain(aim);
  const { base, methods } = shown;
  // Judged before, in this very sign-in: a device that is trusted has exchanged its secret by now.
  if (progress.lacksRoom) return await complete(ctx, endpoint, http, { ...state, methods, base, cookies: [] }, aim, trail);
  const having = await findSecondFactors(ctx, user);
  const trusted = await trustCookie(ctx, http, state, aim, methods);
  const verdict = judge(requirementsOf(ctx, aim.way?.request), {
    methods,
    having,
    trusted: trusted !== undefined,
    wished: state.wished || aim.way?.ticket.wished === true || showsSecondFactor(progress.methods) || base !== undefined,
  });
  const cookies = trusted === undefined ? [] : [trusted];
  switch (verdict) {
    case 'verify':
    case 'wish': {
      const path = progressPath(ctx, VERIFY_PATH, progress, aim);
      return seeOther(verdict === 'wish' ? `${path}&wish=1` : path, { 'set-cookie': cookies });
    }
    case 'enrol':
      return seeOther(progressPath(ctx, ENROL_PATH, { ...progress, purpose: 'enrol', session: 0 }, aim), { 'set-cookie': cookies });
    case 'complete':
      return await complete(ctx, endpoint, http, { ...state, methods, base, cookies }, aim, trail);
  }
}

/** The address of a page that goes on with a sign-in. */
export function progressPath(ctx: Context, path: string, progress: Progress, aim: Aim): string {
  return `${path}?${new URLSearchParams([['progress', writeProgress(ctx, progress)], ...aimParameters(aim).map(([a, b]) => [a, b])]).toString()}`;
}

/** To the sign-in page, for a sign-in that is over. */
export function startAgain(aim: Aim): HttpReply {
  return seeOther(`/signin?${new URLSearchParams([...aimParameters(aim).map(([a, b]) => [a, b]), ['over', '1']]).toString()}`);
}

/** What counts by now: of a step-up also what its session has. Undefined where that session is no longer what it was, or nothing has been proved. */
export async function findShown(
  ctx: Context,
  http: HttpRequest,
  progress: Progress,
): Promise<{ readonly base: BrowserSession | undefined; readonly methods: readonly [ProvedMethod, ...ProvedMethod[]] } | undefined> {
  const base = progress.purpose === 'step_up' ? await findBase(ctx, http, progress) : undefined;
  if (progress.purpose === 'step_up' && base === undefined) return undefined;
  const [first, ...others] = base === undefined ? progress.methods : withBase(base, progress);
  return first === undefined ? undefined : { base, methods: [first, ...others] };
}

/** The session that is stepped up: still this browser's, this user's, and not behind. */
async function findBase(ctx: Context, http: HttpRequest, progress: Progress): Promise<BrowserSession | undefined> {
  const found = await findBrowserSession(ctx, http);
  if (found?.session.id !== progress.session || found.user.id !== progress.userId) return undefined;
  return found.user.authVersion === progress.authVersion && standingOf(found).methods.length > 0 ? found : undefined;
}

function withBase(base: BrowserSession, { methods: [first, ...others] }: Progress): readonly ProvedMethod[] {
  const { methods } = standingOf(base);
  return first === undefined ? methods : withMethods(methods, [first, ...others]);
}

/** Looked at only where it decides: each use exchanges the secret of the cookie. */
async function trustCookie(
  ctx: Context,
  http: HttpRequest,
  { user, progress }: SignInState,
  aim: Aim,
  methods: readonly ProvedMethod[],
): Promise<string | undefined> {
  const decides = ctx.config.policies.signIn.secondFactor === 'new_device' && progress.purpose === 'sign_in' && aim.fresh !== true;
  return decides && !showsSecondFactor(methods) ? await useTrustedBrowser(ctx, http, user) : undefined;
}

interface Complete extends SignInState {
  readonly methods: readonly [ProvedMethod, ...ProvedMethod[]];
  readonly base: BrowserSession | undefined;
  readonly cookies: readonly string[];
}

async function complete(
  ctx: Context,
  endpoint: string,
  http: HttpRequest,
  { user, progress, isFirst, trust, methods, base, cookies, signsOut = [] }: Complete,
  aim: Aim,
  trail: Trail,
): Promise<HttpReply | undefined> {
  const { way, next } = aim;
  const now = Math.floor(http.nowMs / 1000);
  if (way !== undefined && base === undefined) requireFresh(way, methods, now);
  const end = Math.floor(progress.startedMs / 1000) + PROGRESS_SECONDS;
  if (!isFirst && !(await ctx.store.takeOnce(ctx.tenant, 'sign_in', progress.id, end, now))) return startAgain(aim);
  const opening = { signsOut: thingsAt(signsOut), ...(base === undefined ? {} : { stepsUp: base.session }) };
  const opened = await openBrowserSession(ctx, http, user, methods, opening);
  if (opened.kind === 'refused') {
    // This one has been taken: its successor is taken once as well, and lives no longer.
    const next = { ...progress, id: ctx.random.text(24), lacksRoom: true };
    if (opened.reason === 'too_many_devices') return seeOther(progressPath(ctx, DEVICES_PATH, next, aim), { 'set-cookie': cookies });
    return opened.reason === 'session_ended' ? startAgain(aim) : undefined;
  }
  const { session } = opened;
  if (base === undefined) ctx.metrics.meter.signedIn(methods[0].method);
  // Signed in they are: what fails from here on must not take the cookies away.
  const quietly = async <T>(act: Promise<T>): Promise<T | undefined> =>
    await act.catch((error: unknown) => void ctx.log.error('request.failed', error, { after: 'sign_in' }));
  await tellSignedOut(ctx, user, signsOut, localeOf(http, way?.request.uiLocales));
  if (base === undefined)
    await quietly(tellSignIn(ctx, http, user, opened.isNewDevice ? 'new' : 'known', localeOf(http, way?.request.uiLocales)));
  const isTrusted = trust && showsSecondFactor(methods) && base === undefined;
  const trusted = isTrusted ? await quietly(trustBrowser(ctx, http, session)) : undefined;
  const all = [
    opened.cookie,
    opened.stateCookie,
    opened.browserCookie,
    rememberBrowser(ctx, http, browserOf(ctx, http).id, foldUsername(user.username)),
    ...cookies,
    ...(trusted === undefined ? [] : [trusted]),
  ];
  if (way === undefined) return seeOther(pathOfPage(next), { 'set-cookie': all });
  const signedIn: UnderWay = { ...way, ticket: { ...way.ticket, session: session.session.id, wished: true } };
  // Signed in they are, whatever becomes of the request.
  const reply = await proceed(ctx, http, signedIn, session, false, trail).catch((error: unknown) =>
    refuse(ctx, endpoint, http, error, signedIn.request, trail),
  );
  return { ...reply, headers: { ...reply.headers, 'set-cookie': all } };
}

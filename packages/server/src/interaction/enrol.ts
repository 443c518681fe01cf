import type { Form } from '@hufu/protocol/form';
import type { UserRecord } from '@hufu/store/port';
import { makeRecoveryCodes } from '../accounts/recovery-codes.ts';
import { tellUser } from '../accounts/tell-user.ts';
import { addTotp, beginTotp, resumeTotp } from '../accounts/totp-enrolment.ts';
import { brandOf } from '../appearance/brand.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import type { PasskeyRefusal } from '../passkeys/problem.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { type ProvedMethod, withMethods } from '../sessions/methods.ts';
import { type Aim, aimParameters } from './aim.ts';
import { csrfToken } from './csrf.ts';
import { mailProofPath } from './enrol-mail.ts';
import { ENROL_PATH, goOn, startAgain } from './enter.ts';
import { formPage } from './form-page.ts';
import { languageLinks, localeOf } from './page-locale.ts';
import { ACCOUNT_SCRIPT_PATH } from './pages/account-script.ts';
import { type EnrolView, enrolPage, recoveryCodesPage } from './pages/enrol.ts';
import type { PageScript } from './pages/layout.ts';
import { PASSKEY_SCRIPTS } from './passkey-form.ts';
import { passkeyToMake } from './passkey-slot.ts';
import { type Progress, readProgress, writeProgress } from './progress.ts';
import { type Step, showStep, takeStep } from './step.ts';

const NONCE_LENGTH = 24;

const STEP: Step = { path: ENROL_PATH, endpoint: 'enrol', cancelled: 'the user did not go on' };

/** Where somebody makes the second factor that the policy asks for, before there is a session. */
export async function enrolGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await showStep(ctx, http, STEP, async (query, aim, trail) => {
    trail.at('authentication');
    const read = await resume(ctx, http, query.get('progress'), aim);
    if (read === undefined) return startAgain(aim);
    const mail = mailProofPath(ctx, read.user, read.progress, aim);
    return mail === undefined ? page(ctx, http, read, aim, undefined, 200) : seeOther(mail);
  });
}

/** Makes the factor with the first right code of the app; shows the recovery codes; and once those are kept, goes on. */
export async function enrolPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await takeStep(ctx, http, STEP, async (form, aim, trail) => {
    trail.at('authentication');
    if (form.has('kept')) return await kept(ctx, http, form, aim, trail);
    const read = await resumeEnrolling(ctx, http, form.get('progress'), aim);
    if (read === undefined) return startAgain(aim);
    return await made(ctx, http, form, read, aim, trail);
  });
}

/** Somebody who is making one. */
export interface Enrolling {
  readonly user: UserRecord;
  readonly progress: Progress;
}

/** Undefined where the sign-in is over, or where they have not shown yet that they have their address. */
export async function resumeEnrolling(ctx: Context, http: HttpRequest, text: string | undefined, aim: Aim): Promise<Enrolling | undefined> {
  const read = await resume(ctx, http, text, aim);
  return read === undefined || mailProofPath(ctx, read.user, read.progress, aim) !== undefined ? undefined : read;
}

/** The page once more, for a passkey that was not made. */
export function refuseEnrolling(
  ctx: Context,
  http: HttpRequest,
  read: Enrolling,
  aim: Aim,
  { problem, detail }: PasskeyRefusal,
  trail: Trail,
): HttpReply {
  const error = { code: 'access_denied', description: 'the passkey was not accepted', detail } as const;
  const decision = ctx.decisions.record('enrol', 400, error, trail, http.nowMs);
  const reply = page(ctx, http, read, aim, { problem: { passkey: problem } }, 400);
  return { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
}

function resume(ctx: Context, http: HttpRequest, text: string | undefined, aim: Aim): Promise<Enrolling | undefined> {
  return readProgress(ctx, http, text, { purposes: ['enrol'], ticketId: aim.way?.ticket.id ?? '' });
}

async function made(ctx: Context, http: HttpRequest, form: Form, read: Enrolling, aim: Aim, trail: Trail): Promise<HttpReply> {
  const { user, progress } = read;
  const sealed = form.get('totp') ?? '';
  trail.at('second_factor');
  const sent = { boundTo: progress.id, sealed, code: form.get('code') ?? '', name: '', session: undefined };
  const added = await addTotp(ctx, user, sent, http.nowMs);
  switch (added.kind) {
    case 'added': {
      await tellUser(ctx, user, 'factor_added', {});
      const proved = { method: 'totp', at: Math.floor(http.nowMs / 1000) } as const;
      return await afterEnrolment(ctx, http, { user, progress, proved, authVersion: added.authVersion }, aim);
    }
    case 'wrong_code':
    case 'over': {
      const problem = added.kind === 'over' ? 'over' : 'wrong';
      const decision = ctx.decisions.record('enrol', 400, { code: 'access_denied', description: 'wrong second factor' }, trail, http.nowMs);
      const reply = page(ctx, http, read, aim, { problem, sealed }, 400);
      return { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
    }
    case 'full':
    case 'changed':
      return startAgain(aim);
  }
}

/** What has been made during a sign-in (`progress` of purpose `enrol`), and counts as shown by that. */
export interface Enrolled extends Enrolling {
  readonly proved: ProvedMethod;
  /** The user's since then. */
  readonly authVersion: number;
}

/** The recovery codes, once and for all, for somebody who has just made their first second factor in a sign-in: the sign-in goes on behind that page. */
export async function afterEnrolment(ctx: Context, http: HttpRequest, enrolled: Enrolled, aim: Aim): Promise<HttpReply> {
  const { user, progress, proved, authVersion } = enrolled;
  const now = Math.floor(http.nowMs / 1000);
  const codes = await makeRecoveryCodes(ctx, user, authVersion, undefined, now);
  if (codes.kind !== 'made') return startAgain(aim);
  const next: Progress = {
    ...progress,
    purpose: 'sign_in',
    methods: withMethods(progress.methods, [proved]),
    authVersion: codes.authVersion,
  };
  const browser = browserOf(ctx, http);
  const script = scriptOf(ctx);
  const body = recoveryCodesPage({
    locale: localeOf(http, aim.way?.request.uiLocales),
    brand: brandOf(ctx),
    languages: [],
    form: formOf(ctx, browser.id, next, aim),
    codes: codes.codes,
    script,
  });
  return formPage(ctx, browser, body, { opener: 'popup', scriptNonce: script.nonce });
}

async function kept(ctx: Context, http: HttpRequest, form: Form, aim: Aim, trail: Trail): Promise<HttpReply> {
  const read = await readProgress(ctx, http, form.get('progress'), { purposes: ['sign_in'], ticketId: aim.way?.ticket.id ?? '' });
  if (read === undefined) return startAgain(aim);
  return (await goOn(ctx, 'enrol', http, { ...read, isFirst: false, trust: false, wished: false }, aim, trail)) ?? startAgain(aim);
}

function page(
  ctx: Context,
  http: HttpRequest,
  { user, progress }: Enrolling,
  aim: Aim,
  failed: { readonly problem: NonNullable<EnrolView['problem']>; readonly sealed?: string } | undefined,
  status: number,
): HttpReply {
  const same = failed?.problem === 'wrong' ? resumeTotp(ctx, user, progress.id, failed.sealed ?? '', http.nowMs) : undefined;
  const totp = same ?? beginTotp(ctx, user, progress.id, http.nowMs);
  const browser = browserOf(ctx, http);
  const script = scriptOf(ctx);
  const locale = localeOf(http, aim.way?.request.uiLocales);
  const form = formOf(ctx, browser.id, progress, aim);
  const fields = [['csrf', form.csrf] as const, ...(aim.text === undefined ? [] : [['request', aim.text] as const]), ...(form.more ?? [])];
  const passkey = passkeyToMake(ctx, { fields, locale });
  const { name } = user.claims;
  const body = enrolPage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(ENROL_PATH, [...aimParameters(aim), ['progress', writeProgress(ctx, progress)]]),
    form,
    user: { username: user.username, ...(typeof name === 'string' ? { name } : {}) },
    totp,
    script,
    ...(passkey === undefined ? {} : { passkey: passkey.panel }),
    ...(failed === undefined ? {} : { problem: failed.problem }),
  });
  const scripts = passkey === undefined ? {} : PASSKEY_SCRIPTS;
  return formPage(ctx, browser, body, { status, opener: 'popup', scriptNonce: script.nonce, ...scripts });
}

function formOf(ctx: Context, browserId: string, progress: Progress, aim: Aim): EnrolView['form'] {
  const more = [['progress', writeProgress(ctx, progress)] as const, ...aimParameters(aim).filter(([key]) => key !== 'request')];
  return { action: ENROL_PATH, csrf: csrfToken(ctx, browserId, ENROL_PATH), request: aim.text ?? '', more };
}

function scriptOf(ctx: Context): PageScript {
  return { path: ACCOUNT_SCRIPT_PATH, nonce: ctx.random.text(NONCE_LENGTH) };
}

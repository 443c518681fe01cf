import type { Form } from '@hufu/protocol/form';
import type { UserRecord } from '@hufu/store/port';
import { forgetFailures } from '../accounts/second-tries.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { assertionOptions, type PasskeyAnswer, verifyAssertion, type WantedPasskey } from '../passkeys/assert.ts';
import type { PasskeyOptions } from '../passkeys/options.ts';
import { refusePasskey } from '../passkeys/problem.ts';
import { registrationOptions } from '../passkeys/register.ts';
import { json } from '../reply.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { type Aim, readAim } from './aim.ts';
import { requireOwnForm, requireOwnSite } from './csrf.ts';
import { afterEnrolment, refuseEnrolling, resumeEnrolling } from './enrol.ts';
import { ENROL_PATH, enter, startAgain, VERIFY_PATH } from './enter.ts';
import { requireMethodOn } from './methods-on.ts';
import { takeNewPasskey } from './new-passkey.ts';
import { scriptRefusal } from './page-error.ts';
import { type Progress, readProgress } from './progress.ts';
import { refuseSignIn, SIGN_IN_PATH } from './sign-in.ts';
import { takeStep } from './step.ts';
import { refuseShown, resume, shown } from './verify.ts';
import { refuse } from './way.ts';

/**
 * What the browser needs to be asked for a passkey, as JSON: on the sign-in page for anybody's, within a sign-in (`progress`) for one of theirs, and where
 * they enrol for a new one. It changes nothing, and no page of others can read it.
 */
export async function passkeyOptionsPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('same_site');
    requireOwnSite(http);
    trail.at('interaction');
    const options = await optionsFor(ctx, http, form, await readAim(ctx, http, form, trail));
    return options === undefined ? json(403, { problem: 'expired' }) : json(200, options);
  } catch (error) {
    return scriptRefusal(ctx, 'passkey', http, trail, error);
  }
}

/** Undefined where the sign-in is over. */
async function optionsFor(ctx: Context, http: HttpRequest, form: Form, aim: Aim): Promise<PasskeyOptions | undefined> {
  const { id: browserId } = browserOf(ctx, http);
  const text = form.get('progress');
  if (text === undefined) {
    requireMethodOn(ctx, 'passkey');
    return assertionOptions(ctx, browserId, { purpose: 'sign_in' }, http.nowMs);
  }
  const ticketId = aim.way?.ticket.id ?? '';
  const found = await readProgress(ctx, http, text, { purposes: ['sign_in', 'step_up', 'enrol', 'reset'], ticketId });
  if (found === undefined) return undefined;
  const { progress, user } = found;
  if (progress.purpose === 'enrol') return registrationOptions(ctx, browserId, { user, root: progress.id, session: undefined }, http.nowMs);
  return assertionOptions(ctx, browserId, wantedOf(found), http.nowMs);
}

/**
 * Takes a passkey: alone, whoever's it is, or as one more proof of somebody who is known (`progress`). Ends as the pages do on which it was asked for: at the client, at the consent page, or at a page of
 * our own.
 */
export async function passkeyPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  let aim: Aim | undefined;
  try {
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('same_site');
    const isFirst = !form.has('progress');
    requireOwnForm(ctx, http, form, isFirst ? SIGN_IN_PATH : VERIFY_PATH);
    aim = await readAim(ctx, http, form, trail);
    return isFirst ? await asFirst(ctx, http, form, aim, trail) : await asOneMore(ctx, http, form, aim, trail);
  } catch (error) {
    return await refuse(ctx, 'passkey', http, error, aim?.way?.request, trail);
  }
}

async function asFirst(ctx: Context, http: HttpRequest, form: Form, aim: Aim, trail: Trail): Promise<HttpReply> {
  requireMethodOn(ctx, 'passkey');
  const asserted = await verifyAssertion(ctx, browserOf(ctx, http).id, { purpose: 'sign_in' }, answerOf(form), trail, http.nowMs);
  if (asserted.kind === 'refused') return refuseSignIn(ctx, http, aim, undefined, { ...asserted, kind: 'passkey' }, trail);
  await forgetFailures(ctx, asserted.user);
  const entered = await enter(ctx, 'passkey', http, { user: asserted.user, proved: [asserted.proved] }, aim, trail);
  const why = refusePasskey('not_found', 'its owner is not active, or has changed what they prove themselves with');
  return entered ?? refuseSignIn(ctx, http, aim, undefined, { ...why, kind: 'passkey' }, trail);
}

async function asOneMore(ctx: Context, http: HttpRequest, form: Form, aim: Aim, trail: Trail): Promise<HttpReply> {
  const state = await resume(ctx, http, form.get('progress'), aim);
  if (state === undefined) return startAgain(aim);
  const wanted = wantedOf(state);
  const asserted = await verifyAssertion(ctx, browserOf(ctx, http).id, wanted, answerOf(form), trail, http.nowMs);
  if (asserted.kind === 'refused') return refuseShown(ctx, http, state, aim, form, asserted, trail);
  await forgetFailures(ctx, asserted.user);
  return await shown(ctx, http, state, { method: asserted.proved, trust: form.has('trust') }, aim, trail);
}

/** Takes the passkey that somebody has made because the policy asks for a second factor: it counts as shown by that, and the sign-in goes on under the new version. */
export async function enrolPasskeyPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await takeStep(ctx, http, { path: ENROL_PATH, endpoint: 'passkey' }, async (form, aim, trail) => {
    const read = await resumeEnrolling(ctx, http, form.get('progress'), aim);
    if (read === undefined) return startAgain(aim);
    const { user, progress } = read;
    const added = await takeNewPasskey(ctx, http, { user, root: progress.id, session: undefined }, form, trail);
    if (added.kind === 'refused') return refuseEnrolling(ctx, http, read, aim, added, trail);
    const { proved, authVersion } = added;
    return await afterEnrolment(ctx, http, { user, progress, proved, authVersion }, aim);
  });
}

function wantedOf({ user, progress }: { readonly user: UserRecord; readonly progress: Progress }): WantedPasskey {
  return { purpose: progress.purpose === 'step_up' ? 'step_up' : 'second', user, root: progress.id };
}

/** What the panel's script put into its form. */
function answerOf(form: Form): PasskeyAnswer {
  return { challenge: form.get('challenge') ?? '', credential: form.get('credential') ?? '' };
}

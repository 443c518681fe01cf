import type { PasskeyProblem } from '../../passkeys/problem.ts';
import { type UserView, userName } from './consent.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { type Html, html } from './html.ts';
import { layout, type PageScript } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { FormView, PageView } from './page-view.ts';
import { acts, submitButton } from './parts/buttons.ts';
import { codeField } from './parts/fields.ts';
import { notice } from './parts/notice.ts';
import { codeList, type QrModules, qrPicture, secretText } from './parts/secrets.ts';
import { steps } from './parts/ways.ts';

export interface EnrolView extends PageView {
  readonly form: FormView;
  readonly user: UserView;
  readonly totp: TotpView;
  /** The form that makes a passkey instead, from its own room; undefined where there are none. */
  readonly passkey?: Html;
  readonly problem?: 'wrong' | 'over' | { readonly passkey: PasskeyProblem };
  readonly script: PageScript;
}

/** A secret that is to go into an app. */
export interface TotpView {
  /** Comes back with the code. */
  readonly sealed: string;
  readonly secret: string;
  readonly modules: QrModules;
}

/** Where a second factor is made that the policy asks for. It posts `code` and `totp` with the hidden fields, or `cancel`. `#enrol` and `input[name=code]` never change. */
export function enrolPage(view: EnrolView): string {
  const messages = messagesFor(view.locale);
  const words = messages.verify.enrol;
  const problem = typeof view.problem === 'object' ? messages.passkeys.problems[view.problem.passkey] : view.problem && words[view.problem];
  const main = html`<h1>${words.heading}</h1>
<p class="lead">${messages.verify.account(userName(view.user, messages))}</p>
<p>${words.lead}</p>
<hr class="seam">
${problem !== undefined && notice('problem', problem, { id: 'problem' })}
<form id="enrol" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
<input type="hidden" name="totp" value="${view.totp.sealed}">
${steps([
  html`<p><strong>${words.scan}</strong></p>
<p class="hint">${words.scanMeaning}</p>
${qrPicture(view.totp.modules, words.qrLabel)}
<p class="small faded">${words.cannotScan}</p>
${secretText(view.totp.secret, { copy: words.copy, copied: words.copied }, 'enrol-secret')}`,
  codeField({ name: 'code', label: words.type, input: view.problem === 'wrong' ? { 'aria-invalid': 'true', autofocus: true } : {} }, 6),
])}
${acts(
  [
    submitButton({ label: words.submit, kind: 'primary', id: 'enrol-submit' }),
    submitButton({ label: messages.verify.cancel, kind: 'quiet', id: 'enrol-cancel', name: 'cancel', value: 'cancel', unchecked: true }),
  ],
  'stack',
)}
</form>
${view.passkey}`;
  return layout(view, { page: 'enrol', title: words.heading, main, script: view.script });
}

export interface RecoveryCodesView extends PageView {
  readonly form: FormView;
  readonly codes: readonly string[];
  readonly script: PageScript;
}

/** Recovery codes, shown this once, on the way through a sign-in. It posts `kept` with the hidden fields. */
export function recoveryCodesPage(view: RecoveryCodesView): string {
  const words = messagesFor(view.locale).verify.codes;
  const main = html`<h1>${words.heading}</h1>
<p class="lead">${words.lead}</p>
<hr class="seam">
<p>${words.once}</p>
${codeList(view.codes, { copy: words.copy, copied: words.copied }, 'recovery-codes')}
<form id="codes" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
${acts([submitButton({ label: words.kept, kind: 'primary', id: 'codes-kept', name: 'kept', value: 'kept' })], 'stack')}
</form>`;
  return layout(view, { page: 'recovery-codes', title: words.heading, main, script: view.script });
}

import type { PasskeyProblem } from '../../passkeys/problem.ts';
import { type UserView, userName } from './consent.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { type Html, html } from './html.ts';
import type { PageScript } from './layout.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages } from './messages/messages.ts';
import type { FormView, PageView } from './page-view.ts';
import { acts, submitButton } from './parts/buttons.ts';
import { checkField, codeField, field } from './parts/fields.ts';
import { notice } from './parts/notice.ts';
import { otherWays } from './parts/ways.ts';

/** What the page asks for: a code of an app, a recovery code (and how many are left), or a passkey, whose form comes from its own room. */
export type WayView =
  | { readonly kind: 'totp' }
  | { readonly kind: 'recovery_code'; readonly left: number }
  | { readonly kind: 'passkey'; readonly panel: Html };

export interface VerifyView extends PageView {
  readonly form: FormView;
  readonly user: UserView;
  readonly way: WayView;
  /** The other ways there are. */
  readonly others: readonly { readonly kind: WayView['kind']; readonly href: string }[];
  /** `step_up`: somebody who is signed in already. */
  readonly purpose: 'sign_in' | 'step_up';
  /** The client could do without: there is a way past it. */
  readonly isWish: boolean;
  /** Days that a device is trusted for; undefined where none is. */
  readonly trustDays?: number;
  readonly problem?: VerifyProblem;
  readonly script?: PageScript;
}

export type VerifyProblem =
  | { readonly kind: 'wrong' }
  | { readonly kind: 'off' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'passkey'; readonly problem: PasskeyProblem };

/**
 * Where a second factor is shown. It posts `way` and `code` with the hidden fields, and `trust`, `skip` or `cancel`. `#verify`, `input[name=code]` and `#verify-submit` never change.
 */
export function verifyPage(view: VerifyView): string {
  const messages = messagesFor(view.locale);
  const words = messages.verify;
  const heading = view.purpose === 'step_up' ? words.stepUpHeading : words.heading;
  const problem = problemText(view, messages);
  const main = html`<h1>${heading}</h1>
<p class="lead">${words.account(userName(view.user, messages))}</p>
<hr class="seam">
${problem !== undefined && notice('problem', problem, { id: 'problem' })}
${view.isWish && notice('told', words.wished, { id: 'verify-wish' })}
${
  view.way.kind === 'passkey' &&
  html`<p>${words.passkeyLead}</p>
${view.way.panel}`
}
${verifyForm(view, messages)}
${otherWays(
  words.anotherWay,
  view.others.map(({ kind, href }) => ({ label: words.ways[kind], href, id: `verify-${kind.replace('_', '-')}` })),
)}`;
  return layout(view, {
    page: 'verify',
    title: problem === undefined ? heading : `${words.titleProblem} · ${heading}`,
    main,
    ...(view.script === undefined ? {} : { script: view.script }),
  });
}

/** With a passkey it only leads away: what is signed is sent by the panel. */
function verifyForm(view: VerifyView, messages: Messages): Html {
  const words = messages.verify;
  const leave = [
    view.isWish ? submitButton({ label: words.skip, id: 'verify-skip', name: 'skip', value: 'skip', unchecked: true }) : undefined,
    submitButton({ label: words.cancel, kind: 'quiet', id: 'verify-cancel', name: 'cancel', value: 'cancel', unchecked: true }),
  ];
  if (view.way.kind === 'passkey')
    return html`<form id="verify" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
${acts(leave, 'stack')}
</form>`;
  return html`<form id="verify" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
<input type="hidden" name="way" value="${view.way.kind}">
${codeOf(view.way, view.problem, messages)}
${view.trustDays !== undefined && checkField({ name: 'trust', label: words.trust(view.trustDays), hint: words.trustHint })}
${acts([submitButton({ label: words.submit, kind: 'primary', id: 'verify-submit' }), ...leave], 'stack')}
</form>`;
}

function codeOf(way: Exclude<WayView, { kind: 'passkey' }>, problem: VerifyProblem | undefined, messages: Messages): Html {
  const words = messages.verify;
  const wrong = problem?.kind === 'wrong' ? { 'aria-invalid': 'true' } : {};
  if (way.kind === 'totp')
    return html`<p>${words.totpLead}</p>
${codeField({ name: 'code', label: words.totpCode, hint: words.totpHint, input: { autofocus: true, ...wrong } }, 6)}`;
  return html`<p>${words.recoveryLead}</p>
${field({
  name: 'code',
  label: words.recoveryCode,
  hint: words.recoveryHint(way.left),
  input: {
    type: 'text',
    class: 'code',
    required: true,
    autofocus: true,
    maxlength: 40,
    autocomplete: 'one-time-code',
    autocapitalize: 'characters',
    spellcheck: 'false',
    ...wrong,
  },
})}`;
}

function problemText({ problem, way }: VerifyView, messages: Messages): string | undefined {
  const words = messages.verify;
  switch (problem?.kind) {
    case undefined:
      return undefined;
    case 'wrong':
      return way.kind === 'passkey' ? undefined : words.wrong[way.kind];
    case 'off':
      return words.off;
    case 'limited':
      return words.slowedDown(problem.retryAfterSeconds);
    case 'passkey':
      return messages.passkeys.problems[problem.problem];
  }
}

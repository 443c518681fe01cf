import { type UserView, userName } from './consent.ts';
import { displayText } from './display-text.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages } from './messages/messages.ts';
import type { FormView, PageView } from './page-view.ts';
import { acts, submitButton } from './parts/buttons.ts';
import { codeField } from './parts/fields.ts';
import { notice } from './parts/notice.ts';

export type EnrolMailProblem =
  | { readonly kind: 'no_code' }
  | { readonly kind: 'wrong'; readonly triesLeft: number }
  | { readonly kind: 'too_many'; readonly retryAfterSeconds: number };

export interface EnrolMailView extends PageView {
  readonly form: FormView;
  readonly user: UserView;
  /** Not all of it. */
  readonly address: string;
  /** That a code has been sent, sealed; undefined before. */
  readonly asked?: string;
  readonly problem?: EnrolMailProblem;
}

const CODE_DIGITS = 8;
const MAX_ADDRESS = 100;

/** Where somebody who is about to make a second factor shows that they have their address. It posts `send`, or `code` with `asked`, and the hidden fields. */
export function enrolMailPage(view: EnrolMailView): string {
  const messages = messagesFor(view.locale);
  const words = messages.verify.enrolMail;
  const problem = problemText(view.problem, messages);
  const address = html`<bdi class="address"><b>${displayText(view.address, MAX_ADDRESS)}</b></bdi>`;
  const code = messages.mail.code;
  const sendAgain = submitButton({
    label: view.asked === undefined ? words.send : words.again,
    kind: view.asked === undefined ? 'primary' : 'quiet',
    id: 'enrol-mail-send',
    name: 'send',
    value: 'send',
    unchecked: true,
  });
  const main = html`<h1>${messages.verify.enrol.heading}</h1>
<p class="lead">${messages.verify.account(userName(view.user, messages))}</p>
<hr class="seam">
${problem !== undefined && notice('problem', problem, { id: 'problem' })}
<p>${view.asked === undefined ? words.lead(address) : code.sent(address)}</p>
<form id="enrol-mail" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
${
  view.asked !== undefined &&
  html`<input type="hidden" name="asked" value="${view.asked}">
${codeField({ name: 'code', label: code.code, hint: code.patience, input: { autofocus: true } }, CODE_DIGITS)}`
}
${acts(
  view.asked === undefined
    ? [sendAgain]
    : [submitButton({ label: messages.verify.submit, kind: 'primary', id: 'enrol-mail-submit' }), sendAgain],
  'stack',
)}
</form>`;
  return layout(view, { page: 'enrol-mail', title: messages.verify.enrol.heading, main });
}

function problemText(problem: EnrolMailProblem | undefined, { mail }: Messages): string | undefined {
  switch (problem?.kind) {
    case undefined:
      return undefined;
    case 'no_code':
      return mail.code.noCode;
    case 'wrong':
      return problem.triesLeft === 0 ? mail.code.over : mail.code.wrong(problem.triesLeft);
    case 'too_many':
      return mail.tooMany(problem.retryAfterSeconds);
  }
}

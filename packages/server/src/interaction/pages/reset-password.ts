import type { PasswordFault } from '../../accounts/password-policy.ts';
import { displayText } from './display-text.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { FormView, PageView } from './page-view.ts';
import { newPasswordField } from './parts/fields.ts';

export interface ResetView extends PageView {
  readonly form: FormView;
  /** What lets somebody choose: the link of the mail, or what was shown beside it. */
  readonly by: { readonly name: 'link' | 'progress'; readonly value: string };
  readonly username: string;
  /** A second factor comes first. */
  readonly needsSecond: boolean;
  readonly minLength: number;
  readonly problem?: PasswordFault;
}

/** Where a new password is chosen. It posts `password` and one of `link` and `progress` with the hidden fields; before a second factor has been shown nothing but the link. */
export function resetPage(view: ResetView): string {
  const messages = messagesFor(view.locale);
  const words = messages.mail.recover;
  const heading = view.needsSecond ? words.secondHeading : words.resetHeading;
  const problem = view.problem && messages.signUp.faults.password[view.problem](view.minLength);
  const user = html`<bdi><b>${displayText(view.username, 100)}</b></bdi>`;
  const password = newPasswordField({
    label: words.password,
    hint: messages.signUp.passwordHint(view.minLength),
    problem,
    minLength: view.minLength,
  });
  const main = html`<h1>${heading}</h1>
<p class="lead">${view.needsSecond ? words.second : words.resetLead(user)}</p>
<hr class="seam">
<form id="reset" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
<input type="hidden" name="${view.by.name}" value="${view.by.value}">
${
  !view.needsSecond &&
  html`<input type="text" name="username" value="${displayText(view.username, 100)}" autocomplete="username" hidden>
${password}`
}
<div class="acts stack">
<button type="submit" id="reset-submit" class="primary">${view.needsSecond ? words.secondSubmit : words.resetSubmit}</button>
</div>
</form>`;
  return layout(view, {
    page: 'recover-reset',
    title: problem === undefined ? heading : `${messages.mail.titleProblem} · ${heading}`,
    main,
  });
}

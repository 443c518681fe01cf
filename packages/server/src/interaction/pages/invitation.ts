import type { PasswordFault } from '../../accounts/password-policy.ts';
import { displayText } from './display-text.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { FormView, PageView } from './page-view.ts';
import { newPasswordField } from './parts/fields.ts';

export interface InvitationView extends PageView {
  readonly form: FormView;
  /** The link of the mail. */
  readonly link: string;
  readonly username: string;
  readonly address: string;
  readonly minLength: number;
  readonly problem?: PasswordFault;
}

/** Where somebody who was invited chooses their first password. It posts `password` and `link` with the hidden fields. */
export function invitationPage(view: InvitationView): string {
  const messages = messagesFor(view.locale);
  const words = messages.mail.invitation;
  const problem = view.problem && messages.signUp.faults.password[view.problem](view.minLength);
  const username = displayText(view.username, 100);
  const lead = words.lead(html`<bdi><b>${username}</b></bdi>`, html`<bdi><b>${displayText(view.address, 100)}</b></bdi>`);
  const password = newPasswordField({
    label: words.password,
    hint: messages.signUp.passwordHint(view.minLength),
    problem,
    minLength: view.minLength,
  });
  const main = html`<h1>${words.heading}</h1>
<p class="lead">${lead}</p>
<hr class="seam">
<form id="invitation" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
<input type="hidden" name="link" value="${view.link}">
<input type="text" name="username" value="${username}" autocomplete="username" hidden>
${password}
<div class="acts stack">
<button type="submit" id="invitation-submit" class="primary">${messages.mail.recover.resetSubmit}</button>
</div>
</form>`;
  return layout(view, {
    page: 'invitation',
    title: problem === undefined ? words.heading : `${messages.mail.titleProblem} · ${words.heading}`,
    main,
  });
}

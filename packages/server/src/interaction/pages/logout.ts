import { type ClientView, clientName } from './client-view.ts';
import { type UserView, userName } from './consent.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { FormView, PageView } from './page-view.ts';

export interface LogoutView extends PageView {
  readonly form: FormView;
  readonly user: UserView;
  /** Undefined when nobody but the user asks, or when the one who asks could not be verified. */
  readonly client?: ClientView;
}

/** Asks before signing out (OpenID Connect RP-Initiated Logout §2). It posts `decision` = `sign_out` | `stay` with the hidden fields. */
export function logoutPage(view: LogoutView): string {
  const messages = messagesFor(view.locale);
  const words = messages.logout;
  const main = html`<h1>${words.heading}</h1>
${view.client && html`<p>${words.clientAsks(html`<strong><bdi>${clientName(view.client)}</bdi></strong>`)}</p>`}
<p>${words.signedInAs(userName(view.user, messages))}</p>
<p class="faded">${words.meaning}</p>
<form id="logout" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
<div class="acts">
<button type="submit" id="logout-confirm" name="decision" value="sign_out" class="primary">${words.confirm}</button>
<button type="submit" id="logout-cancel" name="decision" value="stay">${words.cancel}</button>
</div>
</form>`;
  return layout(view, { page: 'logout', title: words.heading, main });
}

import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { FormView, PageView } from './page-view.ts';

export interface MailLinkView extends PageView {
  readonly form: FormView;
  readonly link: string;
  /** What the mail was for, and whether this is the browser that asked for it. */
  readonly state: 'sign_in' | 'sign_up' | 'elsewhere';
}

/**
 * Where a link of a mail leads. Looking at it does nothing; it posts `link` and `act`: `go` in the browser that asked, in any other `not_me` or `show_code`, with the hidden
 * fields.
 */
export function mailLinkPage(view: MailLinkView): string {
  const words = messagesFor(view.locale).mail.link;
  const own =
    view.state === 'sign_up' ? [words.headingSignUp, words.leadSignUp, words.submitSignUp] : [words.heading, words.lead, words.submit];
  const [heading, lead, submit] = view.state === 'elsewhere' ? [words.headingElsewhere, words.leadElsewhere, ''] : own;
  const main = html`<h1>${heading}</h1>
<p class="lead">${lead}</p>
<hr class="seam">
<form id="mail-link" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
<input type="hidden" name="link" value="${view.link}">
${
  view.state === 'elsewhere'
    ? html`<p class="problem" id="link-warning">${words.warning}</p>
<div class="acts stack">
<button type="submit" id="link-not-me" name="act" value="not_me" class="primary">${words.notMe}</button>
<button type="submit" id="link-show-code" name="act" value="show_code">${words.showCode}</button>
</div>`
    : html`<div class="acts stack">
<button type="submit" id="link-go" name="act" value="go" class="primary">${submit}</button>
</div>`
}
</form>`;
  return layout(view, { page: 'mail-link', title: heading ?? '', main });
}

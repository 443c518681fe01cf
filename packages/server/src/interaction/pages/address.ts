import type { BotProblem } from '../../bot-check/provider.ts';
import { type ClientView, clientLinks, clientPlate } from './client-view.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { attributes, type Html, html } from './html.ts';
import { layout, type PageName } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages } from './messages/messages.ts';
import type { FormView, PageView } from './page-view.ts';
import { botProblemText } from './parts/bot-panels.ts';

/** What is wrong with what was typed, or with how often. */
export type AddressProblem =
  | { readonly kind: 'not_an_address' }
  | { readonly kind: 'too_many'; readonly retryAfterSeconds: number }
  | { readonly kind: 'bot'; readonly problem: BotProblem };

export interface AddressView extends PageView {
  readonly page: PageName;
  readonly form: FormView;
  readonly heading: string;
  readonly lead: string | Html;
  /** Below the field. */
  readonly hint?: string;
  readonly submit: string;
  /** Where the form has a way out that is heard by whoever asked. */
  readonly cancel?: string;
  readonly client?: ClientView;
  /** What was typed before, or `login_hint`. */
  readonly address?: string;
  readonly other: { readonly href: string; readonly text: string };
  readonly problem?: AddressProblem;
  /** A check against programs. */
  readonly botCheck?: Html;
}

/** Where somebody says which address a mail should go to. It posts `address`, or `cancel`, with the hidden fields. */
export function addressPage(view: AddressView): string {
  const messages = messagesFor(view.locale);
  const words = messages.mail;
  const { problem } = view;
  const text = problem && problemText(problem, messages);
  const field = {
    required: true,
    autofocus: true,
    'aria-invalid': problem?.kind === 'not_an_address' ? 'true' : undefined,
    'aria-describedby':
      [text && 'problem', view.hint && 'address-hint'].filter((id) => id !== undefined && id !== '').join(' ') || undefined,
  };
  const main = html`<h1>${view.heading}</h1>
<p class="lead">${view.lead}</p>
${view.client && clientPlate(view.client, messages)}
<hr class="seam">
<form id="address-form" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
${text !== undefined && html`<p class="problem" id="problem" role="alert">${text}</p>`}
<label for="address">${words.address}</label>
${view.hint !== undefined && html`<p class="hint" id="address-hint">${view.hint}</p>`}
<input type="email" id="address" name="address" value="${view.address ?? ''}" autocomplete="email" autocapitalize="none" spellcheck="false" ${attributes(field)}>
${view.botCheck}
<div class="acts stack">
<button type="submit" id="address-submit" class="primary">${view.submit}</button>
${view.cancel !== undefined && html`<button type="submit" id="address-cancel" name="cancel" value="cancel" class="quiet" formnovalidate>${view.cancel}</button>`}
</div>
</form>
<p class="other"><a id="address-other" href="${requirePath(view.other.href)}">${view.other.text}</a></p>
${view.client && clientLinks(view.client, messages)}`;
  return layout(view, { page: view.page, title: text === undefined ? view.heading : `${words.titleProblem} · ${view.heading}`, main });
}

function problemText(problem: AddressProblem, messages: Messages): string {
  if (problem.kind === 'bot') return botProblemText(problem.problem, messages);
  return problem.kind === 'not_an_address' ? messages.mail.notAnAddress : messages.mail.tooMany(problem.retryAfterSeconds);
}

import { displayText } from './display-text.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { attributes, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { MailMessages } from './messages/mail-messages.ts';
import type { FormView, PageView } from './page-view.ts';

export type CodeProblem = { readonly kind: 'no_code' } | { readonly kind: 'wrong'; readonly triesLeft: number };

export interface EmailCodeView extends PageView {
  readonly form: FormView;
  /** That this browser has asked, sealed. */
  readonly asked: string;
  /** As it was typed. */
  readonly address: string;
  /** `if_there`: nobody is told whether the address belongs to anybody. */
  readonly says: 'if_there' | 'sent';
  readonly againHref: string;
  readonly problem?: CodeProblem;
}

const MAX_ADDRESS = 100;

/** Where the code of a mail is typed. It posts `code` and `asked` with the hidden fields. */
export function emailCodePage(view: EmailCodeView): string {
  const words = messagesFor(view.locale).mail;
  const { code } = words;
  const problem = problemText(view.problem, code);
  const address = html`<bdi class="address"><b>${displayText(view.address, MAX_ADDRESS)}</b></bdi>`;
  const field = {
    required: true,
    autofocus: true,
    'aria-invalid': problem === undefined ? undefined : 'true',
    'aria-describedby': problem === undefined ? 'code-hint' : 'problem',
  };
  const main = html`<h1>${code.heading}</h1>
<p class="lead">${view.says === 'sent' ? code.sent(address) : code.ifThere(address)}</p>
<hr class="seam">
<form id="email-code" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
<input type="hidden" name="asked" value="${view.asked}">
${problem !== undefined && html`<p class="problem" id="problem" role="alert">${problem}</p>`}
<label for="code">${code.code}</label>
<p class="hint" id="code-hint">${code.patience}</p>
<input type="text" class="code digits" id="code" name="code" maxlength="20" inputmode="numeric" autocomplete="one-time-code" spellcheck="false" ${attributes(field)}>
<div class="acts stack">
<button type="submit" id="code-submit" class="primary">${code.submit}</button>
</div>
</form>
<p class="other"><a id="code-again" href="${requirePath(view.againHref)}">${code.again}</a></p>`;
  return layout(view, {
    page: 'email-code',
    title: problem === undefined ? code.heading : `${words.titleProblem} · ${code.heading}`,
    main,
  });
}

function problemText(problem: CodeProblem | undefined, words: MailMessages['code']): string | undefined {
  if (problem === undefined) return undefined;
  if (problem.kind === 'no_code') return words.noCode;
  return problem.triesLeft === 0 ? words.over : words.wrong(problem.triesLeft);
}

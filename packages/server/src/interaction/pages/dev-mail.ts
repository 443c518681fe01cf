import { displayText } from './display-text.ts';
import { requirePath } from './href.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { PageView } from './page-view.ts';

interface LetterLine {
  readonly number: number;
  readonly to: string;
  readonly subject: string;
  readonly at: string;
}

const MAX_LINE = 254;

/** The mails that a server without a mail server keeps, newest first. */
export function devMailsPage(view: PageView & { readonly letters: readonly LetterLine[] }): string {
  const words = messagesFor(view.locale).mail.dev;
  const rows = view.letters.map(
    ({ number, to, subject, at }) => html`<li><a href="${requirePath(`/dev/mail/${number}`)}">${subject}</a>
<span><bdi>${displayText(to, MAX_LINE)}</bdi> · ${at}</span></li>
`,
  );
  const main = html`<h1>${words.heading}</h1>
<p class="lead">${words.lead}</p>
<hr class="seam">
${rows.length === 0 ? html`<p class="faded" id="no-mails">${words.none}</p>` : html`<ul class="places" id="mails">${rows}</ul>`}`;
  return layout(view, { page: 'dev-mail', title: words.heading, main, width: 'wide' });
}

export interface DevMailView extends PageView {
  readonly letter: LetterLine & { readonly text: string };
  /** Paths on our own origin. */
  readonly previewSrc: string;
  readonly listHref: string;
}

/** One mail: whom it goes to, its plain text, and how a mail program shows it. */
export function devMailPage(view: DevMailView): string {
  const words = messagesFor(view.locale).mail.dev;
  const { letter } = view;
  const main = html`<h1>${letter.subject}</h1>
<dl class="facts"><div><dt>${words.to}</dt><dd><bdi id="mail-to">${displayText(letter.to, MAX_LINE)}</bdi></dd></div>
<div><dt>${words.at}</dt><dd>${letter.at}</dd></div></dl>
<h2>${words.preview}</h2>
<iframe class="preview" src="${requirePath(view.previewSrc)}" title="${words.preview}"></iframe>
<h2>${words.text}</h2>
<pre class="plain" id="mail-text" tabindex="0">${letter.text}</pre>
<p class="other"><a id="dev-mails" href="${requirePath(view.listHref)}">${words.back}</a></p>`;
  return layout(view, { page: 'dev-mail', title: letter.subject, main, width: 'wide' });
}

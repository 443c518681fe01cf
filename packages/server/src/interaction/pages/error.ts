import { displayText } from './display-text.ts';
import { ERROR_KINDS, type ErrorKind } from './error-kinds.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages } from './messages/messages.ts';
import type { PageView } from './page-view.ts';

export interface ErrorView extends PageView {
  readonly kind: ErrorKind;
  /** The id of the decision record. */
  readonly decisionId: string;
  /** For limits and outages. */
  readonly retryAfterSeconds?: number;
  /** What the request said, for whoever runs the client: `redirect_uri` and its like, never a secret. Shown as the request's own words. */
  readonly received?: readonly { readonly name: string; readonly value: string }[];
}

/** What stands in for a redirect that must not happen: what happened, why, what to do now, and the decision id. Status: `ERROR_KINDS`. */
export function errorPage(view: ErrorView): string {
  const messages = messagesFor(view.locale);
  const words = messages.error;
  const { what, why, now } = words.kinds[view.kind];
  const main = html`<h1>${what}</h1>
<p class="phrase" id="phrase" lang="en">${ERROR_KINDS[view.kind].phrase}</p>
<hr class="seam">
<h2>${words.why}</h2>
<p>${why}</p>
<h2>${words.now}</h2>
<p>${view.retryAfterSeconds === undefined ? now : words.wait(view.retryAfterSeconds)}</p>
${received(view, messages)}
<h2>${words.decisionId}</h2>
<code class="id" id="decision-id">${view.decisionId}</code>
<p class="small faded">${words.decisionMeaning}</p>`;
  return layout(view, { page: 'error', title: what, main, width: 'wide' });
}

/** Enough to compare an address by eye; a page is not a place to store things. */
const MAX_RECEIVED = 8;
const MAX_VALUE = 300;

function received(view: ErrorView, messages: Messages): Html | undefined {
  if (view.received === undefined || view.received.length === 0) return undefined;
  const rows = view.received
    .slice(0, MAX_RECEIVED)
    .map(({ name, value }) => html`<div><dt><code>${name}</code></dt><dd><code>${displayText(value, MAX_VALUE)}</code></dd></div>`);
  return html`<h2>${messages.error.received}</h2>
<dl class="facts">${rows}</dl>`;
}

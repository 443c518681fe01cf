import { type AccountPageView, accountLayout } from './account-layout.ts';
import { type ClientView, clientName, clientPlate } from './client-view.ts';
import { type ConsentView, permissions } from './consent.ts';
import { displayText } from './display-text.ts';
import { requirePath } from './href.ts';
import { type Html, html } from './html.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages } from './messages/messages.ts';
import { emptyState } from './parts/card.ts';
import { notice } from './parts/notice.ts';

export interface ApprovalsView extends AccountPageView {
  readonly action: string;
  /** Bound to this browser and session. */
  readonly csrf: string;
  readonly requests: readonly ApprovalView[];
  /** What has just become of one. */
  readonly outcome?: 'allowed' | 'denied' | 'gone';
}

export interface ApprovalView extends Pick<ConsentView, 'identity' | 'apis' | 'offlineAccess'> {
  /** Names the request to this session alone. */
  readonly name: string;
  readonly client: ClientView;
  /** `binding_message`; '' for none. */
  readonly message: string;
  readonly endsInSeconds: number;
}

const MAX_MESSAGE = 128;

/** What clients ask somebody for behind the browser's back (OpenID Connect CIBA §8). Each posts `approval` and `decision` = `allow` | `deny`. */
export function approvalsPage(view: ApprovalsView): string {
  const messages = messagesFor(view.locale);
  const words = messages.approvals;
  const main = html`${view.outcome !== undefined && notice(view.outcome === 'gone' ? 'problem' : 'done', words[view.outcome], { id: 'approval-outcome' })}
${view.requests.length === 0 ? emptyState(words.none) : html`${notice('attention', words.warning)}${view.requests.map((one) => section(one, view, messages))}`}`;
  return accountLayout(view, { page: 'approvals', side: 'overview', title: words.heading, main, isBelow: true });
}

function section(one: ApprovalView, view: ApprovalsView, messages: Messages): Html {
  const words = messages.approvals;
  const name = clientName(one.client);
  const message = displayText(one.message, MAX_MESSAGE);
  return html`<section class="card">
${clientPlate(one.client, messages)}
<p>${words.asks}</p>
<dl class="facts">
${message !== '' && html`<div><dt>${words.message}</dt><dd><strong><bdi>${message}</bdi></strong></dd></div>`}
<div><dt>${words.endsIn}</dt><dd>${messages.duration(one.endsInSeconds)}</dd></div>
</dl>
${permissions(one, messages)}
<form class="approval" method="post" action="${requirePath(view.action)}">
<input type="hidden" name="csrf" value="${view.csrf}">
<input type="hidden" name="approval" value="${one.name}">
<div class="acts">
<button type="submit" name="decision" value="allow" class="primary" aria-label="${words.allowFor(name)}">${words.allow}</button>
<button type="submit" name="decision" value="deny" aria-label="${words.denyFor(name)}">${words.deny}</button>
</div>
</form>
</section>
`;
}

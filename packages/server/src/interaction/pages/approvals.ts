import { type ClientView, clientName, clientPlate } from './client-view.ts';
import { type ConsentView, permissions, type UserView, userName } from './consent.ts';
import { displayText } from './display-text.ts';
import { requirePath } from './href.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages } from './messages/messages.ts';
import type { PageView } from './page-view.ts';

export interface ApprovalsView extends PageView {
  readonly action: string;
  /** Bound to this browser and session. */
  readonly csrf: string;
  readonly user: UserView;
  readonly accountHref: string;
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
  const main = html`<h1>${words.heading}</h1>
<p>${messages.logout.signedInAs(userName(view.user, messages))} <a href="${requirePath(view.accountHref)}">${words.account}</a></p>
${view.outcome !== undefined && html`<p role="status" id="approval-outcome">${words[view.outcome]}</p>`}
${view.requests.length === 0 ? html`<p class="faded">${words.none}</p>` : html`<p class="problem">${words.warning}</p>${view.requests.map((one) => section(one, view, messages))}`}`;
  return layout(view, { page: 'approvals', title: words.heading, main, width: 'wide' });
}

function section(one: ApprovalView, view: ApprovalsView, messages: Messages): Html {
  const words = messages.approvals;
  const name = clientName(one.client);
  const message = displayText(one.message, MAX_MESSAGE);
  return html`<hr class="seam">
<section>
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

import { type UserView, userName } from './consent.ts';
import { displayText } from './display-text.ts';
import { requirePath } from './href.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages } from './messages/messages.ts';
import type { PageView } from './page-view.ts';

export interface AccountView extends PageView {
  readonly user: UserView;
  readonly apps: readonly AppView[];
  /** Bound to this browser and session. */
  readonly csrf: string;
  /** A path on our own origin. */
  readonly action: string;
  readonly signOutHref: string;
  readonly approvals: { readonly href: string; readonly count: number };
  /** The name of an app whose access has just been removed. */
  readonly removed?: string;
}

export interface AppView {
  readonly clientId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** A day, `2026-11-21`. */
  readonly since: string;
}

const MAX_NAME = 60;
const MAX_SCOPES_SHOWN = 40;

/** Who is signed in, which apps have access since when, and how to take it away. It posts `client_id` with `csrf`. */
export function accountPage(view: AccountView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account;
  const main = html`<h1>${words.heading}</h1>
<p>${messages.logout.signedInAs(userName(view.user, messages))} <a id="account-signout" href="${requirePath(view.signOutHref)}">${words.signOut}</a></p>
${view.removed !== undefined && html`<p role="status" id="account-removed">${words.removed(displayText(view.removed, MAX_NAME))}</p>`}
${view.approvals.count > 0 && html`<p><a id="account-approvals" href="${requirePath(view.approvals.href)}"><strong>${words.approvals}</strong>${messages.aside(html`${view.approvals.count}`)}</a></p>`}
<hr class="seam">
<h2>${words.apps}</h2>
${
  view.apps.length === 0
    ? html`<p class="faded">${words.noApps}</p>`
    : html`<ul class="apps">${view.apps.map((app) => appItem(app, view, messages))}</ul>
<p class="small faded">${words.removeMeaning}</p>`
}`;
  return layout(view, { page: 'account', title: words.heading, main, width: 'wide' });
}

function appItem(app: AppView, view: AccountView, messages: Messages): Html {
  const words = messages.account;
  const name = displayText(app.name, MAX_NAME) || displayText(app.clientId, MAX_NAME);
  const scopes = app.scopes.slice(0, MAX_SCOPES_SHOWN).join(' ');
  return html`<li><div><bdi><strong>${name}</strong></bdi> <span class="small faded">${words.since(app.since)}</span>
<code class="small faded">${displayText(scopes, 400)}</code></div>
<form method="post" action="${requirePath(view.action)}">
<input type="hidden" name="csrf" value="${view.csrf}">
<input type="hidden" name="client_id" value="${app.clientId}">
<button type="submit" aria-label="${words.removeApp(name)}">${words.remove}</button>
</form></li>
`;
}

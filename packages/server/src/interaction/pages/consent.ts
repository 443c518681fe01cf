import { type DetailView, detailSection } from './authorization-detail.ts';
import { type ClientView, clientLinks, clientPlate, returnPlace } from './client-view.ts';
import { displayText } from './display-text.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages, StandardScope } from './messages/messages.ts';
import type { FormView, PageView } from './page-view.ts';

export interface ConsentView extends PageView {
  readonly form: FormView;
  readonly client: ClientView;
  readonly user: UserView;
  /** What is asked for in detail (RFC 9396). */
  readonly details: readonly DetailView[];
  /** Scopes about the user, in the order asked; standard ones get our sentence. */
  readonly identity: readonly ScopeView[];
  /** The resources asked for, each with its scopes. */
  readonly apis: readonly ApiView[];
  /** `offline_access` (OpenID Connect Core §11) is among what is asked. */
  readonly offlineAccess: boolean;
  readonly lasts: ConsentLifetime;
  /** A path that starts over with another account; undefined hides the link. */
  readonly otherAccountHref?: string;
  /** A path to the account pages. */
  readonly accountHref: string;
}

export interface UserView {
  readonly username: string;
  /** The `name` claim. */
  readonly name?: string;
}

export interface ScopeView {
  readonly scope: string;
  /** A plain sentence in the page's language; for the standard scopes of OpenID Connect it may be left out. */
  readonly sentence?: string;
}

export interface ApiView {
  /** The resource's identifier (RFC 8707). */
  readonly resource: string;
  readonly name?: string;
  readonly scopes: readonly ScopeView[];
}

export type ConsentLifetime =
  | { readonly kind: 'until_taken_back' }
  | { readonly kind: 'once' }
  | { readonly kind: 'seconds'; readonly seconds: number };

/** The consent page. It posts `decision` = `allow` | `deny` with the hidden fields. */
export function consentPage(view: ConsentView): string {
  const messages = messagesFor(view.locale);
  const words = messages.consent;
  const main = html`<h1>${words.heading}</h1>
${clientPlate(view.client, messages)}
<p>${words.asks(userName(view.user, messages))}${otherAccount(view, messages)}</p>
<hr class="seam">
${view.details.map((detail) => detailSection(detail, messages))}
${permissions(view, messages)}
<dl class="facts">
<div><dt>${words.lasts}</dt><dd>${lifetime(view.lasts, messages)}</dd></div>
<div><dt>${words.returnsTo}</dt><dd>${returnPlace(view.client.returnsTo, messages)}</dd></div>
</dl>
<form id="consent" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
<div class="acts">
<button type="submit" id="consent-allow" name="decision" value="allow" class="primary">${words.allow}</button>
<button type="submit" id="consent-deny" name="decision" value="deny">${words.deny}</button>
</div>
</form>
<p class="small faded">${words.takeBack(html`<a href="${requirePath(view.accountHref)}">${words.accountPages}</a>`)}</p>
${clientLinks(view.client, messages)}`;
  return layout(view, { page: 'consent', title: words.heading, main, width: 'wide' });
}

/** What is asked for, by whom it is about. */
export function permissions(view: Pick<ConsentView, 'identity' | 'apis' | 'offlineAccess'>, messages: Messages): Html {
  return html`${view.identity.length > 0 && html`<h2>${messages.consent.aboutYou}</h2>${scopeList(view.identity, messages)}`}
${view.apis.map((api) => apiSection(api, messages))}
${view.offlineAccess && offlineSection(messages)}`;
}

/** Username, and the name where there is one. */
export function userName(user: UserView, messages: Messages): Html {
  const name = displayText(user.name ?? '', MAX_NAME);
  return html`<strong><bdi>${displayText(user.username, MAX_NAME)}</bdi></strong>${name !== '' && messages.aside(html`<bdi>${name}</bdi>`)}`;
}

const MAX_NAME = 80;
const MAX_SENTENCE = 200;

function apiSection(api: ApiView, messages: Messages): Html {
  const identifier = displayText(api.resource, MAX_SENTENCE);
  const name = displayText(api.name ?? '', MAX_NAME);
  return html`<h2>${messages.consent.useApi(name || identifier)}</h2>
${name !== '' && html`<p class="resource"><code>${identifier}</code></p>`}${scopeList(api.scopes, messages)}
`;
}

function scopeList(scopes: readonly ScopeView[], messages: Messages): Html {
  const items = scopes.map(
    ({ scope, sentence }) =>
      html`<li><span>${displayText(sentence ?? '', MAX_SENTENCE) || standardSentence(scope, messages)}</span> <code>${displayText(scope, MAX_NAME)}</code></li>`,
  );
  return html`<ul class="scopes">${items}</ul>`;
}

function standardSentence(scope: string, messages: Messages): string {
  const { scopes, undescribed } = messages.consent;
  return isStandardScope(scope, scopes) ? scopes[scope] : undescribed;
}

function isStandardScope(scope: string, sentences: Readonly<Record<StandardScope, string>>): scope is StandardScope {
  return Object.hasOwn(sentences, scope);
}

function offlineSection(messages: Messages): Html {
  const { whileAway, offlineAccess, offlineMeaning } = messages.consent;
  return html`<h2>${whileAway}</h2>
<ul class="scopes"><li><span>${offlineAccess} <span class="meaning">${offlineMeaning}</span></span> <code>offline_access</code></li></ul>`;
}

function lifetime(lasts: ConsentLifetime, messages: Messages): string {
  switch (lasts.kind) {
    case 'until_taken_back':
      return messages.consent.untilTakenBack;
    case 'once':
      return messages.consent.thisTimeOnly;
    case 'seconds':
      return messages.duration(lasts.seconds);
  }
}

function otherAccount(view: ConsentView, messages: Messages): Html | undefined {
  if (view.otherAccountHref === undefined) return undefined;
  return html` <a class="small aside" href="${requirePath(view.otherAccountHref)}">${messages.consent.otherAccount}</a>`;
}

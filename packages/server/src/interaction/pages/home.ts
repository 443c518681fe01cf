import { safeHref } from './href.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { PageView } from './page-view.ts';

export interface HomeView extends PageView {
  readonly issuer: string;
  /** Paths, or https addresses for documentation elsewhere; what is left out is not shown. */
  readonly accountHref?: string;
  readonly consoleHref?: string;
  readonly discoveryHref: string;
  readonly docsHref?: string;
}

/** The page at `/`: what answers here, and where to go. */
export function homePage(view: HomeView): string {
  const messages = messagesFor(view.locale);
  const words = messages.home;
  const brand = view.brand?.name ?? messages.productName;
  const main = html`<h1>${brand}</h1>
<p>${words.what}</p>
<ul class="places">
${place(view.accountHref, words.account, words.accountMeaning)}
${place(view.consoleHref, words.console, words.consoleMeaning)}
${place(view.docsHref, words.docs, words.docsMeaning)}
${place(view.discoveryHref, words.discovery, words.discoveryMeaning)}
</ul>
<p class="small faded">${words.issuer} <code>${view.issuer}</code></p>`;
  return layout(view, { page: 'home', title: words.title, main });
}

function place(address: string | undefined, name: string, meaning: string): Html | undefined {
  const href = safeHref(address ?? '');
  if (href === undefined) return undefined;
  return html`<li><a href="${href}">${name}</a><span>${meaning}</span></li>`;
}

import { displayText } from './display-text.ts';
import { safeHref } from './href.ts';
import { type Html, html } from './html.ts';

/** A client's own site, to go back to when a page has nothing else to offer. */
export interface ClientHome {
  readonly name: string;
  /** `client_uri`; left out when it is not safe to follow. */
  readonly uri: string;
}

/** A link to somebody else's site, and the host it leads to: the page shows both (RFC 7591 §5). Undefined when the address is not safe to follow. */
export function outsideLink(address: string | undefined, label: string): { readonly link: Html; readonly host: string } | undefined {
  const href = safeHref(address ?? '');
  if (href?.host === undefined) return undefined;
  return { link: html`<a href="${href}" rel="noopener noreferrer">${label}</a>`, host: href.host };
}

/** A row of links that lead to one host: before several it stands as their label, behind a single one as a remark. Nothing without a host. */
export function linkRow(host: string | undefined, links: readonly (Html | undefined)[]): Html | undefined {
  if (host === undefined) return undefined;
  const name = html`<span class="host">${host}</span>`;
  const shown = links.filter((link) => link !== undefined);
  const parts = shown.length > 1 ? [name, ...shown] : [...shown, name];
  return html`<p class="links">${parts.map((part) => html`${part} `)}</p>`;
}

/** A row with the way back to the client; `label` takes its name, or its host when there is none to show. */
export function homeLink(home: ClientHome | undefined, label: (client: string) => string): Html | undefined {
  const href = safeHref(home?.uri ?? '');
  const back = outsideLink(home?.uri, label(displayText(home?.name ?? '', 60) || (href?.host ?? '')));
  return linkRow(back?.host, [back?.link]);
}

import { isLoopbackHost } from '@hufu/protocol/web-uri';
import { displayText } from './display-text.ts';
import { readPath } from './href.ts';
import { type Html, html } from './html.ts';
import type { Messages } from './messages/messages.ts';
import { linkRow, outsideLink } from './outside-link.ts';

/** What a page says about the client that asks. All of it but `returnsTo` is the client's own word, and is shown as such. */
export interface ClientView {
  /** `client_name`; the place that the answer goes to stands in when nothing of it can be shown. */
  readonly name: string;
  readonly returnsTo: ReturnPlace;
  /** A path on our own origin to our copy of the logo. Without one, the first letter of the name. */
  readonly logoSrc?: string;
  readonly policyUri?: string;
  readonly tosUri?: string;
}

/**
 * Where the answer goes, from the redirect URI that was checked. A name can be copied; this cannot, so it is always shown.
 * - `host`: a web site.
 * - `device`: a program on the user's own machine: a loopback address or a scheme of its own (RFC 8252 §7).
 * - `client`: nowhere: the client waits on another device, or is a server, and asks again. Its id cannot be copied either.
 */
export type ReturnPlace =
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'device'; readonly name: string }
  | { readonly kind: 'client'; readonly name: string };

/** Reads where a registered redirect URI leads. */
export function readReturnPlace(redirectUri: string): ReturnPlace {
  const url = URL.parse(redirectUri);
  if (url === null) return { kind: 'host', host: redirectUri };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { kind: 'device', name: url.protocol.slice(0, -1) };
  return isLoopbackHost(url.hostname) ? { kind: 'device', name: url.host } : { kind: 'host', host: url.host };
}

/** The longest name and address that a page shows. */
const MAX_NAME = 60;
const MAX_PLACE = 120;

/** The client's name as a page may show it. */
export function clientName(client: ClientView): string {
  return displayText(client.name, MAX_NAME) || placeName(client.returnsTo);
}

/** The host, or the program's own address with the word that it is on this device. */
export function returnPlace(place: ReturnPlace, messages: Messages): Html {
  const name = html`<bdi>${placeName(place)}</bdi>`;
  return place.kind !== 'device' ? name : html`${name}${messages.aside(html`${messages.client.onThisDevice}`)}`;
}

/** Logo or letter, name, and below it where the answer goes. */
export function clientPlate(client: ClientView, messages: Messages): Html {
  const logo = client.logoSrc === undefined ? undefined : readPath(client.logoSrc);
  const name = clientName(client);
  const picture = logo
    ? html`<img class="client-logo" src="${logo}" alt="" width="48" height="48">`
    : html`<span class="client-logo client-initial" aria-hidden="true">${firstLetter(name)}</span>`;
  return html`<div class="client">${picture}<div class="client-names"><bdi class="client-name">${name}</bdi>
<span class="client-host" title="${client.returnsTo.kind === 'client' ? messages.client.idMeaning : messages.client.hostMeaning}">${returnPlace(client.returnsTo, messages)}</span></div></div>`;
}

/** The client's policy and terms, with the host they lead to. Addresses that are not safe to follow are left out. */
export function clientLinks(client: ClientView, messages: Messages): Html | undefined {
  const policy = outsideLink(client.policyUri, messages.client.privacyPolicy);
  const terms = outsideLink(client.tosUri, messages.client.termsOfService);
  // Two links to one host name it once.
  if (policy?.host === terms?.host) return linkRow(policy?.host, [policy?.link, terms?.link]);
  return html`${linkRow(policy?.host, [policy?.link])}${linkRow(terms?.host, [terms?.link])}`;
}

function placeName(place: ReturnPlace): string {
  return displayText(place.kind === 'host' ? place.host : place.name, MAX_PLACE);
}

function firstLetter(name: string): string {
  const letter = Array.from(name).find((character) => /[\p{L}\p{N}]/u.test(character));
  return (letter ?? '?').toUpperCase();
}

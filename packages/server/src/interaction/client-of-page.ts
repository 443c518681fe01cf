import type { ReturnAddress } from '../authorize/authorization-request.ts';
import { displayName, localized } from '../client-name.ts';
import type { Client } from '../clients.ts';
import { type ClientView, type ReturnPlace, readReturnPlace } from './pages/client-view.ts';
import type { Locale } from './pages/messages/locale.ts';

/** What the pages show of the client that asks. */
export function clientView({ client, redirectUri }: ReturnAddress, locale: Locale): ClientView {
  return viewOf(client, readReturnPlace(redirectUri), locale);
}

/** The same for one that nobody is sent back to: it waits elsewhere. */
export function waitingClientView(client: Client, locale: Locale): ClientView {
  return viewOf(client, { kind: 'client', name: client.id }, locale);
}

function viewOf(client: Client, returnsTo: ReturnPlace, locale: Locale): ClientView {
  const { clientName, logoUri, policyUri, tosUri } = client.metadata;
  const policy = localized(policyUri, locale);
  const tos = localized(tosUri, locale);
  return {
    name: localized(clientName, locale) ?? '',
    returnsTo,
    ...(logoUri === undefined ? {} : { logoSrc: `/logo/${encodeURIComponent(client.id)}` }),
    ...(policy === undefined ? {} : { policyUri: policy }),
    ...(tos === undefined ? {} : { tosUri: tos }),
  };
}

/** The client's own page, where it has one. */
export function clientHome(client: Client, locale: Locale): { readonly name: string; readonly uri: string } | undefined {
  const uri = localized(client.metadata.clientUri, locale);
  return uri === undefined ? undefined : { name: displayName(client, locale), uri };
}

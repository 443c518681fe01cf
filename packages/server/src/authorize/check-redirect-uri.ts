import type { Form } from '@hufu/protocol/form';
import { checkRedirectUri as isRegistered } from '@hufu/protocol/redirect-uri';
import type { Client } from '../clients.ts';
import type { Trail } from '../decisions/trail.ts';
import { PageError } from '../interaction/page-error.ts';
import type { ReturnAddress } from './authorization-request.ts';

/** The redirect URI (RFC 6749 §3.1.2.3, RFC 9700 §2.1): always sent, once, and registered to the character. Otherwise nobody is redirected. */
export function checkRedirectUri(form: Form, client: Client, trail: Trail): ReturnAddress {
  trail.at('redirect_uri');
  if (form.repeated.includes('redirect_uri')) throw new PageError('parameter_repeated', 'redirect_uri');
  if (form.malformed.includes('redirect_uri')) throw new PageError('request_malformed', 'redirect_uri');
  const redirectUri = form.get('redirect_uri');
  if (redirectUri === undefined) throw new PageError('redirect_uri_missing', 'no redirect_uri');
  if (!isRegistered(redirectUri, client.metadata.redirectUris, client.metadata.applicationType)) {
    throw new PageError('redirect_uri_not_registered', `asked for ${redirectUri.slice(0, 300)}`, [
      { name: 'redirect_uri', value: redirectUri },
    ]);
  }
  return { client, redirectUri };
}

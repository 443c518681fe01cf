import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { ResponseType } from '@hufu/protocol/response-type';
import type { Client } from '../clients.ts';

const MAX_NONCE = 1_024;

/**
 * `nonce` (OpenID Connect Core §3.1.2.1), up to 1,024 characters, returned as it came. Required where an ID token comes through the
 * browser, which nothing else ties to the request (§3.2.2.1, §3.3.2.11), and where the client's profile wants it with openid.
 */
export function checkNonce(form: Form, { metadata }: Client, responseType: ResponseType): string | undefined {
  const nonce = form.get('nonce');
  if (nonce !== undefined && nonce.length > MAX_NONCE)
    throw new OAuthError('invalid_request', `nonce is longer than ${MAX_NONCE} characters`);
  const isOpenid = form.get('scope')?.split(' ').includes('openid') === true;
  const isRequired = responseType.idToken || (metadata.rules.scopeAndNonce === 'required' && isOpenid);
  if (nonce === undefined && isRequired) throw new OAuthError('invalid_request', 'nonce is missing');
  return nonce;
}

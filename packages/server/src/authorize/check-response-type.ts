import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { Client } from '../clients.ts';

export const RESPONSE_TYPES: readonly string[] = ['code'];

/** `response_type` (RFC 6749 §3.1.1). The code comes with no token in the front channel (RFC 9700 §2.1.2). */
export function checkResponseType(form: Form, client: Client): void {
  const asked = form.get('response_type');
  if (asked === undefined) throw new OAuthError('invalid_request', 'response_type is missing');
  if (!RESPONSE_TYPES.includes(asked))
    throw new OAuthError('unsupported_response_type', 'the response type is not supported', { detail: asked.slice(0, 100) });
  if (!client.metadata.responseTypes.includes(asked) || !client.metadata.grantTypes.includes('authorization_code')) {
    throw new OAuthError('unauthorized_client', 'the client is not registered for this response type', { detail: asked });
  }
}

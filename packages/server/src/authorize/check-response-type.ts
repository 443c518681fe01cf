import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import { findResponseType, type ResponseType } from '@hufu/protocol/response-type';
import type { Client } from '../clients.ts';

/**
 * `response_type` (RFC 6749 §3.1.1, OAuth Multiple Response Types §3, §5). One that brings a token or an ID token through the browser is as good as
 * not there for a client that did not register it (RFC 9700 §2.1.2).
 */
export function checkResponseType(form: Form, client: Client): ResponseType {
  const asked = form.get('response_type');
  if (asked === undefined) throw new OAuthError('invalid_request', 'response_type is missing');
  const type = findResponseType(asked);
  if (type === undefined)
    throw new OAuthError('unsupported_response_type', 'the response type is not supported', { detail: asked.slice(0, 100) });
  const { responseTypes, grantTypes } = client.metadata;
  if (!responseTypes.includes(type.name) || !type.grantTypes.every((grant) => grantTypes.includes(grant))) {
    const code = type.name === 'code' ? 'unauthorized_client' : 'unsupported_response_type';
    throw new OAuthError(code, 'the client is not registered for this response type', { detail: type.name });
  }
  return type;
}

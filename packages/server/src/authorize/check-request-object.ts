import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';

/** Request objects are refused by name, never ignored (OpenID Connect Core §6.1, §6.2; RFC 9101 §5): what was signed must not be half heard. */
export function checkRequestObject(form: Form): void {
  if (form.has('request') && form.has('request_uri')) throw new OAuthError('invalid_request', 'request and request_uri exclude each other');
  if (form.has('request')) throw new OAuthError('request_not_supported', 'request objects are not supported');
  if (form.has('request_uri')) throw new OAuthError('request_uri_not_supported', 'request_uri is not supported');
  if (form.has('registration')) throw new OAuthError('registration_not_supported', 'the registration parameter is not supported');
}

import { OAuthError } from '@hufu/protocol/errors';
import { type Form, readForm } from '@hufu/protocol/form';
import type { HttpRequest } from '../http.ts';

const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i;

/** The body of a POST as a form (RFC 6749 appendix B). Throws `invalid_request` for another content type. */
export function requireForm(request: HttpRequest): Form {
  const type = request.headers['content-type'];
  if (typeof type !== 'string' || !FORM_TYPE.test(type)) {
    throw new OAuthError('invalid_request', 'the body must be application/x-www-form-urlencoded');
  }
  return readForm(request.body);
}

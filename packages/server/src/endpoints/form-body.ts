import { OAuthError } from '@hufu/protocol/errors';
import { type Form, type FormRules, readForm } from '@hufu/protocol/form';
import type { HttpRequest } from '../http.ts';

const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i;
const CHARSET = /;[ \t]*charset="?([^";]*)/i;
/** What was meant as one of these reads as UTF-8 or not at all: their ASCII is the same. */
const CHARSETS: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii', 'iso-8859-1']);

/** The body of a POST as a form (RFC 6749 appendix B). Throws `invalid_request` for another content type or charset. */
export function requireForm(request: HttpRequest, rules?: FormRules): Form {
  const type = request.headers['content-type'];
  if (typeof type !== 'string' || !FORM_TYPE.test(type)) {
    throw new OAuthError('invalid_request', 'the body must be application/x-www-form-urlencoded');
  }
  const charset = CHARSET.exec(type)?.[1]?.trim().toLowerCase();
  if (charset !== undefined && !CHARSETS.has(charset)) throw new OAuthError('invalid_request', 'the body must be UTF-8');
  return readForm(request.body, rules);
}

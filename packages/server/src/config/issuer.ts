import { findWebUriFault } from '@hufu/protocol/web-uri';
import { Refused } from './shape.ts';

/**
 * Checks an issuer identifier (RFC 8414 §2, OpenID Connect Core §1.2: https, no query, no fragment) and keeps it byte for byte, since
 * that is how everybody compares it. http only where it never leaves the machine. Every endpoint's URL is the issuer with a path
 * behind it, hence no slash at the end and no dots that a browser would resolve.
 */
export function readIssuer(text: string): string | Refused {
  const fault = findWebUriFault(text, { fragment: 'refused' });
  if (fault !== undefined) return new Refused(fault);
  if (text.includes('?')) return new Refused('has a query');
  if (text.endsWith('/')) return new Refused('ends in a slash; leave it out, since issuers are compared byte for byte');
  if (/\/(?:\.|%2e){0,2}(?:\/|$)/i.test(text.slice(text.indexOf('://') + 3)))
    return new Refused('has an empty segment or dots in its path');
  if (text.slice(text.indexOf('://') + 3).includes('/')) return new Refused('has a path, which this version does not support yet');
  return text;
}

import { OAuthError } from './errors.ts';
import { writeForm } from './form.ts';
import { findUriFault, findWebUriFault, isPort, MAX_URI_LENGTH } from './web-uri.ts';

/** OpenID Connect Registration §2 `application_type`. */
export type ApplicationType = 'web' | 'native';

/**
 * Whether a request may name this redirect URI: it is, character by character, one of the registered ones (RFC 9700 §2.1,
 * RFC 3986 §6.2.1). Nothing is parsed, decoded or normalised. The one exception: a native client that registered
 * `http://127.0.0.1…` or `http://[::1]…` may name any port there (RFC 8252 §7.3); `localhost` is a name that others may
 * answer to and gets no such freedom (§8.3). Linear in the length of the texts.
 */
export function checkRedirectUri(candidate: string, registered: readonly string[], applicationType: ApplicationType): boolean {
  if (candidate.length > MAX_URI_LENGTH) return false;
  if (registered.includes(candidate)) return true;
  if (applicationType !== 'native') return false;
  const asked = splitLoopback(candidate);
  if (asked === undefined) return false;
  return registered.some((uri) => {
    const known = splitLoopback(uri);
    return known !== undefined && known.origin === asked.origin && known.rest === asked.rest;
  });
}

/**
 * Reads a redirect URI at registration (RFC 6749 §3.1.2, RFC 8252 §7, §8.4; OpenID Connect Registration §2): https, http to this
 * very machine, or for native clients a private-use scheme that is a reversed domain name and has no authority.
 *
 * @returns the text as it came. Throws `invalid_redirect_uri` (RFC 7591 §3.2.2).
 */
export function readRedirectUri(text: string, applicationType: ApplicationType): string {
  const fault = findRedirectUriFault(text, applicationType);
  if (fault !== undefined) throw new OAuthError('invalid_redirect_uri', `the redirect URI ${fault}`);
  return text;
}

/** Why `readRedirectUri` would refuse this text, as the end of a sentence; undefined when it would not. */
export function findRedirectUriFault(text: string, applicationType: ApplicationType): string | undefined {
  const fault = findUriFault(text);
  if (fault !== undefined) return fault;
  if (text.includes('#')) return 'has a fragment';
  if (text.includes('*')) return 'has a wildcard; each URI is registered as it is';
  if (text.startsWith('http:') || text.startsWith('https:')) return findWebUriFault(text);
  const scheme = /^[a-z][a-z0-9+.-]*:/.exec(text)?.[0].slice(0, -1);
  if (scheme === undefined) return 'does not begin with a scheme in lower case';
  if (scheme.split('.').some((label) => label === '') || !scheme.includes('.')) {
    return 'has a scheme that is neither https nor a reversed domain name';
  }
  if (applicationType !== 'native') return 'has a private-use scheme, which is for native applications';
  const path = text.slice(scheme.length + 1);
  if (!path.startsWith('/') || path.startsWith('//')) return 'has a private-use scheme that one slash does not follow';
  return undefined;
}

/**
 * Appends the parameters of an answer to a registered redirect URI (RFC 6749 §4.1.2; OAuth Multiple Response Types §2.1). The
 * URI's own query stays byte for byte. Parameters without a value (undefined) are left out.
 */
export function appendToRedirect(
  uri: string,
  parameters: Iterable<readonly [name: string, value: string | undefined]>,
  mode: 'query' | 'fragment',
): string {
  const text = writeForm(parameters);
  if (text === '') return uri;
  if (mode === 'fragment') return `${uri}#${text}`;
  if (!uri.includes('?')) return `${uri}?${text}`;
  return uri.endsWith('?') || uri.endsWith('&') ? uri + text : `${uri}&${text}`;
}

const LOOPBACKS: readonly string[] = ['http://127.0.0.1', 'http://[::1]'];

/** The two parts that stay when the port goes; undefined where no port is free. */
function splitLoopback(uri: string): { readonly origin: string; readonly rest: string } | undefined {
  const origin = LOOPBACKS.find((loopback) => uri.startsWith(loopback));
  if (origin === undefined) return undefined;
  let rest = uri.slice(origin.length);
  if (rest.startsWith(':')) {
    const digits = /^[0-9]{1,5}/.exec(rest.slice(1))?.[0] ?? '';
    if (!isPort(digits)) return undefined;
    rest = rest.slice(1 + digits.length);
  }
  return rest === '' || rest.startsWith('/') || rest.startsWith('?') ? { origin, rest } : undefined;
}

import { isLoopbackHost } from '@hufu/protocol/web-uri';

let make: (value: string, host: string | undefined) => Href;

/** An address that was judged safe to be put into a page. The templates of `html.ts` take nothing else in `href`, `src` and `action`. */
export class Href {
  readonly #value: string;
  /** Host and port of an absolute address in ASCII form; undefined for a path on our own origin. */
  readonly host: string | undefined;

  private constructor(value: string, host: string | undefined) {
    this.#value = value;
    this.host = host;
  }

  static {
    make = (value, host) => new Href(value, host);
  }

  toString(): string {
    return this.#value;
  }
}

/** Our own pages carry a whole authorization request in their address. */
const MAX_LENGTH = 16_384;
/** Browsers drop tabs and line breaks and turn backslashes into slashes before they parse: whoever writes them means to deceive. */
const DECEIVES = /[\p{Cc}\p{Cf}\s\\]/u;

/**
 * Reads an address that a client registered or a view names: `https:`, `http:` on a loopback host, or a path on our own origin.
 * Everything else (`javascript:`, `data:`, other schemes, user info, control characters, `//host`) is undefined, and the page does
 * without the link (RFC 7591 §5).
 */
export function safeHref(value: string): Href | undefined {
  if (value.startsWith('/')) return readPath(value);
  const url = readUrl(value);
  if (url === undefined) return undefined;
  const allowed = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
  return allowed ? make(value, url.host) : undefined;
}

/**
 * A path on our own origin, such as a form's action or a stylesheet.
 * @throws {TypeError} when it is none: paths come from our own routes, so that is a bug of the caller.
 */
export function requirePath(value: string): Href {
  const path = readPath(value);
  if (path === undefined) throw new TypeError('not a path on our own origin');
  return path;
}

/** A path on our own origin that somebody else's data named, such as a cached logo; undefined when it is none. */
export function readPath(value: string): Href | undefined {
  const staysHere = value.startsWith('/') && !value.startsWith('//') && value.length <= MAX_LENGTH && !DECEIVES.test(value);
  return staysHere ? make(value, undefined) : undefined;
}

/**
 * Where a form_post answer goes: the redirect URI, which was compared with the registered ones before. Plain `http:` passes, as
 * registration decides about that; schemes that cannot take a POST do not.
 * @throws {TypeError} when a form cannot be posted there.
 */
export function requirePostTarget(redirectUri: string): Href {
  const url = readUrl(redirectUri);
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw new TypeError('a form cannot be posted there');
  return make(redirectUri, url.host);
}

/**
 * Where a person goes on to after signing out: the post-logout redirect URI, which was compared with the registered ones before. A program's own
 * scheme (RFC 8252 §7.1) passes: registration takes only those with a dot, which no browser gives a meaning to.
 * @throws {TypeError} when it is no such address.
 */
export function requireReturnAddress(uri: string): Href {
  const url = readUrl(uri);
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return make(uri, url.host);
  const scheme =
    uri.length <= MAX_LENGTH && !DECEIVES.test(uri) ? /^[a-z][a-z0-9+-]*\.[a-z0-9+.-]*(?=:\/(?!\/))/.exec(uri)?.[0] : undefined;
  if (scheme === undefined) throw new TypeError('nobody can be sent there');
  return make(uri, scheme);
}

/**
 * What a hidden frame loads: a client's registered `frontchannel_logout_uri` with what we add.
 * @throws {TypeError} when it is no address of the web: registration takes no other.
 */
export function requireFrame(uri: string): Href {
  const href = safeHref(uri);
  if (href?.host === undefined) throw new TypeError('not an address for a frame');
  return href;
}

function readUrl(value: string): URL | undefined {
  if (value.length > MAX_LENGTH || DECEIVES.test(value)) return undefined;
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '' || !/^[a-z]+:\/\/[^/]/i.test(value)) return undefined;
  return url;
}

/** Cuts the edge's own cookies out of what passes. */
export interface CookieCut {
  /** The value of `Cookie` without them; undefined where nothing is left. */
  cut(value: string): string | undefined;
  /** Whether a `Set-Cookie` sets one of them. */
  isOurs(setCookie: string): boolean;
}

/** Names of the edge's sessions begin so. */
const OURS = ['__Host-Http-hufu', '__Host-hufu'];

/**
 * White space that is not ASCII in or before a name: to a service that trims it this is another name, one that a browser would not have let its site set (`__Host-`).
 * Names are tokens (RFC 6265 §4.1.1); of those that are none, these alone are dropped, since brackets and colons are in use.
 */
function isPlain(pair: string): boolean {
  return !BEYOND_ASCII.test(pair.slice(0, Math.max(0, pair.indexOf('='))));
}

const BEYOND_ASCII = /[^\t -~]/;

/**
 * What belongs to the edge or to the authorization server never reaches an upstream, and no upstream sets it. Names are compared by how they
 * begin, without case (attacks GTW-13).
 *
 * @param more further beginnings of names: the server's own cookies.
 */
export function cookieCut(more: readonly string[] = []): CookieCut {
  const prefixes = [...OURS, ...more].map((name) => name.toLowerCase());

  /** Equals signs in front: a cookie without a name is sent as its value, which then looks like a name. */
  function isOurs(pair: string): boolean {
    const name = pair.replace(/^[\s=]+/, '').toLowerCase();
    return prefixes.some((prefix) => name.startsWith(prefix));
  }

  return {
    cut(value) {
      const lower = value.toLowerCase();
      if (!BEYOND_ASCII.test(value) && !prefixes.some((prefix) => lower.includes(prefix))) return value;
      const left = value.split(';').filter((pair) => pair.trim() !== '' && isPlain(pair) && !isOurs(pair));
      return left.length === 0 ? undefined : left.map((pair) => pair.trim()).join('; ');
    },
    isOurs,
  };
}

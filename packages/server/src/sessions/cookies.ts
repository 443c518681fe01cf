import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';

/** Our cookies: who is signed in, which browser this is, who has signed in here before, who trusts it, and what scripts may see of the first. */
export type CookieName = 'session' | 'browser' | 'known' | 'trust' | 'browser_state' | `up_${string}`;

/** Browsers cut a cookie jar at 180 cookies a site and 4 KiB each; a longer header is nobody's. */
const MAX_HEADER = 16_384;

/** The value of a cookie of ours. One that stands twice is none: somebody else set one of the two (RFC 6265 §5.4). */
export function readCookie(ctx: Context, request: HttpRequest, name: CookieName): string | undefined {
  const header = request.headers['cookie'];
  if (typeof header !== 'string' || header.length > MAX_HEADER) return undefined;
  const prefix = `${cookieName(ctx, name)}=`;
  let found: string | undefined;
  for (const text of cookiePairs(header)) {
    if (!text.startsWith(prefix)) continue;
    if (found !== undefined) return undefined;
    found = text.slice(prefix.length);
  }
  return found;
}

/**
 * The pairs of a `Cookie` header. Only spaces and tabs stand between them (RFC 6265 §4.2.1): what else `trim` takes for white space is part of a name, and
 * another site below ours may set `\u00A0__Host-…`, which browsers do not guard as they do `__Host-…`.
 */
export function cookiePairs(header: string): readonly string[] {
  return header.split(';').map((pair) => {
    let [from, to] = [0, pair.length];
    while (from < to && isBlank(pair.charCodeAt(from))) from += 1;
    while (to > from && isBlank(pair.charCodeAt(to - 1))) to -= 1;
    return pair.slice(from, to);
  });
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** `Set-Cookie` (RFC 6265bis §4.1): `__Host-` wherever the issuer is https, which forbids `Domain` and demands `Secure` and `Path=/`. */
export function writeCookie(ctx: Context, name: CookieName, value: string, maxAgeSeconds: number): string {
  const secure = isSecure(ctx) ? '; Secure' : '';
  return `${cookieName(ctx, name)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; ${audience(ctx, name)}${secure}`;
}

/**
 * Only the browser state is for scripts, and for our page in a frame of another site (OpenID Connect Session Management §3.2): browsers take
 * `SameSite=None` with `Secure` alone.
 */
function audience(ctx: Context, name: CookieName): string {
  if (name !== 'browser_state') return 'HttpOnly; SameSite=Lax';
  return isSecure(ctx) ? 'SameSite=None' : 'SameSite=Lax';
}

export function clearCookie(ctx: Context, name: CookieName): string {
  return writeCookie(ctx, name, '', 0);
}

/** Its name as browsers see it. */
export function cookieName(ctx: Pick<Context, 'issuer'>, name: CookieName): string {
  return isSecure(ctx) ? `__Host-hufu_${name}` : `hufu_${name}`;
}

function isSecure(ctx: Pick<Context, 'issuer'>): boolean {
  return ctx.issuer.startsWith('https:');
}

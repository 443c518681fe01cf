import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';

/** Our cookies: who is signed in, which browser this is, and who has signed in here before. */
export type CookieName = 'session' | 'browser' | 'known';

/** Browsers cut a cookie jar at 180 cookies a site and 4 KiB each; a longer header is nobody's. */
const MAX_HEADER = 16_384;

/** The value of a cookie of ours. One that stands twice is none: somebody else set one of the two (RFC 6265 §5.4). */
export function readCookie(ctx: Context, request: HttpRequest, name: CookieName): string | undefined {
  const header = request.headers['cookie'];
  if (typeof header !== 'string' || header.length > MAX_HEADER) return undefined;
  const prefix = `${fullName(ctx, name)}=`;
  let found: string | undefined;
  for (const pair of header.split(';')) {
    const text = pair.trim();
    if (!text.startsWith(prefix)) continue;
    if (found !== undefined) return undefined;
    found = text.slice(prefix.length);
  }
  return found;
}

/** `Set-Cookie` (RFC 6265bis §4.1): `__Host-` wherever the issuer is https, which forbids `Domain` and demands `Secure` and `Path=/`. */
export function writeCookie(ctx: Context, name: CookieName, value: string, maxAgeSeconds: number): string {
  const secure = isSecure(ctx) ? '; Secure' : '';
  return `${fullName(ctx, name)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}

export function clearCookie(ctx: Context, name: CookieName): string {
  return writeCookie(ctx, name, '', 0);
}

function fullName(ctx: Context, name: CookieName): string {
  return isSecure(ctx) ? `__Host-hufu_${name}` : `hufu_${name}`;
}

function isSecure(ctx: Context): boolean {
  return ctx.issuer.startsWith('https:');
}

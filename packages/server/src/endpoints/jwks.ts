import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { PUBLISH_LEAD_SECONDS } from '../keys/key-ring.ts';

/** The JWKS (RFC 7517 §5). Cached for half the time that a key is published before its first use. */
export function jwks(ctx: Context, request: HttpRequest): HttpReply {
  const { body, etag } = ctx.keys.jwks(Math.floor(request.nowMs / 1000));
  return document(request, body, etag, 'application/jwk-set+json', PUBLISH_LEAD_SECONDS / 2);
}

/** A public document with an `ETag` (RFC 9110 §13.1.2). */
export function document(request: HttpRequest, body: Uint8Array, etag: string, type: string, maxAgeSeconds: number): HttpReply {
  let headers = headersOf.get(body);
  if (headers === undefined) {
    headers = Object.freeze({ 'content-type': type, 'cache-control': `public, max-age=${maxAgeSeconds}`, etag });
    headersOf.set(body, headers);
  }
  if (isHad(request.headers['if-none-match'], etag)) return { status: 304, headers, body: '' };
  return { status: 200, headers, body };
}

/** The same for the same bytes. */
const headersOf = new WeakMap<Uint8Array, HttpReply['headers']>();

/** A list, `*`, and tags that a proxy has made weak on its way. */
function isHad(header: string | string[] | undefined, etag: string): boolean {
  if (typeof header !== 'string') return false;
  return header === etag || header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
}

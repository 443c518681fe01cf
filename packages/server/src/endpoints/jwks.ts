import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { PUBLISH_LEAD_SECONDS } from '../keys/key-ring.ts';

/** The JWKS (RFC 7517 §5). Cached for half the time that a key is published before its first use. */
export function jwks(ctx: Context, request: HttpRequest): HttpReply {
  const { body, etag } = ctx.keys.jwks(Math.floor(request.nowMs / 1000));
  return document(body, etag, 'application/jwk-set+json', PUBLISH_LEAD_SECONDS / 2);
}

/** A public document with an `ETag`: `send-reply.ts` tells whoever has it already (RFC 9110 §13.1.2). */
export function document(body: Uint8Array, etag: string, type: string, maxAgeSeconds: number): HttpReply {
  let headers = headersOf.get(body);
  if (headers === undefined) {
    const length = String(body.length);
    headers = Object.freeze({
      'content-type': type,
      'cache-control': `public, max-age=${maxAgeSeconds}`,
      etag,
      'content-length': length,
    });
    headersOf.set(body, headers);
  }
  return { status: 200, headers, body };
}

/** The same for the same bytes. */
const headersOf = new WeakMap<Uint8Array, HttpReply['headers']>();

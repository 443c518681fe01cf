import { fromFetch, toResponse } from './fetch.ts';
import { type DescribedResource, metadataReply } from './metadata.ts';
import type { Protection } from './protect.ts';
import { refusalReply } from './reply.ts';
import { rememberToken } from './token-of.ts';

/** As much of Hono's context as is used. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  /** Bindings; on Node, `incoming` is the request of node:http. */
  readonly env: unknown;
  header(name: string, value: string): void;
}

export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined>;

/**
 * A middleware of Hono: `app.get('/notes', requireToken(protect(verifier, { scope: 'notes:read' })), …)`. Answers what is refused; in the handlers that
 * follow, `tokenOf(context)` of `…/token-of` is the token.
 */
export function requireToken(protection: Protection): HonoMiddleware {
  return async (context, next) => {
    const incoming: { readonly socket?: unknown } = Object(Object(context.env).incoming);
    const admission = await protection({ ...fromFetch(context.req.raw), socket: incoming.socket });
    if (admission.kind === 'refused') return toResponse(refusalReply(admission));
    for (const [name, value] of Object.entries(admission.headers)) context.header(name, value);
    rememberToken(admission.token, context, context.req.raw);
    await next();
    return undefined;
  };
}

/** Serves what a resource says of itself (RFC 9728 §3). */
export function resourceMetadata(described: DescribedResource): HonoMiddleware {
  return async ({ req }, next) => {
    const reply = metadataReply(described, req.raw.method, new URL(req.raw.url).pathname);
    if (reply !== undefined) return toResponse(reply);
    await next();
    return undefined;
  };
}

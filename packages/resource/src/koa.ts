import type { IncomingMessage } from 'node:http';
import { type DescribedResource, metadataReply } from './metadata.ts';
import { fromNode } from './node-request.ts';
import type { Protection } from './protect.ts';
import { type Reply, refusalReply } from './reply.ts';
import { rememberToken } from './token-of.ts';

/** As much of Koa's context as is used. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly originalUrl: string;
  status: number;
  body: unknown;
  set(headers: Record<string, string>): void;
}

export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<void>;

/**
 * A middleware of Koa: `app.use(requireToken(protect(verifier, { scope: 'notes:read' })))`. Answers what is refused; in what follows,
 * `tokenOf(context)` of `…/token-of` is the token.
 */
export function requireToken(protection: Protection): KoaMiddleware {
  return async (context, next) => {
    const admission = await protection(fromNode(context.req, context.originalUrl));
    if (admission.kind === 'refused') return send(context, refusalReply(admission));
    context.set({ ...admission.headers });
    rememberToken(admission.token, context, context.req);
    await next();
  };
}

/** Serves what a resource says of itself (RFC 9728 §3). */
export function resourceMetadata(described: DescribedResource): KoaMiddleware {
  return async (context, next) => {
    const asked = metadataReply(described, context.req.method ?? '', context.originalUrl);
    if (asked === undefined) await next();
    else send(context, asked);
  };
}

function send(context: KoaContext, { status, headers, body }: Reply): void {
  context.status = status;
  // Koa makes up a type for a body that has none.
  context.body = body;
  context.set({ ...headers });
}

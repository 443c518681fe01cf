import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DescribedResource, metadataReply } from './metadata.ts';
import { isAnswered, sendReply } from './node-http.ts';
import { fromNode } from './node-request.ts';
import type { Protection } from './protect.ts';
import { refusalReply } from './reply.ts';
import { rememberToken } from './token-of.ts';

/** As much of Express's request as is looked at: `url` is without the prefix of a router, `originalUrl` as it was sent. */
export type ExpressRequest = IncomingMessage & { readonly originalUrl?: string };

/** A middleware of Express, Connect, and what is like them. */
export type ExpressMiddleware = (
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void | Promise<void>;

/**
 * A middleware of Express: `app.get('/notes', requireToken(protect(verifier, { scope: 'notes:read' })), …)`. Answers what is refused;
 * in the handlers that follow, `tokenOf(request)` of `…/token-of` is the token.
 */
export function requireToken(protection: Protection): ExpressMiddleware {
  return async (request, response, next) => {
    try {
      const admission = await protection(fromNode(request, request.originalUrl));
      if (isAnswered(response)) return;
      if (admission.kind === 'refused') return sendReply(response, refusalReply(admission));
      for (const [name, value] of Object.entries(admission.headers)) response.setHeader(name, value);
      rememberToken(admission.token, request);
    } catch (error) {
      return next(error);
    }
    next();
  };
}

/** Serves what a resource says of itself (RFC 9728 §3). */
export function resourceMetadata(described: DescribedResource): ExpressMiddleware {
  return (request, response, next) => {
    const reply = metadataReply(described, request.method ?? '', request.originalUrl ?? request.url ?? '');
    if (reply === undefined) next();
    else sendReply(response, reply);
  };
}

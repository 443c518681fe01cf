import type { IncomingMessage } from 'node:http';
import { type DescribedResource, metadataReply } from './metadata.ts';
import { fromNode } from './node-request.ts';
import type { Protection } from './protect.ts';
import { type Reply, refusalReply } from './reply.ts';
import { rememberToken } from './token-of.ts';

/** As much of Fastify's request as is looked at. */
export interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly originalUrl: string;
}

/** As much of Fastify's reply as is used. */
export interface FastifyReply {
  code(status: number): unknown;
  headers(values: Readonly<Record<string, string>>): unknown;
  send(body: string): unknown;
}

/** A hook of Fastify: `onRequest`, so that nobody reads the body of a request that is refused. */
export type FastifyHook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/**
 * A hook of Fastify: `app.get('/notes', { onRequest: requireToken(protect(verifier, { scope: 'notes:read' })) }, …)`. Answers what is refused; in the
 * handler, `tokenOf(request)` of `…/token-of` is the token.
 */
export function requireToken(protection: Protection): FastifyHook {
  return async (request, reply) => {
    const admission = await protection(fromNode(request.raw, request.originalUrl));
    if (admission.kind === 'refused') return send(reply, refusalReply(admission));
    reply.headers(admission.headers);
    rememberToken(admission.token, request, request.raw);
    return undefined;
  };
}

/** A hook for the whole of an app that serves what a resource says of itself (RFC 9728 §3). */
export function resourceMetadata(described: DescribedResource): FastifyHook {
  return async (request, reply) => {
    const asked = metadataReply(described, request.raw.method ?? '', request.originalUrl);
    return asked === undefined ? undefined : send(reply, asked);
  };
}

/** A hook that has answered returns the reply. */
function send(reply: FastifyReply, { status, headers, body }: Reply): FastifyReply {
  reply.code(status);
  reply.headers(headers);
  reply.send(body);
  return reply;
}

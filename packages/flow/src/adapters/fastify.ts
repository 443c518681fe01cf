import type { IncomingMessage } from 'node:http';
import type { Limiter } from '../limiter.ts';
import type { Subject } from '../rule.ts';
import { admit, type LimitOptions, rememberOutcome } from './admission.ts';
import { headerOf } from './node-header.ts';

/** As much of Fastify's request as is looked at. */
export interface FastifyRequest {
  readonly raw: IncomingMessage;
  /** By `trustProxy`. */
  readonly ip: string;
  readonly routeOptions: { readonly url?: string | undefined };
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
 * A hook of Fastify: `app.addHook('onRequest', limitRequests(limiter))`. Unless `subject` says otherwise, a request is its address (behind a proxy: by
 * `trustProxy`), the pattern of its route, and its headers. What is refused is answered here.
 *
 * **What no route matches (404) has none: rules that name `routes` do not count it.**
 */
export function limitRequests(limiter: Limiter, options: LimitOptions<FastifyRequest> = {}): FastifyHook {
  const { subject = subjectOf, ...take } = options;
  return async (request, reply) => {
    const admission = await admit(limiter, await subject(request), take);
    if (admission.kind === 'allowed') {
      reply.headers(admission.headers);
      rememberOutcome(admission.outcome, request, request.raw);
      return undefined;
    }
    reply.code(admission.reply.status);
    reply.headers(admission.reply.headers);
    reply.send(admission.reply.body);
    return reply;
  };
}

function subjectOf({ raw, ip, routeOptions }: FastifyRequest): Subject {
  return { address: ip, route: routeOptions.url, header: (name) => headerOf(raw, name) };
}

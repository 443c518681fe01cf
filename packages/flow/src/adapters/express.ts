import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Limiter } from '../limiter.ts';
import type { Subject } from '../rule.ts';
import { admit, type LimitOptions, rememberOutcome } from './admission.ts';
import { headerOf } from './node-header.ts';

/** As much of Express's request as is looked at. */
export type ExpressRequest = IncomingMessage & {
  /** By `trust proxy`. */
  readonly ip?: string | undefined;
  /** What matched, in a middleware of a route; undefined in one of the app. */
  readonly route?: { readonly path?: unknown } | undefined;
};

/** A middleware of Express, Connect, and what is like them. */
export type ExpressMiddleware = (
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void | Promise<void>;

/**
 * A middleware of Express: `app.use(limitRequests(limiter))`. Unless `subject` says otherwise, a request is its address (behind a proxy: by `trust proxy`), the
 * pattern of its route where the middleware stands in one, and its headers. What is refused is answered here.
 *
 * **In `app.use` there is no route yet, nor where its path is a RegExp or a list: rules that name `routes` then count no request**, unless
 * `subject` names one. `app.get(path, limitRequests(limiter), …)` knows it.
 */
export function limitRequests(limiter: Limiter, options: LimitOptions<ExpressRequest> = {}): ExpressMiddleware {
  const { subject = subjectOf, ...take } = options;
  return async (request, response, next) => {
    try {
      const admission = await admit(limiter, await subject(request), take);
      if (response.headersSent || response.destroyed) return;
      if (admission.kind === 'refused') {
        const { status, headers, body } = admission.reply;
        response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
        return;
      }
      for (const [name, value] of Object.entries(admission.headers)) response.setHeader(name, value);
      rememberOutcome(admission.outcome, request);
    } catch (error) {
      return next(error);
    }
    next();
  };
}

function subjectOf(request: ExpressRequest): Subject {
  const path = request.route?.path;
  return {
    address: request.ip ?? request.socket.remoteAddress,
    route: typeof path === 'string' ? path : undefined,
    header: (name) => headerOf(request, name),
  };
}

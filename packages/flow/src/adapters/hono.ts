import type { Limiter } from '../limiter.ts';
import type { Subject } from '../rule.ts';
import { admit, type LimitOptions, rememberOutcome } from './admission.ts';
import { headersOf, toResponse } from './fetch.ts';

/** As much of Hono's context as is used. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  /** Bindings; on Node, `incoming` is the request of node:http. */
  readonly env: unknown;
  header(name: string, value: string): void;
}

export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined>;

/**
 * A middleware of Hono: `app.use(limitRequests(limiter))`. Unless `subject` says otherwise, a request is its headers and, on Node, the address at the other end
 * of its socket; elsewhere, and behind a proxy, `subject` has to say the address, else everybody counts as one. What is refused is answered here.
 *
 * **It knows no route: rules that name `routes` count no request**, unless `subject` names one.
 */
export function limitRequests(limiter: Limiter, options: LimitOptions<HonoContext> = {}): HonoMiddleware {
  const { subject = subjectOf, ...take } = options;
  return async (context, next) => {
    const admission = await admit(limiter, await subject(context), take);
    if (admission.kind === 'refused') return toResponse(admission.reply);
    for (const [name, value] of Object.entries(admission.headers)) context.header(name, value);
    rememberOutcome(admission.outcome, context, context.req.raw);
    await next();
    return undefined;
  };
}

function subjectOf({ req, env }: HonoContext): Subject {
  const socket: { readonly remoteAddress?: unknown } = Object(Object(Object(env).incoming).socket);
  return { address: typeof socket.remoteAddress === 'string' ? socket.remoteAddress : undefined, ...headersOf(req.raw) };
}

import type { Reply } from '../headers.ts';
import type { Limiter } from '../limiter.ts';
import type { Subject } from '../rule.ts';
import { admit, type LimitOptions, rememberOutcome } from './admission.ts';

/** A handler of Fetch requests, as route handlers of Next.js, workers and others are; what comes after the request is passed on. */
export type FetchHandler<More extends readonly unknown[]> = (request: Request, ...more: More) => Response | Promise<Response>;

/** A request of Fetch knows no address: whoever knows it hands it over. */
export type FetchLimitOptions = LimitOptions<Request> & Required<Pick<LimitOptions<Request>, 'subject'>>;

/**
 * Puts a limiter before a handler of Fetch requests: `export const GET = withLimit(limiter, { subject }, handler)`. What is refused is answered here.
 *
 * **It knows no route: rules that name `routes` count no request**, unless `subject` names one.
 */
export function withLimit<More extends readonly unknown[]>(
  limiter: Limiter,
  { subject, ...take }: FetchLimitOptions,
  handler: FetchHandler<More>,
): (request: Request, ...more: More) => Promise<Response> {
  return async (request, ...more) => {
    const admission = await admit(limiter, await subject(request), take);
    if (admission.kind === 'refused') return toResponse(admission.reply);
    rememberOutcome(admission.outcome, request);
    return withHeaders(await handler(request, ...more), admission.headers);
  };
}

/** The headers of a request, for its subject. */
export function headersOf(request: Request): Required<Pick<Subject, 'header'>> {
  return { header: (name) => request.headers.get(name) ?? undefined };
}

export function toResponse({ status, headers, body }: Reply): Response {
  return new Response(body, { status, headers });
}

/** Headers of a response that came from elsewhere cannot be changed: then a new one has its body. */
function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  const added = Object.entries(headers);
  if (added.length === 0) return response;
  const changed = new Response(response.body, response);
  for (const [name, value] of added) changed.headers.set(name, value);
  return changed;
}

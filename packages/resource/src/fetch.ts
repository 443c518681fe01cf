import { type DescribedResource, metadataReply } from './metadata.ts';
import type { ProtectedRequest, Protection } from './protect.ts';
import { type Reply, refusalReply } from './reply.ts';
import { rememberToken } from './token-of.ts';
import type { LiveToken } from './verification.ts';

/** A handler of Fetch requests, as route handlers of Next.js, workers and others are; what comes after the request is passed on. */
export type FetchHandler<More extends readonly unknown[]> = (request: Request, ...more: More) => Response | Promise<Response>;

/** One that is handed the token of the request. */
export type TokenHandler<More extends readonly unknown[]> = (
  request: Request,
  token: LiveToken,
  ...more: More
) => Response | Promise<Response>;

/**
 * Puts a protection before a handler of Fetch requests: `export const GET = withToken(protect(verifier, { scope: 'notes:read' }), (request, token) => …)`.
 * What is refused is answered here. The runtime needs `node:crypto`, as Node, Bun, Deno and Workers with `nodejs_compat` have it.
 */
export function withToken<More extends readonly unknown[]>(
  protection: Protection,
  handler: TokenHandler<More>,
): (request: Request, ...more: More) => Promise<Response> {
  return async (request, ...more) => {
    const admission = await protection(fromFetch(request));
    if (admission.kind === 'refused') return toResponse(refusalReply(admission));
    rememberToken(admission.token, request);
    const response = await handler(request, admission.token, ...more);
    return withHeaders(response, admission.headers);
  };
}

/** Serves what a resource says of itself (RFC 9728 §3) before everything else. */
export function withMetadata<More extends readonly unknown[]>(
  described: DescribedResource,
  handler: FetchHandler<More>,
): FetchHandler<More> {
  return (request, ...more) => {
    const { pathname } = new URL(request.url);
    const reply = metadataReply(described, request.method, pathname);
    return reply === undefined ? handler(request, ...more) : toResponse(reply);
  };
}

/** A Fetch request as it is looked at. The path is the one that was sent, also where a proxy stands before us; its host is for nobody to believe. */
export function fromFetch(request: Request): ProtectedRequest {
  const { pathname, search } = new URL(request.url);
  const header = (name: string): string | undefined => request.headers.get(name) ?? undefined;
  return { headers: { authorization: header('authorization'), dpop: header('dpop') }, method: request.method, url: pathname + search };
}

export function toResponse({ status, headers, body }: Reply): Response {
  return new Response(body === '' ? null : body, { status, headers });
}

/** Headers of a response that came from elsewhere cannot be changed: then a new one has its body. */
function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  const added = Object.entries(headers);
  if (added.length === 0) return response;
  const changed = new Response(response.body, response);
  for (const [name, value] of added) changed.headers.set(name, value);
  return changed;
}

import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { jwks } from './jwks.ts';
import { readOwnRevocations } from './revocations.ts';

/** As `fetch`, for what a follower asks for. */
export type OwnFetch = (url: string, request: RequestInit) => Promise<Response>;

/** Where a follower of this very process finds its feed, and the keys that sign it. */
export interface OwnFeed {
  readonly endpoint: string;
  readonly jwksUri: string;
  readonly fetch: OwnFetch;
}

/**
 * The revocation feed for a gateway in the same process: what others ask for over HTTP as a client that an administrator let (docs/guides/revocation.md), without a socket and without a
 * credential. It is signed and checked as any other.
 */
export function ownFeed(ctx: Context): OwnFeed {
  const endpoint = `${ctx.issuer}/oauth/revocations`;
  const jwksUri = `${ctx.issuer}/oauth/jwks`;
  return {
    endpoint,
    jwksUri,
    async fetch(url, { method = 'GET', headers, signal }) {
      const { origin, pathname, search } = new URL(url);
      const nowMs = ctx.clock.nowMs();
      const whenGone = (act: () => void): void => signal?.addEventListener('abort', act, { once: true });
      const named = Object.fromEntries(new Headers(headers));
      const request: HttpRequest = {
        method,
        path: pathname,
        query: search.slice(1),
        headers: named,
        body: '',
        address: '',
        nowMs,
        whenGone,
      };
      if (origin + pathname === jwksUri) return responseOf(jwks(ctx, request));
      // What this process enforces it notes by itself.
      if (method !== 'GET') return new Response(null, { status: 204 });
      const reply = await readOwnRevocations(ctx, request);
      signal?.throwIfAborted();
      return responseOf(reply);
    },
  };
}

function responseOf({ status, headers, body }: HttpReply): Response {
  const lines = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : value.join(', '),
  ]);
  return new Response(typeof body === 'string' ? body : Buffer.from(body), { status, headers: lines });
}

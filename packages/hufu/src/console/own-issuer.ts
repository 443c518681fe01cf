import type { Fetch } from '@hufu/client/ask';
import type { Context } from '@hufu/server/context';
import { jwks } from '@hufu/server/endpoints/jwks';
import { revoke } from '@hufu/server/endpoints/revoke';
import { token } from '@hufu/server/endpoints/token';
import type { Endpoint } from '@hufu/server/route';
import { openidConfiguration } from '@hufu/server/server-description';

/**
 * The issuer of this very process as a client asks for it, without a network in between: its public address need not lead back to it from here, as behind a proxy or in a
 * container. What the console's client has no need of is 404.
 */
export function ownIssuer(ctx: Context): Fetch {
  const metadata = openidConfiguration(ctx.config);
  const endpoints = new Map<string, Endpoint>([
    ['/.well-known/openid-configuration', () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: metadata.body })],
    ['/oauth/token', (http) => token(ctx, http)],
    ['/oauth/revoke', (http) => revoke(ctx, http)],
    ['/oauth/jwks', (http) => jwks(ctx, http)],
  ]);
  return async (url, init) => {
    const request = new Request(url, init);
    const { pathname, search } = new URL(request.url);
    const endpoint = request.url.startsWith(`${ctx.issuer}/`) ? endpoints.get(pathname) : undefined;
    if (endpoint === undefined) return new Response('', { status: 404 });
    const reply = await endpoint({
      method: request.method,
      path: pathname,
      query: search.slice(1),
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
      address: '127.0.0.1',
      nowMs: ctx.clock.nowMs(),
    });
    return new Response(typeof reply.body === 'string' ? reply.body : Buffer.from(reply.body), {
      status: reply.status,
      headers: Object.entries(reply.headers).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value] as [string, string]] : [],
      ),
    });
  };
}

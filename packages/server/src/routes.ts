import { adminRoutes } from './admin/dispatch.ts';
import { adminDocuments } from './admin/documents.ts';
import { brandPartsOf } from './appearance/brand.ts';
import type { TestClock } from './clock.ts';
import type { Context } from './context.ts';
import { authorize } from './endpoints/authorize.ts';
import { bcAuthorize } from './endpoints/bc-authorize.ts';
import { checkSession } from './endpoints/check-session.ts';
import { deviceAuthorization } from './endpoints/device-authorization.ts';
import { health, home, ready } from './endpoints/health.ts';
import { introspect } from './endpoints/introspect.ts';
import { document, jwks } from './endpoints/jwks.ts';
import { logo } from './endpoints/logo.ts';
import { logout } from './endpoints/logout.ts';
import { metrics } from './endpoints/metrics.ts';
import { pushedAuthorizationRequest } from './endpoints/par.ts';
import { register } from './endpoints/register.ts';
import { readClient, removeClient, replaceClient } from './endpoints/registered-client.ts';
import { acknowledgeRevocations, readRevocations } from './endpoints/revocations.ts';
import { revoke } from './endpoints/revoke.ts';
import { SIGNED_OUT_PATH, signedOut } from './endpoints/signed-out.ts';
import { statusList } from './endpoints/status-list.ts';
import { testCiba } from './endpoints/test-ciba.ts';
import { testClockEndpoint } from './endpoints/test-clock.ts';
import { testResource } from './endpoints/test-resource.ts';
import { testTokens } from './endpoints/test-tokens.ts';
import { token } from './endpoints/token.ts';
import { userinfo } from './endpoints/userinfo.ts';
import type { HttpReply, HttpRequest } from './http.ts';
import { ASSETS } from './interaction/pages/assets.ts';
import { pageRoutes } from './page-routes.ts';
import type { Route } from './route.ts';
import { oauthMetadata, openidConfiguration, ownResourceMetadata, type StaticDocument } from './server-description.ts';
import { statusLists } from './status/status-lists.ts';
import { upstreamRoutes } from './upstream/routes.ts';

/** Every route there is. */
export function routes(ctx: Context, testClock: TestClock | undefined): readonly Route[] {
  const openid = openidConfiguration(ctx.config);
  const oauth = oauthMetadata(ctx.config);
  const resource = ownResourceMetadata(ctx.config);
  const statuses = statusLists(ctx);
  const table: Route[] = [
    forClients('/oauth/token', { POST: (http) => token(ctx, http) }),
    forClients('/oauth/userinfo', { GET: (http) => userinfo(ctx, http), POST: (http) => userinfo(ctx, http) }),
    forClients('/oauth/par', { POST: (http) => pushedAuthorizationRequest(ctx, http) }),
    forClients('/oauth/revoke', { POST: (http) => revoke(ctx, http) }),
    forClients('/oauth/device_authorization', { POST: (http) => deviceAuthorization(ctx, http) }),
    closed('/oauth/bc-authorize', { POST: (http) => bcAuthorize(ctx, http) }),
    closed('/oauth/introspect', { POST: (http) => introspect(ctx, http) }),
    registration(ctx, '/oauth/register', { POST: (http) => register(ctx, http) }),
    registration(ctx, '/oauth/register/*', {
      GET: (http) => readClient(ctx, http, lastSegment(http)),
      PUT: (http) => replaceClient(ctx, http, lastSegment(http)),
      DELETE: (http) => removeClient(ctx, http, lastSegment(http)),
    }),
    publicly('/oauth/jwks', { GET: (http) => jwks(ctx, http) }),
    publicly('/oauth/status/*', { GET: (http) => statusList(ctx, statuses, http, lastSegment(http)) }),
    publicly('/.well-known/openid-configuration', { GET: () => metadata(openid) }),
    publicly('/.well-known/oauth-authorization-server', { GET: () => metadata(oauth) }),
    publicly('/.well-known/oauth-protected-resource', { GET: () => metadata(resource) }),
    {
      ...closed('/oauth/authorize', { GET: (http) => authorize(ctx, http), POST: (http) => authorize(ctx, http) }),
      longAddress: 'answered',
    },
    {
      ...closed('/oauth/revocations', { GET: (http) => readRevocations(ctx, http), POST: (http) => acknowledgeRevocations(ctx, http) }),
      takesTime: true,
    },
    closed('/oauth/logout', { GET: (http) => logout(ctx, http), POST: (http) => logout(ctx, http) }),
    closed(SIGNED_OUT_PATH, { GET: (http) => signedOut(ctx, http) }),
    closed('/oauth/check_session', { GET: () => checkSession(ctx) }),
    closed('/logo/*', { GET: (http) => logo(ctx, http, lastSegment(http)) }),
    closed('/', { GET: (http) => home(ctx, http) }),
    closed('/healthz', { GET: () => health() }),
    closed('/readyz', { GET: () => ready(ctx) }),
    closed('/metrics', { GET: (http) => metrics(ctx, http) }),
  ];
  table.push(...adminRoutes(ctx), ...adminDocuments(ctx));
  table.push(...pageRoutes(ctx));
  for (const [path, methods] of upstreamRoutes(ctx)) table.push(closed(path, methods));
  for (const [path, asset] of ASSETS) table.push(closed(path, { GET: () => ({ status: 200, headers: asset.headers, body: asset.body }) }));
  for (const [path, one] of brandPartsOf(ctx.config.policies.appearance).assets)
    table.push(closed(path, { GET: () => ({ status: 200, headers: one.headers, body: one.body }) }));
  if (ctx.config.mode === 'test') {
    table.push(closed('/test/resource', { GET: (http) => testResource(ctx, http), POST: (http) => testResource(ctx, http) }));
    table.push(closed('/test/tokens', { POST: (http) => testTokens(ctx, http) }));
    table.push(closed('/test/ciba', { POST: (http) => testCiba(ctx, http) }));
    if (testClock !== undefined) table.push(closed('/test/clock', { PUT: testClockEndpoint(testClock) }));
  }
  return table;
}

function publicly(path: string, methods: Route['methods']): Route {
  return { path, methods, crossOrigin: 'any' };
}

function forClients(path: string, methods: Route['methods']): Route {
  return { path, methods, crossOrigin: 'client' };
}

/** Open to everybody is open to programs in browsers too: nothing in these requests is sent by a browser of itself. */
function registration(ctx: Context, path: string, methods: Route['methods']): Route {
  return { path, methods, crossOrigin: ctx.config.policies.registration === 'open' ? 'any' : 'none' };
}

function closed(path: string, methods: Route['methods']): Route {
  return { path, methods, crossOrigin: 'none' };
}

function metadata({ body, etag }: StaticDocument): HttpReply {
  return document(body, etag, 'application/json', 3_600);
}

/** The last part of the path, decoded; '' where it does not decode. */
function lastSegment(http: HttpRequest): string {
  try {
    return decodeURIComponent(http.path.split('/').at(-1) ?? '');
  } catch {
    return '';
  }
}

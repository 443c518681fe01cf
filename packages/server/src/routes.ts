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
import { pushedAuthorizationRequest } from './endpoints/par.ts';
import { register } from './endpoints/register.ts';
import { readClient, removeClient, replaceClient } from './endpoints/registered-client.ts';
import { revoke } from './endpoints/revoke.ts';
import { SIGNED_OUT_PATH, signedOut } from './endpoints/signed-out.ts';
import { testCiba } from './endpoints/test-ciba.ts';
import { testClockEndpoint } from './endpoints/test-clock.ts';
import { testResource } from './endpoints/test-resource.ts';
import { token } from './endpoints/token.ts';
import { userinfo } from './endpoints/userinfo.ts';
import type { HttpReply, HttpRequest } from './http.ts';
import { accountGet, accountPost } from './interaction/account.ts';
import { approvalsGet, approvalsPost } from './interaction/approvals.ts';
import { consentGet, consentPost } from './interaction/consent.ts';
import { deviceGet, devicePost } from './interaction/device.ts';
import { confirmGet, confirmPost } from './interaction/device-confirm.ts';
import { ASSETS } from './interaction/pages/assets.ts';
import { signInGet, signInPost } from './interaction/sign-in.ts';
import { signUpGet, signUpPost } from './interaction/sign-up.ts';
import { oauthMetadata, openidConfiguration, ownResourceMetadata, type StaticDocument } from './server-description.ts';

export type Endpoint = (request: HttpRequest) => HttpReply | Promise<HttpReply>;

/** A path (`/*` at its end: all one step below it) with the methods it answers. Another method is 405 with `Allow`; another path 404. */
export interface Route {
  readonly path: string;
  readonly methods: Readonly<Partial<Record<'GET' | 'POST' | 'PUT' | 'DELETE', Endpoint>>>;
  /**
   * Which scripts on other origins may read the answer (Fetch §3.2), never with credentials. `any`: public documents. `client`: origins of
   * the client's redirect URIs. `none`: nobody's (RFC 9700 §2.6).
   */
  readonly crossOrigin: 'any' | 'client' | 'none';
  /** `answered`: the endpoint itself refuses an address that is too long, as it knows whom to tell. Otherwise it never sees one. */
  readonly longAddress?: 'answered';
}

/** Every route there is. */
export function routes(ctx: Context, testClock: TestClock | undefined): readonly Route[] {
  const openid = openidConfiguration(ctx.config);
  const oauth = oauthMetadata(ctx.config);
  const resource = ownResourceMetadata(ctx.config);
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
    publicly('/.well-known/openid-configuration', { GET: () => metadata(openid) }),
    publicly('/.well-known/oauth-authorization-server', { GET: () => metadata(oauth) }),
    publicly('/.well-known/oauth-protected-resource', { GET: () => metadata(resource) }),
    {
      ...closed('/oauth/authorize', { GET: (http) => authorize(ctx, http), POST: (http) => authorize(ctx, http) }),
      longAddress: 'answered',
    },
    closed('/oauth/logout', { GET: (http) => logout(ctx, http), POST: (http) => logout(ctx, http) }),
    closed(SIGNED_OUT_PATH, { GET: (http) => signedOut(ctx, http) }),
    closed('/oauth/check_session', { GET: () => checkSession(ctx) }),
    closed('/signin', { GET: (http) => signInGet(ctx, http), POST: (http) => signInPost(ctx, http) }),
    closed('/signup', { GET: (http) => signUpGet(ctx, http), POST: (http) => signUpPost(ctx, http) }),
    closed('/account', { GET: (http) => accountGet(ctx, http), POST: (http) => accountPost(ctx, http) }),
    closed('/account/approvals', { GET: (http) => approvalsGet(ctx, http), POST: (http) => approvalsPost(ctx, http) }),
    closed('/device', { GET: (http) => deviceGet(ctx, http), POST: (http) => devicePost(ctx, http) }),
    closed('/device/confirm', { GET: (http) => confirmGet(ctx, http), POST: (http) => confirmPost(ctx, http) }),
    closed('/consent', { GET: (http) => consentGet(ctx, http), POST: (http) => consentPost(ctx, http) }),
    closed('/logo/*', { GET: (http) => logo(ctx, http, lastSegment(http)) }),
    closed('/', { GET: (http) => home(ctx, http) }),
    closed('/healthz', { GET: () => health() }),
    closed('/readyz', { GET: () => ready(ctx) }),
  ];
  for (const [path, asset] of ASSETS) table.push(closed(path, { GET: () => ({ status: 200, headers: asset.headers, body: asset.body }) }));
  if (ctx.config.mode === 'test') {
    table.push(closed('/test/resource', { GET: (http) => testResource(ctx, http), POST: (http) => testResource(ctx, http) }));
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
    return decodeURIComponent(http.path.slice(http.path.lastIndexOf('/') + 1));
  } catch {
    return '';
  }
}

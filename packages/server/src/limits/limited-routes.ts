import { adminRoute } from '@hufu/protocol/admin/operation';
import { OPERATION_NAMES, operationOf } from '@hufu/protocol/admin/operations';

/** A request's method as a rule may name it. HEAD counts as GET, and OPTIONS is never limited. */
export const LIMITED_METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

export type LimitedMethod = (typeof LIMITED_METHODS)[number];

/** What is proven at a route before its own work begins. */
export type Proven = 'client' | 'token';

/**
 * Every route that rules may be about, by its path: `*` is any one part. `/healthz`, `/readyz`, `/metrics`, `/oauth/revocations` and `/admin/v1/limits` are
 * none of them, so that nobody locks out who watches, who enforces and who could put it right; nor are the files that pages load.
 */
export const LIMITED_ROUTES: ReadonlyMap<string, readonly Proven[]> = new Map([
  ['/oauth/token', ['client']],
  ['/oauth/userinfo', ['client', 'token']],
  ['/oauth/par', ['client']],
  ['/oauth/revoke', ['client']],
  ['/oauth/device_authorization', ['client']],
  ['/oauth/bc-authorize', ['client']],
  ['/oauth/introspect', ['client']],
  ...adminRoutes().map((path): readonly [string, readonly Proven[]] => [path, ['client', 'token']]),
  ...[
    '/oauth/authorize',
    '/oauth/register',
    '/oauth/register/*',
    '/oauth/jwks',
    '/oauth/status/*',
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-protected-resource',
    '/oauth/logout',
    '/signed-out',
    '/oauth/check_session',
    '/logo/*',
    '/',
    '/signin',
    '/signin/verify',
    '/signin/enrol',
    '/signin/enrol/mail',
    '/signin/passkey',
    '/signin/passkey/options',
    '/signin/enrol/passkey',
    '/signin/devices',
    '/devices',
    '/signup',
    '/consent',
    '/signin/email',
    '/signin/email/code',
    '/signup/code',
    '/signin/link',
    '/recover',
    '/recover/reset',
    '/invitation',
    '/account',
    '/account/apps',
    '/account/profile',
    '/account/profile/email',
    '/account/security',
    '/account/security/remove',
    '/account/security/password',
    '/account/security/authenticator',
    '/account/security/passkey',
    '/account/security/recovery-codes',
    '/account/security/passkey/options',
    '/account/sessions',
    '/account/activity',
    '/account/activity/not-me',
    '/account/data',
    '/account/data/delete',
    '/account/approvals',
    '/account/security/link/*',
    '/device',
    '/device/confirm',
    '/signin/with/*',
    '/signin/with/*/callback',
    '/signin/with/*/metadata',
  ].map((path): readonly [string, readonly Proven[]] => [path, []]),
]);

/** Those of the admin API, but for what is about limits. */
function adminRoutes(): readonly string[] {
  const about = OPERATION_NAMES.filter((name) => !name.startsWith('limits.'));
  return [...new Set(about.map((name) => adminRoute(operationOf(name))))];
}

/** Each upstream has routes of its own. */
const UPSTREAM = /^(\/signin\/with|\/account\/security\/link)\/[^/*]+/;

/** What rules call a route that is mounted at `path`; undefined: no rule is about it. */
export function limitedRoute(path: string): string | undefined {
  const name = path.replace(UPSTREAM, '$1/*');
  return LIMITED_ROUTES.has(name) ? name : undefined;
}

/** The route of a request whose endpoint was found by `path`. */
export function routeOfPath(path: string): string {
  if (LIMITED_ROUTES.has(path)) return path;
  const last = path.lastIndexOf('/');
  const below = `${path.slice(0, last + 1)}*`;
  if (LIMITED_ROUTES.has(below)) return below;
  const parent = path.lastIndexOf('/', last - 1);
  const within = `${path.slice(0, parent + 1)}*${path.slice(last)}`;
  return LIMITED_ROUTES.has(within) ? within : `${path.slice(0, path.lastIndexOf('/', parent - 1) + 1)}*${path.slice(parent, last + 1)}*`;
}

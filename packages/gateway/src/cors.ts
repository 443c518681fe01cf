import type { IncomingMessage } from 'node:http';
import type { Route } from './routes/route.ts';

const MAX_HEADERS = 1_000;
const AGE_SECONDS = '600';

/** A question of a browser before the request itself (Fetch §3.2.2): answered here, nobody behind is asked. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

/**
 * What an answer says of who may read it (Fetch §3.2.3): names and values in turn. Only listed origins, each by its own name; cookies go along
 * only where the route takes sessions.
 */
export function corsHeaders({ corsOrigins, session }: Route, { headers: { origin } }: IncomingMessage): readonly string[] {
  if (corsOrigins === undefined) return [];
  if (origin === undefined || !corsOrigins.has(origin)) return ['vary', 'Origin'];
  return [
    'vary',
    'Origin',
    'access-control-allow-origin',
    origin,
    'access-control-expose-headers',
    'Hufu-Decision, WWW-Authenticate, DPoP-Nonce, Retry-After, RateLimit, RateLimit-Policy',
    ...(session ? ['access-control-allow-credentials', 'true'] : []),
  ];
}

/** The answer to a preflight: names and values in turn. Who is not listed learns that it is so by hearing nothing (Fetch §4.8). */
export function preflightHeaders(route: Route, request: IncomingMessage): readonly string[] {
  const common = corsHeaders(route, request);
  if (common.length <= 2) return common;
  const wanted = request.headers['access-control-request-headers'] ?? '';
  const names = wanted.length <= MAX_HEADERS && /^[A-Za-z0-9-]+(?: *, *[A-Za-z0-9-]+)*$/.test(wanted) ? wanted : '';
  return [
    ...common,
    'access-control-allow-methods',
    request.headers['access-control-request-method'] ?? 'GET',
    ...(names === '' ? [] : ['access-control-allow-headers', names]),
    'access-control-max-age',
    AGE_SECONDS,
  ];
}

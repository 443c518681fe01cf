import type { IncomingMessage } from 'node:http';
import { type Admission, protectSoon, type SoonProtection } from '@hufu/resource/protect';
import { type Soon, soon } from '@hufu/resource/soon';
import type { LiveToken } from '@hufu/resource/verification';
import type { Verifier } from '@hufu/resource/verifier';
import { type Refusal, refuse } from '../proxy/refusal.ts';
import type { Target } from '../proxy/target.ts';
import type { GatewayHost, Route } from '../routes/route.ts';
import { findForeignRequest } from './cross-site.ts';
import type { IssuerVerifiers } from './issuers.ts';
import type { SessionSource } from './session-source.ts';

/** Who a request is from. */
export interface Identity {
  readonly kind: 'identity';
  readonly token: LiveToken;
  readonly of: 'user' | 'client' | 'unknown';
  /** Which session of a browser it came in, and when that ends at the latest, and if nobody uses it (seconds since 1970); undefined for a token of its own. */
  readonly session:
    | { readonly id: string; readonly expiresAt: number; readonly livesUntil: number; readonly lenientUntil?: number }
    | undefined;
  /** For the answer: names and values in turn. */
  readonly headers: readonly string[];
  /** `Set-Cookie` values for the answer, asked for when its head is written. */
  readonly cookies?: () => readonly string[];
}

/** Why nobody is known, with what only the log may see. */
export interface Unidentified extends Refusal {
  readonly cause: string | undefined;
}

/** Identifies the requests of one route at one host. */
export type Identify = (request: IncomingMessage, target: Target, how: 'request' | 'websocket') => Soon<Identity | Unidentified>;

export interface IdentifyParts {
  readonly issuers: IssuerVerifiers;
  readonly sessions: SessionSource | undefined;
}

const TWICE = refuse(400, 'two_credentials', 'the request says twice who it is from');
const NO_SESSION = refuse(401, 'no_session', 'nobody is signed in', ['www-authenticate', 'Cookie realm="edge"']);
const CHANGED = refuse(409, 'session_changed', 'somebody else is signed in by now');
const SESSIONS_AWAY = refuse(503, 'sessions_unavailable', 'who is signed in cannot be told at the moment', ['retry-after', '1']);
const NOT_A_USER = refuse(403, 'user_needed', 'this is for users, and the token is not known to be one’s');
const NOT_A_CLIENT = refuse(403, 'client_needed', 'this is for clients of their own, and the token is not known to be one’s');

/** Why a token was revoked, where the page or app may say it to its user. */
const TOLD_REASONS = new Set(['session_replaced']);

/**
 * Finds out who requests of a route are from: only by the kinds that it takes, never from the query. What a token has to be is the business of
 * `@hufu/resource` (RFC 6750 §3), also for the token of a session.
 */
export function identifier(route: Route, host: GatewayHost, { issuers, sessions }: IdentifyParts): Identify {
  const verify = issuers.verifierFor(route.audience, route.revocations);
  const common = {
    baseUrl: host.origin,
    ...(route.acrValues === undefined ? {} : { acrValues: route.acrValues }),
    ...(route.maxAgeSeconds === undefined ? {} : { maxAgeSeconds: route.maxAgeSeconds }),
  };
  const protections = (by: Verifier): ((method: string) => SoonProtection) => {
    const every = protectSoon(by, { ...common, scope: route.scopes });
    const byMethod = new Map<string, SoonProtection>();
    for (const [method, scope] of route.scopesByMethod ?? []) byMethod.set(method, protectSoon(by, { ...common, scope }));
    return (method) => byMethod.get(method === 'HEAD' ? 'GET' : method) ?? every;
  };
  const lenient = route.session ? issuers.lenientFor(route.audience, route.revocations) : undefined;
  const strictly = protections(verify);
  const leniently = lenient === undefined ? strictly : protections(lenient);

  function admit(
    request: IncomingMessage,
    target: Target,
    authorization: string | undefined,
    session: Identity['session'],
  ): Soon<Identity | Unidentified> {
    const method = request.method ?? 'GET';
    const decide = session?.lenientUntil === undefined ? strictly(method) : leniently(method);
    const { dpop } = request.headers;
    const headers = { authorization, ...(session === undefined ? { dpop } : {}) };
    const admission = decide({ headers, method, url: target.path, socket: request.socket });
    return soon(admission, (decided) => identityOf(decided, session));
  }

  function identityOf(admission: Admission, session: Identity['session']): Identity | Unidentified {
    if (admission.kind === 'refused') return refusalOf(admission);
    const of = session === undefined ? issuers.kindOf(admission.token) : 'user';
    if (route.token === 'user' && of !== 'user') return { ...NOT_A_USER, cause: `${of}: ${admission.token.clientId}` };
    if (route.token === 'client' && of !== 'client') return { ...NOT_A_CLIENT, cause: `${of}: ${admission.token.clientId}` };
    return { kind: 'identity', token: admission.token, of, session, headers: linesOf(admission.headers) };
  }

  /** By the one session that the request has. */
  async function admitSession(
    request: IncomingMessage,
    target: Target,
    how: 'request' | 'websocket',
    { cookie, source }: { readonly cookie: string; readonly source: SessionSource },
  ): Promise<Identity | Unidentified> {
    const method = request.method ?? 'GET';
    const foreign = findForeignRequest(request.headers, how, { method, origins: source.origins });
    if (foreign !== undefined) return { ...foreign, cause: String(request.headers.origin).slice(0, 200) };
    const handle = request.headers['x-hufu-session'];
    try {
      const found = await source.find(cookie, typeof handle === 'string' ? handle : undefined);
      switch (found.kind) {
        case 'none':
          return { ...NO_SESSION, cause: undefined };
        case 'changed':
          return { ...CHANGED, cause: undefined };
        case 'over':
          return TOLD_REASONS.has(found.reason)
            ? { ...refuse(401, found.reason, found.detail ?? 'the session has ended', NO_SESSION.headers), cause: found.reason }
            : { ...NO_SESSION, cause: found.reason };
        case 'found': {
          const { id, token, expiresAt, livesUntil, lenientUntil, cookies } = found;
          const session = lenientUntil === undefined ? { id, expiresAt, livesUntil } : { id, expiresAt, livesUntil, lenientUntil };
          const admitted = await admit(request, target, `Bearer ${token}`, session);
          if (admitted.kind === 'identity') {
            lenient?.remember(token, admitted.token);
            source.learn?.(token, admitted.token);
          }
          return withCookies(admitted, cookies);
        }
      }
    } catch (error) {
      return { ...SESSIONS_AWAY, cause: error instanceof Error ? error.message : undefined };
    }
  }

  return (request, target, how) => {
    const { authorization, cookie } = request.headers;
    const presented = route.bearer ? countOf(request.rawHeaders, 'authorization') : 0;
    const inSession = route.session && sessions !== undefined && cookie !== undefined ? countCookies(cookie, sessions.cookieName) : 0;
    if (presented + inSession > 1) return { ...TWICE, cause: `${presented} in Authorization, ${inSession} in cookies` };
    if (sessions !== undefined && cookie !== undefined && inSession > 0)
      return admitSession(request, target, how, { cookie, source: sessions });
    if (presented === 0 && !route.bearer) return { ...NO_SESSION, cause: undefined };
    return admit(request, target, authorization, undefined);
  };
}

/** A session that was renewed is not lost for a refusal. */
function withCookies(result: Identity | Unidentified, cookies: Identity['cookies']): Identity | Unidentified {
  if (cookies === undefined) return result;
  if (result.kind === 'identity') return { ...result, cookies };
  return { ...result, headers: [...(result.headers ?? []), ...setCookies(cookies())] };
}

/** Names and values in turn. */
export function setCookies(values: readonly string[]): string[] {
  return values.flatMap((value) => ['set-cookie', value]);
}

function refusalOf(admission: Extract<Admission, { readonly kind: 'refused' }>): Unidentified {
  const { status, reason, error } = admission;
  const headers = Object.entries(admission.headers)
    .filter(([name]) => name !== 'cache-control')
    .flat();
  const cause = error?.detail ?? reason;
  const told = reason === 'revoked' && error?.detail !== undefined && TOLD_REASONS.has(error.detail) ? error.detail : undefined;
  const code = told ?? error?.code ?? 'no_token';
  return { ...refuse(status, code, error?.description ?? 'a token is needed here', headers), cause };
}

const NO_LINES: readonly string[] = [];

/** Names and values in turn; there are none but where proofs need a nonce. */
function linesOf(headers: Readonly<Record<string, string>>): readonly string[] {
  for (const _ in headers) return Object.entries(headers).flat();
  return NO_LINES;
}

/** How often a header stands there: Node keeps the first alone. */
function countOf(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const there = rawHeaders[i] ?? '';
    if (there.length === name.length && there.toLowerCase() === name) count++;
  }
  return count;
}

/**
 * Cookies of exactly this name, as whoever reads the session finds them: white space is SP and HTAB alone (RFC 6265 §5.2), so that another name that only looks
 * like it, which any site beside ours may set, locks nobody out. A session that stands twice is none that anybody could choose.
 */
function countCookies(cookie: string, name: string): number {
  if (!cookie.includes(name)) return 0;
  const isIt = (pair: string): boolean =>
    pair
      .slice(0, Math.max(0, pair.indexOf('=')))
      .replace(/^[ \t]+/, '')
      .replace(/[ \t]+$/, '') === name;
  return cookie.split(';').filter(isIt).length;
}

import { OAuthError } from '@hufu/protocol/errors';
import { StoreUnavailable } from '@hufu/store/port';
import type { Context } from './context.ts';
import { redact } from './decisions/redact.ts';
import type { Trail } from './decisions/trail.ts';
import type { HttpReply, HttpRequest } from './http.ts';

/** RFC 6749 §5.1: what carries tokens or says why there are none is never stored. */
const NO_STORE = Object.freeze({
  'content-type': 'application/json',
  'cache-control': 'no-store',
  pragma: 'no-cache',
  'x-content-type-options': 'nosniff',
});

export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): HttpReply {
  return { status, headers: { ...NO_STORE, ...headers }, body: JSON.stringify(body) };
}

/** A token response: the same headers each time, made once. */
export function tokenReply(body: object): HttpReply {
  return { status: 200, headers: NO_STORE, body: JSON.stringify(body) };
}

/** An answer that is a JWT (OpenID Connect Core §5.3.2), or a kind of them (RFC 9701 §5). */
export function jwtReply(jwt: string, type: keyof typeof JWT_NO_STORE = 'application/jwt'): HttpReply {
  return { status: 200, headers: JWT_NO_STORE[type], body: jwt };
}

const JWT_NO_STORE: Readonly<Record<'application/jwt' | 'application/token-introspection+jwt', HttpReply['headers']>> = {
  'application/jwt': Object.freeze({ ...NO_STORE, 'content-type': 'application/jwt' }),
  'application/token-introspection+jwt': Object.freeze({ ...NO_STORE, 'content-type': 'application/token-introspection+jwt' }),
};

/**
 * Any failure as an `OAuthError`: what the standards know stays as it is, a store that is away is 503 (never `invalid_grant`: clients throw
 * good sessions away on that), and anything else is our bug: logged here with its stack, answered with fixed text.
 */
export function toOAuthError(ctx: Context, error: unknown, request: HttpRequest): OAuthError {
  if (error instanceof OAuthError) return error;
  if (error instanceof StoreUnavailable) {
    ctx.log.error('store.unavailable', error, { path: redact(request.path) });
    return new OAuthError('temporarily_unavailable', 'the server cannot reach its store; nothing is lost, try again', {
      retryAfterSeconds: 1,
    });
  }
  ctx.log.error('request.failed', error, { path: redact(request.path) });
  return new OAuthError('server_error', 'an error on our side; it has been logged');
}

/** The JSON error of RFC 6749 §5.2, with the decision that explains it. */
export function refusal(ctx: Context, endpoint: string, request: HttpRequest, trail: Trail, thrown: unknown): HttpReply {
  const error = toOAuthError(ctx, thrown, request);
  const headers: Record<string, string> = { 'hufu-decision': ctx.decisions.record(endpoint, error.status, error, trail, request.nowMs) };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  if (error.code === 'invalid_client') headers['www-authenticate'] = 'Basic realm="hufu"';
  const code = error.code === 'slow_down' && error.status === 429 ? 'invalid_client' : error.code;
  return json(error.status, { error: code, error_description: error.description }, headers);
}

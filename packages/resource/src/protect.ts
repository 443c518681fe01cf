import { formatBearerChallenge, readBearerToken } from '@hufu/protocol/bearer';
import { OAuthError } from '@hufu/protocol/errors';
import { isScopeToken, isSubset } from '@hufu/protocol/scope';
import type { LiveToken } from './verification.ts';
import type { Verifier } from './verifier.ts';

export interface ProtectOptions {
  /** The scopes that a request needs, all of them: a list, or a text with spaces between them. Left out: any live token will do. */
  readonly scope?: string | readonly string[];
  /** For challenges (RFC 9110 §11.5). */
  readonly realm?: string;
  /** Where the resource describes itself, for challenges (RFC 9728 §5.1). */
  readonly resourceMetadata?: string;
}

/** As much of a request as is looked at; an `IncomingMessage` of node:http is one. Header names in lower case. */
export interface ProtectedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Whether a request may go on. */
export type Admission =
  | { readonly kind: 'allowed'; readonly token: LiveToken }
  | {
      readonly kind: 'refused';
      /** 401 without a token or with one that does not hold, 403 where it lacks a scope, 400 for a request that says it twice, 503 while the keys cannot be had. */
      readonly status: number;
      /** To be sent with the status: `www-authenticate`, or `retry-after` with 503; never to be stored. */
      readonly headers: Readonly<Record<string, string>>;
      /** Undefined where there was no token: then the challenge names no error (RFC 6750 §3.1). */
      readonly error: OAuthError | undefined;
    };

/** Decides about a request. Resolves whatever is in it. */
export type Protection = (request: ProtectedRequest) => Promise<Admission>;

/**
 * Protects a resource by bearer tokens (RFC 6750 §2.1, §3): reads the Authorization header, has the token verified, compares the scopes,
 * and says with which status and challenge to refuse.
 *
 * @throws {TypeError} when an option is not what it says it is.
 */
export function protect(verifier: Verifier, options: ProtectOptions = {}): Protection {
  const needed = readNeeded(options.scope);
  const common = {
    ...(options.realm === undefined ? {} : { realm: options.realm }),
    ...(options.resourceMetadata === undefined ? {} : { resourceMetadata: options.resourceMetadata }),
  };
  const refused = (error: OAuthError | undefined, scope: readonly string[] | undefined): Admission => {
    const headers: Record<string, string> = { 'cache-control': 'no-store' };
    if (error?.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
    if (error === undefined || error.status < 500) {
      const challenge = { ...common, ...(error === undefined ? {} : { error }), ...(scope === undefined ? {} : { scope }) };
      headers['www-authenticate'] = formatBearerChallenge(challenge);
    }
    return { kind: 'refused', status: error?.status ?? 401, headers, error };
  };

  return async (request) => {
    const { authorization } = request.headers;
    if (authorization !== undefined && typeof authorization !== 'string') {
      return refused(new OAuthError('invalid_request', 'the Authorization header is repeated'), undefined);
    }
    const bearer = readBearerToken(authorization);
    if (bearer.kind === 'absent') return refused(undefined, undefined);
    if (bearer.kind === 'refused') return refused(bearer.error, undefined);
    const token = await verifier.verify(bearer.token);
    if (token.kind === 'refused') return refused(token.error, undefined);
    if (isSubset(needed, token.scopes)) return { kind: 'allowed', token };
    const detail = `needs ${needed.join(' ')}, has ${token.scopes.join(' ')}`;
    return refused(
      new OAuthError('insufficient_scope', 'the access token does not have the scope that is needed here', { detail }),
      needed,
    );
  };
}

function readNeeded(scope: ProtectOptions['scope']): readonly string[] {
  const needed = typeof scope === 'string' ? scope.split(' ') : (scope ?? []);
  if (!Array.isArray(needed) || !needed.every((token) => typeof token === 'string' && isScopeToken(token))) {
    throw new TypeError('scope is not a list of scope tokens');
  }
  return needed;
}

import { OAuthError } from './errors.ts';
import type { Form } from './form.ts';
import { MAX_JWT } from './jwt.ts';

/** How an access token is shown (RFC 6750 §2.1, RFC 9449 §7.1). */
export type TokenScheme = 'Bearer' | 'DPoP';

/** What a request to a protected resource brought. */
export type BearerReading =
  | { readonly kind: 'token'; readonly token: string; readonly scheme: TokenScheme }
  /** No bearer token at all: answer 401 with a challenge that names no error (RFC 6750 §3.1). */
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly error: OAuthError };

/**
 * Reads the access token of a request: the Authorization header (RFC 6750 §2.1) or the form body (§2.2), never the query (§2.3).
 * Both at once, or a header that is no `b64token`, is `invalid_request`; a token longer than `MAX_JWT` characters is `invalid_token`.
 *
 * @param authorization the header as it came; another scheme is as if there were none.
 * @param form the body, handed in only when the method and the content type allow it there (§2.2).
 */
export function readBearerToken(authorization: string | undefined, form?: Form): BearerReading {
  return readToken(authorization === undefined ? undefined : BEARER.exec(authorization)?.[0], authorization, form, 'Bearer');
}

/** The same where a token may also come with the scheme `DPoP` (RFC 9449 §7.1): only in the header then. */
export function readPresentedToken(authorization: string | undefined, form?: Form): BearerReading {
  if (authorization?.startsWith('Bearer ') === true) return readBearerToken(authorization, form);
  const dpop = authorization === undefined ? undefined : DPOP.exec(authorization)?.[0];
  return dpop === undefined ? readBearerToken(authorization, form) : readToken(dpop, authorization, form, 'DPoP');
}

/** @param scheme the beginning of the header, up to the token; undefined where it has another scheme or is not there. */
function readToken(
  scheme: string | undefined,
  authorization: string | undefined,
  form: Form | undefined,
  name: TokenScheme,
): BearerReading {
  const inBody = form?.many('access_token') ?? [];
  if (inBody.length > 1) return refused('invalid_request', 'the access token is repeated');
  if (scheme !== undefined && inBody.length > 0) return refused('invalid_request', 'the access token is sent in more than one way');
  const token = scheme === undefined ? inBody[0] : authorization?.slice(scheme.length);
  if (token === undefined) return { kind: 'absent' };
  if (token.length > MAX_JWT) return refused('invalid_token', 'the access token is too long');
  if (!B64TOKEN.test(token)) return refused('invalid_request', 'the access token is malformed');
  return { kind: 'token', token, scheme: name };
}

/** The parts of a challenge to whoever asked for a protected resource. */
export interface BearerChallenge {
  readonly realm?: string;
  /** Absent when the request brought no token (RFC 6750 §3.1). */
  readonly error?: OAuthError;
  /** The scopes that are needed (RFC 6750 §3). */
  readonly scope?: readonly string[];
  /** Where the resource describes itself (RFC 9728 §5.1). */
  readonly resourceMetadata?: string;
  /** What a step-up must reach (RFC 9470 §3). */
  readonly acrValues?: readonly string[];
  readonly maxAgeSeconds?: number;
}

/** Writes `WWW-Authenticate: Bearer …` (RFC 6750 §3, RFC 9728 §5.1, RFC 9470 §3). */
export function formatBearerChallenge(challenge: BearerChallenge): string {
  return formatChallenge('Bearer', [
    ['realm', challenge.realm],
    ['error', challenge.error?.code],
    ['error_description', challenge.error?.description],
    ['scope', challenge.scope?.join(' ')],
    ['acr_values', challenge.acrValues?.join(' ')],
    ['max_age', challenge.maxAgeSeconds?.toString()],
    ['resource_metadata', challenge.resourceMetadata],
  ]);
}

/** Writes `WWW-Authenticate: DPoP …` (RFC 9449 §7.1): the same with the algorithms of proofs. */
export function formatDpopChallenge(challenge: BearerChallenge, algs: readonly string[]): string {
  return formatChallenge('DPoP', [
    ['realm', challenge.realm],
    ['error', challenge.error?.code],
    ['error_description', challenge.error?.description],
    ['scope', challenge.scope?.join(' ')],
    ['acr_values', challenge.acrValues?.join(' ')],
    ['max_age', challenge.maxAgeSeconds?.toString()],
    ['algs', algs.join(' ')],
    ['resource_metadata', challenge.resourceMetadata],
  ]);
}

/**
 * Writes one challenge of any scheme, each value a quoted string (RFC 9110 §11.6.1, §5.6.4). Values that are undefined are left out.
 * What a header cannot carry becomes a space: no value splits a header.
 */
export function formatChallenge(scheme: string, parameters: Iterable<readonly [name: string, value: string | undefined]>): string {
  const written: string[] = [];
  for (const [name, value] of parameters) {
    if (value !== undefined) written.push(`${name}="${quote(value)}"`);
  }
  return written.length === 0 ? scheme : `${scheme} ${written.join(', ')}`;
}

/** RFC 9110 §11.4: the scheme in any case, then spaces. */
const BEARER = /^bearer(?: +|$)/i;
const DPOP = /^dpop(?: +|$)/i;
/** RFC 6750 §2.1. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

function refused(code: 'invalid_request' | 'invalid_token', description: string): BearerReading {
  return { kind: 'refused', error: new OAuthError(code, description) };
}

function quote(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, ' ').replace(/["\\]/g, '\\$&');
}

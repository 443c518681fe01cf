import type { AuthorizationDetails } from '@hufu/protocol/authorization-details';
import {
  type BearerChallenge,
  formatBearerChallenge,
  formatDpopChallenge,
  readPresentedToken,
  type TokenScheme,
} from '@hufu/protocol/bearer';
import { DPOP_ALGS } from '@hufu/protocol/dpop';
import { OAuthError } from '@hufu/protocol/errors';
import { isScopeToken, isSubset } from '@hufu/protocol/scope';
import { ALGORITHMS } from './algorithms.ts';
import { connectionCertificate, thumbprintOf } from './certificate.ts';
import { type Soon, soon } from './soon.ts';
import type { LiveToken, RefusalReason, RefusedToken, Verification } from './verification.ts';
import type { Verifier } from './verifier.ts';
import { verifySoonOf } from './verify-soon.ts';

export interface ProtectOptions {
  /** The scopes that a request needs, all of them: a list, or a text with spaces between them. Left out: any live token will do. */
  readonly scope?: string | readonly string[];
  /** Classes of authentication (`acr`), one of which the user must have reached (RFC 9470 §3). Left out: any. */
  readonly acrValues?: readonly string[];
  /** Seconds since the user authenticated, at most (RFC 9470 §3). 0 asks for it anew with each token. Left out: any. */
  readonly maxAgeSeconds?: number;
  /**
   * Whether what was granted beside scopes is enough for this request (RFC 9396 §9): you know the types, so you decide. What it throws is yours to
   * handle. Left out: any.
   */
  readonly authorizationDetails?: (granted: AuthorizationDetails, request: ProtectedRequest) => boolean;
  /** For challenges (RFC 9110 §11.5). */
  readonly realm?: string;
  /** Where the resource describes itself, for challenges (RFC 9728 §5.1). */
  readonly resourceMetadata?: string;
  /**
   * Where the paths of requests begin for those who send them, such as `https://api.example`: DPoP proofs name the whole address, and a request does
   * not say it reliably. By default the origin of the verifier's audience, where that is a web address.
   */
  readonly baseUrl?: string;
  /**
   * The client's certificate below a request (RFC 8705): its DER, or base64url of its SHA-256. For servers behind a proxy that terminates TLS; by default
   * that of the connection.
   */
  readonly certificate?: (request: ProtectedRequest) => Uint8Array | string | undefined;
  /** `required`: a token that is bound to no key is refused. `accepted` by default. */
  readonly senderConstraint?: 'accepted' | 'required';
}

/** As much of a request as is looked at; an `IncomingMessage` of node:http is one. Header names in lower case. */
export interface ProtectedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** For DPoP proofs. */
  readonly method?: string | undefined;
  /** Path and query, for DPoP proofs. A framework that takes off a prefix has the whole of it under another name. */
  readonly url?: string | undefined;
  /** For certificates. */
  readonly socket?: unknown;
}

/** Whether a request may go on. */
export type Admission =
  | {
      readonly kind: 'allowed';
      readonly token: LiveToken;
      /** To be sent with the answer: the nonce for the next proof, where one is needed. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'refused';
      /** 401 without a token, with one that does not hold, or where the user has to authenticate anew; 403 where it lacks a scope, 400 for a request that says it twice, 503 while the keys cannot be had. */
      readonly status: number;
      /** To be sent with the status: `www-authenticate`, or `retry-after` with 503; never to be stored. */
      readonly headers: Readonly<Record<string, string>>;
      /** For your log; `explain` makes a list of it. */
      readonly reason: AdmissionReason;
      readonly by: RefusedToken['by'];
      /** Undefined where there was no token: then the challenge names no error (RFC 6750 §3.1). */
      readonly error: OAuthError | undefined;
    };

/** Why a request was refused: its token's fault, or one of these. */
export type AdmissionReason =
  | RefusalReason
  | 'no_token'
  | 'malformed_request'
  | 'unbound'
  | 'insufficient_scope'
  | 'insufficient_details'
  | 'weak_authentication';

/** Decides about a request. Resolves whatever is in it. */
export type Protection = (request: ProtectedRequest) => Promise<Admission>;
/** The same, at once where nothing has to be fetched and nobody asked. */
export type SoonProtection = (request: ProtectedRequest) => Soon<Admission>;

/**
 * Protects a resource by access tokens (RFC 6750 §2.1, §3), also those that are bound to a DPoP key (RFC 9449 §7) or to a certificate (RFC 8705 §3): reads the Authorization header, has the token verified, compares the scopes,
 * and says with which status and challenge to refuse.
 *
 * @throws {TypeError} when an option is not what it says it is.
 */
export function protect(verifier: Verifier, options: ProtectOptions = {}): Protection {
  const decide = protectSoon(verifier, options);
  return async (request) => decide(request);
}

/**
 * As `protect`, for whoever has a great many requests with tokens that are known.
 *
 * @throws {TypeError} when an option is not what it says it is.
 */
export function protectSoon(verifier: Verifier, options: ProtectOptions = {}): SoonProtection {
  const verify = verifySoonOf(verifier);
  const needed = readNeeded(options.scope);
  const common = {
    ...(options.realm === undefined ? {} : { realm: options.realm }),
    ...(options.resourceMetadata === undefined ? {} : { resourceMetadata: options.resourceMetadata }),
  };
  const authentication = readAuthentication(options);
  const base = readBase(options.baseUrl, verifier.audience);
  const certificateOf = options.certificate ?? connectionCertificate;
  const { senderConstraint = 'accepted' } = options;
  const required = senderConstraint === 'required';
  if (!required && senderConstraint !== 'accepted') throw new TypeError('senderConstraint is none of its words');
  const withNonce = (scheme: TokenScheme): Record<string, string> => {
    const nonce = scheme === 'DPoP' ? verifier.nonce() : undefined;
    return nonce === undefined ? {} : { 'dpop-nonce': nonce };
  };
  const refused = (error: OAuthError | undefined, { reason, by = 'jwt', needs, scheme = 'Bearer' }: Refusal): Admission => {
    const headers: Record<string, string> = { 'cache-control': 'no-store', ...withNonce(scheme) };
    if (error?.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
    if (error === undefined || error.status < 500) {
      const challenge = { ...common, ...(error === undefined ? {} : { error }), ...needs };
      headers['www-authenticate'] = scheme === 'DPoP' ? formatDpopChallenge(challenge, PROOF_ALGS) : formatBearerChallenge(challenge);
    }
    // RFC 9449 §7.1: what a token endpoint calls a bad request is here a request without a token that holds.
    const isProof = error?.code === 'invalid_dpop_proof' || error?.code === 'use_dpop_nonce';
    return { kind: 'refused', status: isProof ? 401 : (error?.status ?? 401), headers, reason, by, error };
  };

  const conclude = (token: Verification, scheme: TokenScheme, request: ProtectedRequest): Admission => {
    if (token.kind === 'refused') {
      const { error, reason, by } = token;
      // A bearer's way to show a token that wants a proof: the challenge says what is missing (RFC 9449 §7.2).
      return refused(error, { reason, by, scheme: reason === 'sender_constrained' ? 'DPoP' : scheme });
    }
    if (required && token.confirmation === undefined) {
      return refused(new OAuthError('invalid_token', UNBOUND), { reason: 'unbound', scheme: 'DPoP' });
    }
    if (!isSubset(needed, token.scopes)) {
      const error = new OAuthError('insufficient_scope', NO_SCOPE, { detail: `needs ${needed.join(' ')}, has ${token.scopes.join(' ')}` });
      return refused(error, { reason: 'insufficient_scope', needs: { scope: needed }, scheme });
    }
    // Whatever else it answers is no yes: a promise, or nothing, from whoever has no types.
    if (options.authorizationDetails !== undefined && options.authorizationDetails(token.authorizationDetails, request) !== true) {
      return refused(new OAuthError('insufficient_scope', NO_DETAILS), { reason: 'insufficient_details', scheme });
    }
    const lack = findAuthenticationFault(token, authentication, verifier);
    if (lack === undefined) return { kind: 'allowed', token, headers: withNonce(scheme) };
    const error = new OAuthError('insufficient_user_authentication', STEP_UP, { detail: lack });
    return refused(error, { reason: 'weak_authentication', needs: authentication, scheme });
  };

  return (request) => {
    const { authorization, dpop } = request.headers;
    if (authorization !== undefined && typeof authorization !== 'string') {
      return refused(new OAuthError('invalid_request', 'the Authorization header is repeated'), { reason: 'malformed_request' });
    }
    const shown = readPresentedToken(authorization);
    if (shown.kind === 'absent') return refused(undefined, { reason: 'no_token', scheme: required ? 'DPoP' : 'Bearer' });
    if (shown.kind === 'refused') {
      return refused(shown.error, { reason: shown.error.code === 'invalid_token' ? 'malformed' : 'malformed_request' });
    }
    const { scheme } = shown;
    const verified = verify(shown.token, {
      scheme,
      // Two headers are joined as Node joins them: no proof has a comma.
      proof: dpop === undefined ? undefined : String(dpop),
      method: request.method ?? '',
      url: base === undefined || request.url === undefined ? undefined : base + request.url,
      certificate: thumbprintOf(certificateOf(request)),
    });
    return soon(verified, (token) => conclude(token, scheme, request));
  };
}

/** What a refusal says beside its error. */
interface Refusal {
  readonly reason: AdmissionReason;
  readonly by?: RefusedToken['by'];
  readonly needs?: Needs;
  readonly scheme?: TokenScheme;
}

const NO_SCOPE = 'the access token does not have the scope that is needed here';
const NO_DETAILS = 'the access token does not have the authorization details that are needed here';
const STEP_UP = 'the user has to authenticate more strongly, or more recently, for this';
const UNBOUND = 'the access token is bound to no key, which is needed here';
const PROOF_ALGS: readonly string[] = DPOP_ALGS.filter((alg) => ALGORITHMS.has(alg));

/** What a challenge says is missing. */
type Needs = Pick<BearerChallenge, 'scope' | 'acrValues' | 'maxAgeSeconds'>;
type Authentication = Pick<BearerChallenge, 'acrValues' | 'maxAgeSeconds'>;

/** Why a token's `acr` and `auth_time` do not suffice (RFC 9470 §4, RFC 9068 §2.2.1); undefined where they do. */
function findAuthenticationFault(
  { claims }: LiveToken,
  { acrValues, maxAgeSeconds }: Authentication,
  clock: Pick<Verifier, 'nowSeconds'>,
): string | undefined {
  if (acrValues === undefined && maxAgeSeconds === undefined) return undefined;
  const { acr, auth_time: authTime } = claims;
  if (acrValues !== undefined && !(typeof acr === 'string' && acrValues.includes(acr))) return `acr is ${String(acr).slice(0, 100)}`;
  if (maxAgeSeconds === undefined) return undefined;
  if (typeof authTime !== 'number') return 'there is no auth_time';
  const ageSeconds = clock.nowSeconds() - authTime;
  return ageSeconds > maxAgeSeconds ? `${Math.floor(ageSeconds)} seconds ago` : undefined;
}

function readAuthentication({ acrValues, maxAgeSeconds }: ProtectOptions): Authentication {
  const isClass = (value: unknown): boolean => typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value);
  if (acrValues !== undefined && !(Array.isArray(acrValues) && acrValues.length > 0 && acrValues.every(isClass)))
    throw new TypeError('acrValues is not a list of classes without spaces');
  if (maxAgeSeconds !== undefined && !(Number.isInteger(maxAgeSeconds) && maxAgeSeconds >= 0))
    throw new TypeError('maxAgeSeconds is not a whole number of seconds');
  return { ...(acrValues === undefined ? {} : { acrValues }), ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }) };
}

function readBase(baseUrl: string | undefined, audience: string): string | undefined {
  if (baseUrl === undefined) return /^https?:/i.test(audience) ? URL.parse(audience)?.origin : undefined;
  const url = typeof baseUrl === 'string' ? URL.parse(baseUrl) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new TypeError('baseUrl is not a web address without a query');
  return url.href.replace(/\/$/, '');
}

function readNeeded(scope: ProtectOptions['scope']): readonly string[] {
  const needed = typeof scope === 'string' ? scope.split(' ') : (scope ?? []);
  if (!Array.isArray(needed) || !needed.every((token) => typeof token === 'string' && isScopeToken(token))) {
    throw new TypeError('scope is not a list of scope tokens');
  }
  return needed;
}

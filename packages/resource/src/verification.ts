import type { AuthorizationDetails } from '@hufu/protocol/authorization-details';
import type { Confirmation } from '@hufu/protocol/confirmation';
import { type ErrorCode, OAuthError } from '@hufu/protocol/errors';

/** What verifying an access token came to. */
export type Verification = LiveToken | RefusedToken;

/** An access token that holds now (RFC 9068 §2.2, RFC 7662 §2.2). Frozen, with everything in it: one object may serve many requests. */
export interface LiveToken {
  readonly kind: 'live';
  readonly issuer: string;
  /** `sub`: the user, or the client where it acts for itself (then also where an introspection answer has none). */
  readonly subject: string;
  /** Empty where an introspection answer has none. */
  readonly clientId: string;
  /** Empty where the token has none. */
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  /** `jti`; where an introspection answer has none, the SHA-256 of the token in base64url. */
  readonly tokenId: string;
  /** Seconds since 1970; 0 where an introspection answer does not say. */
  readonly issuedAt: number;
  /** Seconds since 1970; infinite where an introspection answer does not say. */
  readonly expiresAt: number;
  /** What was granted beside scopes (RFC 9396 §9): objects, each with a `type`. */
  readonly authorizationDetails: AuthorizationDetails;
  /** The key that it is bound to (RFC 7800 §3.1), which has been shown; undefined for a bearer's. */
  readonly confirmation: Confirmation | undefined;
  /** All of the payload under its wire names, for what has no name here (`auth_time`, `acr`, `amr`, claims of your own). */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** An access token that does not hold, or of which nobody can tell. */
export interface RefusedToken {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  /** By what it was decided: what the token says itself, or what the issuer says of it. */
  readonly by: 'jwt' | 'introspection';
  /**
   * `invalid_token` (401); `invalid_dpop_proof` or `use_dpop_nonce` (401 at a resource, RFC 9449 §7.1); or `temporarily_unavailable` (503) where the issuer's keys, its word on the token, or the memory of used proofs cannot be had: the token may be good, so the caller
   * must not be told to throw it away. `description` is public; `detail` and `cause` are for your log.
   */
  readonly error: OAuthError;
}

/** Why a token was refused, and what the caller is told (RFC 6750 §3 `error_description`). */
const DESCRIPTIONS = {
  malformed: 'the access token is malformed',
  inactive: 'the access token is not active',
  wrong_type: 'the token is not a JWT access token',
  wrong_algorithm: 'the access token is signed with an algorithm that is not accepted here',
  unknown_key: 'the access token is signed with an unknown key',
  wrong_signature: 'the signature of the access token is wrong',
  wrong_issuer: 'the access token is from another issuer',
  wrong_audience: 'the access token is for another resource',
  wrong_claims: 'a claim of the access token is missing or malformed',
  expired: 'the access token has expired',
  too_old: 'the access token was issued too long ago',
  not_yet_valid: 'the access token is not valid yet',
  revoked: 'the access token has been revoked',
  unmarked: 'the access token does not say by what it could be revoked',
  unknown_binding: 'the access token is bound to a key in a way that is not known here',
  sender_constrained: 'the access token is bound to a key, and cannot be used as a bearer token',
  wrong_scheme: 'the access token is not bound to a DPoP key, and does not come with the scheme DPoP',
  wrong_key: 'the access token is bound to another key',
  wrong_proof: 'the DPoP proof is not valid for this request',
  nonce_needed: 'the DPoP proof needs the nonce that comes with this answer',
  proofs_unavailable: 'whether the DPoP proof was used before cannot be told at the moment; nothing is wrong with the token, try again',
  keys_unavailable: 'the keys of the issuer cannot be had at the moment; nothing is wrong with the token, try again',
  introspection_unavailable: 'the issuer cannot be asked at the moment; nothing is wrong with the token, try again',
  revocations_unknown: 'what the issuer has revoked is not known at the moment; nothing is wrong with the token, try again',
} as const;

export type RefusalReason = keyof typeof DESCRIPTIONS;

const CODES: Readonly<Partial<Record<RefusalReason, ErrorCode>>> = {
  proofs_unavailable: 'temporarily_unavailable',
  keys_unavailable: 'temporarily_unavailable',
  introspection_unavailable: 'temporarily_unavailable',
  revocations_unknown: 'temporarily_unavailable',
  wrong_proof: 'invalid_dpop_proof',
  nonce_needed: 'use_dpop_nonce',
};

/** @param more for the log: what was found, and what went wrong. */
export function refuse(reason: RefusalReason, more: { readonly detail?: string; readonly cause?: unknown } = {}): RefusedToken {
  const code = CODES[reason] ?? 'invalid_token';
  const retryAfterSeconds = reason === 'revocations_unknown' ? 1 : 5;
  const error = new OAuthError(code, DESCRIPTIONS[reason], {
    ...more,
    ...(code === 'temporarily_unavailable' ? { retryAfterSeconds } : {}),
  });
  return { kind: 'refused', reason, by: 'jwt', error };
}

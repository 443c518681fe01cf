import type { Confirmation } from '@hufu/protocol/confirmation';
import { type ErrorCode, OAuthError } from '@hufu/protocol/errors';

/** What verifying an access token came to. */
export type Verification = LiveToken | RefusedToken;

/** An access token that holds now (RFC 9068 §2.2). Frozen, with everything in it: one object may serve many requests. */
export interface LiveToken {
  readonly kind: 'live';
  readonly issuer: string;
  /** `sub`: the user, or the client where it acts for itself. */
  readonly subject: string;
  readonly clientId: string;
  /** Empty where the token has none. */
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  /** `jti`. */
  readonly tokenId: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** The key that it is bound to (RFC 7800 §3.1), which has been shown; undefined for a bearer's. */
  readonly confirmation: Confirmation | undefined;
  /** All of the payload under its wire names, for what has no name here (`auth_time`, `acr`, `amr`, claims of your own). */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** An access token that does not hold, or of which nobody can tell. */
export interface RefusedToken {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  /**
   * `invalid_token` (401); `invalid_dpop_proof` or `use_dpop_nonce` (401 at a resource, RFC 9449 §7.1); or `temporarily_unavailable` (503) where the issuer's keys cannot be had: the token may be good, so the caller
   * must not be told to throw it away. `description` is public; `detail` and `cause` are for your log.
   */
  readonly error: OAuthError;
}

/** Why a token was refused, and what the caller is told (RFC 6750 §3 `error_description`). */
const DESCRIPTIONS = {
  malformed: 'the access token is malformed',
  wrong_type: 'the token is not a JWT access token',
  wrong_algorithm: 'the access token is signed with an algorithm that is not accepted here',
  unknown_key: 'the access token is signed with an unknown key',
  wrong_signature: 'the signature of the access token is wrong',
  wrong_issuer: 'the access token is from another issuer',
  wrong_audience: 'the access token is for another resource',
  wrong_claims: 'a claim of the access token is missing or malformed',
  expired: 'the access token has expired',
  not_yet_valid: 'the access token is not valid yet',
  sender_constrained: 'the access token is bound to a key, and cannot be used as a bearer token',
  wrong_scheme: 'the access token is not bound to a DPoP key, and does not come with the scheme DPoP',
  wrong_key: 'the access token is bound to another key',
  wrong_proof: 'the DPoP proof is not valid for this request',
  nonce_needed: 'the DPoP proof needs the nonce that comes with this answer',
  keys_unavailable: 'the keys of the issuer cannot be had at the moment; nothing is wrong with the token, try again',
} as const;

export type RefusalReason = keyof typeof DESCRIPTIONS;

const CODES: Readonly<Partial<Record<RefusalReason, ErrorCode>>> = {
  keys_unavailable: 'temporarily_unavailable',
  wrong_proof: 'invalid_dpop_proof',
  nonce_needed: 'use_dpop_nonce',
};

/** @param more for the log: what was found, and what went wrong. */
export function refuse(reason: RefusalReason, more: { readonly detail?: string; readonly cause?: unknown } = {}): RefusedToken {
  const isOurs = reason === 'keys_unavailable';
  const error = new OAuthError(CODES[reason] ?? 'invalid_token', DESCRIPTIONS[reason], {
    ...more,
    ...(isOurs ? { retryAfterSeconds: 5 } : {}),
  });
  return { kind: 'refused', reason, error };
}

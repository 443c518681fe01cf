import type { SessionRecord } from './record.ts';

/** The members of a token endpoint's answer with status 200, as they came (RFC 6749 §5.1). */
export type RawTokenAnswer = Readonly<Record<string, unknown>>;

/** What a request for tokens is made with. */
export interface RenewContext {
  /** The key that the session's tokens are bound to (RFC 9449). */
  readonly dpopKey?: CryptoKeyPair;
  /** RFC 8707 §2.2. */
  readonly resource?: string;
  /** Space-separated; left out: all that was granted (RFC 6749 §6). */
  readonly scope?: string;
  /** Of the whole exchange, to the last byte of the answer. */
  readonly signal: AbortSignal;
}

/** An answer that was checked. */
export interface Validated {
  readonly accessToken: string;
  readonly tokenType: 'Bearer' | 'DPoP';
  readonly idToken?: string;
  /** Of that ID token; what ties it to the sign-in (`nonce`, `auth_time`) stays as it was in the first. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * What a token session asks the authorization server through. Its rejections are read by their members (`TokenFailure`), so that any
 * error class will do.
 */
export interface Renewer {
  /** RFC 6749 §6: one request, and its answer unread. Rejects with a `TokenFailure`. */
  refresh(refreshToken: string, context: RenewContext): Promise<RawTokenAnswer>;
  /**
   * Where there is no refresh token: tokens by what the client has of its own (RFC 6749 §4.4, RFC 7523 §2.1). Left out: the session ends
   * with its access token. A `TypeError` is a mistake of the program, and whoever asked for a token gets it as it is.
   */
  obtain?(context: RenewContext): Promise<RawTokenAnswer>;
  /** For `obtain`: the key that the tokens of a session without a sign-in are bound to (RFC 9449). Left out: they are bound to none. */
  newKey?(): Promise<CryptoKeyPair>;
  /**
   * Checks `token_type`, and the ID token if there is one (OpenID Connect Core §12.2). Rejects with kind `mismatch` and the code `iss`, `sub`,
   * `aud` or `azp` where the answer is definitely not for this session; with anything else where that cannot be told now: it is called
   * again then, unless the answer is none whatever is asked.
   */
  validate(answer: RawTokenAnswer, record: SessionRecord): Promise<Validated>;
  /** RFC 7009 §2.1; its failure is nobody's. `hint`: what it is; a refresh token where it is left out. */
  revoke(token: string, hint?: 'access_token'): Promise<void>;
}

/** What a rejection of a `Renewer` is read for. Anything that lacks these members is read as an answer that nobody knows. */
export interface TokenFailure {
  /**
   * - `refused`: an error code of RFC 6749 §5.2 in JSON.
   * - `unavailable`: 429 and 5xx; it may have acted nevertheless unless it is 429 or 503.
   * - `unreachable`: no answer, or not a whole one.
   * - `malformed`: an answer that the specification does not know: HTML, 200 without tokens.
   * - `mismatch`: not for this session.
   * - `unsupported`: neither now nor later.
   */
  readonly kind: 'refused' | 'unavailable' | 'unreachable' | 'malformed' | 'mismatch' | 'unsupported';
  /** `invalid_grant` and its like. */
  readonly code?: string;
  /** HTTP status. */
  readonly status?: number | undefined;
  /** `error_description`: untrusted text. */
  readonly description?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** What an authorization request leaves in its grant's row for the exchange, and nobody after it. */
export interface CodeRequest {
  readonly redirectUri: string;
  /** Undefined where the client need not have one. */
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
  /** The key that the exchange has to come with (RFC 9449 §10), as `formatConfirmation` writes it; undefined where any will do. */
  readonly boundKey: string | undefined;
  /** Whether the exchange gives a refresh token, the client's registration permitting. */
  readonly refresh: boolean;
  /** Seconds since 1970: the end of the session that a grant without `offline_access` lives in. */
  readonly sessionExpiresAt: number;
}

export function writeCodeRequest(request: CodeRequest): Readonly<Record<string, unknown>> {
  return { ...request };
}

/** Throws `TypeError` where the row holds something else: only we write it. */
export function readCodeRequest(value: Readonly<Record<string, unknown>> | undefined): CodeRequest {
  const { redirectUri, codeChallenge, nonce, boundKey, refresh, sessionExpiresAt } = value ?? {};
  if (
    typeof redirectUri !== 'string' ||
    (codeChallenge !== undefined && typeof codeChallenge !== 'string') ||
    (boundKey !== undefined && typeof boundKey !== 'string') ||
    typeof refresh !== 'boolean' ||
    typeof sessionExpiresAt !== 'number'
  ) {
    throw new TypeError('a code without its request');
  }
  return {
    redirectUri,
    codeChallenge,
    nonce: typeof nonce === 'string' ? nonce : undefined,
    boundKey,
    refresh,
    sessionExpiresAt,
  };
}

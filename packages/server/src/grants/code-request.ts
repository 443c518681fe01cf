/** What an authorization request leaves in its grant's row for the exchange, and nobody after it. */
export interface CodeRequest {
  readonly redirectUri: string;
  /** Undefined where the client need not have one. */
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
  /** Whether the exchange gives a refresh token, the client's registration permitting. */
  readonly refresh: boolean;
  /** The key that the exchange has to come with (RFC 9449 §10), as `formatConfirmation` of the protocol writes it; undefined: any. */
  readonly boundKey: string | undefined;
  /** Seconds since 1970: the end of the session that a grant without `offline_access` lives in. */
  readonly sessionExpiresAt: number;
}

export function writeCodeRequest(request: CodeRequest): Readonly<Record<string, unknown>> {
  return { ...request };
}

/** Throws `TypeError` where the row holds something else: only we write it. */
export function readCodeRequest(value: Readonly<Record<string, unknown>> | undefined): CodeRequest {
  const { redirectUri, codeChallenge, nonce, refresh, boundKey, sessionExpiresAt } = value ?? {};
  if (
    typeof redirectUri !== 'string' ||
    (codeChallenge !== undefined && typeof codeChallenge !== 'string') ||
    typeof refresh !== 'boolean' ||
    typeof sessionExpiresAt !== 'number'
  ) {
    throw new TypeError('a code without its request');
  }
  return {
    redirectUri,
    codeChallenge,
    nonce: typeof nonce === 'string' ? nonce : undefined,
    refresh,
    boundKey: typeof boundKey === 'string' ? boundKey : undefined,
    sessionExpiresAt,
  };
}

import type { Confirmation } from '@hufu/protocol/confirmation';

/** RFC 6749 §5.1, OpenID Connect Core §3.1.3.3. */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: TokenType;
  /** RFC 8693 §2.2.1. */
  readonly issued_token_type?: string;
  readonly expires_in: number;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly scope?: string;
  /** RFC 9396 §7. */
  readonly authorization_details?: readonly Readonly<Record<string, unknown>>[];
}

/** `N_A`: what was issued is no access token (RFC 8693 §2.2.1). */
export type TokenType = 'Bearer' | 'DPoP' | 'N_A';

/** How an access token is shown: a certificate travels below it, a proof beside it (RFC 9449 §5, RFC 8705 §3). */
export function tokenTypeOf(confirmation: Confirmation | undefined): TokenType {
  return confirmation?.method === 'jkt' ? 'DPoP' : 'Bearer';
}

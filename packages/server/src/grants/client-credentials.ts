import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import type { TokenRequest } from './grant.ts';
import { issueOwnToken, requireOwnTarget } from './own-token.ts';

/** The client credentials grant (RFC 6749 §4.4): a token of the client for itself, and no refresh token (§4.4.3). */
export async function clientCredentials(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  if (!request.client.confidential) throw new OAuthError('unauthorized_client', 'a public client cannot use client_credentials');
  return issueOwnToken(ctx, request, requireOwnTarget(ctx, request, request.form.get('scope')));
}

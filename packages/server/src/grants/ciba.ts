import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { exchangeDecided } from './decided.ts';
import type { TokenRequest } from './grant.ts';

/** A client that asks whether the user whom it named has agreed (OpenID Connect CIBA §10.1): at any time, or when it was told to (§10.2). */
export async function ciba(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  request.trail.at('client_grant_type');
  if (request.client.metadata.backchannelAuthentication?.mode === 'push')
    throw new OAuthError('unauthorized_client', 'the tokens are pushed to this client (CIBA section 11)');
  const text = request.form.get('auth_req_id');
  if (text === undefined) throw new OAuthError('invalid_request', 'auth_req_id is missing');
  return exchangeDecided(ctx, request, 'backchannel', text);
}

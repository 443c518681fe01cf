import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { exchangeDecided } from './decided.ts';
import type { TokenRequest } from './grant.ts';

/** A device that asks whether its user has agreed (RFC 8628 §3.4). */
export async function deviceCode(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  const text = request.form.get('device_code');
  if (text === undefined) throw new OAuthError('invalid_request', 'device_code is missing');
  return exchangeDecided(ctx, request, 'device', text);
}

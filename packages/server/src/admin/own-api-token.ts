import { readPresentedToken } from '@hufu/protocol/bearer';
import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import { type LiveAccessToken, readAccessToken } from '../tokens/read-access-token.ts';

/** A token as a request to one of our own APIs shows it (RFC 6750 §2.1, RFC 9449 §7.1). */
export interface ShownToken {
  readonly text: string;
  readonly scheme: 'Bearer' | 'DPoP';
}

/** Throws `invalid_token` where there is none, and `invalid_request` for what is none. */
export function requireShownToken(request: HttpRequest, trail: Trail): ShownToken {
  trail.at('parameters');
  const authorization = request.headers['authorization'];
  const shown = readPresentedToken(typeof authorization === 'string' ? authorization : undefined);
  if (shown.kind === 'absent') throw new OAuthError('invalid_token', 'no access token in the request');
  if (shown.kind === 'refused') throw shown.error;
  trail.at('token_live');
  return { text: shown.token, scheme: shown.scheme };
}

/** A token that lives and is for this API (RFC 8707 §2). Throws `invalid_token`. */
export async function requireTokenFor(ctx: Context, text: string, resource: string, trail: Trail, now: number): Promise<LiveAccessToken> {
  const token = await readAccessToken(ctx, text, now);
  if (token.kind === 'dead') throw new OAuthError('invalid_token', 'the access token is not active', { detail: token.reason });
  trail.clientId = token.grant.clientId;
  trail.at('api_scope');
  if (token.resource !== resource)
    throw new OAuthError('invalid_token', 'the access token is for another resource', { detail: token.resource });
  return token;
}

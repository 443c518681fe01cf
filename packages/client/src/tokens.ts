import { malformed } from './ask.ts';
import type { Client } from './client.ts';
import { giveBackTokens } from './revoke-token.ts';
import { readLifeSeconds } from './session/lifetime.ts';
import { type ClientRequest, type RawTokenAnswer, requestTokens } from './token-endpoint.ts';

/** What a token endpoint gave (RFC 6749 §5.1), its members checked. An ID token in it is not verified by this alone. */
export interface Tokens {
  readonly accessToken: string;
  readonly tokenType: 'Bearer' | 'DPoP';
  /** Milliseconds since 1970, before the request was sent. */
  readonly sentAt: number;
  /** Seconds from then on; left out where nobody knows. */
  readonly expiresIn?: number;
  readonly refreshToken?: string;
  readonly idToken?: string;
  /** Left out where it is as it was asked for. */
  readonly scope?: string;
  /** What a token exchange made (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string;
  /** What the access token may do in detail (RFC 9396 §7). */
  readonly authorizationDetails?: readonly unknown[];
}

const MAX_TOKEN = 16_384;

/** Asks the token endpoint and checks the answer, as `takeTokens` does. Throws `ClientError`. */
export async function fetchTokens(client: Client, grantType: string, request: ClientRequest): Promise<Tokens> {
  return takeTokens(client, await requestTokens(client, grantType, request), request.dpopKey === undefined ? 'Bearer' : 'DPoP');
}

/**
 * Checks an answer as `readTokens` does. The tokens of one that is none of those that were asked for are given back (RFC 7009 §2.1), as
 * nobody will have them. Throws `ClientError` `malformed`.
 */
export async function takeTokens(client: Client, answer: RawTokenAnswer, tokenType: 'Bearer' | 'DPoP'): Promise<Tokens> {
  try {
    return readTokens(answer, tokenType);
  } catch (error) {
    const [accessToken, refreshToken] = [answer.body['access_token'], answer.body['refresh_token']].map((one) =>
      isToken(one) ? one : undefined,
    );
    await giveBackTokens(client, { accessToken, refreshToken });
    throw error;
  }
}

/**
 * Checks the members of a token answer (RFC 6749 §5.1). Throws `ClientError` `malformed`.
 *
 * @param tokenType what was asked for: a token of another kind could not be used, or would be bound to nothing (RFC 9449 §5).
 */
export function readTokens({ body, sentAt }: RawTokenAnswer, tokenType: 'Bearer' | 'DPoP'): Tokens {
  const { access_token: accessToken, token_type: type, scope, authorization_details: details } = body;
  if (!isToken(accessToken)) throw malformed('the token answer has no access token');
  if (typeof type !== 'string' || type.toLowerCase() !== tokenType.toLowerCase())
    throw malformed(`the access token is no ${tokenType} token`);
  const expiresIn = readLifeSeconds(body['expires_in']);
  const [refreshToken, idToken, issued] = [tokenOf(body, 'refresh_token'), tokenOf(body, 'id_token'), tokenOf(body, 'issued_token_type')];
  return {
    accessToken,
    tokenType,
    sentAt,
    ...(expiresIn !== undefined && { expiresIn }),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(idToken !== undefined && { idToken }),
    ...(typeof scope === 'string' && { scope: scope.slice(0, 4_096) }),
    ...(issued !== undefined && { issuedTokenType: issued }),
    ...(Array.isArray(details) && { authorizationDetails: details }),
  };
}

function tokenOf(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!isToken(value)) throw malformed(`the token answer has a ${name} that is none`);
  return value;
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TOKEN && /^[\x21-\x7e]+$/.test(value);
}

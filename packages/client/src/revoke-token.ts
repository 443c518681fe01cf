import { refusal } from './ask.ts';
import type { Client } from './client.ts';
import { callEndpoint } from './token-endpoint.ts';

/** Has a token revoked, and with a refresh token its grant (RFC 7009 §2.1). Throws `ClientError`. */
export async function revokeToken(
  client: Client,
  token: string,
  hint?: 'refresh_token' | 'access_token',
  signal?: AbortSignal,
): Promise<void> {
  const parameters: (readonly [string, string | undefined])[] = [
    ['token', token],
    ['token_type_hint', hint],
  ];
  const answer = await callEndpoint(client, 'revocation_endpoint', { parameters, signal });
  if (answer.status !== 200) throw refusal(answer, 'the revocation endpoint');
}

/**
 * Has revoked what nobody will have: the grant of the refresh token, or else the access token (RFC 7009 §2.1). That it could not be done
 * changes nothing for whoever is told why: it never rejects.
 */
export async function giveBackTokens(
  client: Client,
  { refreshToken, accessToken }: { readonly refreshToken?: string | undefined; readonly accessToken?: string | undefined },
): Promise<void> {
  const token = refreshToken ?? accessToken;
  const hint = refreshToken === undefined ? 'access_token' : 'refresh_token';
  if (token !== undefined) await revokeToken(client, token, hint).catch(() => undefined);
}

import type { ServerResponse } from 'node:http';
import { ACCESS_TOKEN_SECONDS, JWT_RESOURCE } from '../contract.ts';
import type { GrantRow } from './grant-table.ts';
import { accessClaims, idClaims, JwtSigner } from './jwt.ts';
import { sealedToken } from './opaque.ts';
import { replyJson } from './serve.ts';
import type { ProgramSettings } from './settings.ts';

/** Makes the tokens of a grant and replies (RFC 6749 §5.1): an access token signed or sealed, an ID token where the scenario has one. */
export function tokenReply(settings: ProgramSettings): (response: ServerResponse, row: GrantRow, refreshToken: string) => void {
  const access = new JwtSigner(settings.ecKey, 'at+jwt');
  const id = new JwtSigner(settings.idToken === 'RS256' ? settings.rsaKey : settings.ecKey, 'JWT');
  return (response, row, refreshToken) => {
    const { issuer } = settings;
    const isJwt = row.resource === JWT_RESOURCE;
    replyJson(response, 200, {
      access_token: isJwt ? access.sign(accessClaims(issuer, row.subject, row.clientId, row.resource, row.scope)) : sealedToken(),
      token_type: 'Bearer',
      expires_in: ACCESS_TOKEN_SECONDS,
      refresh_token: refreshToken,
      scope: row.scope,
      ...(settings.idToken === '' ? undefined : { id_token: id.sign(idClaims(issuer, row.subject, row.clientId)) }),
    });
  };
}

import type { ServerResponse } from 'node:http';
import type { ParsedUrlQuery } from 'node:querystring';
import { ACCESS_TOKEN_SECONDS, API_SCOPE } from '../contract.ts';
import { accessClaims, type JwtSigner } from './jwt.ts';
import { replyJson } from './serve.ts';
import type { ProgramSettings } from './settings.ts';

/** What is wrong with a client's request for a token of its own (RFC 6749 §4.4.2), as an error code; undefined where nothing is. */
export function findOwnTokenFault(form: ParsedUrlQuery, settings: ProgramSettings): string | undefined {
  if (form['grant_type'] !== 'client_credentials') return 'unsupported_grant_type';
  if (form['resource'] !== settings.resource) return 'invalid_target';
  return form['scope'] === API_SCOPE ? undefined : 'invalid_scope';
}

/** Signs a JWT access token of a client that acts for itself, and replies (RFC 6749 §5.1). */
export function replyOwnToken(
  response: ServerResponse,
  settings: ProgramSettings,
  signer: JwtSigner,
  clientId: string,
  jkt: string | undefined,
): void {
  const claims = accessClaims(settings.issuer, clientId, clientId, settings.resource, API_SCOPE);
  replyJson(response, 200, {
    access_token: signer.sign(jkt === undefined ? claims : { ...claims, cnf: { jkt } }),
    token_type: jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: ACCESS_TOKEN_SECONDS,
    scope: API_SCOPE,
  });
}

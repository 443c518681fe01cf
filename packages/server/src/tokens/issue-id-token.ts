import { hash } from 'node:crypto';
import { OAuthError } from '@hufu/protocol/errors';
import type { GrantRecord } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';

/** Seconds. */
const ID_TOKEN_LIFETIME = 3_600;

export interface IdTokenRequest {
  readonly grant: GrantRecord;
  readonly client: Client;
  readonly accessToken: string;
  /** Only at the exchange; a refreshed ID token has none (OpenID Connect Core §12.2). */
  readonly nonce: string | undefined;
  readonly sid: string | undefined;
  readonly now: number;
}

/**
 * An ID token (OpenID Connect Core §2). The user's claims are not in it: they belong in userinfo where there is an access token (§5.4).
 * `at_hash` as §3.1.3.6.
 */
export function issueIdToken(ctx: Context, request: IdTokenRequest): string {
  const { grant, client, now } = request;
  const alg = client.metadata.idTokenSignedResponseAlg;
  const signer = ctx.keys.signerFor(alg, now);
  if (signer === undefined) throw new OAuthError('server_error', 'no signing key', { detail: `no active ${alg} key` });
  const digest = hash(signer.hash, request.accessToken, 'buffer');
  const claims: Record<string, unknown> = {
    iss: ctx.issuer,
    sub: grant.subject,
    aud: client.id,
    exp: now + ID_TOKEN_LIFETIME,
    iat: now,
    auth_time: grant.authTime,
    at_hash: digest.toString('base64url', 0, digest.length / 2),
  };
  if (request.nonce !== undefined) claims['nonce'] = request.nonce;
  if (grant.amr.length > 0) claims['amr'] = grant.amr;
  if (request.sid !== undefined) claims['sid'] = request.sid;
  return signer.sign('JWT', claims);
}

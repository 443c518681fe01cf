import { encryptToClient } from '../client-keys/encrypt-to-client.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { halfHash } from '../keys/algorithms.ts';
import { acrOf } from './acr.ts';
import { responseSigner } from './response-signer.ts';

/** Seconds. */
const ID_TOKEN_LIFETIME = 3_600;

export interface IdTokenRequest {
  readonly client: Client;
  /** The `sub` that this client knows the user by. */
  readonly subject: string;
  readonly authTime: number | undefined;
  readonly amr: readonly string[];
  readonly sid: string | undefined;
  /** A refreshed ID token has none (OpenID Connect Core §12.2). */
  readonly nonce: string | undefined;
  /** What comes beside it, for `at_hash`, `c_hash` (§3.3.2.11) and `s_hash` (FAPI 1.0 part 2 §5.1.1). */
  readonly accessToken: string | undefined;
  readonly code?: string | undefined;
  readonly state?: string | undefined;
  /** What it is pushed with (OpenID Connect CIBA §10.3.1). */
  readonly pushed?: { readonly authReqId: string; readonly refreshToken: string | undefined } | undefined;
  /** About the user: those of the scopes where there is no access token to ask for them with (OpenID Connect Core §5.4), and those asked for by name. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly now: number;
}

/** An ID token (OpenID Connect Core §2), signed as the client registered it, and then encrypted where it registered that. */
export function issueIdToken(ctx: Context, request: IdTokenRequest): string | Promise<string> {
  const { client, now, amr } = request;
  const signer = responseSigner(ctx, client, client.metadata.idTokenSignedResponseAlg, now);
  const claims: Record<string, unknown> = {
    ...request.claims,
    iss: ctx.issuer,
    sub: request.subject,
    aud: client.id,
    exp: now + ID_TOKEN_LIFETIME,
    iat: now,
  };
  if (request.authTime !== undefined) claims['auth_time'] = request.authTime;
  if (request.accessToken !== undefined) claims['at_hash'] = halfHash(signer.hash, request.accessToken);
  if (request.code !== undefined) claims['c_hash'] = halfHash(signer.hash, request.code);
  if (request.state !== undefined) claims['s_hash'] = halfHash(signer.hash, request.state);
  if (request.pushed !== undefined) {
    claims['urn:openid:params:jwt:claim:auth_req_id'] = request.pushed.authReqId;
    if (request.pushed.refreshToken !== undefined)
      claims['urn:openid:params:jwt:claim:rt_hash'] = halfHash(signer.hash, request.pushed.refreshToken);
  }
  if (request.nonce !== undefined) claims['nonce'] = request.nonce;
  const acr = acrOf(amr);
  if (acr !== undefined) claims['acr'] = acr;
  if (amr.length > 0) claims['amr'] = amr;
  if (request.sid !== undefined) claims['sid'] = request.sid;
  const signed = signer.sign(claims);
  const { idTokenEncryption } = client.metadata;
  return idTokenEncryption === undefined ? signed : encryptToClient(ctx, client, idTokenEncryption, signed, 'JWT', now);
}

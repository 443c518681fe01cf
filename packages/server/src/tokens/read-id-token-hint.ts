import { isClientId } from '@hufu/protocol/ids';
import { MAC_ALGS } from '@hufu/protocol/jose-algorithms';
import { type ReadJwt, readJwt } from '@hufu/protocol/jwt';
import { readableSecrets } from '../client-keys/client-secret.ts';
import { findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { macAlgorithms } from '../keys/algorithms.ts';

/** What an ID token of ours says that a hint is worth: whom it names, to which client, in which session. */
export interface IdTokenHint {
  readonly sub: string;
  readonly aud: string;
  readonly sid: string | undefined;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Whether its key is the client's secret, so that the client could have written it. */
  readonly byClient: boolean;
}

/**
 * A genuine ID token of ours, expired or not (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2): signed by a key we still have, or with
 * the secret of the client that it is for, `typ: JWT`, `aud` one client. Undefined for anything else.
 */
export async function readIdTokenHint(ctx: Context, text: string, now: number): Promise<IdTokenHint | undefined> {
  const jwt = readJwt(text);
  if (jwt === undefined || jwt.header['typ'] !== 'JWT') return undefined;
  const { iss, sub, aud, sid, iat, exp } = jwt.payload;
  // A signed userinfo answer has no exp (JWT-18).
  if (typeof exp !== 'number' || typeof iat !== 'number') return undefined;
  if (iss !== ctx.issuer || typeof sub !== 'string' || typeof aud !== 'string' || !isClientId(aud)) return undefined;
  const byClient = MAC_ALGS.includes(jwt.header.alg);
  const genuine = byClient ? await isKeyedWithSecret(ctx, jwt, aud, now) : isSigned(ctx, jwt, now);
  return genuine ? { sub, aud, sid: typeof sid === 'string' ? sid : undefined, issuedAt: iat, expiresAt: exp, byClient } : undefined;
}

function isSigned(ctx: Context, jwt: ReadJwt, now: number): boolean {
  const kid = jwt.header['kid'];
  const key = typeof kid === 'string' ? ctx.keys.verifierFor(kid, now) : undefined;
  return key !== undefined && key.alg === jwt.header.alg && key.verify(jwt.signingInput, jwt.signature);
}

/** Only the algorithm that the client registered: its secret is no key for anything else. */
async function isKeyedWithSecret(ctx: Context, jwt: ReadJwt, clientId: string, now: number): Promise<boolean> {
  const client = await findStoredClient(ctx, clientId);
  const mac = macAlgorithms.get(jwt.header.alg);
  if (client === undefined || mac === undefined || client.metadata.idTokenSignedResponseAlg !== jwt.header.alg) return false;
  return readableSecrets(ctx, client, now).some((secret) => mac.verify(jwt.signingInput, jwt.signature, secret));
}

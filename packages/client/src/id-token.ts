import { readJwt } from '@hufu/protocol/jwt';
import type { Client } from './client.ts';
import { mismatch } from './client-error.ts';
import { keysOf } from './issuer-keys.ts';
import { checkSignature, halfHash } from './signature.ts';

/** The claims of a JWT that was verified. */
export type Claims = Readonly<Record<string, unknown>>;

/** The claims of an ID token (OpenID Connect Core §2). */
export type IdTokenClaims = Claims & { readonly iss: string; readonly sub: string; readonly iat: number; readonly exp: number };

/** What an ID token has to say, because of what was asked. */
export interface IdTokenExpectation {
  /** Of the authorization request; undefined: there was none, and there must be none. */
  readonly nonce: string | undefined;
  /** `exact` where it is left out; `optional` at a refresh, whose ID token need not repeat it (§12.2). */
  readonly nonceNeed?: 'exact' | 'optional';
  /** Seconds; then `auth_time` has to be there (§3.1.2.1). */
  readonly maxAge?: number | undefined;
  /** The access token that came along: `at_hash` is its (§3.1.3.6). */
  readonly accessToken?: string | undefined;
  /** The claims of the ID token that stood at the beginning (§12.2). */
  readonly before?: Claims | undefined;
}

/** Validates an ID token (OpenID Connect Core §3.1.3.7, after a refresh §12.2). Throws `ClientError` `mismatch` with the claim as its code. */
export async function validateIdToken(client: Client, token: unknown, expected: IdTokenExpectation): Promise<IdTokenClaims> {
  const { payload, alg } = await verifyJwt(client, token, 'jwt');
  const { sub, iat, exp, azp, nonce, auth_time: authTime } = payload;
  const { before } = expected;
  // Whom it is about comes first: what else is wrong with it may be our clock.
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) throw mismatch('sub', 'the ID token names nobody');
  if (before !== undefined && sub !== before['sub']) throw mismatch('sub', 'the ID token names somebody else than before');
  if (azp !== undefined && azp !== client.clientId) throw mismatch('azp', 'the ID token is for another client');
  checkTimes(client, payload);
  if (typeof iat !== 'number' || typeof exp !== 'number') throw mismatch('exp', 'the ID token has no exp or no iat');
  const isNonceRight = nonce === expected.nonce || (expected.nonceNeed === 'optional' && nonce === undefined);
  if (!isNonceRight) throw mismatch('nonce', 'the ID token is not the one to our request');
  if (expected.maxAge !== undefined) {
    const oldest = client.nowMs() / 1_000 - expected.maxAge - client.clockToleranceSeconds;
    if (typeof authTime !== 'number' || authTime < oldest) throw mismatch('auth_time', 'the sign-in is older than was asked for');
  }
  if (expected.accessToken !== undefined && payload['at_hash'] !== undefined) {
    if (payload['at_hash'] !== (await halfHash(expected.accessToken, alg)))
      throw mismatch('at_hash', 'the access token is not the one of the ID token');
  }
  // OpenID Connect Core §12.2: by the same sign-in.
  if (authTime !== undefined && before?.['auth_time'] !== undefined && authTime !== before['auth_time'])
    throw mismatch('auth_time', 'the ID token is of another sign-in');
  return { ...payload, iss: client.issuer, sub, iat, exp };
}

/**
 * Verifies a JWT of the issuer for this client: form, `typ`, `alg`, signature, `iss`, `aud`. Times are not looked at.
 *
 * @param typ the one that it has to have, in lower case; `jwt` may be left out of it.
 */
export async function verifyJwt(client: Client, token: unknown, typ: string): Promise<{ readonly payload: Claims; readonly alg: string }> {
  const jwt = typeof token === 'string' ? readJwt(token) : undefined;
  if (jwt === undefined) throw mismatch('jwt', 'there is no signed JWT');
  const { alg, kid, typ: said = 'jwt' } = jwt.header;
  const normal = String(said)
    .toLowerCase()
    .replace(/^application\//, '');
  // RFC 8725 §3.11: a JWT of another kind, such as an access token, is none of this.
  if (normal !== typ && !(typ !== 'jwt' && normal === 'jwt')) throw mismatch('typ', `the JWT is of the kind ${normal.slice(0, 64)}`);
  if (kid !== undefined && typeof kid !== 'string') throw mismatch('kid', 'the JWT has a kid that is no text');
  const allowed =
    client.idTokenAlg === undefined ? (await client.metadata()).list('id_token_signing_alg_values_supported') : [client.idTokenAlg];
  if (!allowed.includes(alg)) throw mismatch('alg', `the JWT is signed by ${alg.slice(0, 16)}`);
  const key = await keysOf(client).find(alg, kid);
  if (key === undefined) throw mismatch('kid', 'the JWT is signed with a key that the issuer does not publish');
  if (!(await checkSignature(alg, key, jwt.signature, jwt.signingInput))) throw mismatch('signature', 'the signature of the JWT is wrong');
  const { iss, aud } = jwt.payload;
  if (iss !== client.issuer) throw mismatch('iss', 'the JWT is of another issuer');
  // OpenID Connect Core §3.1.3.7 item 3: other audiences are not trusted.
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (audiences.length !== 1 || audiences[0] !== client.clientId) throw mismatch('aud', 'the JWT is for others than this client');
  return { payload: jwt.payload, alg };
}

/** `exp`, `iat`, `nbf`, each with the tolerance that the client has. Throws `ClientError` `mismatch`. */
export function checkTimes(client: Client, { exp, iat, nbf }: Claims): void {
  const now = client.nowMs() / 1_000;
  const { clockToleranceSeconds: tolerance } = client;
  if (typeof exp !== 'number' || exp <= now - tolerance) throw mismatch('exp', 'the JWT has ended');
  if (typeof iat !== 'number' || iat > now + tolerance) throw mismatch('iat', 'the JWT has no iat, or one in the future');
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > now + tolerance)) throw mismatch('nbf', 'the JWT does not hold yet');
}

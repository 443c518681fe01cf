/** What Hufu sends when a session ends (OpenID Connect Back-Channel Logout §2.6). */
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { issuerOf } from './hufu.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Seconds between the two clocks. */
const TOLERANCE = 30;
const MAX_SEEN = 10_000;

/** Names of tokens that have been heard, so that none is heard twice. In memory: whoever has several servers keeps them in the database. */
const seen = new Set<string>();
let keys: JWTVerifyGetKey | undefined;

/** @returns the `sid` of the session that has ended; undefined for anything that is no logout token of Hufu's for this app */
export async function readLogoutToken(token: string): Promise<string | undefined> {
  const { issuer, jwksUri } = await issuerOf();
  keys ??= createRemoteJWKSet(new URL(jwksUri));
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: 'web-app',
      // An ID token has another type: it is never taken for this.
      typ: 'logout+jwt',
      algorithms: ['RS256', 'ES256'],
      requiredClaims: ['iat', 'exp', 'jti', 'sid'],
      clockTolerance: TOLERANCE,
    });
    const { jti = '', sid, events, nonce } = payload;
    const isLogout = typeof events === 'object' && events !== null && EVENT in events && nonce === undefined;
    if (!isLogout || typeof sid !== 'string' || seen.has(jti)) return undefined;
    const [oldest] = seen;
    if (seen.size >= MAX_SEEN && oldest !== undefined) seen.delete(oldest);
    seen.add(jti);
    return sid;
  } catch (error) {
    console.error(`not a logout token: ${error instanceof Error ? error.message : ''}`);
    return undefined;
  }
}

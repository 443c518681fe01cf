import assert from 'node:assert/strict';
import type { Client } from './client.ts';
import { asNumber, asText, type Json } from './json.ts';
import { checkSignature, halfHash, type Jwt, readJwt } from './jwt.ts';
import { checkStandardClaims, SCOPE_CLAIMS } from './standard-claims.ts';

/** Seconds by which the provider's clock and ours may differ: they are of one machine. */
const SKEW = 3;
const YEAR = 365 * 86_400;

/** Whom the relying party believes, and what time it is there. */
export interface Trust {
  readonly issuer: string;
  readonly jwks: Json;
  readonly provider: { nowSeconds(): number };
}

export interface IdTokenExpectations {
  readonly nonce: string | undefined;
  /** What came beside it. */
  readonly accessToken?: string | undefined;
  readonly code?: string | undefined;
  /** `front`: from the authorization endpoint, where the hashes are required. */
  readonly channel: 'front' | 'back';
}

/** Checks an ID token as a careful client does (OpenID Connect Core §2, §3.1.3.7, §3.2.2.11, §3.3.2.11). */
export function checkIdToken(
  trust: Trust,
  client: Pick<Client, 'clientId' | 'idTokenAlg'>,
  text: string,
  expected: IdTokenExpectations,
): Jwt {
  const token = readJwt(text, 'ID token');
  const { header, claims } = token;
  assert.equal(header['alg'], client.idTokenAlg, 'ID token: alg is not the registered one');
  asText(header['kid'], 'ID token: kid');
  checkSignature(token, trust.jwks, 'ID token');
  assert.equal(claims['iss'], trust.issuer, 'ID token: iss');
  checkAudience(claims, client);
  checkTimes(trust, claims);
  assert.match(asText(claims['sub'], 'ID token: sub'), /^[\x20-\x7e]{1,255}$/, 'ID token: sub');
  assert.equal(claims['nonce'], expected.nonce, 'ID token: nonce');
  if (claims['acr'] !== undefined) asText(claims['acr'], 'ID token: acr');
  checkStandardClaims(claims, 'ID token');
  checkHash(header, claims, 'at_hash', expected.accessToken, expected.channel);
  checkHash(header, claims, 'c_hash', expected.code, expected.channel);
  return token;
}

/** Members of an ID token that tell nothing about the person. */
const PROTOCOL_CLAIMS: readonly string[] = 'iss sub aud exp iat auth_time nonce acr amr azp at_hash c_hash s_hash nbf jti sid'.split(' ');

/** Members of an ID token that nothing in the request asked for. */
export function unaskedClaims(claims: Json, scope: string): readonly string[] {
  const asked = scope.split(' ').flatMap((name) => SCOPE_CLAIMS[name] ?? []);
  return Object.keys(claims).filter((name) => !PROTOCOL_CLAIMS.includes(name) && !asked.includes(name));
}

function checkAudience({ aud, azp }: Json, { clientId }: Pick<Client, 'clientId'>): void {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  assert.deepEqual(audiences, [clientId], 'ID token: aud is not this client alone');
  if (azp !== undefined) assert.equal(azp, clientId, 'ID token: azp');
}

function checkTimes(trust: Trust, claims: Json): void {
  const now = trust.provider.nowSeconds();
  const iat = asNumber(claims['iat'], 'ID token: iat');
  const exp = asNumber(claims['exp'], 'ID token: exp');
  assert.ok(Math.abs(iat - now) <= 60 + SKEW && iat <= now + SKEW, `ID token: iat ${iat}, now ${now}`);
  assert.ok(exp > now - SKEW && exp > iat && exp < now + YEAR, `ID token: exp ${exp}, now ${now}`);
  if (claims['nbf'] !== undefined) assert.ok(asNumber(claims['nbf'], 'ID token: nbf') <= now + SKEW, 'ID token: nbf');
  if (claims['auth_time'] === undefined) return;
  const authTime = asNumber(claims['auth_time'], 'ID token: auth_time');
  assert.ok(authTime <= now + SKEW && authTime > now - YEAR, `ID token: auth_time ${authTime}, now ${now}`);
}

/** Required from the authorization endpoint; from the token endpoint it must be right where it stands. */
function checkHash(header: Json, claims: Json, name: 'at_hash' | 'c_hash', value: string | undefined, channel: 'front' | 'back'): void {
  const found = claims[name];
  if (value === undefined) {
    if (channel === 'front') assert.equal(found, undefined, `ID token: ${name} of nothing`);
    return;
  }
  if (channel === 'back' && found === undefined) return;
  assert.equal(found, halfHash(header['alg'], value), `ID token: ${name}`);
}

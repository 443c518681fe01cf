import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { asText, type Json } from '../suite/json.ts';
import { signJwt } from '../suite/jwt.ts';
import { clientKey } from '../suite/keys.ts';

/** A key that tokens are bound to (RFC 9449). */
export interface ProofKey {
  readonly alg: 'ES256' | 'PS256';
  readonly privateKey: KeyObject;
  readonly jwk: Json;
  /** RFC 7638. */
  readonly thumbprint: string;
}

/** Members that differ from a good proof's; undefined takes one out. */
export interface ProofChanges {
  readonly claims?: Json;
  readonly header?: Json;
}

/** A fresh key; the RSA key is always the same one, as those cost time. */
export function makeProofKey(alg: 'ES256' | 'PS256'): ProofKey {
  if (alg === 'PS256') {
    const { privateKey, jwk } = clientKey(2, 'none');
    const { kty, n, e } = jwk;
    return { alg, privateKey, jwk: { kty, n, e }, thumbprint: thumbprint({ e, kty, n }) };
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  return { alg, privateKey, jwk: { kty, crv, x, y }, thumbprint: thumbprint({ crv, kty, x, y }) };
}

export interface ProofRequest {
  readonly method: string;
  readonly url: string;
  readonly nowSeconds: number;
  /** That goes with it. */
  readonly accessToken?: string;
  readonly jti: string;
}

/** A DPoP proof (RFC 9449 §4.2). */
export function makeProof(key: ProofKey, request: ProofRequest, { claims, header }: ProofChanges = {}): string {
  const { method, url, nowSeconds, accessToken, jti } = request;
  const ath = accessToken === undefined ? undefined : sha256(accessToken);
  return signJwt(
    { typ: 'dpop+jwt', alg: key.alg, jwk: key.jwk, ...header },
    { jti, htm: method, htu: url, iat: nowSeconds, ath, ...claims },
    key.privateKey,
  );
}

/** RFC 7638 §3.2: the members in the order of the alphabet. */
function thumbprint(members: Readonly<Record<string, unknown>>): string {
  for (const [name, value] of Object.entries(members)) asText(value, name);
  return sha256(JSON.stringify(members));
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

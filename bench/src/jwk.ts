import { generateKeyPairSync, hash, type webcrypto } from 'node:crypto';

/** RFC 7517 §4: Node's type leaves `kid` out. */
export interface Jwk extends webcrypto.JsonWebKey {
  readonly kid?: string;
}

/** A private P-256 key. */
export function newEcKey(kid: string): Jwk {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  return { ...key, kid, use: 'sig', alg: 'ES256' };
}

/** The public half of a P-256 key, without a name. */
export function publicEcKey({ kty = '', crv = '', x = '', y = '' }: Jwk): Jwk {
  return { kty, crv, x, y };
}

/** SHA-256 of the required members in their order, base64url (RFC 7638 §3). */
export function thumbprintOf({ crv, kty, x, y }: Jwk): string {
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
}

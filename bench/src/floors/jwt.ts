import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { epochSeconds } from '../clock.ts';
import { ACCESS_TOKEN_SECONDS, NONCE } from '../contract.ts';
import type { Jwk } from '../jwk.ts';
import { randomBytesView } from './random.ts';

/** Signs JWTs the short way: the header's bytes once, one `JSON.stringify`, one `crypto.sign`. */
export class JwtSigner {
  readonly #key: KeyObject;
  readonly #head: string;
  readonly #isEc: boolean;

  /** @param named what the header says of the key: its name if nothing else */
  constructor(jwk: Jwk, typ: string, named: { readonly kid?: string | undefined } | { readonly jwk: Jwk } = { kid: jwk.kid }) {
    const alg = jwk.kty === 'EC' ? 'ES256' : 'RS256';
    this.#key = createPrivateKey({ key: jwk, format: 'jwk' });
    this.#isEc = alg === 'ES256';
    this.#head = `${Buffer.from(JSON.stringify({ alg, typ, ...named })).toString('base64url')}.`;
  }

  sign(claims: Readonly<Record<string, unknown>>): string {
    const input = this.#head + Buffer.from(JSON.stringify(claims)).toString('base64url');
    const key = this.#isEc ? ({ key: this.#key, dsaEncoding: 'ieee-p1363' } as const) : this.#key;
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
  }
}

/** The claims of an access token (RFC 9068 §2.2). */
export function accessClaims(issuer: string, subject: string, clientId: string, audience: string, scope: string): Record<string, unknown> {
  const iat = epochSeconds();
  const jti = randomBytesView(16).toString('base64url');
  return { iss: issuer, sub: subject, aud: audience, client_id: clientId, scope, iat, exp: iat + ACCESS_TOKEN_SECONDS, jti };
}

/** The claims of an ID token (OpenID Connect Core §2). */
export function idClaims(issuer: string, subject: string, clientId: string): Record<string, unknown> {
  const iat = epochSeconds();
  return { iss: issuer, sub: subject, aud: clientId, iat, exp: iat + ACCESS_TOKEN_SECONDS, auth_time: iat, nonce: NONCE };
}

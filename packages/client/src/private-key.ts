import { newSecret } from './bytes.ts';
import type { ClientAuthentication } from './client-authentication.ts';
import { signJwt } from './sign-jwt.ts';
import { schemeOf } from './signature.ts';

/** A private key with the names that its JWTs carry. */
export interface SigningKey {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly key: CryptoKey;
}

/** A program with a key pair of its own. */
export interface ServiceAccount {
  /** Its client id. */
  readonly name: string;
  readonly key: SigningKey;
}

/** Seconds that an assertion of ours is good for. */
const LIFETIME = 60;

/**
 * Reads a private key from a JWK (RFC 7517): `alg` has to be there. Throws `TypeError` for what is none.
 *
 * @param jwk as `hufu client key create` writes it, or the JSON text of it.
 */
export async function readSigningKey(jwk: JsonWebKey | string): Promise<SigningKey> {
  const { alg, kid, ...members }: JsonWebKey & { readonly kid?: string } = typeof jwk === 'string' ? Object(JSON.parse(jwk)) : jwk;
  const scheme = alg === undefined ? undefined : schemeOf(alg);
  if (alg === undefined || scheme === undefined || members.d === undefined)
    throw new TypeError('this is no private key with an alg that we know');
  // Whatever it says about its use: it is to sign.
  const { key_ops: _, use: __, ...bare } = members;
  return { alg, kid, key: await crypto.subtle.importKey('jwk', bare, scheme, false, ['sign']) };
}

/** The algorithms that keys in PKCS #8 are tried with, which do not say their own. */
const USUAL_ALGS = ['RS256', 'ES256', 'EdDSA', 'ES384', 'ES512'];

/**
 * Reads the file of a service account, as `hufu client key create` writes it and Google's libraries read it. Throws `TypeError`.
 */
export async function readServiceAccount(text: string): Promise<ServiceAccount> {
  const { client_email: name, private_key: pem, private_key_id: kid }: Readonly<Record<string, unknown>> = Object(JSON.parse(text));
  const body = /^-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*$/.exec(typeof pem === 'string' ? pem : '')?.[1];
  if (typeof name !== 'string' || typeof kid !== 'string' || body === undefined)
    throw new TypeError('this is no file of a service account');
  const der = Uint8Array.from(atob(body.replaceAll(/\s/g, '')), (char) => char.charCodeAt(0));
  for (const alg of USUAL_ALGS) {
    const scheme = schemeOf(alg);
    const key = scheme && (await crypto.subtle.importKey('pkcs8', der, scheme, false, ['sign']).catch(() => undefined));
    if (key !== undefined) return { name, key: { alg, kid, key } };
  }
  throw new TypeError('the private key is of a kind that we do not know');
}

/**
 * A key pair proves it (RFC 7523 §2.2): an assertion for each request, good for a minute, and for the issuer alone, so that no other
 * server can use what it got.
 */
export function privateKeyJwt(key: SigningKey): ClientAuthentication {
  return {
    method: 'private_key_jwt',
    async apply({ parameters, issuer, clientId, nowMs }) {
      parameters.set('client_id', clientId);
      parameters.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
      parameters.set('client_assertion', await signAssertion(key, { iss: clientId, sub: clientId, aud: issuer }, nowMs));
    },
  };
}

/** A JWT that its bearer is to be believed by (RFC 7523 §3): good for a minute, once. */
export async function signAssertion(
  { alg, kid, key }: SigningKey,
  claims: { readonly iss: string; readonly sub: string; readonly aud: string },
  nowMs: number,
): Promise<string> {
  const scheme = schemeOf(alg);
  if (scheme === undefined) throw new TypeError(`no signatures by ${alg}`);
  const now = Math.floor(nowMs / 1_000);
  return signJwt({ alg, ...(kid !== undefined && { kid }) }, { ...claims, jti: newSecret(), iat: now, exp: now + LIFETIME }, key, scheme);
}

import { toBase64url } from './base64url-text.ts';
import { toBytes } from './bytes.ts';

type Scheme = EcKeyImportParams & EcdsaParams & RsaHashedImportParams & RsaPssParams;

/**
 * How WebCrypto is told about an algorithm (RFC 7518 §3.3–3.5, RFC 8037 §3.1), for keys and for signatures alike; undefined for those that
 * we do not know. `none` and shared secrets are not among them, so no public key ever serves as a secret.
 */
export function schemeOf(alg: string): Scheme | undefined {
  const [, family, bits] = /^(ES|RS|PS)(256|384|512)$/.exec(alg) ?? [];
  if (family === undefined || bits === undefined) return alg === 'EdDSA' || alg === 'Ed25519' ? named('Ed25519') : undefined;
  const scheme = named(family === 'ES' ? 'ECDSA' : family === 'RS' ? 'RSASSA-PKCS1-v1_5' : 'RSA-PSS');
  // RFC 7518 §3.5: the salt is as long as the hash.
  return { ...scheme, hash: `SHA-${bits}`, namedCurve: `P-${bits === '512' ? '521' : bits}`, saltLength: Number(bits) / 8 };
}

/** The `kty` that an algorithm's keys have. */
export function ktyOf(alg: string): string {
  return alg.startsWith('ES') ? 'EC' : alg.startsWith('Ed') ? 'OKP' : 'RSA';
}

/** Verifies the signature of a JWS (RFC 7515 §5.2). Never throws for a signature, whatever is in it. */
export async function checkSignature(alg: string, key: CryptoKey, signature: Uint8Array, signingInput: string): Promise<boolean> {
  const scheme = schemeOf(alg);
  return scheme !== undefined && (await crypto.subtle.verify(scheme, key, new Uint8Array(signature), toBytes(signingInput)));
}

/** The left half of the hash that goes with an algorithm, as base64url: `at_hash` (OpenID Connect Core §3.1.3.6). */
export async function halfHash(text: string, alg: string): Promise<string> {
  // Ed25519 hashes with SHA-512 itself.
  const bits = /(256|384|512)$/.exec(alg)?.[0] ?? '512';
  const hash = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, toBytes(text)));
  return toBase64url(hash.subarray(0, hash.length / 2));
}

/** Each algorithm reads the members that are its own. */
function named(name: string): Scheme {
  return { name, namedCurve: '', hash: '', saltLength: 0 };
}

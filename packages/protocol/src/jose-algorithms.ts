/**
 * The JOSE algorithms that Hufu speaks, by their registered names (IANA "JSON Web Signature and Encryption Algorithms"). What a client
 * may register, what discovery tells and what the server can do are read from these lists. `none`, `RSA1_5` and `PBES2-*` are in none of them.
 */

/** Signatures with a key pair (RFC 7518 §3.3–3.5, RFC 8037 §3.1, RFC 9864 §2.2 for the same under its own name, RFC 9964). The ML-DSA ones only where the runtime has them. */
export const SIGNATURE_ALGS: readonly string[] = [
  'ES256',
  'RS256',
  'EdDSA',
  'Ed25519',
  'PS256',
  'ES384',
  'ES512',
  'RS384',
  'RS512',
  'PS384',
  'PS512',
  'ML-DSA-44',
  'ML-DSA-65',
  'ML-DSA-87',
];

/** Keyed with the client's secret (RFC 7518 §3.2, OpenID Connect Core §10.1). */
export const MAC_ALGS: readonly string[] = ['HS256', 'HS384', 'HS512'];

/** How a content key is agreed or wrapped with a key pair (RFC 7518 §4.3, §4.6). */
export const ASYMMETRIC_ENCRYPTION_ALGS: readonly string[] = [
  'RSA-OAEP-256',
  'RSA-OAEP',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A192KW',
  'ECDH-ES+A256KW',
];

/** The same with a key made from the client's secret (RFC 7518 §4.4, §4.5, §4.7, OpenID Connect Core §10.2). */
export const SYMMETRIC_ENCRYPTION_ALGS: readonly string[] = ['A128KW', 'A192KW', 'A256KW', 'A128GCMKW', 'A192GCMKW', 'A256GCMKW', 'dir'];

/** How the content itself is encrypted (RFC 7518 §5). */
export const CONTENT_ENCRYPTION_ALGS: readonly string[] = [
  'A128CBC-HS256',
  'A192CBC-HS384',
  'A256CBC-HS512',
  'A128GCM',
  'A192GCM',
  'A256GCM',
];

/** Of those that encrypt, both kinds. */
export const ENCRYPTION_ALGS: readonly string[] = [...ASYMMETRIC_ENCRYPTION_ALGS, ...SYMMETRIC_ENCRYPTION_ALGS];

/** Whether the algorithm is keyed with the client's secret, so that the secret itself has to be at hand. */
export function needsClientSecret(alg: string): boolean {
  return MAC_ALGS.includes(alg) || SYMMETRIC_ENCRYPTION_ALGS.includes(alg);
}

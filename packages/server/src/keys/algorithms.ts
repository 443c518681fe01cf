import { createHmac, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign, timingSafeEqual, verify } from 'node:crypto';
import { promisify } from 'node:util';

/** Everything there is to know about a JWS `alg` (RFC 7518 §3.1, RFC 8037 §3.1), in one place. */
export interface SigningAlgorithm {
  readonly alg: string;
  /** JWK members that are public (RFC 7638 §3.2 order), and whether a JWK is of this kind. */
  generate(): Promise<KeyObject>;
  sign(input: string, key: KeyObject): string;
  verify(input: string, signature: Uint8Array, key: KeyObject): boolean;
  /** Half of the hash's output: `at_hash` (OpenID Connect Core §3.1.3.6). */
  readonly hash: string;
}

const generatePair = promisify(generateKeyPair);

function ecdsa(alg: string, hash: string, namedCurve: string): SigningAlgorithm {
  return {
    alg,
    hash,
    generate: async () => (await generatePair('ec', { namedCurve })).privateKey,
    // RFC 7518 §3.4: r ‖ s, not DER.
    sign: (input, key) => sign(hash, Buffer.from(input, 'latin1'), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
    verify: (input, signature, key) => verify(hash, Buffer.from(input, 'latin1'), { key, dsaEncoding: 'ieee-p1363' }, signature),
  };
}

function rsa(alg: string, hash: string): SigningAlgorithm {
  return {
    alg,
    hash,
    generate: async () => (await generatePair('rsa', { modulusLength: 2048 })).privateKey,
    sign: (input, key) => sign(hash, Buffer.from(input, 'latin1'), key).toString('base64url'),
    verify: (input, signature, key) => verify(hash, Buffer.from(input, 'latin1'), key, signature),
  };
}

const edDsa: SigningAlgorithm = {
  alg: 'EdDSA',
  // OpenID Connect Core says nothing of EdDSA; SHA-512 is Ed25519's own hash.
  hash: 'sha512',
  generate: async () => (await generatePair('ed25519')).privateKey,
  sign: (input, key) => sign(null, Buffer.from(input, 'latin1'), key).toString('base64url'),
  verify: (input, signature, key) => verify(null, Buffer.from(input, 'latin1'), key, signature),
};

/** An algorithm is one entry; metadata and validation derive from here. */
export const signingAlgorithms: ReadonlyMap<string, SigningAlgorithm> = new Map(
  [ecdsa('ES256', 'sha256', 'P-256'), rsa('RS256', 'sha256'), edDsa].map((algorithm) => [algorithm.alg, algorithm]),
);

/** What there is to know about an `alg` that is keyed with a client's secret (RFC 7518 §3.2, OpenID Connect Core §10.1). */
export interface MacAlgorithm {
  readonly alg: string;
  readonly hash: string;
  /** @param secret its UTF-8 bytes are the key. */
  sign(input: string, secret: string): string;
  verify(input: string, signature: Uint8Array, secret: string): boolean;
}

function hmac(alg: string, hash: string): MacAlgorithm {
  const mac = (input: string, secret: string): Buffer => createHmac(hash, secret).update(input, 'latin1').digest();
  return {
    alg,
    hash,
    sign: (input, secret) => mac(input, secret).toString('base64url'),
    verify(input, signature, secret) {
      const own = mac(input, secret);
      return own.length === signature.length && timingSafeEqual(own, signature);
    },
  };
}

export const macAlgorithms: ReadonlyMap<string, MacAlgorithm> = new Map(
  [hmac('HS256', 'sha256'), hmac('HS384', 'sha384'), hmac('HS512', 'sha512')].map((algorithm) => [algorithm.alg, algorithm]),
);

/** Private key to PKCS #8 bytes, for sealing at rest. */
export function exportPrivate(key: KeyObject): Uint8Array {
  return key.export({ type: 'pkcs8', format: 'der' });
}

export function importPrivate(bytes: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(bytes), type: 'pkcs8', format: 'der' });
}

/** The public half as a JWK (RFC 7517 §4) without `kid`. */
export function publicJwk(key: KeyObject): Readonly<Record<string, unknown>> {
  return { ...createPublicKey(key).export({ format: 'jwk' }) };
}

import {
  constants,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  hash,
  type KeyObject,
  type SigningOptions,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { MAC_ALGS, SIGNATURE_ALGS } from '@hufu/protocol/jose-algorithms';

/** Everything there is to know about a JWS `alg` with a key pair (RFC 7518 §3.3–3.5, RFC 8037 §3.1, RFC 9964), in one place. */
export interface SigningAlgorithm {
  readonly alg: string;
  /** The private half of a new pair. */
  generate(): Promise<KeyObject>;
  /** Whether a key, of whoever's making, is of the algorithm's kind and strong enough. To be asked before `verify` gets one that is not ours. */
  fits(key: KeyObject): boolean;
  /** Base64url. */
  sign(input: string, key: KeyObject): string;
  /** Never throws, whatever the signature holds. */
  verify(input: string, signature: Uint8Array, key: KeyObject): boolean;
  /** What `halfHash` hashes with. */
  readonly hash: string;
}

const generatePair = promisify(generateKeyPair);

/** @param curve as OpenSSL names it: a key tells it by that name alone. */
function ecdsa(hashName: string, namedCurve: string, curve: string): Omit<SigningAlgorithm, 'alg'> {
  return {
    hash: hashName,
    generate: async () => (await generatePair('ec', { namedCurve })).privateKey,
    fits: (key) => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve,
    // RFC 7518 §3.4: r ‖ s, not DER.
    sign: (input, key) => sign(hashName, Buffer.from(input, 'latin1'), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
    verify: (input, signature, key) => verify(hashName, Buffer.from(input, 'latin1'), { key, dsaEncoding: 'ieee-p1363' }, signature),
  };
}

/** RSASSA-PKCS1-v1_5 (RFC 7518 §3.3), or with a scheme of its own. */
function rsa(hashName: string, scheme: Pick<SigningOptions, 'padding' | 'saltLength'> = {}): Omit<SigningAlgorithm, 'alg'> {
  return {
    hash: hashName,
    generate: async () => (await generatePair('rsa', { modulusLength: 2048 })).privateKey,
    fits: isStrongRsa,
    sign: (input, key) => sign(hashName, Buffer.from(input, 'latin1'), { key, ...scheme }).toString('base64url'),
    // RFC 8017 §8.1.2: as long as the modulus. OpenSSL takes a PSS signature without its leading zeros, too.
    verify: (input, signature, key) =>
      signature.length === Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8) &&
      verify(hashName, Buffer.from(input, 'latin1'), { key, ...scheme }, signature),
  };
}

/** RSASSA-PSS (RFC 7518 §3.5): MGF1 with the same hash, and a salt as long as the hash. */
function pss(hashName: string): Omit<SigningAlgorithm, 'alg'> {
  return rsa(hashName, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
}

/** Schemes that hash for themselves: the type of the key says everything. */
function pure(type: string, hashName: string, generate: () => Promise<{ readonly privateKey: KeyObject }>): Omit<SigningAlgorithm, 'alg'> {
  return {
    hash: hashName,
    generate: async () => (await generate()).privateKey,
    fits: (key) => key.asymmetricKeyType === type,
    sign: (input, key) => sign(null, Buffer.from(input, 'latin1'), key).toString('base64url'),
    verify: (input, signature, key) => verify(null, Buffer.from(input, 'latin1'), key, signature),
  };
}

/** ML-DSA's own hash is SHAKE256; nobody has written down what `at_hash` is there, and 64 bytes of it is what clients compute. */
function mlDsa(type: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87'): Omit<SigningAlgorithm, 'alg'> {
  return pure(type, 'shake256', () => generatePair(type));
}

/** RFC 7518 §3.3: 2048 bits or more. The bounds above keep a verification cheap. */
export function isStrongRsa(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const isSizeRight = modulusLength >= 2048 && modulusLength <= 8192;
  return key.asymmetricKeyType === 'rsa' && isSizeRight && publicExponent >= 3n && publicExponent < 2n ** 33n && publicExponent % 2n === 1n;
}

/** Whether this runtime has ML-DSA, as keys and as JWKs of `kty` AKP (RFC 9964). */
function hasMlDsa(): boolean {
  try {
    return generateKeyPairSync('ml-dsa-44').publicKey.export({ format: 'jwk' })['kty'] === 'AKP';
  } catch {
    return false;
  }
}

const everywhere: readonly (readonly [string, Omit<SigningAlgorithm, 'alg'>])[] = [
  ['ES256', ecdsa('sha256', 'P-256', 'prime256v1')],
  ['ES384', ecdsa('sha384', 'P-384', 'secp384r1')],
  ['ES512', ecdsa('sha512', 'P-521', 'secp521r1')],
  ['RS256', rsa('sha256')],
  ['RS384', rsa('sha384')],
  ['RS512', rsa('sha512')],
  ['PS256', pss('sha256')],
  ['PS384', pss('sha384')],
  ['PS512', pss('sha512')],
  // OpenID Connect Core says nothing of EdDSA; SHA-512 is Ed25519's own hash.
  ['EdDSA', pure('ed25519', 'sha512', () => generatePair('ed25519'))],
  ['Ed25519', pure('ed25519', 'sha512', () => generatePair('ed25519'))],
];

const whereThereIs: typeof everywhere = [
  ['ML-DSA-44', mlDsa('ml-dsa-44')],
  ['ML-DSA-65', mlDsa('ml-dsa-65')],
  ['ML-DSA-87', mlDsa('ml-dsa-87')],
];

const known = new Map([...everywhere, ...(hasMlDsa() ? whereThereIs : [])]);

/** What this runtime can sign and verify with a key pair, in the order of `SIGNATURE_ALGS`. An algorithm is one entry; metadata and validation derive from here. */
export const signingAlgorithms: ReadonlyMap<string, SigningAlgorithm> = new Map(
  SIGNATURE_ALGS.flatMap((alg) => {
    const rest = known.get(alg);
    return rest === undefined ? [] : [[alg, { alg, ...rest }] as const];
  }),
);

/** What there is to know about an `alg` that is keyed with a client's secret (RFC 7518 §3.2, OpenID Connect Core §10.1). */
export interface MacAlgorithm {
  readonly alg: string;
  /** What `halfHash` hashes with. */
  readonly hash: string;
  /** @param secret its UTF-8 bytes are the key. */
  sign(input: string, secret: string): string;
  /** In constant time. */
  verify(input: string, signature: Uint8Array, secret: string): boolean;
}

function hmac(alg: string): MacAlgorithm {
  const hashName = alg.replace('HS', 'sha');
  const mac = (input: string, secret: string): Buffer => createHmac(hashName, Buffer.from(secret, 'utf8')).update(input, 'latin1').digest();
  return {
    alg,
    hash: hashName,
    sign: (input, secret) => mac(input, secret).toString('base64url'),
    verify(input, signature, secret) {
      const own = mac(input, secret);
      return own.length === signature.length && timingSafeEqual(own, signature);
    },
  };
}

export const macAlgorithms: ReadonlyMap<string, MacAlgorithm> = new Map(MAC_ALGS.map((alg) => [alg, hmac(alg)]));

/**
 * The left half of a text's hash, as base64url: `at_hash`, `c_hash` (OpenID Connect Core §3.1.3.6, §3.3.2.11).
 *
 * @param hashName `hash` of the algorithm that signs the ID token
 * @param text ASCII
 */
export function halfHash(hashName: string, text: string): string {
  const digest =
    hashName === 'shake256' ? createHash(hashName, { outputLength: 64 }).update(text).digest() : hash(hashName, text, 'buffer');
  return digest.toString('base64url', 0, digest.length / 2);
}

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

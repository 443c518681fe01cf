import { constants, generateKeyPairSync, type KeyObject, type SigningOptions, verify } from 'node:crypto';

/** The signature algorithms we verify (RFC 7518 §3.3–3.5, RFC 8037 §3.1, RFC 9964). None of them takes a shared secret, so no public key ever serves as one. */
export type Algorithm =
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'EdDSA'
  | 'Ed25519'
  | 'ML-DSA-44'
  | 'ML-DSA-65'
  | 'ML-DSA-87';

/** What there is to know about one algorithm. */
interface SignatureScheme {
  /** Whether the key is of the algorithm's kind and strong enough. */
  fits(key: KeyObject): boolean;
  /** Never throws for a signature, whatever is in it. */
  verify(input: string, signature: Uint8Array, key: KeyObject): boolean;
}

/** @param curve as OpenSSL names it */
function ecdsa(hash: string, curve: string): SignatureScheme {
  return {
    fits: (key) => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve,
    // RFC 7518 §3.4: r ‖ s, each as long as the curve has it, never DER; any other length is refused.
    verify: (input, signature, key) => verify(hash, bytes(input), { key, dsaEncoding: 'ieee-p1363' }, signature),
  };
}

function rsa(hash: string, scheme: Pick<SigningOptions, 'padding' | 'saltLength'> = {}): SignatureScheme {
  return {
    fits: isStrongRsa,
    // RFC 8017 §8.1.2: as long as the modulus. OpenSSL takes a PSS signature without its leading zeros, too.
    verify: (input, signature, key) =>
      signature.length === Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8) &&
      verify(hash, bytes(input), { key, ...scheme }, signature),
  };
}

/** RFC 7518 §3.5: the salt is as long as the hash. */
function pss(hash: string): SignatureScheme {
  return rsa(hash, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
}

/** Schemes that hash for themselves: the type of the key says everything. */
function pure(type: string): SignatureScheme {
  return {
    fits: (key) => key.asymmetricKeyType === type,
    verify: (input, signature, key) => verify(null, bytes(input), key, signature),
  };
}

const everywhere: readonly (readonly [Algorithm, SignatureScheme])[] = [
  ['ES256', ecdsa('sha256', 'prime256v1')],
  ['RS256', rsa('sha256')],
  ['PS256', pss('sha256')],
  ['EdDSA', pure('ed25519')],
  ['Ed25519', pure('ed25519')],
  ['ES384', ecdsa('sha384', 'secp384r1')],
  ['ES512', ecdsa('sha512', 'secp521r1')],
  ['RS384', rsa('sha384')],
  ['RS512', rsa('sha512')],
  ['PS384', pss('sha384')],
  ['PS512', pss('sha512')],
];

const whereThereIs: typeof everywhere = [
  ['ML-DSA-44', pure('ml-dsa-44')],
  ['ML-DSA-65', pure('ml-dsa-65')],
  ['ML-DSA-87', pure('ml-dsa-87')],
];

/** By `alg`: an algorithm is one entry. ML-DSA only where the runtime has it. */
export const ALGORITHMS: ReadonlyMap<string, SignatureScheme> = new Map([...everywhere, ...(hasMlDsa() ? whereThereIs : [])]);

/** As keys and as JWKs of `kty` AKP (RFC 9964). */
function hasMlDsa(): boolean {
  try {
    return generateKeyPairSync('ml-dsa-44').publicKey.export({ format: 'jwk' })['kty'] === 'AKP';
  } catch {
    return false;
  }
}

/** RFC 7518 §3.3: 2048 bits or more. The bounds above keep a verification cheap. */
function isStrongRsa(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const isSizeRight = modulusLength >= 2048 && modulusLength <= 8192;
  return key.asymmetricKeyType === 'rsa' && isSizeRight && publicExponent >= 3n && publicExponent < 2n ** 33n;
}

/** Where what is verified is put: one for all, as nothing happens in between. */
const scratch: Buffer = Buffer.allocUnsafeSlow(16_384);

/** The signing input is ASCII. */
function bytes(input: string): Uint8Array {
  if (input.length > scratch.length) return Buffer.from(input, 'latin1');
  return scratch.subarray(0, scratch.write(input, 'latin1'));
}

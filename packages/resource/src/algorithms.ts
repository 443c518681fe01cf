import { constants, type KeyObject, verify } from 'node:crypto';

/** The signature algorithms we verify (RFC 7518 §3.1, RFC 8037 §3.1). None of them takes a shared secret, so no public key ever serves as one. */
export type Algorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA';

/** What there is to know about one algorithm. */
interface SignatureScheme {
  /** Whether the key is of the algorithm's kind and strong enough. */
  fits(key: KeyObject): boolean;
  /** Never throws for a signature, whatever is in it. */
  verify(input: string, signature: Uint8Array, key: KeyObject): boolean;
}

/** By `alg`: an algorithm is one entry. */
export const ALGORITHMS: ReadonlyMap<string, SignatureScheme> = new Map<Algorithm, SignatureScheme>([
  [
    'ES256',
    {
      fits: (key) => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1',
      // RFC 7518 §3.4: r ‖ s, 32 bytes each, never DER; any other length is refused.
      verify: (input, signature, key) => verify('sha256', bytes(input), { key, dsaEncoding: 'ieee-p1363' }, signature),
    },
  ],
  ['RS256', { fits: isStrongRsa, verify: (input, signature, key) => verify('sha256', bytes(input), key, signature) }],
  [
    'PS256',
    {
      fits: isStrongRsa,
      // RFC 7518 §3.5: the salt is as long as the hash.
      verify: (input, signature, key) =>
        verify(
          'sha256',
          bytes(input),
          { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
          signature,
        ),
    },
  ],
  [
    'EdDSA',
    {
      fits: (key) => key.asymmetricKeyType === 'ed25519',
      verify: (input, signature, key) => verify(null, bytes(input), key, signature),
    },
  ],
]);

/** RFC 7518 §3.3: 2048 bits or more. The bounds above keep a verification cheap. */
function isStrongRsa(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const isSizeRight = modulusLength >= 2048 && modulusLength <= 8192;
  return key.asymmetricKeyType === 'rsa' && isSizeRight && publicExponent >= 3n && publicExponent < 2n ** 33n;
}

/** The signing input is ASCII. */
function bytes(input: string): Buffer {
  return Buffer.from(input, 'latin1');
}

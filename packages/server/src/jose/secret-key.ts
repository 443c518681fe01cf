import { hash } from 'node:crypto';

/**
 * The symmetric key made from a client's secret (OpenID Connect Core §10.2): the leftmost octets of the SHA-2 hash of its UTF-8 bytes, as
 * many as wrapping a key (`alg`) or encrypting the content itself (`alg` is `dir`) takes.
 *
 * @throws TypeError for an `alg` or `enc` that is not keyed with a secret
 */
export function secretKey(secret: string, alg: string, enc: string): Uint8Array {
  const bits = alg === 'dir' ? CONTENT_KEY_BITS.get(enc) : WRAPPING_KEY_BITS.get(alg);
  if (bits === undefined) throw new TypeError(`${alg} with ${enc} takes no client secret`);
  const digest = hash(bits <= 256 ? 'sha256' : bits <= 384 ? 'sha384' : 'sha512', secret, 'buffer');
  return digest.subarray(0, bits / 8);
}

/** RFC 7518 §4.4, §4.7. */
const WRAPPING_KEY_BITS: ReadonlyMap<string, number> = new Map([
  ['A128KW', 128],
  ['A192KW', 192],
  ['A256KW', 256],
  ['A128GCMKW', 128],
  ['A192GCMKW', 192],
  ['A256GCMKW', 256],
]);

/** RFC 7518 §5.1: the CBC ones are two keys in one. */
const CONTENT_KEY_BITS: ReadonlyMap<string, number> = new Map([
  ['A128CBC-HS256', 256],
  ['A192CBC-HS384', 384],
  ['A256CBC-HS512', 512],
  ['A128GCM', 128],
  ['A192GCM', 192],
  ['A256GCM', 256],
]);

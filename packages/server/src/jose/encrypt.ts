import type { KeyObject } from 'node:crypto';
import { CONTENT_ENCRYPTION_ALGS, ENCRYPTION_ALGS } from '@hufu/protocol/jose-algorithms';

/** Whom something is encrypted to, and how (RFC 7518 §4, §5). */
export interface Recipient {
  readonly alg: string;
  readonly enc: string;
  /** Public, where `alg` takes a key pair; else `secretKey`. */
  readonly key: KeyObject | Uint8Array;
  readonly kid?: string | undefined;
}

/**
 * A compact JWE (RFC 7516 §7.1).
 *
 * @param cty `JWT` for a nested one (RFC 7519 §5.2), undefined for plain JSON
 * @throws TypeError for an algorithm that we do not speak, or a key that is not of its kind
 */
export async function encryptCompact({ alg, enc, key, kid }: Recipient, plaintext: string, cty: 'JWT' | undefined): Promise<string> {
  if (!ENCRYPTION_ALGS.includes(alg) || !CONTENT_ENCRYPTION_ALGS.includes(enc)) throw new TypeError(`no encryption with ${alg} and ${enc}`);
  // Loaded by the first who needs it: a server that encrypts nothing starts without it.
  const { CompactEncrypt } = await import('jose/jwe/compact/encrypt');
  const header = { alg, enc, ...(cty === undefined ? {} : { cty }), ...(kid === undefined ? {} : { kid }) };
  return new CompactEncrypt(Buffer.from(plaintext)).setProtectedHeader(header).encrypt(key);
}

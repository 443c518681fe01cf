import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyRecord } from '@hufu/store/port';
import { importPrivate } from './algorithms.ts';
import { thumbprint } from './signer.ts';

const generatePair = promisify(generateKeyPair);

/** The kinds of key pairs that clients encrypt to, by `kty`, and how one is made: between them they serve every `alg` (RFC 7518 §4.3, §4.6). */
export const decryptionKeyTypes: ReadonlyMap<string, () => Promise<KeyObject>> = new Map([
  ['RSA', async () => (await generatePair('rsa', { modulusLength: 2048 })).privateKey],
  ['EC', async () => (await generatePair('ec', { namedCurve: 'P-256' })).privateKey],
]);

/** A key pair that clients encrypt to. Imported when the first of them did: most servers never decrypt anything. */
export interface DecryptionKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly record: KeyRecord;
  /** The private half. */
  readonly key: KeyObject;
}

/** @param privateBytes PKCS #8 */
export function decryptionKey(record: KeyRecord, privateBytes: Uint8Array): DecryptionKey {
  let imported: KeyObject | undefined;
  return {
    kid: thumbprint(record.publicJwk),
    record,
    get key() {
      imported ??= importPrivate(privateBytes);
      return imported;
    },
  };
}

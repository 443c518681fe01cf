import type { KeyObject } from 'node:crypto';

/** What a JWE may be opened with: our key pairs, by `kid`, and the secrets of the client that it comes from. */
export interface DecryptionKeys {
  readonly pairs: readonly { readonly kid: string; readonly key: KeyObject }[];
  readonly secrets: readonly string[];
}

export interface Decrypted {
  readonly header: { readonly alg: string; readonly enc: string };
  readonly plaintext: string;
}

/** STAND-IN until part A: opens a compact JWE; undefined for anything that does not open. */
export function decryptCompact(_text: string, _keys: DecryptionKeys): Promise<Decrypted | undefined> {
  return Promise.resolve(undefined);
}

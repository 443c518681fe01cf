import type { KeyObject } from 'node:crypto';

/** Whom something is encrypted to, and how (RFC 7518 §4, §5). */
export interface Recipient {
  readonly alg: string;
  readonly enc: string;
  readonly key: KeyObject | Uint8Array;
  readonly kid?: string | undefined;
}

/** STAND-IN until part A: a compact JWE (RFC 7516 §7.1). `cty` is `JWT` for a nested one (RFC 7519 §5.2). */
export function encryptCompact(_recipient: Recipient, _plaintext: string, _cty: 'JWT' | undefined): Promise<string> {
  return Promise.reject(new Error('not built yet'));
}

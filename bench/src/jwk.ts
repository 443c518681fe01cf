import type { webcrypto } from 'node:crypto';

/** RFC 7517 §4: Node's type leaves `kid` out. */
export interface Jwk extends webcrypto.JsonWebKey {
  readonly kid?: string;
}

import type { TenantId } from '@hufu/protocol/ids';

export interface Revocation {
  readonly seq: number;
  readonly kind: 'grant' | 'token' | 'session' | 'user' | 'client' | 'key';
  /** Decimal id of the grant, session, user or key, the client id, or a token's name. */
  readonly subject: string;
  readonly reason: string;
  readonly at: number;
  /** When everything it names is dead anyway: the thing's own end, and at the latest `MAX_ACCESS_TOKEN_SECONDS` from `at`. */
  readonly expiresAt: number;
}

/**
 * What is written, by whom, in the same act, in this order: `user` (`changePassword`, `setUserEnabled` when it disables, `revokeUser`),
 * `client` (`revokeClient`; `putClient` when it disables; `removeClient`), `key` (`revokeKey`), `session` (each that ends, by id; reason `session_replaced` in
 * `openSession`), `grant` (each that is revoked, by id), `token` (`revokeToken`, reason `revoked_by_client`). Something that has expired
 * already is not written. A `client` entry kills what was issued in or before its second.
 */

export interface Revocations {
  /** In order of `seq`, counted per tenant from 1 without gaps (expired entries fall). An entry that has been read means that no smaller number will appear later. */
  readRevocations(tenant: TenantId, afterSeq: number, limit: number): Promise<Revocation[]>;
}

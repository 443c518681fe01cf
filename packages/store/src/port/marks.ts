import type { TenantId } from '@hufu/protocol/ids';

export interface Marks {
  /**
   * `value`: at most 64 characters.
   * True for exactly one caller among any number on any number of nodes. The key is (`expiresAt`, `value`): both come from the thing
   * itself, and time in front keeps the table's pages together. False once `expiresAt <= now`: what is over cannot be taken. Marks fall
   * some time after `expiresAt`, a bounded number a time.
   */
  takeOnce(tenant: TenantId, kind: MarkKind, value: string, expiresAt: number, now: number): Promise<boolean>;
}
/**
 * `interaction`: one answer per sign-in page. `pushed_request`: one answer per `request_uri`. `client_assertion`, `request_object`, `assertion` (of
 * a grant), `dpop_proof`: one use of a `jti`. `registration`: one use of an initial access token.
 */
export type MarkKind =
  | 'interaction'
  | 'pushed_request'
  | 'client_assertion'
  | 'request_object'
  | 'assertion'
  | 'dpop_proof'
  | 'registration';

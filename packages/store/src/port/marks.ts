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
 * `sign_in`: one session for a sign-in, however often its last page is sent.
 * `webauthn`: one answer to the challenge of a passkey. `bot_check`: one form a puzzle.
 * `upstream`: one answer per sign-in that was begun elsewhere; `upstream_assertion`: one use of an assertion that says so.
 */
export type MarkKind =
  | 'interaction'
  | 'pushed_request'
  | 'client_assertion'
  | 'request_object'
  | 'assertion'
  | 'dpop_proof'
  | 'registration'
  | 'sign_in'
  | 'webauthn'
  | 'bot_check'
  | 'upstream'
  | 'upstream_assertion';

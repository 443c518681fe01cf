/** Why a grant is dead. */
export type RevocationReason =
  | 'code_replayed'
  | 'code_misused'
  | 'refresh_token_replayed'
  | 'revoked_by_client'
  | 'revoked_by_user'
  | 'revoked_by_admin'
  | 'signed_out'
  | 'consent_withdrawn'
  | 'password_changed'
  | 'user_disabled'
  | 'too_many_grants'
  | 'client_revoked'
  | 'client_disabled'
  | 'parent_ended'
  | 'session_replaced'
  | 'user_deleted'
  | 'credential_removed';

/** What a user is told by mail, at the address that was verified before. */
export const MAILED_EVENTS = [
  'new_device',
  'password_changed',
  'factor_added',
  'factor_removed',
  'recovery_codes_made',
  'recovery_code_used',
  'address_changed',
  'identity_linked',
  'identity_unlinked',
  'too_many_tries',
  'passkey_suspicious',
  'account_deleted',
] as const;

export type MailedEvent = (typeof MAILED_EVENTS)[number];

/** Everything that the account's own page lists. */
export type UserEventKind =
  | MailedEvent
  | 'signed_in'
  | 'signed_up'
  | 'address_verified'
  | 'device_signed_out'
  | 'sessions_ended'
  | 'app_removed'
  | 'grant_replaced'
  | 'data_exported'
  | 'profile_changed';

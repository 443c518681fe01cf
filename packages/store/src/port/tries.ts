import type { TenantId } from '@hufu/protocol/ids';

/**
 * What is tried by guessing: codes of one user (all of them, or since the last right one), mails to one address, … Of one kind a subject has one window, so whoever has two
 * bounds for one thing says so in the subject.
 */
export type TryKind = 'second_factor' | 'totp_failures' | 'recovery_code' | 'mail_address' | 'mail_code' | 'bot_check';

export interface Tries {
  /**
   * Counts one try before it is looked at, in a window that begins with its first: at most `max` for one `subject` (at most 64 characters) in
   * `windowSeconds`, whatever the number of callers and nodes. `limited` counts nothing and says in how many seconds (at least 1) the window ends. Rows fall after it.
   */
  takeTry(
    tenant: TenantId,
    kind: TryKind,
    subject: string,
    max: number,
    windowSeconds: number,
    now: number,
  ): Promise<{ readonly kind: 'taken'; readonly count: number } | { readonly kind: 'limited'; readonly retryAfterSeconds: number }>;
  /** Gives back what a right one took; never below 0, and never in a window that has ended. */
  giveBackTry(tenant: TenantId, kind: TryKind, subject: string, now: number): Promise<void>;
  /** Begins anew: nothing has been tried. */
  forgetTries(tenant: TenantId, kind: TryKind, subject: string): Promise<void>;
}

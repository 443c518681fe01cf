import type { TenantId } from '@hufu/protocol/ids';

/** A mail that waits to be sent. */
export interface Mail {
  readonly id: number;
  /** Sealed by the server's key ring: nobody reads a code out of a database. */
  readonly sealed: string;
  /** From 1; which attempt this is. */
  readonly attempt: number;
  readonly createdAt: number;
  /** Not worth sending any more after it. */
  readonly expiresAt: number;
}

/** An outbox, taken as deliveries are (`Deliveries`). */
export interface Mails {
  /** At most `MAX_MAIL` characters. `full`: `MAX_WAITING_MAILS` wait. */
  putMail(tenant: TenantId, sealed: string, expiresAt: number, now: number): Promise<'put' | 'full'>;
  takeMails(tenant: TenantId, limit: number, leaseSeconds: number, now: number): Promise<Mail[]>;
  /** `sent` removes it; `failed` makes it due again at `dueAt`, or dead where that is undefined or not before `expiresAt`: it then stays a while without its text. */
  settleMail(
    tenant: TenantId,
    id: number,
    attempt: number,
    outcome: { readonly kind: 'sent' } | { readonly kind: 'failed'; readonly error: string; readonly dueAt: number | undefined },
    now: number,
  ): Promise<void>;
}

import type { ClientId, GrantId, TenantId, UserId } from '@hufu/protocol/ids';
import type { GrantRefusal, NewGrant } from './grants.ts';

export interface PendingAuthorization {
  readonly id: number;
  readonly kind: 'device' | 'backchannel';
  readonly clientId: ClientId;
  /** SHA-256 of the secret in the `device_code` or `auth_req_id`, base64url. */
  readonly secretHash: string;
  /** Keyed hash of the user code (43 characters); undefined for `backchannel`. One unexpired row has it; an expired one loses it to the next. */
  readonly userCodeHash: string | undefined;
  /** Who is asked; `device`: who decided, undefined before. */
  readonly userId: UserId | undefined;
  /** What was asked for and what the page shows, by the caller's own shape. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Seconds that have to lie between two polls; 5 more after each that came too soon. */
  readonly intervalSeconds: number;
  readonly decision: { readonly kind: 'pending' } | { readonly kind: 'denied' } | { readonly kind: 'approved'; readonly grantId: GrantId };
}

export interface PendingAuthorizations {
  /**
   * `taken`: an unexpired one has that user code, decided or not. `full`: `maxOpen` undecided and unexpired ones of the client, or (`backchannel`) `maxOpenOfUser` of the
   * user, are there. Both are exact. Some expired rows fall as part of it. A client that is not there is a `TypeError`.
   */
  openPending(
    tenant: TenantId,
    pending: Omit<PendingAuthorization, 'id' | 'createdAt' | 'decision'>,
    limits: { readonly maxOpen: number; readonly maxOpenOfUser: number },
    now: number,
  ): Promise<{ readonly kind: 'opened'; readonly id: number } | { readonly kind: 'taken' } | { readonly kind: 'full' }>;
  /** Also one that has expired, until its row falls (a day later). */
  findPending(tenant: TenantId, id: number): Promise<PendingAuthorization | undefined>;
  /** The unexpired one of that user code. */
  findPendingByUserCode(tenant: TenantId, userCodeHash: string, now: number): Promise<PendingAuthorization | undefined>;
  /** The `backchannel` ones that wait for a user, newest first. */
  listPendingOfUser(tenant: TenantId, user: UserId, limit: number, now: number): Promise<PendingAuthorization[]>;
  /**
   * That its client asks. `too_soon` where the last time is less than `intervalSeconds` ago, which makes that 5 more. The time of asking is kept
   * while it is pending; once it is decided or has expired, every time is `on_time`. The record is as it is afterwards.
   */
  notePoll(
    tenant: TenantId,
    id: number,
    now: number,
  ): Promise<{ readonly kind: 'on_time' | 'too_soon'; readonly pending: PendingAuthorization } | { readonly kind: 'unknown' }>;
  /**
   * Pending → approved with the grant that is made in the same act (`createGrant`, credential `code`: its hash is the row's `secretHash`), once.
   * `decided`: somebody was faster (also where it has expired since). `unknown` also where another user is asked. `refused` leaves it pending.
   * Another hash or client than the row's is a `TypeError`.
   */
  approvePending(
    tenant: TenantId,
    id: number,
    grant: NewGrant,
    now: number,
  ): Promise<
    | { readonly kind: 'approved'; readonly grantId: GrantId }
    | { readonly kind: 'decided' | 'expired' | 'unknown' }
    | { readonly kind: 'refused'; readonly reason: GrantRefusal }
  >;
  /** Pending → denied, once, as `approvePending`. */
  denyPending(tenant: TenantId, id: number, user: UserId, now: number): Promise<'denied' | 'decided' | 'expired' | 'unknown'>;
  /**
   * Decided `backchannel` ones whose client is to be notified (`request.notify` was true), most overdue first, each given to one caller alone
   * until `now + leaseSeconds`, as `takeDeliveries` does.
   */
  takeNotifications(
    tenant: TenantId,
    limit: number,
    leaseSeconds: number,
    now: number,
  ): Promise<{ readonly pending: PendingAuthorization; readonly attempt: number }[]>;
  /** `dueAt` undefined: done, or given up. Nothing happens unless `attempt` is the last one taken. */
  settleNotification(tenant: TenantId, id: number, attempt: number, dueAt: number | undefined): Promise<void>;
}

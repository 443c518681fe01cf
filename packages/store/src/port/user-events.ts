import type { TenantId, UserId } from '@hufu/protocol/ids';

/** What somebody should know about their account. */
export interface UserEvent {
  /** Larger is later. */
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  /** Names of clients, devices and factors; never a secret. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface UserEvents {
  /** Keeps the latest `MAX_USER_EVENTS` of a user. Nothing happens where there is no such user. */
  addUserEvent(tenant: TenantId, user: UserId, kind: string, detail: UserEvent['detail'], now: number): Promise<void>;
  /** Newest first. */
  listUserEvents(tenant: TenantId, user: UserId, limit: number): Promise<UserEvent[]>;
}

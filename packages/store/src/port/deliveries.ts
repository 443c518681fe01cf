import type { ClientId, TenantId } from '@hufu/protocol/ids';

/** A logout token that is to be sent (OpenID Connect Back-Channel Logout §2.5). Made by whatever ends a session, in the same act. */
export interface Delivery {
  readonly id: number;
  readonly clientId: ClientId;
  readonly subject: string;
  readonly sid: string;
  readonly createdAt: number;
  /** How often it has been taken, this time included. */
  readonly attempt: number;
}

export interface DeadDelivery extends Delivery {
  /** Why the last attempt failed; at most 200 characters. */
  readonly error: string;
  readonly diedAt: number;
}

export interface Deliveries {
  /**
   * Those that are due, the most overdue first, each given to one caller alone until `now + leaseSeconds`: whoever dies with one gives it
   * back that way. Nobody's delivery is taken by two nodes at once. One that is not delivered in 30 days falls.
   */
  takeDeliveries(tenant: TenantId, limit: number, leaseSeconds: number, now: number): Promise<Delivery[]>;
  /**
   * What became of an attempt. `delivered` removes it; `failed` makes it due again at `dueAt`, or dead where that is undefined: it then
   * stays 30 days to be looked at. Nothing happens unless `attempt` is the last one taken.
   */
  settleDelivery(
    tenant: TenantId,
    id: number,
    attempt: number,
    outcome: { readonly kind: 'delivered' } | { readonly kind: 'failed'; readonly error: string; readonly dueAt: number | undefined },
    now: number,
  ): Promise<void>;
  /** Newest first. */
  listDeadDeliveries(tenant: TenantId, limit: number): Promise<DeadDelivery[]>;
}

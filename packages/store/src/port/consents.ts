import type { ClientId, TenantId, UserId } from '@hufu/protocol/ids';

export interface ConsentRecord {
  readonly userId: UserId;
  readonly clientId: ClientId;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  readonly grantedAt: number;
  readonly updatedAt: number;
}

export interface Consents {
  findConsent(tenant: TenantId, user: UserId, client: ClientId): Promise<ConsentRecord | undefined>;
  listConsents(tenant: TenantId, user: UserId): Promise<ConsentRecord[]>;
  /** Adds to what was there. */
  giveConsent(
    tenant: TenantId,
    user: UserId,
    client: ClientId,
    scopes: readonly string[],
    resources: readonly string[],
    now: number,
  ): Promise<ConsentRecord>;
  /** Removes it and revokes every grant of that user and client, unredeemed codes too (`consent_withdrawn`), in the same act. */
  withdrawConsent(tenant: TenantId, user: UserId, client: ClientId, now: number): Promise<{ readonly revokedGrants: number }>;
}

import type { ClientId, GrantId, TenantId, UserId } from '@hufu/protocol/ids';
import type { ClientRecord } from './clients.ts';
import type { Revocation } from './revocations.ts';
import type { UserRecord } from './users.ts';

/** What administrators look for. Every list goes on after something that it has shown, so that a page costs the same wherever it is. */
export interface Searches {
  findUserBySub(tenant: TenantId, sub: string): Promise<UserRecord | undefined>;
  /** In order of the folded name (by its bytes), after `after`, which is one. */
  searchUsers(
    tenant: TenantId,
    filter: {
      /** The folded name begins with it. */
      readonly prefix?: string;
      readonly state?: 'disabled' | 'locked';
      readonly after?: string;
    },
    limit: number,
    now: number,
  ): Promise<UserRecord[]>;
  /** In order of the id (by its bytes). */
  searchClients(
    tenant: TenantId,
    filter: {
      readonly prefix?: string;
      readonly source?: ClientRecord['source'];
      readonly enabled?: boolean;
      readonly after?: ClientId;
    },
    limit: number,
  ): Promise<ClientRecord[]>;
  /** How many grants of a user or of a client live, and of how many users, counted up to `limit` grants. */
  countGrants(
    tenant: TenantId,
    of: { readonly userId: UserId } | { readonly clientId: ClientId },
    limit: number,
    now: number,
  ): Promise<{ readonly grants: number; readonly users: number }>;
  /** The log from its end, before `before`. */
  listRevocations(tenant: TenantId, before: number, limit: number): Promise<Revocation[]>;
}

/** The newest first, before the grant of that id. */
export interface GrantFilter {
  readonly userId?: UserId;
  readonly clientId?: ClientId;
  readonly before?: GrantId;
}

import type { TenantId, UserId } from '@hufu/protocol/ids';

/** A user with a role in administration. */
export interface AdministratorRecord {
  readonly userId: UserId;
  /** As the server knows roles; `owner` is the one that must not be lost. */
  readonly role: string;
  readonly changedAt: number;
  /** Who gave it: `client:ID`, `user:SUB` or `cli`. */
  readonly changedBy: string;
}

/** `one_owner`: somebody who is enabled stays `owner` (`last_owner`: nothing happens). `none`: there are owners elsewhere. */
export type LeastOwners = 'one_owner' | 'none';

export interface Administrators {
  /** In order of user id. Those of deleted users are not there. */
  listAdministrators(tenant: TenantId): Promise<AdministratorRecord[]>;
  findAdministrator(tenant: TenantId, user: UserId): Promise<AdministratorRecord | undefined>;
  /** Of any number who take roles away at once, none takes the last owner's. `unknown`: there is no such user. @param most how many there may be. */
  putAdministrator(
    tenant: TenantId,
    administrator: AdministratorRecord,
    least: LeastOwners,
    most: number,
  ): Promise<'done' | 'unknown' | 'last_owner' | 'full'>;
  removeAdministrator(tenant: TenantId, user: UserId, least: LeastOwners): Promise<'done' | 'unknown' | 'last_owner'>;
}

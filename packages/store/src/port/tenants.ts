import type { TenantId } from '@hufu/protocol/ids';

export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
}

export interface Tenants {
  /** The tenant of that name, made if it is not there. The first is 1. */
  ensureTenant(name: string): Promise<Tenant>;
}

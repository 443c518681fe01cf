import type { ClientId, TenantId } from '@hufu/protocol/ids';
import type { ClientRecord } from '../port.ts';

/** Parsed clients by version: the same object for the same version, as long as it is kept. */
export interface ClientCache {
  find(tenant: TenantId, clientId: ClientId, version: number): ClientRecord | undefined;
  /** Answers what is kept afterwards: of two who parsed the same version at once the first, and of two versions the newer. */
  keep(tenant: TenantId, client: ClientRecord): ClientRecord;
}

export function clientCache(): ClientCache {
  const kept = new Map<string, ClientRecord>();
  return {
    find(tenant, clientId, version) {
      const there = kept.get(key(tenant, clientId));
      // A newer one was committed after the version in hand was read.
      return there !== undefined && there.version >= version ? there : undefined;
    },
    keep(tenant, client) {
      const name = key(tenant, client.clientId);
      const there = kept.get(name);
      if (there !== undefined && there.version >= client.version) return there;
      if (kept.size >= MAX_CLIENTS) kept.clear();
      kept.set(name, client);
      return client;
    },
  };
}

function key(tenant: TenantId, clientId: ClientId): string {
  return `${tenant} ${clientId}`;
}

const MAX_CLIENTS = 10_000;

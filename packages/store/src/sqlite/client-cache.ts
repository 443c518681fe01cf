import type { ClientId, TenantId } from '@hufu/protocol/ids';
import type { ClientRecord } from '../port.ts';
import type { Connection } from './connection.ts';

/**
 * Parsed clients. `PRAGMA data_version` changes when another connection, of this process or any other, has committed; until then what
 * was read is what stands, and our own writes drop what they change. After a change elsewhere a client is read again only if its own
 * version moved, so that it stays the same object.
 */
export class ClientCache {
  readonly #db: Connection;
  readonly #tenants = new Map<TenantId, Map<ClientId, Entry>>();
  #size = 0;

  constructor(db: Connection) {
    this.#db = db;
  }

  find(
    tenant: TenantId,
    clientId: ClientId,
    findVersion: () => number | undefined,
    find: () => ClientRecord | undefined,
  ): ClientRecord | undefined {
    // Read first: what is read afterwards is at least as new.
    const seenAt = this.#db.dataVersion();
    const entry = this.#tenants.get(tenant)?.get(clientId);
    if (entry !== undefined) {
      if (entry.seenAt === seenAt) return entry.client;
      if (findVersion() === entry.client.version) {
        entry.seenAt = seenAt;
        return entry.client;
      }
      this.drop(tenant, clientId);
    }
    const client = find();
    if (client !== undefined) this.#keep(tenant, client, seenAt);
    return client;
  }

  /** Inside the write that changes it: nothing reads before that write has ended. */
  drop(tenant: TenantId, clientId: ClientId): void {
    if (this.#tenants.get(tenant)?.delete(clientId) === true) this.#size -= 1;
  }

  #keep(tenant: TenantId, client: ClientRecord, seenAt: number): void {
    if (this.#size >= MAX_CLIENTS) {
      this.#tenants.clear();
      this.#size = 0;
    }
    let clients = this.#tenants.get(tenant);
    if (clients === undefined) this.#tenants.set(tenant, (clients = new Map()));
    clients.set(client.clientId, { client, seenAt });
    this.#size += 1;
  }
}

interface Entry {
  readonly client: ClientRecord;
  seenAt: number;
}

const MAX_CLIENTS = 10_000;

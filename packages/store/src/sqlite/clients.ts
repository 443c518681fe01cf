import type { ClientId, TenantId } from '@hufu/protocol/ids';
import { readObject, readSecrets, sameClient, writeSecrets } from '../encoding.ts';
import type { ClientRecord, Clients } from '../port.ts';
import { MAX_ACCESS_TOKEN_SECONDS } from '../retention.ts';
import { ClientCache } from './client-cache.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { ForgottenConsents } from './forgotten-consents.ts';
import type { RevocationLog } from './revocation-log.ts';

export const CLIENT_COLUMNS: string = 'client_id, metadata, secrets, enabled, epoch, version, source, registration_hash, created_at';

type NewClient = Parameters<Clients['putClient']>[1];

/** Clients, and `revokeClient` with them. */
export interface SqliteClients extends Clients {
  revokeClient(tenant: TenantId, client: ClientId, now: number, consents?: 'forgotten'): Promise<'revoked' | 'unknown'>;
}

export function clients(db: Connection, counters: Counters, log: RevocationLog, { forget }: ForgottenConsents): SqliteClients {
  const find = db.lazy(`SELECT ${CLIENT_COLUMNS} FROM clients WHERE tenant = ? AND client_id = ?`);
  const findVersion = db.lazy('SELECT version FROM clients WHERE tenant = ? AND client_id = ?');
  const list = db.lazy(`SELECT ${CLIENT_COLUMNS} FROM clients WHERE tenant = ? AND client_id > ? ORDER BY client_id LIMIT ?`);
  const insert = db.lazy(
    `INSERT INTO clients (tenant, ${CLIENT_COLUMNS}, revoked_at, disabled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)`,
  );
  const update = db.lazy(
    'UPDATE clients SET metadata = ?, secrets = ?, enabled = ?, version = ?, source = ?, registration_hash = ?, disabled_at = CASE WHEN enabled = 1 AND ?3 = 0 THEN ? ELSE disabled_at END WHERE tenant = ? AND client_id = ?',
  );
  const raiseEpoch = db.lazy(
    'UPDATE clients SET epoch = epoch + 1, version = version + 1, revoked_at = ? WHERE tenant = ? AND client_id = ? RETURNING epoch',
  );
  const findRegistered = db.lazy(
    "SELECT version FROM clients WHERE tenant = ? AND client_id = ? AND source IN ('registered', 'admin') AND (?3 IS NULL OR max(created_at, coalesce(used_at, 0)) <= ?3)",
  );
  const noteUse = db.lazy(
    "UPDATE clients SET used_at = ?1 WHERE tenant = ?2 AND client_id = ?3 AND source = 'registered' AND coalesce(used_at, 0) < ?1",
  );
  const remove = db.lazy('DELETE FROM clients WHERE tenant = ? AND client_id = ?');
  // The log names their client alone, so they stay as long as a token of theirs may live: status lists tell by them that they are dead.
  const letOwnGrantsFall = db.lazy(
    'UPDATE grants INDEXED BY grants_own SET own_key = NULL, purge_at = ? WHERE tenant = ? AND client_id = ? AND own_key IS NOT NULL',
  );
  const removeParticipants = db.lazy('DELETE FROM participants INDEXED BY participants_by_client WHERE tenant = ? AND client_id = ?');
  const removeDeliveries = db.lazy(
    'DELETE FROM deliveries INDEXED BY deliveries_by_client WHERE tenant = ? AND client_id = ? AND due_at IS NOT NULL',
  );
  const removePushed = db.lazy('DELETE FROM pushed_requests INDEXED BY pushed_requests_by_client WHERE tenant = ? AND client_id = ?');
  const removePending = db.lazy(
    'DELETE FROM pending_authorizations INDEXED BY pending_authorizations_by_client WHERE tenant = ? AND client_id = ?',
  );
  const count = db.lazy(
    'SELECT count(*) FROM (SELECT 1 FROM clients INDEXED BY clients_by_source WHERE tenant = ? AND source = ? LIMIT ?)',
  );
  const removals = [remove, removePushed, removePending, removeParticipants, removeDeliveries];
  const cache = new ClientCache(db);

  const readThere = (tenant: TenantId, clientId: ClientId): ClientRecord | undefined => {
    const row = find().get(tenant, clientId) as unknown as ClientRow | undefined;
    return row === undefined ? undefined : readClient(row);
  };
  const tell = (tenant: TenantId, client: ClientId, reason: string, now: number): void => {
    const expiresAt = now + MAX_ACCESS_TOKEN_SECONDS;
    log.append(tenant, [{ kind: 'client', subject: client, reason, expiresAt }], now);
  };

  /** Inside a write. */
  const putThere = (tenant: TenantId, client: NewClient, there: ClientRecord | undefined, now: number): ClientRecord => {
    if (there !== undefined && sameClient(there, client)) {
      db.unchanged();
      return there;
    }
    const { clientId, source } = client;
    const [metadata, secrets, enabled] = [JSON.stringify(client.metadata), writeSecrets(client.secrets), client.enabled ? 1 : 0];
    const hash = client.registrationHash ?? null;
    if (there === undefined) {
      // Beyond whatever a removed client of that id had reached: none of its grants lives again, and no cache takes one for the other.
      const epoch = counters.find(tenant, 'client');
      insert().run(tenant, clientId, metadata, secrets, enabled, epoch, epoch + 1, source, hash, now, client.enabled ? null : now);
    } else {
      update().run(metadata, secrets, enabled, there.version + 1, source, hash, now, tenant, clientId);
    }
    cache.drop(tenant, clientId);
    db.changed();
    if (there?.enabled === true && !client.enabled) tell(tenant, clientId, 'client_disabled', now);
    const put = readThere(tenant, clientId);
    if (put === undefined) throw new Error(`client ${clientId} is gone`);
    return put;
  };

  return {
    putClient: (tenant, client, now) => db.write(() => putThere(tenant, client, readThere(tenant, client.clientId), now)),

    changeClient: (tenant, client, version, now) =>
      db.write(() => {
        const there = readThere(tenant, client.clientId);
        if (there?.version !== version) return { kind: 'changed' };
        return { kind: 'done', client: putThere(tenant, client, there, now) };
      }),

    findClient: (tenant, clientId) =>
      db.read(() =>
        cache.find(
          tenant,
          clientId,
          () => (findVersion().get(tenant, clientId) as unknown as [number] | undefined)?.[0],
          () => readThere(tenant, clientId),
        ),
      ),

    listClients: (tenant, after, limit) => db.read(() => (list().all(tenant, after, limit) as unknown as ClientRow[]).map(readClient)),

    removeClient: (tenant, client, now, unusedSince) =>
      db.write(() => {
        const row = findRegistered().get(tenant, client, unusedSince ?? null) as unknown as [number] | undefined;
        if (row === undefined) return 'unknown';
        counters.raise(tenant, 'client', row[0]);
        for (const from of removals) from().run(tenant, client);
        // Another one of its id begins beyond it.
        forget(tenant, client, row[0]);
        letOwnGrantsFall().run(now + MAX_ACCESS_TOKEN_SECONDS, tenant, client);
        cache.drop(tenant, client);
        db.changed();
        tell(tenant, client, 'client_removed', now);
        return 'removed';
      }),

    noteClientUse: (tenant, client, now) => db.write(() => void noteUse().run(now, tenant, client)),

    countClients: (tenant, source, limit) => db.read(() => (count().get(tenant, source, limit) as unknown as [number])[0]),

    revokeClient: (tenant, client, now, consents) =>
      db.write(() => {
        const raised = raiseEpoch().get(now, tenant, client) as unknown as [number] | undefined;
        if (raised === undefined) return 'unknown';
        if (consents === 'forgotten') forget(tenant, client, raised[0]);
        cache.drop(tenant, client);
        db.changed();
        tell(tenant, client, 'client_revoked', now);
        return 'revoked';
      }),
  };
}

export type ClientRow = [ClientId, string, string, number, number, number, ClientRecord['source'], string | null, number];

export function readClient([
  clientId,
  metadata,
  secrets,
  enabled,
  epoch,
  version,
  source,
  registrationHash,
  createdAt,
]: ClientRow): ClientRecord {
  return {
    clientId,
    metadata: readObject(metadata),
    secrets: readSecrets(secrets),
    enabled: enabled === 1,
    epoch,
    version,
    source,
    registrationHash: registrationHash ?? undefined,
    createdAt,
  };
}

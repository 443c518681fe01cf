import type { ClientId, TenantId } from '@hufu/protocol/ids';
import { readObject, readSecrets, sameClient, writeSecrets } from '../encoding.ts';
import type { ClientRecord, Clients } from '../port.ts';
import { MAX_ACCESS_TOKEN_SECONDS } from '../retention.ts';
import { ClientCache } from './client-cache.ts';
import type { Connection } from './connection.ts';
import type { RevocationLog } from './revocation-log.ts';

const COLUMNS = 'client_id, metadata, secrets, enabled, epoch, version, source, created_at';

/** Clients, and `revokeClient` with them. */
export interface SqliteClients extends Clients {
  revokeClient(tenant: TenantId, client: ClientId, now: number): Promise<'revoked' | 'unknown'>;
}

export function clients(db: Connection, log: RevocationLog): SqliteClients {
  const find = db.lazy(`SELECT ${COLUMNS} FROM clients WHERE tenant = ? AND client_id = ?`);
  const findVersion = db.lazy('SELECT version FROM clients WHERE tenant = ? AND client_id = ?');
  const list = db.lazy(`SELECT ${COLUMNS} FROM clients WHERE tenant = ? AND client_id > ? ORDER BY client_id LIMIT ?`);
  const insert = db.lazy(`INSERT INTO clients (tenant, ${COLUMNS}, revoked_at, disabled_at) VALUES (?, ?, ?, ?, ?, 0, 1, ?, ?, NULL, ?)`);
  const update = db.lazy(
    'UPDATE clients SET metadata = ?, secrets = ?, enabled = ?, version = ?, source = ?, disabled_at = CASE WHEN ?3 = 1 THEN NULL ELSE coalesce(disabled_at, ?) END WHERE tenant = ? AND client_id = ?',
  );
  const raiseEpoch = db.lazy(
    'UPDATE clients SET epoch = epoch + 1, version = version + 1, revoked_at = ? WHERE tenant = ? AND client_id = ?',
  );
  const cache = new ClientCache(db);

  const readThere = (tenant: TenantId, clientId: ClientId): ClientRecord | undefined => {
    const row = find().get(tenant, clientId) as unknown as Row | undefined;
    return row === undefined ? undefined : readClient(row);
  };

  return {
    putClient: (tenant, client, now) =>
      db.write(() => {
        const there = readThere(tenant, client.clientId);
        if (there !== undefined && sameClient(there, client)) return there;
        const { clientId, source } = client;
        const [metadata, secrets, enabled] = [JSON.stringify(client.metadata), writeSecrets(client.secrets), client.enabled ? 1 : 0];
        if (there === undefined) insert().run(tenant, clientId, metadata, secrets, enabled, source, now, client.enabled ? null : now);
        else update().run(metadata, secrets, enabled, there.version + 1, source, now, tenant, clientId);
        cache.drop(tenant, clientId);
        db.changed();
        if (there?.enabled === true && !client.enabled) {
          log.append(
            tenant,
            [{ kind: 'client', subject: clientId, reason: 'client_disabled', expiresAt: now + MAX_ACCESS_TOKEN_SECONDS }],
            now,
          );
        }
        const put = readThere(tenant, clientId);
        if (put === undefined) throw new Error(`client ${clientId} is gone`);
        return put;
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

    listClients: (tenant, after, limit) => db.read(() => (list().all(tenant, after, limit) as unknown as Row[]).map(readClient)),

    revokeClient: (tenant, client, now) =>
      db.write(() => {
        if (raiseEpoch().run(now, tenant, client).changes === 0) return 'unknown';
        cache.drop(tenant, client);
        db.changed();
        log.append(tenant, [{ kind: 'client', subject: client, reason: 'client_revoked', expiresAt: now + MAX_ACCESS_TOKEN_SECONDS }], now);
        return 'revoked';
      }),
  };
}

type Row = [ClientId, string, string, number, number, number, ClientRecord['source'], number];

function readClient([clientId, metadata, secrets, enabled, epoch, version, source, createdAt]: Row): ClientRecord {
  return {
    clientId,
    metadata: readObject(metadata),
    secrets: readSecrets(secrets),
    enabled: enabled === 1,
    epoch,
    version,
    source,
    createdAt,
  };
}

import type { GrantId, TenantId } from '@hufu/protocol/ids';
import type { GrantFilter, GrantRecord, Grants } from '../port.ts';
import { LOOKED_THROUGH } from '../retention.ts';
import type { Connection, Lazy } from './connection.ts';
import { type GrantFinder, type GrantRow, selectGrant } from './grant-row.ts';

/** `revoked_at` and the client's epoch are what the indexes know; expiry is not looked at. */
export function listGrants(db: Connection, { complete, find }: GrantFinder): Grants['listGrants'] {
  const isAlive = 'g.revoked_at IS NULL AND g.client_epoch = c.epoch';
  const end = db.lazy('SELECT id FROM grants WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT 1 OFFSET ?');
  const all = db.lazy(`${selectGrant()} WHERE g.tenant = ? AND ${isAlive} AND g.id < ? AND g.id > ? ORDER BY g.id DESC LIMIT ?`);
  const ofClient = db.lazy(
    `${selectGrant('INDEXED BY grants_by_client')} WHERE g.tenant = ? AND g.client_id = ? AND g.revoked_at IS NULL
     AND g.client_epoch = (SELECT epoch FROM clients WHERE tenant = g.tenant AND client_id = g.client_id) AND g.id < ? ORDER BY g.id DESC LIMIT ?`,
  );
  // The index alone says which of a user's grants are the newest; it has them client by client, so that all of them are looked at, and rows read of one page.
  const idsOf = (where: string): Lazy =>
    db.lazy(`SELECT g.id FROM grants g INDEXED BY grants_by_user CROSS JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
      WHERE g.tenant = ? AND g.user_id = ? ${where} AND ${isAlive} AND g.id < ? ORDER BY g.id DESC LIMIT ?`);
  const ofUser = idsOf('');
  const ofBoth = idsOf('AND g.client_id = ?');
  // A look a client: of the newest so many grants each is of one of the so many clients whose newest are the newest.
  const newestClients = db.lazy(
    `SELECT c.client_id, c.epoch, (SELECT max(id) FROM grants INDEXED BY grants_by_client
       WHERE tenant = c.tenant AND client_id = c.client_id AND client_epoch = c.epoch AND revoked_at IS NULL AND id < ?2) AS newest
     FROM clients c WHERE c.tenant = ?1 ORDER BY newest DESC LIMIT ?3`,
  );
  const idsOfClient = db.lazy(
    `SELECT id FROM grants INDEXED BY grants_by_client
     WHERE tenant = ? AND client_id = ? AND client_epoch = ? AND revoked_at IS NULL AND id < ? ORDER BY id DESC LIMIT ?`,
  );
  const read = (tenant: TenantId, rows: unknown): GrantRecord[] => (rows as GrantRow[]).map((row) => complete(tenant, row));
  const readIds = (tenant: TenantId, rows: unknown): GrantRecord[] => (rows as [GrantId][]).flatMap(([id]) => find(tenant, id) ?? []);

  /** The newest living ones, each client's own: where nearly all are dead this reads no dead one. */
  function newestOfClients(tenant: TenantId, before: number, limit: number): number[] {
    const clients = newestClients().all(tenant, before, limit) as unknown as [string, number, number | null][];
    const found = clients.flatMap(([client, epoch, newestId]) =>
      newestId === null ? [] : (idsOfClient().all(tenant, client, epoch, before, limit) as unknown as [number][]),
    );
    return found
      .map(([id]) => id)
      .toSorted((one, other) => other - one)
      .slice(0, limit);
  }

  function newest(tenant: TenantId, before: number, limit: number): GrantRecord[] {
    const [floor] = (end().get(tenant, before, LOOKED_THROUGH) as unknown as [number] | undefined) ?? [0];
    const found = read(tenant, all().all(tenant, before, floor, limit));
    if (floor === 0 || found.length === limit) return found;
    const rest = newestOfClients(tenant, floor + 1, limit - found.length);
    return [
      ...found,
      ...readIds(
        tenant,
        rest.map((id) => [id]),
      ),
    ];
  }

  const list = (tenant: TenantId, { userId: user, clientId: client, before = LAST_ID }: GrantFilter, limit: number): GrantRecord[] => {
    if (user === undefined)
      return client === undefined ? newest(tenant, before, limit) : read(tenant, ofClient().all(tenant, client, before, limit));
    return readIds(
      tenant,
      client === undefined ? ofUser().all(tenant, user, before, limit) : ofBoth().all(tenant, user, client, before, limit),
    );
  };
  return (tenant, filter, limit) => db.read(() => list(tenant, filter, limit));
}

/** No id is as large. */
const LAST_ID = Number.MAX_SAFE_INTEGER as GrantId;

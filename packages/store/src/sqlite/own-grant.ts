import { type ClientId, type GrantId, grantId, type TenantId } from '@hufu/protocol/ids';
import { ownKey, writeList } from '../encoding.ts';
import type { GrantRecord, Grants } from '../port.ts';
import { MAX_ACCESS_TOKEN_SECONDS, MAX_OWN_GRANTS, NEVER } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Endings, GrantEnd } from './endings.ts';
import type { FindGrant } from './grant-row.ts';
import { Memo } from './memo.ts';
import type { purger } from './purge.ts';

/** Found by the key of its lists under the client's present epoch; a revoked one has no key any more. */
export function ownGrant(
  db: Connection,
  counters: Counters,
  endings: Endings,
  find: FindGrant,
  purge: ReturnType<typeof purger>,
): Grants['ownGrant'] {
  const findEpoch = db.lazy('SELECT epoch FROM clients WHERE tenant = ? AND client_id = ?');
  const findOwn = db.lazy(
    'SELECT id FROM grants WHERE tenant = ?1 AND client_id = ?2 AND own_key = ?3 AND client_epoch = (SELECT epoch FROM clients WHERE tenant = ?1 AND client_id = ?2)',
  );
  const insert =
    db.lazy(`INSERT INTO grants (tenant, id, generation, key_id, rotated_at, expires_at, idle_seconds, has_revoked_tokens, subject, client_id,
    client_epoch, scopes, resources, amr, offline, created_at, redeemed, own_key) VALUES (?1, ?2, 1, ?3, ?4, ?5, 0, 0, ?6, ?6, ?7, ?8, ?9, '', 0, ?4, 1, ?10)`);
  const retireOld = db.lazy(
    'UPDATE grants SET own_key = NULL, purge_at = ? WHERE tenant = ? AND client_id = ? AND client_epoch < ? AND own_key IS NOT NULL',
  );
  const findAll = db.lazy(
    'SELECT id, expires_at FROM grants INDEXED BY grants_own WHERE tenant = ? AND client_id = ? AND client_epoch = ? AND own_key IS NOT NULL ORDER BY id',
  );

  const memo = new Memo<string, GrantRecord>(db);

  const findExisting = (tenant: TenantId, client: ClientId, key: string): GrantRecord | undefined => {
    const row = findOwn().get(tenant, client, key) as unknown as [GrantId] | undefined;
    return row === undefined ? undefined : find(tenant, row[0]);
  };
  const mustFind = (tenant: TenantId, id: GrantId): GrantRecord => {
    const grant = find(tenant, id);
    if (grant === undefined) throw new Error(`grant ${id} is gone`);
    return grant;
  };

  return async (tenant, client, scopes, resources, keyId, now) => {
    const name = `${client} ${scopes.join(' ')}\n${resources.join(' ')}`;
    const there = await db.read(() => memo.find(tenant, name, () => findExisting(tenant, client, ownKey(scopes, resources))));
    if (there !== undefined) return there;
    const key = ownKey(scopes, resources);
    return await db.write(() => {
      const raced = findExisting(tenant, client, key);
      if (raced !== undefined) return raced;
      const row = findEpoch().get(tenant, client) as unknown as [number] | undefined;
      if (row === undefined) throw new TypeError(`no client ${client}`);
      const [epoch] = row;
      retireOld().run(now + MAX_ACCESS_TOKEN_SECONDS, tenant, client, epoch);
      const others = findAll().all(tenant, client, epoch) as unknown as GrantEnd[];
      endings.revokeGrants(tenant, others.slice(0, Math.max(0, others.length - MAX_OWN_GRANTS + 1)), 'too_many_grants', now);
      const id = grantId(counters.nextOfBlock(tenant, 'grant'));
      insert().run(tenant, id, keyId, now, NEVER, client, epoch, writeList(scopes), writeList(resources), key);
      purge(tenant, now, 1);
      return mustFind(tenant, id);
    });
  };
}

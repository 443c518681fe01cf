import { type ClientId, type GrantId, grantId, type TenantId } from '@hufu/protocol/ids';
import { ownKey, writeList } from '../encoding.ts';
import type { GrantRecord, Grants } from '../port.ts';
import { MAX_OWN_GRANTS, NEVER } from '../retention.ts';
import { batch } from './batch.ts';
import type { Database, Session, Statement } from './database.ts';
import { revokeOldestOwnGrants } from './endings.ts';
import { CLIENT_COLUMNS, type ClientState, GRANT_COLUMNS, type GrantRow, readGrant } from './grant-row.ts';
import { ENDED_ENTRIES, ENDED_GRANTS, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';
import { writeEntries } from './revocation-log.ts';

/** Found by the key of its lists under the client's present epoch; a revoked one has no key any more. */
export function ownGrants(db: Database, ids: ReservedIds, purge: Purge): Pick<Grants, 'ownGrant'> {
  const find = batch<Wanted, GrantRecord | undefined>({
    key: ({ tenant }) => String(tenant),
    send: (items) => findTogether(db, items),
  });
  return {
    async ownGrant(tenant, client, scopes, resources, keyId, now) {
      const wanted: Wanted = { tenant, client, key: ownKey(scopes, resources) };
      const there = await find(wanted);
      if (there !== undefined) return there;
      const id = grantId(await ids.take(tenant, 'grant'));
      const values = [keyId, now, NEVER, writeList(scopes), writeList(resources)];
      const { grant, told } = await db.transact((session) => make(session, wanted, id, values, now));
      if (grant.id === id) purge.count(tenant, ENDED_GRANTS, 1, now);
      purge.count(tenant, ENDED_ENTRIES, told, now);
      return grant;
    },
  };
}

interface Wanted {
  readonly tenant: TenantId;
  readonly client: ClientId;
  /** As `ownKey` makes it. */
  readonly key: ReturnType<typeof ownKey>;
}

interface FoundRow extends GrantRow, ClientState {
  readonly n: number;
}

async function findTogether(session: Session, items: readonly Wanted[]): Promise<(GrantRecord | undefined)[]> {
  const values = [items[0]?.tenant, items.map(({ client }) => client), items.map(({ key }) => key)];
  const rows = await session.run<FoundRow>(FIND_OWN, values);
  const found = new Map(rows.map((row) => [row.n, row]));
  return items.map((_, index) => {
    const row = found.get(index + 1);
    return row === undefined ? undefined : readGrant(row);
  });
}

/** Alone with the client's row: whoever waited for it finds what the one before has made. */
async function make(
  session: Session,
  wanted: Wanted,
  id: GrantId,
  values: readonly unknown[],
  now: number,
): Promise<{ readonly grant: GrantRecord; readonly told: number }> {
  const { tenant, client, key } = wanted;
  const [row] = await session.run<{ epoch: number }>(LOCK_CLIENT, [tenant, client]);
  if (row === undefined) throw new TypeError(`no client ${client}`);
  const [raced] = await findTogether(session, [wanted]);
  if (raced !== undefined) return { grant: raced, told: 0 };
  await session.run(INSERT, [tenant, id, client, row.epoch, key, ...values]);
  const told = await revokeOldestOwnGrants(session, tenant, client, row.epoch, MAX_OWN_GRANTS, now);
  await writeEntries(session, tenant, told, now);
  const [made] = await findTogether(session, [wanted]);
  if (made === undefined) throw new Error(`grant ${id} is gone`);
  return { grant: made, told: told.length };
}

const FIND_OWN: Statement = {
  name: 'find_own_grants',
  text: `SELECT w.n, ${GRANT_COLUMNS}, ${CLIENT_COLUMNS}
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS w (client_id, own_key, n)
    JOIN clients c ON c.tenant = $1::bigint AND c.client_id = w.client_id
    JOIN grants g ON g.tenant = $1::bigint AND g.client_id = w.client_id AND g.client_epoch = c.epoch AND g.own_key = w.own_key`,
};
const LOCK_CLIENT: Statement = { text: 'SELECT epoch FROM clients WHERE tenant = $1::bigint AND client_id = $2::text FOR NO KEY UPDATE' };
const INSERT: Statement = {
  text: `INSERT INTO grants (tenant, id, client_id, client_epoch, own_key, key_id, rotated_at, created_at, expires_at, scopes, resources,
      generation, idle_seconds, has_revoked_tokens, subject, amr, offline, redeemed)
    VALUES ($1::bigint, $2::bigint, $3::text, $4::bigint, $5::text, $6::bigint, $7::bigint, $7::bigint, $8::bigint, $9::text, $10::text,
      1, 0, 0, $3::text, '', 0, 1)`,
};

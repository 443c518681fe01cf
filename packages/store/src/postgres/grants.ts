import type { GrantId, TenantId } from '@hufu/protocol/ids';
import type { GrantRecord, Grants } from '../port.ts';
import { revokedKeptSeconds } from '../retention.ts';
import { batch } from './batch.ts';
import { createGrant } from './create-grant.ts';
import type { Database, Statement } from './database.ts';
import { revokeText } from './endings.ts';
import { CLIENT_COLUMNS, type ClientState, GRANT_COLUMNS, type GrantRow, readGrant } from './grant-row.ts';
import { listGrants } from './list-grants.ts';
import { ownGrants } from './own-grants.ts';
import { ENDED_ENTRIES, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';
import { entriesOf } from './revocation-log.ts';
import { revokedTokens } from './revoked-tokens.ts';
import { takeGrant } from './take-grant.ts';

/** All of `Grants` but what is with the users and the clients. */
export function grants(db: Database, ids: ReservedIds, purge: Purge): Omit<Grants, 'revokeUser' | 'revokeClient'> {
  const find = batch<Key, GrantRecord | undefined>({
    key: ({ tenant }) => String(tenant),
    async send(items) {
      const rows = await db.run<GrantRow & ClientState>(FIND, [items[0]?.tenant, items.map(({ id }) => id)]);
      const found = new Map(rows.map((row) => [row.id, row]));
      return items.map(({ id }) => {
        const row = found.get(id);
        return row === undefined ? undefined : readGrant(row);
      });
    },
  });
  const findGrant: Grants['findGrant'] = (tenant, id) => find({ tenant, id });

  return {
    findGrant,

    async revokeGrant(tenant, id, reason, now) {
      const [row] = await db.run<{ was: number; revoked: number }>(REVOKE, [tenant, now, reason, now + revokedKeptSeconds(reason), id]);
      if (row === undefined || row.was === 0) return 'unknown';
      if (row.revoked === 0) return 'already';
      purge.count(tenant, ENDED_ENTRIES, 1, now);
      return 'revoked';
    },

    ...createGrant(db, ids, purge),
    ...takeGrant(db, purge, findGrant),
    ...ownGrants(db, ids, purge),
    ...revokedTokens(db, purge),
    ...listGrants(db),
  };
}

interface Key {
  readonly tenant: TenantId;
  readonly id: GrantId;
}

const FIND: Statement = {
  name: 'find_grants',
  text: `SELECT ${GRANT_COLUMNS}, ${CLIENT_COLUMNS}
    FROM grants g JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
    WHERE g.tenant = $1::bigint AND g.id = ANY ($2::bigint[])`,
};

/** Two CTEs see one snapshot, so `was` and `revoked` tell "unknown", "already" and "revoked" apart. */
const REVOKE: Statement = {
  name: 'revoke_grant',
  text: `WITH there AS MATERIALIZED (SELECT id FROM grants WHERE tenant = $1::bigint AND id = $5::bigint),
    dead AS (${revokeText('SELECT id FROM there')}),
    ${entriesOf(`SELECT 'grant' AS kind, id::text AS subject, $3::text AS reason, expires_at, id AS rank FROM dead`)}
    SELECT (SELECT count(*) FROM there) AS was, (SELECT count(*) FROM dead) AS revoked`,
};

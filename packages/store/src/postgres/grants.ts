import type { GrantId, TenantId } from '@hufu/protocol/ids';
import type { Grants, GrantRecord } from '../port.ts';
import { revokedKeptSeconds } from '../retention.ts';
import { batch } from './batch.ts';
import { CLIENT_LIVES, codeGrants, isLost, MAX_ATTEMPTS, stillThere } from './code-grants.ts';
import type { Database, Statement } from './database.ts';
import { revokeText } from './endings.ts';
import { CLIENT_COLUMNS, type ClientState, GRANT_COLUMNS, type GrantRow, readGrant, readLivingGrant } from './grant-row.ts';
import { listGrants } from './list-grants.ts';
import { ownGrants } from './own-grants.ts';
import { ENDED_ENTRIES, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';
import { entriesOf } from './revocation-log.ts';
import { revokedTokens } from './revoked-tokens.ts';

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

  const rotateOnce = batch<Rotation, GrantRecord | undefined>({
    key: ({ tenant, keyId, now }) => `${tenant} ${keyId} ${now}`,
    send: (items) => rotateTogether(db, items),
  });

  return {
    findGrant,

    async rotate(tenant, id, generation, keyId, now) {
      if (generation < 1) return { kind: 'lost', grant: await findGrant(tenant, id) };
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const taken = await rotateOnce({ tenant, id, generation, keyId, now });
        if (taken !== undefined) return { kind: 'taken', grant: taken };
        const grant = await findGrant(tenant, id);
        if (isLost(grant, generation, now)) return { kind: 'lost', grant };
      }
      throw stillThere();
    },

    async revokeGrant(tenant, id, reason, now) {
      const [row] = await db.run<{ was: number; revoked: number }>(REVOKE, [tenant, now, reason, now + revokedKeptSeconds(reason), id]);
      if (row === undefined || row.was === 0) return 'unknown';
      if (row.revoked === 0) return 'already';
      purge.count(tenant, ENDED_ENTRIES, 1, now);
      return 'revoked';
    },

    ...codeGrants(db, ids, purge, findGrant),
    ...ownGrants(db, ids, purge),
    ...revokedTokens(db, purge),
    ...listGrants(db),
  };
}

interface Key {
  readonly tenant: TenantId;
  readonly id: GrantId;
}

interface Rotation extends Key {
  readonly generation: number;
  readonly keyId: number;
  readonly now: number;
}

/** Of several with the same grant and generation the first wins, the others find out that they lost. */
async function rotateTogether(db: Database, items: readonly Rotation[]): Promise<(GrantRecord | undefined)[]> {
  const wanted = new Map<GrantId, number>();
  for (const { id, generation } of items) if (!wanted.has(id)) wanted.set(id, generation);
  const values = [items[0]?.tenant, [...wanted.keys()], [...wanted.values()], items[0]?.now, items[0]?.keyId];
  const rows = await db.run<GrantRow>(ROTATE, values);
  const taken = new Map(rows.map((row) => [row.id, row]));
  return items.map(({ id, generation }) => {
    const row = taken.get(id);
    if (row === undefined || row.generation !== generation + 1) return undefined;
    taken.delete(id);
    return readLivingGrant(row);
  });
}

const FIND: Statement = {
  name: 'find_grants',
  text: `SELECT ${GRANT_COLUMNS}, ${CLIENT_COLUMNS}
    FROM grants g JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
    WHERE g.tenant = $1::bigint AND g.id = ANY ($2::bigint[])`,
};

/** The guarded increment, for many grants at once. Nothing that an index names changes, so the new version stays in its page. */
const ROTATE: Statement = {
  name: 'rotate_grants',
  text: `UPDATE grants g SET generation = g.generation + 1, rotated_at = $4::bigint, key_id = $5::bigint
    WHERE g.tenant = $1::bigint AND g.id = ANY ($2::bigint[]) AND g.generation = ($3::bigint[])[array_position($2::bigint[], g.id)]
      AND g.revoked_at IS NULL AND g.expires_at > $4::bigint AND (g.idle_seconds = 0 OR g.rotated_at + g.idle_seconds > $4::bigint)
      AND ${CLIENT_LIVES}
    RETURNING ${GRANT_COLUMNS}`,
};

/** Two CTEs see one snapshot, so `was` and `revoked` tell "unknown", "already" and "revoked" apart. */
const REVOKE: Statement = {
  name: 'revoke_grant',
  text: `WITH there AS MATERIALIZED (SELECT id FROM grants WHERE tenant = $1::bigint AND id = $5::bigint),
    dead AS (${revokeText('SELECT id FROM there')}),
    ${entriesOf(`SELECT 'grant' AS kind, id::text AS subject, $3::text AS reason, expires_at, id AS rank FROM dead`)}
    SELECT (SELECT count(*) FROM there) AS was, (SELECT count(*) FROM dead) AS revoked`,
};

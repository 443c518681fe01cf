import type { GrantId, TenantId } from '@hufu/protocol/ids';
import { ENTRY_COLUMNS } from '../audit/rows.ts';
import { entryOf, signEntry } from '../audit/write-entry.ts';
import type { Acting, AuditEntry, GrantRecord, Grants, RevocationReason } from '../port.ts';
import { revokedKeptSeconds } from '../retention.ts';
import { admit } from './admit.ts';
import { columnsOf, INBOX_COLUMNS, unnestText } from './audit.ts';
import { batch } from './batch.ts';
import { createGrant, type GrantCreation } from './create-grant.ts';
import type { Database, Statement } from './database.ts';
import { revokeText } from './endings.ts';
import { CLIENT_COLUMNS, type ClientState, GRANT_COLUMNS, type GrantRow, readGrant } from './grant-row.ts';
import { findInLine } from './line.ts';
import { listGrants } from './list-grants.ts';
import { ownGrants } from './own-grants.ts';
import { ENDED_ENTRIES, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';
import { entriesOf } from './revocation-log.ts';
import { revokedTokens } from './revoked-tokens.ts';
import type { Statistics } from './statistics.ts';
import { takeGrant } from './take-grant.ts';

/** All of `Grants` but what is with the users and the clients; a revocation with who it is of. */
export interface PostgresGrants extends Omit<Grants, 'revokeUser' | 'revokeClient' | 'revokeGrant'> {
  revokeNoted(acting: Acting, args: Parameters<Grants['revokeGrant']>): ReturnType<Grants['revokeGrant']>;
}

export function grants(db: Database, ids: ReservedIds, purge: Purge, statistics: Statistics, creation: GrantCreation): PostgresGrants {
  const find = batch<Key, GrantRecord | undefined>({
    key: ({ tenant }) => String(tenant),
    async send(items) {
      const rows = await findInLine(
        db,
        items[0]?.tenant,
        await db.run<GrantRow & ClientState>(FIND, [items[0]?.tenant, items.map(({ id }) => id)]),
      );
      const found = new Map(rows.map((row) => [row.id, row]));
      return items.map(({ id }) => {
        const row = found.get(id);
        return row === undefined ? undefined : readGrant(row);
      });
    },
  });
  const findGrant: Grants['findGrant'] = (tenant, id) => find({ tenant, id });

  // The log has one writer at a time: together they write once.
  const revoke = batch<Revocation, 'revoked' | 'already' | 'unknown'>({
    key: ({ tenant, reason, now }) => `${tenant} ${reason} ${now}`,
    send: (items) => revokeTogether(db, items),
  });

  return {
    findGrant,

    async revokeNoted(acting, args) {
      const [tenant, id, reason, now] = args;
      const entry = entryOf(acting, 'revokeGrant', args, 'revoked');
      const signed = entry === undefined ? [] : [signEntry(acting, tenant, await ids.take(tenant, 'audit'), entry)];
      const answer = await revoke({ tenant, id, reason, now, entries: signed });
      if (answer === 'revoked') purge.count(tenant, ENDED_ENTRIES, 1, now);
      return answer;
    },

    ...createGrant(db, creation),
    ...admit(db, statistics),
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

interface Revocation extends Key {
  readonly reason: RevocationReason;
  readonly now: number;
  /** What is written if it is this one that revokes. */
  readonly entries: readonly AuditEntry[];
}

async function revokeTogether(db: Database, items: readonly Revocation[]): Promise<('revoked' | 'already' | 'unknown')[]> {
  const [first] = items;
  if (first === undefined) return [];
  const { tenant, reason, now } = first;
  // Of several that want one grant the first has done it.
  const firsts = new Map(items.toReversed().map((item) => [item.id, item]));
  const noted = [...firsts.values()].flatMap(({ id, entries }) => entries.map((entry) => ({ id, entry })));
  const columns = columnsOf(noted.map(({ entry }) => entry));
  const values = [tenant, now, reason, now + revokedKeptSeconds(reason), items.map(({ id }) => id), noted.map(({ id }) => id), ...columns];
  const rows = await db.run<{ id: GrantId; revoked: boolean }>(REVOKE, values);
  const there = new Set(rows.map((row) => row.id));
  const revoked = new Set(rows.filter((row) => row.revoked).map((row) => row.id));
  return items.map(({ id }) => (revoked.delete(id) ? 'revoked' : there.has(id) ? 'already' : 'unknown'));
}

const FIND: Statement = {
  name: 'find_grants',
  text: `SELECT ${GRANT_COLUMNS}, ${CLIENT_COLUMNS}
    FROM grants g JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
    WHERE g.tenant = $1::bigint AND g.id = ANY ($2::bigint[])`,
};

/** Locked in the order of their ids, so that two nodes with the same grants never wait in a circle. */
const REVOKE: Statement = {
  name: 'revoke_grants',
  text: `WITH there AS MATERIALIZED (
      SELECT id FROM grants WHERE tenant = $1::bigint AND id = ANY ($5::bigint[]) ORDER BY id FOR NO KEY UPDATE),
    dead AS (${revokeText('SELECT id FROM there')}),
    ${entriesOf(`SELECT 'grant' AS kind, id::text AS subject, $3::text AS reason, expires_at, id AS rank FROM dead`)},
    noted AS (
      INSERT INTO audit_inbox (tenant, ${INBOX_COLUMNS})
      SELECT $1::bigint, ${ENTRY_COLUMNS.map((column) => `e.${column}`).join(', ')}
      FROM ${unnestText(6, { before: ['bigint'] })} AS e (grant_id, ${INBOX_COLUMNS}) WHERE e.grant_id IN (SELECT id FROM dead))
    SELECT id, id IN (SELECT id FROM dead) AS revoked FROM there`,
};

import type { ClientId, TenantId, UserId } from '@hufu/protocol/ids';
import { joinLists, readList, writeList } from '../encoding.ts';
import { type ConsentRecord, type Consents, StoreUnavailable } from '../port.ts';
import { isStanding } from '../standing-consent.ts';
import type { Database, Session, Statement } from './database.ts';
import { revokeGrantsBetween } from './endings.ts';
import { FORGOTTEN } from './forgotten-consents.ts';
import { ENDED_ENTRIES, type Purge } from './purge.ts';
import { writeEntries } from './revocation-log.ts';

export function consents(db: Database, purge: Purge): Consents {
  return {
    findConsent: (tenant, user, client) => findOne(db, FIND, [tenant, user, client]),

    async listConsents(tenant, user) {
      return (await db.run<ConsentRow>(LIST, [tenant, user])).map(readConsent);
    },

    async giveConsent(tenant, user, client, scopes, resources, now) {
      const values = [tenant, user, client, writeList(joinLists([], scopes)), writeList(joinLists([], resources)), now];
      const given = await db.transact(async (session) => {
        for (let tries = 0; tries < MAX_TRIES; tries += 1) {
          const first = await findOne(session, INSERT, values);
          const consent = first ?? (await addTo(session, tenant, { user, client, scopes, resources, now }));
          if (consent !== undefined) return consent;
        }
        throw new StoreUnavailable('the consent comes and goes faster than it can be added to');
      });
      purge.count(tenant, FORGOTTEN, 1, now);
      return given;
    },

    async withdrawConsent(tenant, user, client, now) {
      const told = await db.transact(async (session) => {
        const removed = await session.run(REMOVE, [tenant, user, client]);
        const entries = await revokeGrantsBetween(session, tenant, user, client, 'consent_withdrawn', now);
        await writeEntries(session, tenant, entries, now);
        if (removed.length === 0 && entries.length === 0) session.unchanged?.();
        return entries;
      });
      purge.count(tenant, ENDED_ENTRIES, told.length, now);
      return { revokedGrants: told.length };
    },
  };
}

/** Each more is a withdrawal, or a fall, between two statements. */
const MAX_TRIES = 8;

interface Addition {
  readonly user: UserId;
  readonly client: ClientId;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  readonly now: number;
}

/** Undefined: it has gone since the insertion found it, and whoever gives it now must not write over others who do. */
async function addTo(
  session: Session,
  tenant: TenantId,
  { user, client, scopes, resources, now }: Addition,
): Promise<ConsentRecord | undefined> {
  const [row] = await session.run<ConsentRow & { readonly stands: boolean }>(LOCK, [tenant, user, client]);
  if (row === undefined) return undefined;
  // One that stands no more gives way.
  const there = row.stands ? readConsent(row) : undefined;
  const allScopes = writeList(joinLists(there?.scopes ?? [], scopes));
  const allResources = writeList(joinLists(there?.resources ?? [], resources));
  return await findOne(session, PUT, [tenant, user, client, allScopes, allResources, now, there?.grantedAt ?? now]);
}

async function findOne(session: Session, statement: Statement, values: readonly unknown[]): Promise<ConsentRecord | undefined> {
  const [row] = await session.run<ConsentRow>(statement, values);
  return row === undefined ? undefined : readConsent(row);
}

interface ConsentRow {
  readonly user_id: UserId;
  readonly client_id: ClientId;
  readonly scopes: string;
  readonly resources: string;
  readonly granted_at: number;
  readonly updated_at: number;
}

function readConsent(row: ConsentRow): ConsentRecord {
  return {
    userId: row.user_id,
    clientId: row.client_id,
    scopes: readList(row.scopes),
    resources: readList(row.resources),
    grantedAt: row.granted_at,
    updatedAt: row.updated_at,
  };
}

const COLUMNS = 'user_id, client_id, scopes, resources, granted_at, updated_at';
const KEY = 'tenant = $1::bigint AND user_id = $2::bigint AND client_id = $3::text';
const STANDING = `${KEY} AND ${isStanding('consents')}`;
/**
 * With the client's epoch: whoever forgets what was given to it waits until this is done, or comes before it. A client that is not there yet (it has a document) has the one that it will begin with.
 */
const giving = (grantedAt: string): string => `WITH client AS MATERIALIZED (
    SELECT epoch FROM clients WHERE tenant = $1::bigint AND client_id = $3::text FOR SHARE)
  INSERT INTO consents (tenant, user_id, client_id, scopes, resources, granted_at, updated_at, client_epoch)
  SELECT $1::bigint, $2::bigint, $3::text, $4::text, $5::text, ${grantedAt}, $6::bigint,
    coalesce((SELECT epoch FROM client), (SELECT value FROM counters WHERE tenant = $1::bigint AND name = 'client'), 0)
  ON CONFLICT (tenant, user_id, client_id)`;

const FIND: Statement = { name: 'find_consent', text: `SELECT ${COLUMNS} FROM consents WHERE ${STANDING}` };
const LIST: Statement = {
  text: `SELECT ${COLUMNS} FROM consents WHERE tenant = $1::bigint AND user_id = $2::bigint AND ${isStanding('consents')} ORDER BY client_id`,
};
/** Whether it stands or not: those who give it once more do so one after the other. */
const LOCK: Statement = {
  text: `SELECT ${COLUMNS}, ${isStanding('consents')} AS stands FROM consents WHERE ${KEY} FOR UPDATE OF consents`,
};
const INSERT: Statement = { text: `${giving('$6::bigint')} DO NOTHING RETURNING ${COLUMNS}` };
const PUT: Statement = {
  text: `${giving('$7::bigint')} DO UPDATE SET scopes = excluded.scopes, resources = excluded.resources, granted_at = excluded.granted_at,
    updated_at = excluded.updated_at, client_epoch = excluded.client_epoch RETURNING ${COLUMNS}`,
};
const REMOVE: Statement = { text: `DELETE FROM consents WHERE ${KEY} RETURNING client_id` };

import type { ClientId, TenantId, UserId } from '@hufu/protocol/ids';
import { joinLists, readList, writeList } from '../encoding.ts';
import type { ConsentRecord, Consents } from '../port.ts';
import type { Database, Session, Statement } from './database.ts';
import { revokeGrantsBetween } from './endings.ts';
import { ENDED_ENTRIES, type Purge } from './purge.ts';
import { writeEntries } from './revocation-log.ts';
import type { Statistics } from './statistics.ts';

export function consents(db: Database, purge: Purge, statistics: Statistics): Consents {
  return {
    findConsent: (tenant, user, client) => findOne(db, FIND, [tenant, user, client]),

    async listConsents(tenant, user) {
      return (await db.run<ConsentRow>(LIST, [tenant, user])).map(readConsent);
    },

    async giveConsent(tenant, user, client, scopes, resources, now) {
      const values = [tenant, user, client, writeList(joinLists([], scopes)), writeList(joinLists([], resources)), now];
      const given = await db.transact(async (session) => {
        const first = await findOne(session, INSERT, values);
        return first ?? (await addTo(session, tenant, { user, client, scopes, resources, now }));
      });
      if (given.grantedAt === now) statistics.inserted('consents', 1, now);
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

interface Addition {
  readonly user: UserId;
  readonly client: ClientId;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  readonly now: number;
}

async function addTo(session: Session, tenant: TenantId, { user, client, scopes, resources, now }: Addition): Promise<ConsentRecord> {
  const there = await findOne(session, LOCK, [tenant, user, client]);
  const allScopes = writeList(joinLists(there?.scopes ?? [], scopes));
  const allResources = writeList(joinLists(there?.resources ?? [], resources));
  // It is inserted where it was withdrawn in between: that act came first, so the consent begins anew.
  const given = await findOne(session, PUT, [tenant, user, client, allScopes, allResources, now]);
  if (given === undefined) throw new Error('nothing was written');
  return given;
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
const VALUES = `INSERT INTO consents (tenant, user_id, client_id, scopes, resources, granted_at, updated_at)
  VALUES ($1::bigint, $2::bigint, $3::text, $4::text, $5::text, $6::bigint, $6::bigint)
  ON CONFLICT (tenant, user_id, client_id)`;

const FIND: Statement = { name: 'find_consent', text: `SELECT ${COLUMNS} FROM consents WHERE ${KEY}` };
const LIST: Statement = { text: `SELECT ${COLUMNS} FROM consents WHERE tenant = $1::bigint AND user_id = $2::bigint ORDER BY client_id` };
const LOCK: Statement = { text: `SELECT ${COLUMNS} FROM consents WHERE ${KEY} FOR UPDATE` };
const INSERT: Statement = { text: `${VALUES} DO NOTHING RETURNING ${COLUMNS}` };
const PUT: Statement = {
  text: `${VALUES} DO UPDATE SET scopes = excluded.scopes, resources = excluded.resources, updated_at = excluded.updated_at RETURNING ${COLUMNS}`,
};
const REMOVE: Statement = { text: `DELETE FROM consents WHERE ${KEY} RETURNING client_id` };

import type { TenantId, UserId } from '@hufu/protocol/ids';
import { requireIdentity } from '../identity.ts';
import type { Identities, IdentityRecord } from '../port.ts';
import { MAX_IDENTITIES } from '../retention.ts';
import { isShutOut } from '../ways-in.ts';
import { countWaysIn, lockActive, raiseVersion } from './credentials.ts';
import type { Database, Session, Statement } from './database.ts';
import { makeDeliveries } from './deliveries.ts';
import { endSessionsOf, revokeGrantsBoundToAny } from './endings.ts';
import { ENDED_DELIVERIES, ENDED_ENTRIES, type Purge } from './purge.ts';
import { writeEntries } from './revocation-log.ts';
import type { Statistics } from './statistics.ts';

type NewIdentity = Pick<IdentityRecord, 'upstream' | 'issuer' | 'subject' | 'label'>;

export function identities(db: Database, purge: Purge, statistics: Statistics): Identities {
  return {
    async findIdentity(tenant, upstream, issuer, subject) {
      if (`${upstream}${issuer}${subject}`.includes('\0')) return undefined;
      const [row] = await db.run<IdentityRow>(FIND, [tenant, upstream, issuer, subject]);
      return row === undefined ? undefined : readIdentity(row);
    },

    listIdentities: (tenant, user) => listThere(db, tenant, user),

    async linkIdentity(tenant, user, authVersion, identity, session, now) {
      requireIdentity(identity);
      const answer = await db.transact<Awaited<ReturnType<Identities['linkIdentity']>>>(async (act) => {
        const owner = await lockActive(act, tenant, user, now);
        if (owner === undefined) return { kind: 'unknown' };
        if (owner.authVersion !== authVersion) return { kind: 'changed' };
        if ((await findOwner(act, tenant, identity)) !== undefined) return { kind: 'taken' };
        const there = await listThere(act, tenant, user);
        if (there.length >= MAX_IDENTITIES || there.some((one) => one.upstream === identity.upstream)) return { kind: 'full' };
        if (!(await linkNew(act, tenant, user, identity, now))) return { kind: 'taken' };
        return { kind: 'done', authVersion: await raiseVersion(act, tenant, user, authVersion, session) };
      });
      if (answer.kind === 'done') statistics.inserted('identities', 1, now);
      return answer;
    },

    async useIdentity(tenant, upstream, issuer, subject, label, now) {
      requireIdentity({ upstream, issuer, subject, label });
      const rows = await db.run(USE, [tenant, upstream, issuer, subject, label, now]);
      return rows.length === 0 ? 'unknown' : 'used';
    },

    async unlinkIdentity(tenant, user, authVersion, upstream, { session, open }, now) {
      const { answer, entries, deliveries } = await db.transact<Unlinked>(async (act) => {
        const owner = await lockActive(act, tenant, user, now);
        const identity = (await listThere(act, tenant, user)).find((one) => one.upstream === upstream);
        if (owner === undefined || identity === undefined) return { ...NOTHING, answer: { kind: 'unknown' } };
        if (owner.authVersion !== authVersion) return { ...NOTHING, answer: { kind: 'changed' } };
        const left = await countWaysIn(act, tenant, user, 0, upstream, open.upstreams);
        if (isShutOut(open, owner.passwordHash !== undefined, left)) return { ...NOTHING, answer: { kind: 'last' } };
        const raised = await raiseVersion(act, tenant, user, authVersion, session);
        const { ended, entries: told } = await endSessionsOf(act, tenant, user, session, 'credential_removed', now);
        const grants = await revokeGrantsBoundToAny(act, tenant, user, ended, 'credential_removed', now);
        await act.run(REMOVE, [tenant, upstream, identity.issuer, identity.subject]);
        const made = await makeDeliveries(act, tenant, ended, now);
        await writeEntries(act, tenant, [...told, ...grants], now);
        return { answer: { kind: 'done', authVersion: raised }, entries: told.length + grants.length, deliveries: made };
      });
      purge.count(tenant, ENDED_ENTRIES, entries, now);
      purge.count(tenant, ENDED_DELIVERIES, deliveries, now);
      return answer;
    },
  };
}

interface Unlinked {
  readonly answer: Awaited<ReturnType<Identities['unlinkIdentity']>>;
  readonly entries: number;
  readonly deliveries: number;
}

const NOTHING = { entries: 0, deliveries: 0 };

/** Whether it was nobody's. Who comes by the same account waits for the index. */
export async function linkNew(
  session: Session,
  tenant: TenantId,
  user: UserId,
  { upstream, issuer, subject, label }: NewIdentity,
  now: number,
): Promise<boolean> {
  return (await session.run(LINK, [tenant, upstream, issuer, subject, user, label, now])).length === 1;
}

/** Whose it is. */
export async function findOwner(
  session: Session,
  tenant: TenantId,
  { upstream, issuer, subject }: NewIdentity,
): Promise<UserId | undefined> {
  return (await session.run<IdentityRow>(FIND, [tenant, upstream, issuer, subject]))[0]?.user_id;
}

/** All but those at the upstreams of `spares`. In a transaction that has locked the user. */
export async function forgetIdentities(session: Session, tenant: TenantId, user: UserId, spares: readonly string[]): Promise<void> {
  await session.run(REMOVE_ALL, [tenant, user, spares]);
}

async function listThere(session: Session, tenant: TenantId, user: UserId): Promise<IdentityRecord[]> {
  return (await session.run<IdentityRow>(LIST, [tenant, user])).map(readIdentity);
}

interface IdentityRow {
  readonly upstream: string;
  readonly issuer: string;
  readonly subject: string;
  readonly user_id: UserId;
  readonly label: string;
  readonly linked_at: number;
  readonly used_at: number;
}

function readIdentity(row: IdentityRow): IdentityRecord {
  const { upstream, issuer, subject, label } = row;
  return { upstream, issuer, subject, userId: row.user_id, label, linkedAt: row.linked_at, usedAt: row.used_at };
}

const COLUMNS = 'upstream, issuer, subject, user_id, label, linked_at, used_at';
const KEY = 'tenant = $1::bigint AND upstream = $2::text AND issuer = $3::text AND subject = $4::text';

const FIND: Statement = { name: 'find_identity', text: `SELECT ${COLUMNS} FROM identities WHERE ${KEY}` };
const LIST: Statement = {
  name: 'list_identities',
  text: `SELECT ${COLUMNS} FROM identities WHERE tenant = $1::bigint AND user_id = $2::bigint ORDER BY linked_at, upstream`,
};
const LINK: Statement = {
  text: `INSERT INTO identities (tenant, upstream, issuer, subject, user_id, label, linked_at, used_at)
    VALUES ($1::bigint, $2::text, $3::text, $4::text, $5::bigint, $6::text, $7::bigint, $7::bigint)
    ON CONFLICT (tenant, upstream, issuer, subject) DO NOTHING RETURNING user_id`,
};
const USE: Statement = { text: `UPDATE identities SET label = $5::text, used_at = $6::bigint WHERE ${KEY} RETURNING user_id` };
const REMOVE: Statement = { text: `DELETE FROM identities WHERE ${KEY}` };
const REMOVE_ALL: Statement = {
  text: 'DELETE FROM identities WHERE tenant = $1::bigint AND user_id = $2::bigint AND upstream <> ALL ($3::text[])',
};

import type { TenantId } from '@hufu/protocol/ids';
import {
  isNotified,
  PENDING_COLUMNS,
  type PendingRow,
  readPending,
  requireApproval,
  requireMatch,
  requireOpenable,
  whyUndecidable,
} from '../pending.ts';
import type { PendingAuthorization, PendingAuthorizations } from '../port.ts';
import { SLOW_DOWN_SECONDS } from '../retention.ts';
import type { GrantCreation } from './create-grant.ts';
import type { Database, Session, Statement } from './database.ts';
import { LOCK_USER, readVerdict } from './look-around.ts';
import { ENDED_PENDING, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';

/** Users are locked before clients, clients before pending authorizations, and those before sessions: see `docs/decisions/0003`. */
export function pendingAuthorizations(db: Database, ids: ReservedIds, purge: Purge, creation: GrantCreation): PendingAuthorizations {
  const find = async (statement: Statement, values: readonly unknown[]): Promise<PendingRow | undefined> =>
    (await db.run<PendingRow>(statement, values))[0];

  return {
    async openPending(tenant, pending, limits, now) {
      requireOpenable(pending);
      const id = await ids.take(tenant, 'pending');
      const answer = await db.transact((session) => open(session, tenant, id, pending, limits, now));
      if (answer === 'opened') purge.count(tenant, ENDED_PENDING, 1, now);
      return answer === 'opened' ? { kind: answer, id } : { kind: answer };
    },

    findPending: async (tenant, id) => readFound(await find(FIND, [tenant, id])),

    findPendingByUserCode: async (tenant, userCodeHash, now) => readFound(await find(FIND_BY_CODE, [tenant, userCodeHash, now])),

    async listPendingOfUser(tenant, user, limit, now) {
      const rows = await db.run<PendingRow>(LIST_OF_USER, [tenant, user, now, limit]);
      return rows.map((row) => readPending(row));
    },

    async notePoll(tenant, id, now) {
      const [row] = await db.run<PolledRow>(NOTE_POLL, [tenant, id, now]);
      if (row !== undefined) return { kind: row.too_soon ? 'too_soon' : 'on_time', pending: readPending(row) };
      const over = await find(FIND, [tenant, id]);
      return over === undefined ? { kind: 'unknown' } : { kind: 'on_time', pending: readPending(over) };
    },

    async approvePending(tenant, id, grant, now) {
      const { userId, codeHash } = requireApproval(grant);
      const beginning = await creation.begin(tenant, grant, now);
      const { answer, told } = await db.transact(async (session): Promise<Approval> => {
        await session.run(beginning.lock.statement, beginning.lock.values);
        const [row] = await session.run<PendingRow>(LOCK, [tenant, id]);
        const why = whyUndecidable(row, userId, now);
        if (row === undefined || why !== undefined) return { answer: { kind: why ?? 'unknown' }, told: 0 };
        requireMatch(row, grant, codeHash);
        const reason = readVerdict((await session.run(beginning.create.statement, beginning.create.values))[0]);
        if (reason !== undefined) return { answer: { kind: 'refused', reason }, told: 0 };
        await session.run(DECIDE, [tenant, id, 'approved', userId, beginning.id, isNotified(row) ? now : null]);
        const revoked = await session.run(beginning.limit.statement, beginning.limit.values);
        return { answer: { kind: 'approved', grantId: beginning.id }, told: revoked.length };
      });
      if (answer.kind === 'approved') creation.created(tenant, grant, told, now);
      return answer;
    },

    async denyPending(tenant, id, user, now) {
      return await db.transact(async (session) => {
        const [row] = await session.run<PendingRow>(LOCK, [tenant, id]);
        const why = whyUndecidable(row, user, now);
        if (row === undefined || why !== undefined) return why ?? 'unknown';
        await session.run(DECIDE, [tenant, id, 'denied', user, null, isNotified(row) ? now : null]);
        return 'denied';
      });
    },

    async takeNotifications(tenant, limit, leaseSeconds, now) {
      const rows = await db.run<TakenRow>(TAKE, [tenant, now, limit, now + leaseSeconds]);
      const sorted = rows.toSorted((one, other) => one.was_due_at - other.was_due_at || one.id - other.id);
      return sorted.map((row) => ({ pending: readPending(row), attempt: row.attempt }));
    },

    async settleNotification(tenant, id, attempt, dueAt) {
      await db.run(SETTLE, [tenant, id, attempt, dueAt ?? null]);
    },
  };
}

interface Approval {
  readonly answer: Awaited<ReturnType<PendingAuthorizations['approvePending']>>;
  /** Entries that were written to the revocation log. */
  readonly told: number;
}

interface PolledRow extends PendingRow {
  readonly too_soon: boolean;
}

interface TakenRow extends PendingRow {
  readonly attempt: number;
  readonly was_due_at: number;
}

/** Alone with the client's row (and the user's, who is asked), so that what is open is counted exactly and no removed client has any. */
async function open(
  session: Session,
  tenant: TenantId,
  id: number,
  pending: Parameters<PendingAuthorizations['openPending']>[1],
  { maxOpen, maxOpenOfUser }: Parameters<PendingAuthorizations['openPending']>[2],
  now: number,
): Promise<'opened' | 'taken' | 'full'> {
  const { kind, clientId, secretHash, userCodeHash, userId, request, expiresAt, intervalSeconds } = pending;
  if (userId !== undefined) await session.run(LOCK_USER, [tenant, userId]);
  const [client] = await session.run(LOCK_CLIENT, [tenant, clientId]);
  if (client === undefined) throw new TypeError(`no client ${clientId}`);
  const count = async (statement: Statement, whose: unknown, limit: number): Promise<number> =>
    (await session.run<{ count: number }>(statement, [tenant, whose, now, limit]))[0]?.count ?? 0;
  if ((await count(COUNT_OF_CLIENT, clientId, maxOpen)) >= maxOpen) return 'full';
  if (userId !== undefined && (await count(COUNT_OF_USER, userId, maxOpenOfUser)) >= maxOpenOfUser) return 'full';
  if (userCodeHash !== undefined) await session.run(RELEASE_CODE, [tenant, userCodeHash, now]);
  const values = [tenant, id, kind, clientId, secretHash, userCodeHash ?? null, userId ?? null, JSON.stringify(request)];
  const rows = await session.run(INSERT, [...values, now, expiresAt, intervalSeconds]);
  return rows.length === 1 ? 'opened' : 'taken';
}

function readFound(row: PendingRow | undefined): PendingAuthorization | undefined {
  return row === undefined ? undefined : readPending(row);
}

const FROM = `SELECT ${PENDING_COLUMNS} FROM pending_authorizations p WHERE p.tenant = $1::bigint`;
const FIND: Statement = { name: 'find_pending', text: `${FROM} AND p.id = $2::bigint` };
const LOCK: Statement = { name: 'lock_pending', text: `${FROM} AND p.id = $2::bigint FOR NO KEY UPDATE` };
const FIND_BY_CODE: Statement = {
  name: 'find_pending_by_code',
  text: `${FROM} AND p.user_code_hash = $2::text AND p.expires_at > $3::bigint`,
};
const LIST_OF_USER: Statement = {
  name: 'list_pending_of_user',
  text: `${FROM} AND p.user_id = $2::bigint AND p.expires_at > $3::bigint AND p.decision = 'pending' AND p.kind = 'backchannel'
    ORDER BY p.id DESC LIMIT $4::bigint`,
};

const LOCK_CLIENT: Statement = {
  name: 'lock_client',
  text: 'SELECT client_id FROM clients WHERE tenant = $1::bigint AND client_id = $2::text FOR NO KEY UPDATE',
};

function countText(condition: string): string {
  return `SELECT count(*) FROM (SELECT FROM pending_authorizations
    WHERE tenant = $1::bigint AND ${condition} AND decision = 'pending' AND expires_at > $3::bigint LIMIT $4::bigint) AS counted`;
}
const COUNT_OF_CLIENT: Statement = { name: 'count_pending_of_client', text: countText('client_id = $2::text') };
const COUNT_OF_USER: Statement = { name: 'count_pending_of_user', text: countText(`user_id = $2::bigint AND kind = 'backchannel'`) };

const RELEASE_CODE: Statement = {
  name: 'release_user_code',
  text: `UPDATE pending_authorizations SET user_code_hash = NULL
    WHERE tenant = $1::bigint AND user_code_hash = $2::text AND expires_at <= $3::bigint`,
};
/** Whoever has the code, and has not expired, keeps it: the index decides between two that come at once. */
const INSERT: Statement = {
  name: 'open_pending',
  text: `INSERT INTO pending_authorizations (tenant, id, kind, client_id, secret_hash, user_code_hash, user_id, request, created_at, expires_at,
      interval_seconds, polled_at, decision, grant_id, attempt, due_at)
    VALUES ($1::bigint, $2::bigint, $3::text, $4::text, $5::text, $6::text, $7::bigint, $8::text, $9::bigint, $10::bigint, $11::bigint, NULL, 'pending', NULL, 0, NULL)
    ON CONFLICT (tenant, user_code_hash) WHERE user_code_hash IS NOT NULL DO NOTHING
    RETURNING id`,
};

/** The row is locked as it is by now before it is changed, so that of many polls at once each sees the one before. */
const NOTE_POLL: Statement = {
  name: 'note_poll',
  text: `WITH polled AS MATERIALIZED (
      SELECT id, polled_at + interval_seconds > $3::bigint AS too_soon FROM pending_authorizations
      WHERE tenant = $1::bigint AND id = $2::bigint AND decision = 'pending' AND expires_at > $3::bigint
      FOR NO KEY UPDATE)
    UPDATE pending_authorizations p SET polled_at = $3::bigint,
      interval_seconds = p.interval_seconds + CASE WHEN polled.too_soon THEN ${SLOW_DOWN_SECONDS} ELSE 0 END
    FROM polled WHERE p.tenant = $1::bigint AND p.id = polled.id
    RETURNING ${PENDING_COLUMNS}, coalesce(polled.too_soon, false) AS too_soon`,
};

const DECIDE: Statement = {
  name: 'decide_pending',
  text: `UPDATE pending_authorizations SET decision = $3::text, user_id = $4::bigint, grant_id = $5::bigint, due_at = $6::bigint
    WHERE tenant = $1::bigint AND id = $2::bigint`,
};

/** As with deliveries: what another node is taking is left to it. */
const TAKE: Statement = {
  name: 'take_notifications',
  text: `WITH due AS MATERIALIZED (
      SELECT id, due_at FROM pending_authorizations WHERE tenant = $1::bigint AND due_at <= $2::bigint ORDER BY due_at, id LIMIT $3::bigint
      FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE pending_authorizations p SET attempt = p.attempt + 1, due_at = $4::bigint
    WHERE p.tenant = $1::bigint AND p.id = ANY (ARRAY(SELECT id FROM due))
    RETURNING ${PENDING_COLUMNS}, p.attempt, (SELECT due.due_at FROM due WHERE due.id = p.id) AS was_due_at`,
};
const SETTLE: Statement = {
  name: 'settle_notification',
  text: `UPDATE pending_authorizations SET due_at = $4::bigint
    WHERE tenant = $1::bigint AND id = $2::bigint AND attempt = $3::bigint AND due_at IS NOT NULL`,
};

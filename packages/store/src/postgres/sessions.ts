import { type SessionId, sessionId, type TenantId, type UserId } from '@hufu/protocol/ids';
import { readList, writeList } from '../encoding.ts';
import type { SessionRecord, Sessions } from '../port.ts';
import { purgeTime } from '../retention.ts';
import type { Database, Session, Statement } from './database.ts';
import { makeDeliveries } from './deliveries.ts';
import { endSession, revokeGrantsBoundTo } from './endings.ts';
import { listParticipants, MOVE_PARTICIPANTS } from './participants.ts';
import { ENDED_DELIVERIES, ENDED_ENTRIES, ENDED_SESSIONS, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';
import { type NewEntry, writeEntries } from './revocation-log.ts';

export function sessions(db: Database, ids: ReservedIds, purge: Purge): Sessions {
  function count(tenant: TenantId, { entries, deliveries }: Told, now: number): void {
    purge.count(tenant, ENDED_ENTRIES, entries, now);
    purge.count(tenant, ENDED_DELIVERIES, deliveries, now);
  }

  return {
    async openSession(tenant, session, replaces, now) {
      const { userId, secretHash, authTime, amr, expiresAt, userAgent } = session;
      const words = writeList(amr);
      const id = sessionId(await ids.take(tenant, 'session'));
      const told = await db.transact(async (act) => {
        const [user] = await act.run<{ enabled: number }>(LOCK_USER, [tenant, userId]);
        if (user?.enabled !== 1) return undefined;
        const old = replaces === undefined ? undefined : await lockSession(act, tenant, replaces);
        await act.run(INSERT, [tenant, id, userId, secretHash, authTime, words, now, expiresAt, userAgent, purgeTime(expiresAt)]);
        if (old === undefined || old.endedAt !== undefined) return NOTHING;
        const entries: NewEntry[] = await endSession(act, tenant, old.id, 'session_replaced', now);
        let deliveries = 0;
        if (old.userId === userId) {
          await act.run(MOVE_GRANTS, [tenant, userId, old.id, id]);
          await act.run(MOVE_PARTICIPANTS, [tenant, old.id, id]);
        } else {
          entries.push(...(await revokeGrantsBoundTo(act, tenant, old.id, old.userId, now)));
          deliveries = await makeDeliveries(act, tenant, [old.id], now);
        }
        await writeEntries(act, tenant, entries, now);
        return { entries: entries.length, deliveries };
      });
      if (told === undefined) return { kind: 'user_inactive' };
      purge.count(tenant, ENDED_SESSIONS, 1, now);
      count(tenant, told, now);
      return {
        kind: 'opened',
        session: { id, userId, secretHash, authTime, amr: readList(words), createdAt: now, expiresAt, endedAt: undefined, userAgent },
      };
    },

    async findSession(tenant, id) {
      const [row] = await db.run<SessionRow>(FIND, [tenant, id]);
      return row === undefined ? undefined : readSession(row);
    },

    async listSessions(tenant, user, limit, now) {
      return (await db.run<SessionRow>(LIST, [tenant, user, now, limit])).map(readSession);
    },

    async endSession(tenant, id, now) {
      const told = await db.transact(async (act) => {
        const session = await lockSession(act, tenant, id);
        if (session === undefined) return undefined;
        if (session.endedAt !== undefined) return NOTHING;
        const entries = [
          ...(await endSession(act, tenant, id, 'signed_out', now)),
          ...(await revokeGrantsBoundTo(act, tenant, id, session.userId, now)),
        ];
        const deliveries = await makeDeliveries(act, tenant, [id], now);
        await writeEntries(act, tenant, entries, now);
        return { entries: entries.length, deliveries };
      });
      if (told === undefined) return 'unknown';
      count(tenant, told, now);
      return 'ended';
    },

    ...listParticipants(db),
  };
}

/** How many rows an end has written. */
interface Told {
  readonly entries: number;
  readonly deliveries: number;
}

const NOTHING: Told = { entries: 0, deliveries: 0 };

async function lockSession(act: Session, tenant: number, id: SessionId): Promise<SessionRecord | undefined> {
  const [row] = await act.run<SessionRow>(LOCK, [tenant, id]);
  return row === undefined ? undefined : readSession(row);
}

interface SessionRow {
  readonly id: SessionId;
  readonly user_id: UserId;
  readonly secret_hash: string;
  readonly auth_time: number;
  readonly amr: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly ended_at: number | null;
  readonly user_agent: string;
}

function readSession(row: SessionRow): SessionRecord {
  return {
    id: row.id,
    userId: row.user_id,
    secretHash: row.secret_hash,
    authTime: row.auth_time,
    amr: readList(row.amr),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at ?? undefined,
    userAgent: row.user_agent,
  };
}

const COLUMNS = 'id, user_id, secret_hash, auth_time, amr, created_at, expires_at, ended_at, user_agent';

const FIND: Statement = { name: 'find_session', text: `SELECT ${COLUMNS} FROM sessions WHERE tenant = $1::bigint AND id = $2::bigint` };
const LIST: Statement = {
  text: `SELECT ${COLUMNS} FROM sessions
    WHERE tenant = $1::bigint AND user_id = $2::bigint AND ended_at IS NULL AND expires_at > $3::bigint ORDER BY id DESC LIMIT $4::bigint`,
};
const LOCK: Statement = {
  name: 'lock_session',
  text: `SELECT ${COLUMNS} FROM sessions WHERE tenant = $1::bigint AND id = $2::bigint FOR NO KEY UPDATE`,
};
/** Nobody disables the user before the session is there to be ended. */
const LOCK_USER: Statement = {
  name: 'share_user',
  text: 'SELECT enabled FROM users WHERE tenant = $1::bigint AND id = $2::bigint FOR SHARE',
};
const INSERT: Statement = {
  name: 'insert_session',
  text: `INSERT INTO sessions (tenant, id, user_id, secret_hash, auth_time, amr, created_at, expires_at, ended_at, user_agent, purge_at)
    VALUES ($1::bigint, $2::bigint, $3::bigint, $4::text, $5::bigint, $6::text, $7::bigint, $8::bigint, NULL, $9::text, $10::bigint)`,
};
const MOVE_GRANTS: Statement = {
  text: `UPDATE grants SET session_id = $4::bigint
    WHERE tenant = $1::bigint AND user_id = $2::bigint AND session_id = $3::bigint AND revoked_at IS NULL`,
};

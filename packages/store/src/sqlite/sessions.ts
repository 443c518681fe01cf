import { type SessionId, sessionId, type TenantId, type UserId } from '@hufu/protocol/ids';
import { readList, writeList } from '../encoding.ts';
import type { SessionRecord, Sessions } from '../port.ts';
import { purgeTime } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Endings } from './endings.ts';
import type { Participants } from './participants.ts';
import { purger } from './purge.ts';

const COLUMNS = 'id, user_id, secret_hash, auth_time, amr, created_at, expires_at, ended_at, user_agent';

export function sessions(db: Connection, counters: Counters, endings: Endings, participants: Participants): Sessions {
  const find = db.lazy(`SELECT ${COLUMNS} FROM sessions WHERE tenant = ? AND id = ?`);
  const list = db.lazy(`SELECT ${COLUMNS} FROM sessions INDEXED BY sessions_by_user
    WHERE tenant = ? AND user_id = ? AND ended_at IS NULL AND expires_at > ? ORDER BY id DESC LIMIT ?`);
  const insert = db.lazy(`INSERT INTO sessions (tenant, ${COLUMNS}, purge_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)`);
  const isEnabled = db.lazy('SELECT 1 FROM users WHERE tenant = ? AND id = ? AND enabled = 1');
  const moveGrants = db.lazy(
    'UPDATE grants INDEXED BY grants_by_user SET session_id = ? WHERE tenant = ? AND user_id = ? AND session_id = ? AND revoked_at IS NULL',
  );
  const ended = '(SELECT id FROM sessions WHERE tenant = ?1 AND purge_at <= ?2 ORDER BY purge_at, id LIMIT ?3)';
  const purge = purger(
    db,
    `DELETE FROM sessions WHERE tenant = ?1 AND id IN ${ended}`,
    [],
    `DELETE FROM participants WHERE tenant = ?1 AND session_id IN ${ended}`,
  );

  const readThere = (tenant: TenantId, id: SessionId): SessionRecord | undefined => {
    const row = find().get(tenant, id) as unknown as Row | undefined;
    return row === undefined ? undefined : readSession(row);
  };

  return {
    openSession: (tenant, session, replaces, now) =>
      db.write(() => {
        if (isEnabled().get(tenant, session.userId) === undefined) return { kind: 'user_inactive' };
        const id = sessionId(counters.nextOfBlock(tenant, 'session'));
        const { userId, secretHash, authTime, amr, expiresAt, userAgent } = session;
        insert().run(tenant, id, userId, secretHash, authTime, writeList(amr), now, expiresAt, userAgent, purgeTime(expiresAt));
        const old = replaces === undefined ? undefined : readThere(tenant, replaces);
        if (old !== undefined && old.endedAt === undefined) {
          // Before the end: whoever goes on with the user is not told of it.
          if (old.userId === userId) participants.move(tenant, old.id, id);
          endings.endSession(tenant, old.id, old.expiresAt, 'session_replaced', now);
          db.changed();
          if (old.userId === userId) moveGrants().run(id, tenant, userId, old.id);
          else endings.revokeGrantsBoundTo(tenant, old.id, old.userId, now);
        }
        purge(tenant, now, 1);
        return { kind: 'opened', session: { ...session, id, createdAt: now, endedAt: undefined } };
      }),

    findSession: (tenant, id) => db.read(() => readThere(tenant, id)),

    listSessions: (tenant, user, limit, now) => db.read(() => (list().all(tenant, user, now, limit) as unknown as Row[]).map(readSession)),

    endSession: (tenant, id, now) =>
      db.write(() => {
        const session = readThere(tenant, id);
        if (session === undefined) return 'unknown';
        if (session.endedAt !== undefined) return 'ended';
        endings.endSession(tenant, id, session.expiresAt, 'signed_out', now);
        endings.revokeGrantsBoundTo(tenant, id, session.userId, now);
        return 'ended';
      }),

    listParticipants: participants.listParticipants,
  };
}

type Row = [SessionId, UserId, string, number, string, number, number, number | null, string];

function readSession([id, userId, secretHash, authTime, amr, createdAt, expiresAt, endedAt, userAgent]: Row): SessionRecord {
  return { id, userId, secretHash, authTime, amr: readList(amr), createdAt, expiresAt, endedAt: endedAt ?? undefined, userAgent };
}

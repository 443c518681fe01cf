import { type GrantId, type SessionId, sessionId, type TenantId, type UserId } from '@hufu/protocol/ids';
import type { DeviceType, SessionRecord, Sessions } from '../port.ts';
import { purgeTime } from '../retention.ts';
import { readSession, SESSION_COLUMNS, writeSession } from '../session-row.ts';
import { type OpenGrant, type OpenSession, planSignIn, type SignInPlan } from '../sign-in-plan.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Credentials } from './credentials.ts';
import type { Endings } from './endings.ts';
import type { KnownDevices } from './known-devices.ts';
import type { Participants } from './participants.ts';
import { purger } from './purge.ts';

/** A write is alone while it runs: it looks, decides, and then does all of it or nothing. */
export function openSession(
  db: Connection,
  counters: Counters,
  credentials: Pick<Credentials, 'findActive'>,
  endings: Endings,
  participants: Participants,
  devices: KnownDevices,
): Sessions['openSession'] {
  const open = 'SELECT id, user_id, device_id, coalesce(turn, 0), created_at, expires_at FROM sessions';
  const findOpen = db.lazy(`${open} WHERE tenant = ? AND id = ? AND ended_at IS NULL`);
  const findLiving = db.lazy(
    `${open} INDEXED BY sessions_by_user WHERE tenant = ? AND user_id = ? AND ended_at IS NULL AND expires_at > ? ORDER BY id`,
  );
  const findGrants =
    db.lazy(`SELECT id, session_id, device_id, bound_key, coalesce(redeemed_at, created_at), expires_at, offline = 0 OR redeemed = 0,
      redeemed = 1 AND parent_id IS NULL AND idle_seconds > 0 AND rotated_at + idle_seconds > ?3 AND expires_at > ?3
        AND client_epoch = (SELECT epoch FROM clients c WHERE c.tenant = grants.tenant AND c.client_id = grants.client_id AND c.enabled = 1)
    FROM grants INDEXED BY grants_by_user WHERE tenant = ?1 AND user_id = ?2 AND revoked_at IS NULL ORDER BY id`);
  const insert = db.lazy(
    `INSERT INTO sessions (tenant, purge_at, ${SESSION_COLUMNS.join(', ')}) VALUES (?, ?${', ?'.repeat(SESSION_COLUMNS.length)})`,
  );
  const moveGrant = db.lazy('UPDATE grants SET session_id = ?, device_id = coalesce(?, device_id) WHERE tenant = ? AND id = ?');
  const ended = '(SELECT id FROM sessions WHERE tenant = ?1 AND purge_at <= ?2 ORDER BY purge_at, id LIMIT ?3)';
  const purge = purger(
    db,
    `DELETE FROM sessions WHERE tenant = ?1 AND id IN ${ended}`,
    [],
    `DELETE FROM participants WHERE tenant = ?1 AND session_id IN ${ended}`,
  );

  const grantsOf = (tenant: TenantId, user: UserId, now: number): OpenGrant[] =>
    (findGrants().all(tenant, user, now) as unknown as GrantRow[]).map((row) => readOpenGrant(user, row));

  const carryOut = (tenant: TenantId, plan: SignInPlan, next: SessionRecord, now: number): void => {
    for (const { id, reason } of plan.devices) endings.tellDevice(tenant, id, reason, now);
    for (const { session, reason } of plan.ends) {
      // Before the end: whoever goes on with the user is not told of it.
      if (reason === 'renewed') participants.move(tenant, session.id, next.id);
      endings.endSession(tenant, session.id, session.expiresAt, reason, now, next.id);
    }
    for (const reason of ['signed_out', 'session_replaced'] as const) {
      const dying = plan.revokes.filter((revoked) => revoked.reason === reason).map(({ grant }) => [grant.id, grant.expiresAt] as const);
      if (dying.length > 0) endings.revokeGrants(tenant, dying, reason, now);
    }
    for (const { grant, isHere } of plan.moves) moveGrant().run(next.id, isHere ? (next.deviceId ?? null) : null, tenant, grant.id);
    if (plan.moves.length > 0) db.changed();
  };

  return (tenant, session, conditions, now) =>
    db.write(() => {
      const { userId, device } = session;
      const { authVersion, replaces, stepsUp, limit, signsOut } = conditions;
      const user = credentials.findActive(tenant, userId, now);
      if (user === undefined) return { kind: 'refused', reason: 'user_inactive' };
      if (user.authVersion !== authVersion) return { kind: 'refused', reason: 'credentials_changed' };
      const old = replaces === undefined ? undefined : readOpen(findOpen().get(tenant, replaces));
      if (stepsUp && (old === undefined || old.userId !== userId || old.expiresAt <= now))
        return { kind: 'refused', reason: 'session_ended' };

      const known = devices.find(tenant, userId, device.browserHash);
      const sessions = (findLiving().all(tenant, userId, now) as unknown as OpenRow[]).flatMap((row) => readOpen(row) ?? []);
      const looksAtGrants = old !== undefined || limit !== undefined || signsOut.length > 0 || sessions.length > 0;
      const owners = looksAtGrants ? new Set([userId, old?.userId ?? userId]) : [];
      const plan = planSignIn({
        userId,
        conditions,
        replaces: old,
        sessions,
        grants: [...owners].flatMap((owner) => grantsOf(tenant, owner, now)),
        device: { deviceId: known?.id ?? null, boundKey: null, type: known?.type ?? device.type },
        types: limit?.per === 'type' ? devices.typesOf(tenant, userId) : NO_TYPES,
      });
      if (plan.kind === 'too_many_devices') return { kind: 'refused', reason: 'too_many_devices' };

      const deviceId = devices.see(tenant, userId, session, now);
      const id = sessionId(counters.nextOfBlock(tenant, 'session'));
      const row = writeSession(session, { id, authVersion, turn: plan.turn, deviceId }, now);
      insert().run(tenant, purgeTime(session.expiresAt), ...SESSION_COLUMNS.map((name) => row[name]));
      const opened = readSession(row);
      carryOut(tenant, plan, opened, now);
      purge(tenant, now, 1);
      return { kind: 'opened', session: opened, isNewDevice: known === undefined, replaced: plan.replaced };
    });
}

const NO_TYPES: ReadonlyMap<number, DeviceType> = new Map();

type OpenRow = [id: SessionId, userId: UserId, deviceId: number | null, turn: number, createdAt: number, expiresAt: number];

function readOpen(row: unknown): OpenSession | undefined {
  if (row === undefined) return undefined;
  const [id, userId, deviceId, turn, createdAt, expiresAt] = row as OpenRow;
  return { id, userId, deviceId, turn, createdAt, expiresAt };
}

type GrantRow = [
  id: GrantId,
  sessionId: SessionId | null,
  deviceId: number | null,
  boundKey: string | null,
  at: number,
  expiresAt: number,
  isOnline: number,
  isCounted: number,
];

function readOpenGrant(userId: UserId, [id, session, deviceId, boundKey, at, expiresAt, isOnline, isCounted]: GrantRow): OpenGrant {
  return { id, userId, sessionId: session, deviceId, boundKey, at, expiresAt, isOnline: isOnline === 1, isCounted: isCounted === 1 };
}

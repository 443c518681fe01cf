import { type GrantId, type SessionId, sessionId, type TenantId, type UserId } from '@hufu/protocol/ids';
import type { DeviceType, NewSession, OpenConditions, SessionRecord, SessionRefusal, Sessions } from '../port.ts';
import { purgeTime } from '../retention.ts';
import { readSession, SESSION_COLUMNS, writeSession } from '../session-row.ts';
import { type OpenGrant, type OpenSession, planSignIn, type SignInPlan } from '../sign-in-plan.ts';
import type { Database, Session, Statement } from './database.ts';
import { makeDeliveries } from './deliveries.ts';
import { endSessions, revokeGrants } from './endings.ts';
import { findByBrowser, seeDevice, typesOf } from './known-devices.ts';
import { MOVE_PARTICIPANTS } from './participants.ts';
import { ENDED_DELIVERIES, ENDED_ENTRIES, ENDED_SESSIONS, type Purge } from './purge.ts';
import { queueByKey } from './queue.ts';
import type { ReservedIds } from './reserved-ids.ts';
import { deviceEntry, type NewEntry, writeEntries } from './revocation-log.ts';
import type { Statistics } from './statistics.ts';

/**
 * Locks the user, then their sessions by id; only a later statement counts, and only then is anything written. From there on the order is that of `endings.ts`,
 * with the devices after the sessions.
 */
export function openSession(db: Database, ids: ReservedIds, purge: Purge, statistics: Statistics): Sessions['openSession'] {
  // Many who sign in as one user would hold connections while each waits for the one before.
  const queue = queueByKey();
  return async (tenant, session, conditions, now) => {
    const [id, spare] = await Promise.all([ids.take(tenant, 'session'), ids.take(tenant, 'device')]);
    const made = { id: sessionId(id), spare };
    const outcome = await queue(`${tenant} ${session.userId}`, () =>
      db.transact((act) => open(act, tenant, session, conditions, made, now)),
    );
    if (outcome.kind === 'refused') return outcome;
    const { told, ...opened } = outcome;
    purge.count(tenant, ENDED_SESSIONS, 1, now);
    purge.count(tenant, ENDED_ENTRIES, told.entries, now);
    purge.count(tenant, ENDED_DELIVERIES, told.deliveries, now);
    if (opened.isNewDevice) statistics.inserted('devices', 1, now);
    return opened;
  };
}

type Opened = Extract<Awaited<ReturnType<Sessions['openSession']>>, { kind: 'opened' }> & {
  readonly told: { readonly entries: number; readonly deliveries: number };
};

async function open(
  act: Session,
  tenant: TenantId,
  session: NewSession,
  conditions: OpenConditions,
  { id, spare }: { readonly id: SessionId; readonly spare: number },
  now: number,
): Promise<Opened | { readonly kind: 'refused'; readonly reason: SessionRefusal }> {
  const { userId, device } = session;
  const { authVersion, replaces, stepsUp, limit, signsOut } = conditions;
  const [user] = await act.run<{ active: boolean; auth_version: number }>(LOCK_USER, [tenant, userId, now]);
  if (user?.active !== true) return { kind: 'refused', reason: 'user_inactive' };
  if (user.auth_version !== authVersion) return { kind: 'refused', reason: 'credentials_changed' };
  const locked = (await act.run<OpenRow>(LOCK_SESSIONS, [tenant, userId, replaces ?? 0, now])).map(readOpen);
  const old = locked.find((one) => one.id === replaces);
  if (stepsUp && (old === undefined || old.userId !== userId || old.expiresAt <= now)) return { kind: 'refused', reason: 'session_ended' };

  const known = await findByBrowser(act, tenant, userId, device.browserHash);
  const looksAtGrants = locked.length > 0 || limit !== undefined || signsOut.length > 0;
  const plan = planSignIn({
    userId,
    conditions,
    replaces: old,
    sessions: locked.filter((one) => one.userId === userId && one.expiresAt > now),
    grants: looksAtGrants ? (await act.run<GrantRow>(FIND_GRANTS, [tenant, userId, now, old?.userId ?? userId])).map(readOpenGrant) : [],
    device: { deviceId: known?.id ?? null, boundKey: null, type: known?.type ?? device.type },
    types: limit?.per === 'type' ? await typesOf(act, tenant, userId) : NO_TYPES,
  });
  if (plan.kind === 'too_many_devices') return { kind: 'refused', reason: 'too_many_devices' };

  const deviceId = await seeDevice(act, tenant, userId, session, known, spare, now);
  const row = writeSession(session, { id, authVersion, turn: plan.turn, deviceId }, now);
  await act.run(INSERT, [tenant, purgeTime(session.expiresAt), ...SESSION_COLUMNS.map((name) => row[name])]);
  const opened = readSession(row);
  const told = await carryOut(act, tenant, plan, opened, now);
  return { kind: 'opened', session: opened, isNewDevice: known === undefined, replaced: plan.replaced, told };
}

const NO_TYPES: ReadonlyMap<number, DeviceType> = new Map();

async function carryOut(act: Session, tenant: TenantId, plan: SignInPlan, next: SessionRecord, now: number): Promise<Opened['told']> {
  const entries: NewEntry[] = plan.devices.map(({ id, reason }) => deviceEntry(id, reason));
  const ended = (reason: string): SessionId[] => plan.ends.filter((end) => end.reason === reason).map(({ session }) => session.id);
  for (const reason of ['renewed', 'signed_out', 'session_replaced'] as const)
    entries.push(...(await endSessions(act, tenant, ended(reason), reason, next.id, now)));
  const touched = [...plan.revokes, ...plan.moves].map(({ grant }) => grant.id);
  const locked = touched.length > 0 ? await act.run<LockedGrant>(LOCK_GRANTS, [tenant, touched]) : [];
  // Nobody holds the user whose session this one takes the place of: a code of theirs may have been redeemed since it was looked at, for a grant that goes on without a session.
  const staying = new Set(locked.filter((grant) => !grant.is_online && grant.user_id !== next.userId).map(({ id }) => id));
  for (const reason of ['signed_out', 'session_replaced'] as const) {
    const dying = plan.revokes.filter(({ reason: why, grant }) => why === reason && !staying.has(grant.id)).map(({ grant }) => grant.id);
    entries.push(...(await revokeGrants(act, tenant, dying, reason, now)));
  }
  for (const isHere of [true, false]) {
    const moving = plan.moves.filter((move) => move.isHere === isHere).map(({ grant }) => grant.id);
    if (moving.length > 0) await act.run(MOVE_GRANTS, [tenant, moving, next.id, isHere ? next.deviceId : null]);
  }
  for (const from of ended('renewed')) await act.run(MOVE_PARTICIPANTS, [tenant, from, next.id]);
  const deliveries = await makeDeliveries(act, tenant, [...ended('signed_out'), ...ended('session_replaced')], now);
  await writeEntries(act, tenant, entries, now);
  return { entries: entries.length, deliveries };
}

interface OpenRow {
  readonly id: SessionId;
  readonly user_id: UserId;
  readonly device_id: number | null;
  readonly turn: number;
  readonly created_at: number;
  readonly expires_at: number;
}

function readOpen(row: OpenRow): OpenSession {
  return {
    id: row.id,
    userId: row.user_id,
    deviceId: row.device_id,
    turn: row.turn,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

interface GrantRow {
  readonly id: GrantId;
  readonly user_id: UserId;
  readonly session_id: SessionId | null;
  readonly device_id: number | null;
  readonly bound_key: string | null;
  readonly at: number;
  readonly expires_at: number;
  readonly is_online: boolean;
  readonly is_counted: boolean;
}

type LockedGrant = Pick<GrantRow, 'id' | 'user_id' | 'is_online'>;

function readOpenGrant(row: GrantRow): OpenGrant {
  return {
    id: row.id,
    userId: row.user_id,
    sessionId: row.session_id,
    deviceId: row.device_id,
    boundKey: row.bound_key,
    at: row.at,
    expiresAt: row.expires_at,
    isOnline: row.is_online,
    isCounted: row.is_counted,
  };
}

/** Nobody signs in as the same user, disables them or makes a grant of theirs before the end of this. */
const LOCK_USER: Statement = {
  name: 'lock_user_to_sign_in',
  text: `SELECT enabled = 1 AND deleted_at IS NULL AND coalesce(locked_until, 0) <= $3::bigint AS active, coalesce(auth_version, 0) AS auth_version
    FROM users WHERE tenant = $1::bigint AND id = $2::bigint FOR NO KEY UPDATE`,
};
/** The one that is replaced, whose it is, and those of the user that live; in one statement and in the order of their ids. */
const LOCK_SESSIONS: Statement = {
  name: 'lock_sessions',
  text: `SELECT id, user_id, device_id, coalesce(turn, 0) AS turn, created_at, expires_at FROM sessions
    WHERE tenant = $1::bigint AND ended_at IS NULL AND id = ANY (ARRAY(
      SELECT id FROM sessions WHERE tenant = $1::bigint AND user_id = $2::bigint AND ended_at IS NULL AND expires_at > $4::bigint
      UNION ALL SELECT $3::bigint))
    ORDER BY id FOR NO KEY UPDATE`,
};
/** It ends with its session. */
const IS_ONLINE = 'g.offline = 0 OR g.redeemed = 0';
const FIND_GRANTS: Statement = {
  name: 'find_grants_of_users',
  text: `SELECT g.id, g.user_id, g.session_id, g.device_id, g.bound_key, coalesce(g.redeemed_at, g.created_at) AS at, g.expires_at,
      ${IS_ONLINE} AS is_online,
      g.redeemed = 1 AND g.parent_id IS NULL AND g.idle_seconds > 0 AND g.rotated_at + g.idle_seconds > $3::bigint AND g.expires_at > $3::bigint
        AND g.client_epoch = (SELECT c.epoch FROM clients c WHERE c.tenant = g.tenant AND c.client_id = g.client_id AND c.enabled = 1) AS is_counted
    FROM grants g WHERE g.tenant = $1::bigint AND g.user_id IN ($2::bigint, $4::bigint) AND g.revoked_at IS NULL`,
};
/** With what they are once they are locked. */
const LOCK_GRANTS: Statement = {
  name: 'lock_grants_to_sign_in',
  text: `SELECT id, user_id, ${IS_ONLINE} AS is_online FROM grants g WHERE g.tenant = $1::bigint AND g.id = ANY ($2::bigint[])
    ORDER BY g.id FOR NO KEY UPDATE`,
};
const MOVE_GRANTS: Statement = {
  text: `UPDATE grants SET session_id = $3::bigint, device_id = coalesce($4::bigint, device_id)
    WHERE tenant = $1::bigint AND id = ANY ($2::bigint[]) AND revoked_at IS NULL`,
};
const TYPES: Readonly<Partial<Record<(typeof SESSION_COLUMNS)[number], string>>> = {
  secret_hash: 'text',
  amr: 'text',
  user_agent: 'text',
  methods: 'text',
  browser_hash: 'text',
  ended_reason: 'text',
  fingerprint: 'text',
  place: 'text',
};
const INSERT: Statement = {
  name: 'insert_session',
  text: `INSERT INTO sessions (tenant, purge_at, ${SESSION_COLUMNS.join(', ')})
    VALUES ($1::bigint, $2::bigint, ${SESSION_COLUMNS.map((name, index) => `$${index + 3}::${TYPES[name] ?? 'bigint'}`).join(', ')})`,
};

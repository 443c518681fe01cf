import type { ClientId, GrantId, SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import { type ClientGrant, type Evicted, planEviction, planSignOut } from '../client-devices.ts';
import { lineEnd } from '../lineage.ts';
import type { DeviceType, Redemption, SignedInAt } from '../port.ts';
import type { Session, Statement } from './database.ts';
import { makeDeliveriesFor } from './deliveries.ts';
import { revokeGrants } from './endings.ts';
import { typesOf } from './known-devices.ts';
import { LOCK_USER } from './look-around.ts';
import type { NewEntry } from './revocation-log.ts';

/** What a client of a user loses. */
interface Leaving {
  readonly plan: Evicted;
  readonly user: UserId;
  readonly client: ClientId;
}

/** What stands in the way of an exchange under a limit of devices. `untakeable`: the code is not there to be taken, and why is for its row to say. */
export type Look =
  | ({ readonly kind: 'evicted'; readonly isInLine: boolean } & Leaving)
  | { readonly kind: 'too_many_devices' | 'untakeable' };

/**
 * Locks the user of a code, their sessions and their grants at the client, in this order, and looks what has to go. Whatever is decided stays true until the end of the
 * transaction.
 */
export async function lookAtDevices(
  session: Session,
  tenant: TenantId,
  id: GrantId,
  { devices: limit, boundKey }: Pick<Redemption, 'devices' | 'boundKey'>,
  now: number,
): Promise<Look> {
  const [code] = await session.run<{ user_id: UserId | null; client_id: ClientId }>(WHOSE, [tenant, id]);
  if (limit === undefined || code === undefined || code.user_id === null) return { kind: 'untakeable' };
  const { user_id: user, client_id: client } = code;
  const rows = await lockGrants(session, tenant, user, client, now);
  const newcomer = rows.find((row) => row.id === id);
  if (newcomer?.is_takeable !== true) return { kind: 'untakeable' };
  const types: ReadonlyMap<number, DeviceType> = limit.per === 'type' ? await typesOf(session, tenant, user) : new Map();
  const type = types.get(newcomer.device_id ?? 0) ?? 'other';
  const plan = planEviction(rows.map(read), { id, deviceId: newcomer.device_id, boundKey: boundKey ?? null, type }, limit, types);
  return plan.kind === 'evicted' ? { kind: 'evicted', plan, user, client, isInLine: newcomer.parent_id !== null } : plan;
}

/** What a client loses at places that its user names, under the same locks; in the session `here` it goes on. */
export async function lookAtPlaces(
  session: Session,
  tenant: TenantId,
  { user, client }: { readonly user: UserId; readonly client: ClientId },
  { places, here }: { readonly places: readonly SignedInAt[]; readonly here: SessionId },
  now: number,
): Promise<Leaving> {
  const rows = await lockGrants(session, tenant, user, client, now);
  return { plan: planSignOut(rows.map(read), places, here), user, client };
}

async function lockGrants(session: Session, tenant: TenantId, user: UserId, client: ClientId, now: number): Promise<Row[]> {
  await session.run(LOCK_USER, [tenant, user]);
  await session.run(LOCK_SESSIONS, [tenant, user]);
  await session.run(LOCK_GRANTS, [tenant, user, client]);
  return await session.run<Row>(FIND_GRANTS, [tenant, user, client, now]);
}

/** Revokes what has to go, and takes its sessions away from the client. The deliveries and the entries come last, so they are handed on. */
export async function evict(
  session: Session,
  tenant: TenantId,
  { grants }: Evicted,
  reason: 'session_replaced' | 'revoked_by_user',
  now: number,
): Promise<NewEntry[]> {
  const ids = grants.map(({ id }) => id);
  return await revokeGrants(session, tenant, ids, reason, now);
}

/** Tells the client of what it loses, and takes it out of those sessions. Answers how many deliveries. */
export async function leaveSessions(
  session: Session,
  tenant: TenantId,
  { plan: { devices, sessions, kept }, user, client }: Leaving,
  now: number,
): Promise<number> {
  if (devices.length === 0 && sessions.length === 0) return 0;
  const left = (await session.run<{ id: SessionId }>(SESSIONS_AT, [tenant, user, devices, sessions, kept])).map(({ id }) => id);
  const made = await makeDeliveriesFor(session, tenant, left, client, now);
  await session.run(LEAVE, [tenant, left, client]);
  return made;
}

interface Row {
  readonly id: GrantId;
  readonly parent_id: GrantId | null;
  readonly session_id: SessionId | null;
  readonly device_id: number | null;
  readonly bound_key: string | null;
  readonly redeemed_at: number;
  readonly expires_at: number;
  readonly is_counted: boolean;
  readonly is_takeable: boolean;
}

function read(row: Row): ClientGrant {
  return {
    id: row.id,
    sessionId: row.session_id,
    deviceId: row.device_id,
    boundKey: row.bound_key,
    redeemedAt: row.redeemed_at,
    expiresAt: row.expires_at,
    isCounted: row.is_counted,
  };
}

const WHOSE: Statement = { text: 'SELECT user_id, client_id FROM grants WHERE tenant = $1::bigint AND id = $2::bigint' };
const LOCK_SESSIONS: Statement = {
  text: `SELECT id FROM sessions WHERE tenant = $1::bigint AND user_id = $2::bigint AND ended_at IS NULL ORDER BY id FOR NO KEY UPDATE`,
};
const LOCK_GRANTS: Statement = {
  text: `SELECT id FROM grants WHERE tenant = $1::bigint AND user_id = $2::bigint AND client_id = $3::text AND revoked_at IS NULL
    ORDER BY id FOR NO KEY UPDATE`,
};
const CLIENT_LIVES = `(SELECT c.enabled = 1 AND c.epoch <= g.client_epoch FROM clients c WHERE c.tenant = $1::bigint AND c.client_id = $3::text)`;
const FIND_GRANTS: Statement = {
  text: `SELECT g.id, g.parent_id, g.session_id, g.device_id, g.bound_key, coalesce(g.redeemed_at, g.created_at) AS redeemed_at, g.expires_at,
      g.redeemed = 1 AND g.parent_id IS NULL AND g.expires_at > $4::bigint AND (g.idle_seconds = 0 OR g.rotated_at + g.idle_seconds > $4::bigint)
        AND g.client_epoch = (SELECT c.epoch FROM clients c WHERE c.tenant = $1::bigint AND c.client_id = $3::text) AS is_counted,
      g.generation = 0 AND g.expires_at > $4::bigint AND coalesce(g.suspended_until, 0) <= $4::bigint AND coalesce(${CLIENT_LIVES}, false)
        AND (g.parent_id IS NULL OR ${lineEnd('g.tenant', 'g.parent_id')} IS NULL) AS is_takeable
    FROM grants g WHERE g.tenant = $1::bigint AND g.user_id = $2::bigint AND g.client_id = $3::text AND g.revoked_at IS NULL ORDER BY g.id`,
};
const SESSIONS_AT: Statement = {
  text: `SELECT id FROM sessions
    WHERE tenant = $1::bigint AND user_id = $2::bigint AND (device_id = ANY ($3::bigint[]) OR id = ANY ($4::bigint[]))
      AND id <> ALL ($5::bigint[]) AND ended_at IS NULL ORDER BY id`,
};
const LEAVE: Statement = {
  text: 'DELETE FROM participants WHERE tenant = $1::bigint AND session_id = ANY ($2::bigint[]) AND client_id = $3::text',
};

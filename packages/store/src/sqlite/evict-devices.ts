import type { ClientId, GrantId, SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import { type ClientGrant, type Evicted, planEviction, planSignOut } from '../client-devices.ts';
import type { DeviceLimit, DeviceType, GrantRecord, RevocationReason, SignedInAt } from '../port.ts';
import type { Connection } from './connection.ts';
import type { SqliteDeliveries } from './deliveries.ts';
import type { Endings } from './endings.ts';
import type { KnownDevices } from './known-devices.ts';

/** Makes room for the exchange of a code under a limit of devices; false where it is refused, and then nothing has changed. Inside a write. */
export type Eviction = (
  tenant: TenantId,
  user: UserId,
  code: Pick<GrantRecord, 'id' | 'clientId' | 'deviceId'>,
  under: { readonly limit: DeviceLimit; readonly boundKey: string | undefined },
  now: number,
) => boolean;

export interface Evictions {
  readonly makeRoom: Eviction;
  /** `Devices.signOutClient`, inside a write. Answers how many grants. */
  signOut(tenant: TenantId, user: UserId, client: ClientId, places: readonly SignedInAt[], here: SessionId, now: number): number;
}

export function eviction(db: Connection, endings: Endings, deliveries: Pick<SqliteDeliveries, 'makeFor'>, known: KnownDevices): Evictions {
  const findGrants = db.lazy(`SELECT id, session_id, device_id, bound_key, coalesce(redeemed_at, created_at), expires_at,
      redeemed = 1 AND parent_id IS NULL AND expires_at > ?4 AND (idle_seconds = 0 OR rotated_at + idle_seconds > ?4)
        AND client_epoch = (SELECT epoch FROM clients WHERE tenant = ?1 AND client_id = ?3)
    FROM grants INDEXED BY grants_by_user WHERE tenant = ?1 AND user_id = ?2 AND client_id = ?3 AND revoked_at IS NULL ORDER BY id`);
  const findSessions = db.lazy(
    'SELECT id, device_id FROM sessions INDEXED BY sessions_by_user WHERE tenant = ? AND user_id = ? AND ended_at IS NULL ORDER BY id',
  );
  const leave = db.lazy('DELETE FROM participants WHERE tenant = ? AND session_id = ? AND client_id = ?');

  const tell = (tenant: TenantId, user: UserId, client: ClientId, { devices, sessions, kept }: Evicted, now: number): void => {
    for (const [session, device] of findSessions().all(tenant, user) as unknown as [SessionId, number | null][]) {
      if (kept.includes(session) || !(sessions.includes(session) || (device !== null && devices.includes(device)))) continue;
      deliveries.makeFor(tenant, session, client, now);
      leave().run(tenant, session, client);
    }
  };

  const grantsOf = (tenant: TenantId, user: UserId, client: ClientId, now: number): readonly ClientGrant[] =>
    (findGrants().all(tenant, user, client, now) as unknown as Row[]).map(readClientGrant);
  const revoke = (tenant: TenantId, { grants }: Evicted, reason: RevocationReason, now: number): void => {
    const rows = grants.map(({ id, expiresAt }) => [id, expiresAt] as const);
    endings.revokeGrants(tenant, rows, reason, now);
  };

  return {
    makeRoom(tenant, user, { id, clientId, deviceId }, { limit, boundKey }, now) {
      const grants = grantsOf(tenant, user, clientId, now);
      const types: ReadonlyMap<number, DeviceType> = limit.per === 'type' ? known.typesOf(tenant, user) : new Map();
      const type = types.get(deviceId ?? 0) ?? 'other';
      const plan = planEviction(grants, { id, deviceId: deviceId ?? null, boundKey: boundKey ?? null, type }, limit, types);
      if (plan.kind === 'too_many_devices') return false;
      if (plan.grants.length === 0) return true;
      revoke(tenant, plan, 'session_replaced', now);
      tell(tenant, user, clientId, plan, now);
      return true;
    },
    signOut(tenant, user, client, places, here, now) {
      const plan = planSignOut(grantsOf(tenant, user, client, now), places, here);
      revoke(tenant, plan, 'revoked_by_user', now);
      tell(tenant, user, client, plan, now);
      return plan.grants.length;
    },
  };
}

type Row = [
  id: GrantId,
  sessionId: SessionId | null,
  deviceId: number | null,
  boundKey: string | null,
  redeemedAt: number,
  expiresAt: number,
  isCounted: number,
];

function readClientGrant([id, session, deviceId, boundKey, redeemedAt, expiresAt, isCounted]: Row): ClientGrant {
  return { id, sessionId: session, deviceId, boundKey, redeemedAt, expiresAt, isCounted: isCounted === 1 };
}

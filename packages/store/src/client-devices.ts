/** Which devices a client loses when it comes to one more, in both engines: decided over what was read under the user's lock. */
import type { GrantId, SessionId } from '@hufu/protocol/ids';
import { type Held, idsOf, isOf, type Newcomer, victimsOf } from './device-slots.ts';
import type { DeviceLimit, DeviceType, SignedInAt } from './port.ts';

/** A grant of a user and a client that nobody has revoked. */
export interface ClientGrant {
  readonly id: GrantId;
  readonly sessionId: SessionId | null;
  readonly deviceId: number | null;
  readonly boundKey: string | null;
  readonly redeemedAt: number;
  readonly expiresAt: number;
  /** Exchanged, alive, and from no other grant. */
  readonly isCounted: boolean;
}

export interface Evicted {
  readonly kind: 'evicted';
  readonly grants: readonly ClientGrant[];
  /** The client leaves the sessions of these devices, and these. */
  readonly devices: readonly number[];
  readonly sessions: readonly SessionId[];
  /** But in these it goes on. */
  readonly kept: readonly SessionId[];
}

/** What has to go so that the code `newcomer` may be exchanged: the grants and codes of the devices that were redeemed longest ago. */
export function planEviction(
  grants: readonly ClientGrant[],
  newcomer: Newcomer & { readonly id: GrantId },
  limit: DeviceLimit,
  types: ReadonlyMap<number, DeviceType>,
): Evicted | { readonly kind: 'too_many_devices' } {
  const others = grants.filter(({ id }) => id !== newcomer.id);
  const held: Held[] = others
    .filter(({ isCounted }) => isCounted)
    .map(({ id, deviceId, boundKey, redeemedAt }) => ({ kind: 'grant', id, deviceId, boundKey, turn: 0, at: redeemedAt }));
  const victims = victimsOf(held, newcomer, limit, types);
  if (victims === 'too_many_devices') return { kind: 'too_many_devices' };
  const dying = others.filter((grant) => victims.some((slot) => isOf(slot, grant) || slot.held.some(({ id }) => id === grant.id)));
  const staying = grants.filter((grant) => grant.id === newcomer.id || (grant.isCounted && !dying.includes(grant)));
  const devices = victims.flatMap((slot) => slot.devices);
  return { kind: 'evicted', grants: dying, devices, sessions: sessionsOf(dying), kept: sessionsOf(staying) };
}

/** What a client loses at places that its user names; in the session `here` it goes on. */
export function planSignOut(grants: readonly ClientGrant[], places: readonly SignedInAt[], here: SessionId): Evicted {
  const named = idsOf(places);
  const isNamed = ({ id, sessionId, deviceId }: ClientGrant): boolean =>
    named.grants.includes(id) ||
    (deviceId !== null && named.devices.includes(deviceId)) ||
    (sessionId !== null && named.sessions.includes(sessionId));
  const dying = grants.filter(isNamed);
  const staying = grants.filter((grant) => grant.isCounted && !dying.includes(grant));
  const sessions = [...named.sessions, ...sessionsOf(dying)];
  return { kind: 'evicted', grants: dying, devices: named.devices, sessions, kept: [here, ...sessionsOf(staying)] };
}

/** A grant of the version before has a session, and its device is not written down. */
function sessionsOf(grants: readonly ClientGrant[]): readonly SessionId[] {
  return grants.flatMap(({ sessionId }) => sessionId ?? []);
}

import { type Held, latest, type Newcomer, type Slot, slotsBeside } from '@hufu/store/device-slots';
import type { DeviceLimit, DeviceRecord, DeviceType, GrantRecord, SessionRecord, UserRecord } from '@hufu/store/port';
import type { AuthorizationRequest } from '../authorize/authorization-request.ts';
import type { Context } from '../context.ts';
import { hasKeys } from '../grants/refresh-key.ts';
import type { HttpRequest } from '../http.ts';
import { agentName, browserHash, seenDevice } from './device-of.ts';
import { browserOf } from './known-browser.ts';

/** Newest grants of a user that are looked at. */
const MAX_GRANTS = 1_000;
const MAX_SESSIONS = 100;

/** A device that holds a place under a limit, as a page shows it. */
export interface PlaceInUse {
  /** Names it in a form: to be looked up among those of the same user, and nowhere else. */
  readonly value: string;
  readonly name: string;
  readonly type: DeviceType;
  readonly place: string | undefined;
  readonly seenAt: number;
  readonly slot: Slot;
}

/** What stands beside a device: the oldest first, and how many of them have to go for it. */
export interface PlacesInUse {
  readonly places: readonly PlaceInUse[];
  readonly needed: number;
}

/** The devices of a user that count beside this browser, all clients together. */
export async function placesOfUser(ctx: Context, http: HttpRequest, user: UserRecord, limit: DeviceLimit): Promise<PlacesInUse> {
  const now = Math.floor(http.nowMs / 1000);
  const { id: browserId } = browserOf(ctx, http);
  const devices = await ctx.store.listDevices(ctx.tenant, user.id);
  const sessions = await ctx.store.listSessions(ctx.tenant, user.id, MAX_SESSIONS, now);
  const grants = (await ctx.store.listGrants(ctx.tenant, { userId: user.id }, MAX_GRANTS)).filter(
    (grant) => isLive(grant, now) && grant.idleSeconds > 0,
  );
  const own = await ctx.store.findDevice(ctx.tenant, user.id, browserHash(ctx, browserId));
  const self: Newcomer = { deviceId: own?.id ?? null, boundKey: null, type: own?.type ?? seenDevice(ctx, http, browserId).type };
  return beside([...sessions.map(heldBySession), ...grants.map(heldByGrant)], self, limit, devices, sessions);
}

/** The devices of a user where a client is used beside the one of `session`, or of the key that its request names (`dpop_jkt`). */
export async function placesOfClient(
  ctx: Context,
  { client, boundKey }: Pick<AuthorizationRequest, 'client' | 'boundKey'>,
  { session, user }: { readonly session: SessionRecord; readonly user: UserRecord },
  limit: DeviceLimit,
  now: number,
): Promise<PlacesInUse> {
  const grants = (await ctx.store.listGrants(ctx.tenant, { userId: user.id, clientId: client.id }, MAX_GRANTS)).filter((grant) =>
    isLive(grant, now),
  );
  if (grants.length === 0) return { places: [], needed: 0 };
  const devices = await ctx.store.listDevices(ctx.tenant, user.id);
  const type = devices.find(({ id }) => id === session.deviceId)?.type ?? 'other';
  const key = hasKeys(client) ? (boundKey ?? null) : null;
  return beside(grants.map(heldByGrant), { deviceId: session.deviceId ?? null, boundKey: key, type }, limit, devices, []);
}

function beside(
  things: readonly Held[],
  self: Newcomer,
  limit: DeviceLimit,
  devices: readonly DeviceRecord[],
  sessions: readonly SessionRecord[],
): PlacesInUse {
  const slots = slotsBeside(things, self, limit, new Map(devices.map(({ id, type }) => [id, type])));
  return { places: slots.map((slot) => placeOf(slot, devices, sessions)), needed: Math.max(0, slots.length + 1 - limit.max) };
}

function placeOf(slot: Slot, devices: readonly DeviceRecord[], sessions: readonly SessionRecord[]): PlaceInUse {
  const last = latest(slot);
  const device = devices.find(({ id }) => slot.devices.includes(id));
  if (device !== undefined) {
    const { id, name, type, place, seenAt } = device;
    return { value: `d${id}`, name, type, place, seenAt, slot };
  }
  const session = sessions.find(({ id }) => last.kind === 'session' && id === last.id);
  const name = session === undefined ? '' : agentName({ headers: { 'user-agent': session.userAgent } });
  return {
    value: `${last.kind.slice(0, 1)}${last.id}`,
    name,
    type: 'other',
    place: session?.place,
    seenAt: session?.lastSeenAt ?? last.at,
    slot,
  };
}

function heldBySession({ id, deviceId, turn, createdAt }: SessionRecord): Held {
  return { kind: 'session', id, deviceId: deviceId ?? null, boundKey: null, turn, at: createdAt };
}

function heldByGrant({ id, deviceId, boundKey, redeemedAt, createdAt }: GrantRecord): Held {
  return { kind: 'grant', id, deviceId: deviceId ?? null, boundKey: boundKey ?? null, turn: 0, at: redeemedAt ?? createdAt };
}

/** As the store counts: exchanged, alive, and from no other grant. */
function isLive({ dead, generation, parentId, expiresAt, idleSeconds, rotatedAt }: GrantRecord, now: number): boolean {
  if (dead !== undefined || generation === 0 || parentId !== undefined || expiresAt <= now) return false;
  return idleSeconds === 0 || rotatedAt + idleSeconds > now;
}

/** How the devices of a user are counted, in both engines: over what they have read. */
import type { GrantId, SessionId } from '@hufu/protocol/ids';
import type { DeviceLimit, DeviceType, SignedInAt } from './port.ts';

/** A live session, or a live grant that counts. */
export type Held = {
  readonly deviceId: number | null;
  readonly boundKey: string | null;
  /** The order of sign-ins; 0 where nobody knows. */
  readonly turn: number;
  /** When it was made, or exchanged. */
  readonly at: number;
} & ({ readonly kind: 'session'; readonly id: SessionId } | { readonly kind: 'grant'; readonly id: GrantId });

/** What counts as one device: everything that shares a device or a key; what has neither is one by itself. */
export interface Slot {
  readonly held: readonly Held[];
  readonly devices: readonly number[];
  readonly keys: readonly string[];
}

/** What a newcomer is counted with. */
export interface Newcomer {
  /** Null: none, or one that nothing else has. */
  readonly deviceId: number | null;
  readonly boundKey: string | null;
  readonly type: DeviceType;
}

/**
 * The slots that have to go so that a newcomer finds room beside `things`, longest ago first; or that it is refused. Its own slot never goes; with
 * `per: 'type'` those of other types neither count nor go.
 */
export function victimsOf(
  things: readonly Held[],
  newcomer: Newcomer,
  limit: DeviceLimit,
  types: ReadonlyMap<number, DeviceType>,
): readonly Slot[] | 'too_many_devices' {
  const others = slotsBeside(things, newcomer, limit, types);
  const over = others.length + 1 - limit.max;
  if (over <= 0) return [];
  return limit.onExceed === 'refuse' ? 'too_many_devices' : others.slice(0, over);
}

/** The slots that are counted with a newcomer, the oldest first. */
export function slotsBeside(
  things: readonly Held[],
  newcomer: Newcomer,
  { per }: Pick<DeviceLimit, 'per'>,
  types: ReadonlyMap<number, DeviceType>,
): readonly Slot[] {
  const sort = sortOf(newcomer.type);
  return slotsOf(things)
    .filter((slot) => !isOf(slot, newcomer))
    .filter(({ devices }) => per === 'all' || sortsOf(devices, types).has(sort))
    .toSorted((one, other) => compareHeld(latest(one), latest(other)));
}

export function slotsOf(things: readonly Held[]): readonly Slot[] {
  let slots: readonly Slot[] = [];
  for (const thing of things) {
    const same = slots.filter((slot) => isOf(slot, thing));
    slots = [...slots.filter((slot) => !same.includes(slot)), join([...same, slotOf(thing)])];
  }
  return slots;
}

/** Whether something with this device and this key is of the slot. */
export function isOf({ devices, keys }: Slot, { deviceId, boundKey }: Pick<Held, 'deviceId' | 'boundKey'>): boolean {
  return (deviceId !== null && devices.includes(deviceId)) || (boundKey !== null && keys.includes(boundKey));
}

/** What places name, each kind by itself. */
export function idsOf(places: readonly SignedInAt[]): {
  readonly devices: readonly number[];
  readonly sessions: readonly SessionId[];
  readonly grants: readonly GrantId[];
} {
  return {
    devices: places.flatMap((place) => (place.kind === 'device' ? [place.id] : [])),
    sessions: places.flatMap((place) => (place.kind === 'session' ? [place.id] : [])),
    grants: places.flatMap((place) => (place.kind === 'grant' ? [place.id] : [])),
  };
}

/** From the oldest to the latest. */
export function compareHeld(one: Pick<Held, 'turn' | 'at' | 'id'>, other: Pick<Held, 'turn' | 'at' | 'id'>): number {
  return one.turn - other.turn || one.at - other.at || one.id - other.id;
}

function slotOf(thing: Held): Slot {
  const { deviceId, boundKey } = thing;
  return { held: [thing], devices: deviceId === null ? [] : [deviceId], keys: boundKey === null ? [] : [boundKey] };
}

function join(slots: readonly Slot[]): Slot {
  return {
    held: slots.flatMap(({ held }) => held),
    devices: [...new Set(slots.flatMap(({ devices }) => devices))],
    keys: [...new Set(slots.flatMap(({ keys }) => keys))],
  };
}

/** Who has a tablet has no mobile beside it; what nobody knows is one sort. */
function sortOf(type: DeviceType): 'desktop' | 'mobile' | 'other' {
  if (type === 'tablet') return 'mobile';
  return type === 'tv' ? 'other' : type;
}

function sortsOf(devices: readonly number[], types: ReadonlyMap<number, DeviceType>): ReadonlySet<string> {
  return new Set(devices.length === 0 ? ['other'] : devices.map((device) => sortOf(types.get(device) ?? 'other')));
}

/** A slot is as old as the last thing that was done there. */
export function latest({ held }: Slot): Held {
  const [first, ...others] = held;
  if (first === undefined) throw new Error('a slot holds something');
  return others.reduce((last, thing) => (compareHeld(thing, last) > 0 ? thing : last), first);
}

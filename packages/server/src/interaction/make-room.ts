import type { FormRules } from '@hufu/protocol/form';
import type { Locale } from '@hufu/protocol/locale';
import type { SignedInAt, UserRecord } from '@hufu/store/port';
import { type EventDetail, tellUser } from '../accounts/tell-user.ts';
import { asUser } from '../audit/acting.ts';
import { displayName } from '../client-name.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { wakeDelivery } from '../logout/delivery-job.ts';
import type { BrowserSession } from '../sessions/browser-session.ts';
import type { PlaceInUse, PlacesInUse } from '../sessions/places-in-use.ts';
import type { DevicesView } from './pages/devices.ts';
import { displayText } from './pages/display-text.ts';

/** A form where somebody chooses where they sign out: anywhere that `placesOfUser` finds. */
export const PLACES_FORM: FormRules = { repeatable: ['device'], maxParameters: 1_200 };

/** Those of a user that a form names, if they are enough. What is somebody else's is not there. */
export function chosenPlaces({ places, needed }: PlacesInUse, values: readonly string[]): readonly PlaceInUse[] | undefined {
  const chosen = places.filter(({ value }) => values.includes(value));
  return chosen.length >= needed ? chosen : undefined;
}

/** As the page shows them: the oldest are chosen beforehand, as many as have to go. */
export function viewOf({ places, needed }: PlacesInUse, http: HttpRequest): Pick<DevicesView, 'devices' | 'needed' | 'moment'> {
  return {
    devices: places.map(({ value, name, type, place, seenAt }, index) => ({ value, name, type, place, seenAt, isChosen: index < needed })),
    needed,
    moment: { now: Math.floor(http.nowMs / 1000), zone: 'UTC' },
  };
}

/** What places are to the store. */
export function thingsAt(places: readonly PlaceInUse[]): readonly SignedInAt[] {
  const things = places.flatMap(({ slot }) => slot.held.filter(({ deviceId }) => deviceId === null));
  const devices = places.flatMap(({ slot }) => slot.devices.map((id): SignedInAt => ({ kind: 'device', id })));
  return [
    ...devices,
    ...things.map((thing): SignedInAt => (thing.kind === 'session' ? { kind: 'session', id: thing.id } : { kind: 'grant', id: thing.id })),
  ];
}

/** Tells somebody that they have signed out there. */
export async function tellSignedOut(ctx: Context, user: UserRecord, places: readonly PlaceInUse[], locale: Locale): Promise<void> {
  for (const place of places) await tellUser(ctx, user, 'device_signed_out', nameOf(place, 'name'), locale);
}

/** Takes one client away from where a user chose, codes too; in the session of this browser it goes on. */
export async function signClientOut(
  ctx: Context,
  client: Client,
  { session, user }: BrowserSession,
  places: readonly PlaceInUse[],
  locale: Locale,
  now: number,
): Promise<void> {
  const { revoked } = await asUser(ctx, user, client.id).signOutClient(ctx.tenant, user.id, client.id, thingsAt(places), session.id, now);
  wakeDelivery(ctx);
  if (revoked === 0) return;
  const name = displayName(client, locale);
  for (const place of places) await tellUser(ctx, user, 'app_removed', { name, ...nameOf(place, 'device') }, locale);
}

function nameOf({ name }: PlaceInUse, as: 'name' | 'device'): EventDetail {
  return name === '' ? {} : { [as]: displayText(name, 64) };
}

import type { Form } from '@hufu/protocol/form';
import type { DeviceRecord, GrantRecord, SessionRecord } from '@hufu/store/port';
import { tellUser } from '../../accounts/tell-user.ts';
import { asUser } from '../../audit/acting.ts';
import type { Context } from '../../context.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { wakeDelivery } from '../../logout/delivery-job.ts';
import { PageError } from '../page-error.ts';
import { type DeviceView, sessionsPage } from '../pages/account/sessions.ts';
import { displayText } from '../pages/display-text.ts';
import { liveGrants } from './apps.ts';
import { readThingName } from './thing-name.ts';
import { accountReply, actOnAccount, findNamed, goOn, nameOf, outcomeOf, showAccount, type Visit } from './visit.ts';

/** As many as a user has at most. */
const MAX_SESSIONS = 100;

/** Where somebody is signed in, and where they were. */
export function sessionsGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'sessions', async (visit) => {
    const all = await viewDevices(visit, await findPresence(visit));
    const isIn = ({ signedInAt, apps }: DeviceView): boolean => signedInAt !== undefined || apps > 0;
    return accountReply(visit, (frame) =>
      sessionsPage({
        ...frame,
        moment: visit.moment,
        csrf: visit.csrf,
        outcome: outcomeOf(visit),
        signedIn: all.filter(isIn),
        before: all.filter((device) => !isIn(device)),
        hasPlaces: all.some(({ place }) => place !== undefined),
      }),
    );
  });
}

/** Signs out one or all others, forgets, stops trusting, renames. What is somebody else's is not there (attacks SES-12). */
export function sessionsPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'sessions', async (visit, form) => {
    const act = form.get('act');
    if (act === 'sign_out_others') {
      await signOutOthers(visit);
      return goOn(visit, 'sessions', 'others_out');
    }
    const presence = await findPresence(visit);
    if (form.get('kind') === 'session') return await signOutSession(visit, presence, form, act);
    const device = findNamed(visit, 'device', presence.devices, ({ id }) => id, form.get('thing'));
    if (device === undefined) return goOn(visit, 'sessions', 'gone');
    switch (act) {
      case 'rename':
        return await rename(visit, device, form);
      case 'distrust':
        return await distrust(visit, device);
      case 'sign_out':
      case 'forget':
        return await signOut(visit, device);
      default:
        throw new PageError('request_malformed', 'no act');
    }
  });
}

/** What a user has where. */
interface Presence {
  readonly devices: readonly DeviceRecord[];
  readonly sessions: readonly SessionRecord[];
  readonly grants: readonly GrantRecord[];
}

async function findPresence({ ctx, session, now }: Visit): Promise<Presence> {
  const { id } = session.user;
  return {
    devices: await ctx.store.listDevices(ctx.tenant, id),
    sessions: await ctx.store.listSessions(ctx.tenant, id, MAX_SESSIONS, now),
    grants: await liveGrants(ctx, id, now),
  };
}

async function viewDevices(visit: Visit, { devices, sessions, grants }: Presence): Promise<readonly DeviceView[]> {
  const { session, now } = visit;
  const known = new Set(devices.map(({ id }) => id));
  const views = devices.map((device): DeviceView => {
    const here = sessions.filter(({ deviceId }) => deviceId === device.id);
    const clients = new Set(
      grants.filter(({ deviceId, idleSeconds }) => deviceId === device.id && idleSeconds > 0).map(({ clientId }) => clientId),
    );
    const isTrusted = device.trustedUntil > now && device.authVersion === session.user.authVersion;
    return {
      kind: 'device',
      thing: nameOf(visit, 'device', device.id),
      name: device.name,
      type: device.type,
      agent: device.agent,
      place: device.place,
      seenAt: Math.max(device.seenAt, ...here.map(({ lastSeenAt }) => lastSeenAt)),
      signedInAt: here.length === 0 ? undefined : Math.max(...here.map(({ createdAt }) => createdAt)),
      isThis: device.id === session.session.deviceId,
      trustedUntil: isTrusted ? device.trustedUntil : undefined,
      apps: clients.size,
    };
  });
  // Of the version before, or of a device whose row fell.
  const others = sessions.filter(({ deviceId }) => deviceId === undefined || !known.has(deviceId));
  for (const one of others) {
    views.push({
      kind: 'session',
      thing: nameOf(visit, 'session', one.id),
      name: '',
      type: 'other',
      agent: one.userAgent,
      place: one.place,
      seenAt: Math.max(one.lastSeenAt, one.createdAt),
      signedInAt: one.createdAt,
      isThis: one.id === session.session.id,
      trustedUntil: undefined,
      apps: 0,
    });
  }
  return views.sort((one, other) => Number(other.isThis) - Number(one.isThis) || other.seenAt - one.seenAt);
}

async function rename(visit: Visit, device: DeviceRecord, form: Form): Promise<HttpReply> {
  const { ctx, session } = visit;
  const name = readThingName(form.get('name'), device.agent);
  const outcome = await asUser(ctx, session.user).renameDevice(ctx.tenant, session.user.id, device.id, name);
  return goOn(visit, 'sessions', outcome === 'done' ? 'device_renamed' : 'gone');
}

/** Its sessions, the grants that were made there, its trust: all at once. This very one goes by the page for signing out, which clears its cookies. */
async function signOut(visit: Visit, device: DeviceRecord): Promise<HttpReply> {
  const { ctx, session, now } = visit;
  if (device.id === session.session.deviceId) return goOn(visit, 'sessions', 'gone');
  const outcome = await asUser(ctx, session.user).removeDevice(ctx.tenant, session.user.id, device.id, now);
  if (outcome === 'unknown') return goOn(visit, 'sessions', 'gone');
  wakeDelivery(ctx);
  await tellUser(ctx, session.user, 'device_signed_out', { name: displayText(device.name, 64) }, visit.locale);
  return goOn(visit, 'sessions', 'device_out');
}

async function signOutSession(visit: Visit, { sessions }: Presence, form: Form, act: string | undefined): Promise<HttpReply> {
  const { ctx, session, now } = visit;
  if (act !== 'sign_out') throw new PageError('request_malformed', 'no act');
  const found = findNamed(visit, 'session', sessions, ({ id }) => id, form.get('thing'));
  if (found === undefined || found.id === session.session.id) return goOn(visit, 'sessions', 'gone');
  await asUser(ctx, session.user).endSession(ctx.tenant, found.id, 'revoked_by_user', now);
  wakeDelivery(ctx);
  await tellUser(ctx, session.user, 'device_signed_out', {}, visit.locale);
  return goOn(visit, 'sessions', 'device_out');
}

/** No verb takes the trust of one alone: a secret that nobody has, and that is over, takes its place. */
async function distrust(visit: Visit, device: DeviceRecord): Promise<HttpReply> {
  const { ctx, session, now } = visit;
  const { user } = session;
  const outcome = await asUser(ctx, user).trustDevice(ctx.tenant, user.id, device.id, user.authVersion, ctx.random.text(43), now, now);
  return goOn(visit, 'sessions', outcome === 'done' ? 'distrusted' : outcome === 'changed' ? 'changed' : 'gone');
}

/** Every other device and session, and every app that is not of this device: in one act. */
export async function signOutOthers(visit: Visit): Promise<void> {
  const { ctx, session, now } = visit;
  const { user } = session;
  await asUser(ctx, session.user).endOtherSessions(ctx.tenant, user.id, session.session.id, 'revoked_by_user', now);
  wakeDelivery(ctx);
  await tellUser(ctx, user, 'sessions_ended', {}, visit.locale);
}

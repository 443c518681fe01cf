import { OAuthError } from '@hufu/protocol/errors';
import { readQuery } from '@hufu/protocol/form';
import type { DeviceLimit } from '@hufu/store/port';
import { brandOf } from '../appearance/brand.ts';
import { displayName } from '../client-name.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { type BrowserSession, findBrowserSession } from '../sessions/browser-session.ts';
import { deviceLimit } from '../sessions/device-limit.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { type PlacesInUse, placesOfClient } from '../sessions/places-in-use.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { formPage } from './form-page.ts';
import { chosenPlaces, PLACES_FORM, signClientOut, viewOf } from './make-room.ts';
import { languageLinks, localeOf } from './page-locale.ts';
import { devicesPage } from './pages/devices.ts';
import { userView } from './user-of-page.ts';
import { decline, proceed, readUnderWay, refuse, type UnderWay } from './way.ts';

const PATH = '/devices';

/** Where a user says what becomes of a client on their other devices (`hufu.devices`), before it goes on here. */
export async function clientDevicesGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const text = readQuery(http.query, { repetition: 'listed' }).get('request');
    const way = await readUnderWay(ctx, http, text, trail);
    const found = await findRoom(ctx, http, way);
    if (found === undefined || text === undefined) return await proceed(ctx, http, way, await findBrowserSession(ctx, http), false, trail);
    return page(ctx, http, text, way, found, 200);
  } catch (error) {
    return await refuse(ctx, 'devices', http, error, undefined, trail);
  }
}

/** The user's answer: on here, and with `refuse` away from the devices that were chosen. */
export async function clientDevicesPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  let way: UnderWay | undefined;
  try {
    trail.at('parameters');
    const form = requireForm(http, PLACES_FORM);
    trail.at('same_site');
    const session = await findBrowserSession(ctx, http);
    requireOwnForm(ctx, http, form, formName(session));
    const text = form.get('request');
    way = await readUnderWay(ctx, http, text, trail);
    trail.at('devices');
    if (form.has('cancel'))
      return await decline(ctx, http, way.request, new OAuthError('access_denied', 'the user did not go on here'), trail);
    const found = await findRoom(ctx, http, way);
    if (found === undefined || session === undefined) return await proceed(ctx, http, way, session, false, trail);
    if (found.limit.onExceed === 'refuse') {
      const chosen = chosenPlaces(found.room, form.many('device'));
      if (chosen === undefined) return page(ctx, http, text ?? '', way, found, 400);
      const { client, uiLocales } = way.request;
      await signClientOut(ctx, client, session, chosen, localeOf(http, uiLocales), Math.floor(http.nowMs / 1000));
    }
    return await proceed(ctx, http, { ...way, ticket: { ...way.ticket, here: session.session.id } }, session, false, trail);
  } catch (error) {
    return await refuse(ctx, 'devices', http, error, way?.request, trail);
  }
}

interface Found {
  readonly session: BrowserSession;
  readonly limit: DeviceLimit;
  readonly room: PlacesInUse;
}

/** Undefined where there is nothing to ask (any more). */
async function findRoom(ctx: Context, http: HttpRequest, { request, ticket }: UnderWay): Promise<Found | undefined> {
  const session = await findBrowserSession(ctx, http);
  const limit = deviceLimit(request.client);
  if (session === undefined || limit === undefined || ticket.here === session.session.id) return undefined;
  const room = await placesOfClient(ctx, request, session, limit, Math.floor(http.nowMs / 1000));
  return room.needed === 0 ? undefined : { session, limit, room };
}

function formName(session: BrowserSession | undefined): string {
  return `${PATH} ${session?.session.id ?? ''}`;
}

function page(
  ctx: Context,
  http: HttpRequest,
  text: string,
  { request }: UnderWay,
  { session, limit, room }: Found,
  status: number,
): HttpReply {
  const locale = localeOf(http, request.uiLocales);
  const browser = browserOf(ctx, http);
  const isQuestion = limit.onExceed === 'replace';
  const body = devicesPage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(PATH, [['request', text]]),
    form: { action: PATH, csrf: csrfToken(ctx, browser.id, formName(session)), request: text },
    user: userView(session),
    kind: isQuestion ? 'elsewhere' : 'full_at_client',
    clientName: displayName(request.client, locale),
    ...viewOf(isQuestion ? { ...room, places: room.places.slice(0, room.needed) } : room, http),
    tooFew: status === 400,
  });
  return formPage(ctx, browser, body, { status, opener: 'popup' });
}

import type { UserRecord } from '@hufu/store/port';
import { brandOf } from '../appearance/brand.ts';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { type PlacesInUse, placesOfUser } from '../sessions/places-in-use.ts';
import { type Aim, aimParameters } from './aim.ts';
import { csrfToken } from './csrf.ts';
import { DEVICES_PATH, goOn, startAgain } from './enter.ts';
import { formPage } from './form-page.ts';
import { chosenPlaces, PLACES_FORM, viewOf } from './make-room.ts';
import { languageLinks, localeOf } from './page-locale.ts';
import { devicesPage } from './pages/devices.ts';
import { type Progress, readProgress, writeProgress } from './progress.ts';
import { type Step, showStep, takeStep } from './step.ts';

const STEP: Step = { path: DEVICES_PATH, endpoint: 'devices', form: PLACES_FORM, cancelled: 'the user did not go on here' };

/** Where somebody who has shown everything, and is signed in on as many devices as they may be (`policies.devices`), signs out of some so that there is room. */
export async function signInDevicesGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await showStep(ctx, http, STEP, async (query, aim, trail) => {
    trail.at('authentication');
    const found = await findFull(ctx, http, query.get('progress'), aim);
    return found === undefined ? startAgain(aim) : page(ctx, http, found, aim, 200);
  });
}

/** What is chosen is signed out in the same act as this browser is signed in; before that everything is judged again. */
export async function signInDevicesPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return await takeStep(ctx, http, STEP, async (form, aim, trail) => {
    trail.at('devices');
    const found = await findFull(ctx, http, form.get('progress'), aim);
    if (found === undefined) return startAgain(aim);
    const chosen = chosenPlaces(found.room, form.many('device'));
    if (chosen === undefined) return page(ctx, http, found, aim, 400);
    const { user, progress } = found;
    const state = { user, progress, isFirst: false, trust: false, wished: true, signsOut: chosen };
    return (await goOn(ctx, 'devices', http, state, aim, trail)) ?? startAgain(aim);
  });
}

interface Full {
  readonly user: UserRecord;
  readonly progress: Progress;
  readonly room: PlacesInUse;
}

async function findFull(ctx: Context, http: HttpRequest, text: string | undefined, aim: Aim): Promise<Full | undefined> {
  const { limit } = ctx.config.policies.devices;
  const expected = { purposes: ['sign_in', 'step_up', 'enrol'], ticketId: aim.way?.ticket.id ?? '' } as const;
  const read = await readProgress(ctx, http, text, expected);
  // Whoever has shown a password alone neither sees devices nor signs anybody out (attacks SES-11).
  if (read === undefined || limit === undefined || !read.progress.lacksRoom) return undefined;
  return { ...read, room: await placesOfUser(ctx, http, read.user, limit) };
}

function page(ctx: Context, http: HttpRequest, { user, progress, room }: Full, aim: Aim, status: number): HttpReply {
  const locale = localeOf(http, aim.way?.request.uiLocales);
  const browser = browserOf(ctx, http);
  const parameters = [...aimParameters(aim), ['progress', writeProgress(ctx, progress)] as const];
  const { name } = user.claims;
  const body = devicesPage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(DEVICES_PATH, parameters),
    form: {
      action: DEVICES_PATH,
      csrf: csrfToken(ctx, browser.id, DEVICES_PATH),
      request: aim.text ?? '',
      more: parameters.filter(([key]) => key !== 'request'),
    },
    user: { username: user.username, ...(typeof name === 'string' ? { name } : {}) },
    kind: 'full',
    ...viewOf(room, http),
    tooFew: status === 400,
  });
  return formPage(ctx, browser, body, { status, opener: 'popup' });
}

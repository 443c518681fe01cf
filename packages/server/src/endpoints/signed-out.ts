import { readQuery } from '@hufu/protocol/form';
import { brandOf } from '../appearance/brand.ts';
import { seeOther } from '../authorize/respond.ts';
import { findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { clientHome } from '../interaction/client-of-page.ts';
import { pageRefusal } from '../interaction/page-error.ts';
import { localeOf } from '../interaction/page-locale.ts';
import { pageHeaders } from '../interaction/pages/headers.ts';
import { signedOutPage } from '../interaction/pages/signed-out.ts';
import { type Farewell, readFarewell } from '../logout/farewell.ts';
import { frontchannelFrames } from '../logout/frontchannel.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { readCookie } from '../sessions/cookies.ts';

/** Where the page is. */
export const SIGNED_OUT_PATH = '/signed-out';

/**
 * The page that tells clients in hidden frames (OpenID Connect Front-Channel Logout §3) and then goes on to where the sign-out leads. Opened again
 * later, it says that nobody is signed in, if that is so.
 */
export async function signedOut(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const text = readQuery(http.query, { repetition: 'listed' }).get('request');
    const browserId = readCookie(ctx, http, 'browser');
    const farewell = text === undefined || browserId === undefined ? undefined : readFarewell(ctx, text, browserId, http.nowMs);
    if (farewell !== undefined) return await farewellReply(ctx, http, farewell);
    return (await findBrowserSession(ctx, http)) === undefined ? await farewellReply(ctx, http, NOTHING_LEFT) : seeOther('/');
  } catch (error) {
    return pageRefusal(ctx, 'logout', http, trail, error);
  }
}

/** The page itself, with nothing to do or all of it. */
export async function farewellReply(
  ctx: Context,
  http: HttpRequest,
  farewell: Omit<Farewell, 'startedMs'>,
  uiLocales?: string,
): Promise<HttpReply> {
  const locale = localeOf(http, uiLocales);
  const client = await findStoredClient(ctx, farewell.clientId);
  const home = client === undefined ? undefined : clientHome(client, locale);
  const frames = await frontchannelFrames(ctx, farewell.told);
  const scriptNonce = ctx.random.text(24);
  const onward = farewell.redirectTo === '' ? undefined : { to: farewell.redirectTo, scriptNonce };
  const body = signedOutPage({
    locale,
    brand: brandOf(ctx),
    languages: [],
    frames,
    ...(home === undefined ? {} : { client: home }),
    ...(onward === undefined ? {} : { onward }),
  });
  const headers = pageHeaders({ issuer: ctx.issuer, opener: 'popup', frames, ...(onward === undefined ? {} : { scriptNonce }) });
  return { status: 200, headers, body };
}

const NOTHING_LEFT: Omit<Farewell, 'startedMs'> = { clientId: '', redirectTo: '', told: [] };

import { OAuthError } from '@hufu/protocol/errors';
import { type Form, readQuery, writeForm } from '@hufu/protocol/form';
import { appendToRedirect } from '@hufu/protocol/redirect-uri';
import { brandOf } from '../appearance/brand.ts';
import { asUser } from '../audit/acting.ts';
import { seeOther } from '../authorize/respond.ts';
import { type Client, findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { type HttpReply, type HttpRequest, MAX_ADDRESS } from '../http.ts';
import { clientHome } from '../interaction/client-of-page.ts';
import { csrfToken, requireOwnForm } from '../interaction/csrf.ts';
import { formPage } from '../interaction/form-page.ts';
import { PageError, pageRefusal } from '../interaction/page-error.ts';
import { localeOf } from '../interaction/page-locale.ts';
import { readReturnPlace } from '../interaction/pages/client-view.ts';
import { logoutPage } from '../interaction/pages/logout.ts';
import { userView } from '../interaction/user-of-page.ts';
import { wakeDelivery } from '../logout/delivery-job.ts';
import { type Farewell, MAX_FAREWELL, writeFarewell } from '../logout/farewell.ts';
import { frontchannelFrames, MAX_FRAMES, type Told } from '../logout/frontchannel.ts';
import { type BrowserSession, findBrowserSession } from '../sessions/browser-session.ts';
import { clearCookie } from '../sessions/cookies.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { sidFor } from '../sessions/session-name.ts';
import { type IdTokenHint, readIdTokenHint } from '../tokens/read-id-token-hint.ts';
import { subjectFor } from '../tokens/subject.ts';
import { requireForm } from './form-body.ts';
import { farewellReply, SIGNED_OUT_PATH } from './signed-out.ts';

const PATH = '/oauth/logout';
const MAX_STATE = 2_048;
/** Characters of a request's parameters; an address has room for them. */
const MAX_QUERY = MAX_ADDRESS - 100;
/** As many as a session has at most. */
const MAX_PARTICIPANTS = 200;

/** What a sign-out request asks, checked. */
interface LogoutRequest {
  readonly client: Client | undefined;
  /** The ID token's subject and session, where a genuine one was sent. */
  readonly hint: IdTokenHint | undefined;
  /** Registered, and the client is known for certain. */
  readonly redirectTo: string | undefined;
  readonly parameters: Form;
}

/**
 * RP-initiated logout (OpenID Connect RP-Initiated Logout §2). A genuine `id_token_hint` of the very session signs out at once; anybody else
 * is asked first, so that no foreign page signs people out. Where to go on to is believed only with the hint. A POST is sent on as a GET.
 * `logout_hint` is heard and changes nothing: whoever is signed in here is shown, and signs out or does not.
 */
export async function logout(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const form = http.method === 'POST' ? requireForm(http) : readQuery(http.query);
    if (form.has('csrf')) return await confirmed(ctx, http, form, trail);
    if (http.method === 'POST') return sentOn(form);
    const request = await readLogoutRequest(ctx, http, form, trail);
    const session = await findBrowserSession(ctx, http);
    // Without a hint nobody has vouched for the address: only the user's own click goes there.
    if (session === undefined) return done(ctx, http, request.hint === undefined ? { ...request, redirectTo: undefined } : request);
    if (await isOwn(ctx, request, session)) return await end(ctx, http, request, session);
    return confirmPage(ctx, http, request, session);
  } catch (error) {
    return pageRefusal(ctx, 'logout', http, trail, error);
  }
}

/** A POST from another site comes without our cookies: the GET that follows has them, and finds the session that is to end. */
function sentOn(form: Form): HttpReply {
  const query = writeForm(form.names().flatMap((name) => form.many(name).map((value) => [name, value] as const)));
  if (query.length > MAX_QUERY) throw new PageError('request_too_large', `${query.length} characters`);
  return seeOther(query === '' ? PATH : `${PATH}?${query}`);
}

/** The user's answer to the page that asks. */
async function confirmed(ctx: Context, http: HttpRequest, form: Form, trail: Trail): Promise<HttpReply> {
  trail.at('same_site');
  if (http.method !== 'POST') throw new OAuthError('access_denied', 'the form could not be verified');
  requireOwnForm(ctx, http, form, PATH);
  const request = await readLogoutRequest(ctx, http, readQuery(form.get('request') ?? ''), trail);
  if (form.get('decision') !== 'sign_out') return seeOther('/');
  const session = await findBrowserSession(ctx, http);
  return session === undefined ? done(ctx, http, request) : end(ctx, http, request, session);
}

async function readLogoutRequest(ctx: Context, http: HttpRequest, parameters: Form, trail: Trail): Promise<LogoutRequest> {
  trail.at('logout_hint');
  const hintText = parameters.get('id_token_hint');
  const hint = hintText === undefined ? undefined : await readIdTokenHint(ctx, hintText, Math.floor(http.nowMs / 1000));
  if (hintText !== undefined && hint === undefined) throw new PageError('id_token_hint_invalid', 'not an ID token of ours');
  const named = parameters.get('client_id');
  if (hint !== undefined && named !== undefined && named !== hint.aud)
    throw new PageError('id_token_hint_mismatch', `client_id ${named.slice(0, 100)}`);
  const client = await findStoredClient(ctx, hint?.aud ?? named ?? '');
  trail.clientId = client?.id ?? '';
  trail.at('logout_redirect_uri');
  const uri = parameters.get('post_logout_redirect_uri');
  if (uri === undefined) return { client, hint, redirectTo: undefined, parameters };
  if (client === undefined) throw new PageError('id_token_hint_missing', 'a redirect without a hint or a client');
  if (!client.metadata.postLogoutRedirectUris.includes(uri)) {
    throw new PageError('post_logout_redirect_uri_not_registered', uri.slice(0, 300), [{ name: 'post_logout_redirect_uri', value: uri }]);
  }
  const state = parameters.get('state');
  if ((state?.length ?? 0) > MAX_STATE) throw new PageError('request_too_large', 'state');
  return { client, hint, redirectTo: appendToRedirect(uri, [['state', state]], 'query'), parameters };
}

/** Whether the hint is of this very session: by its name, or by an older one that it had before the same user signed in again. */
async function isOwn(ctx: Context, { client, hint }: LogoutRequest, { session, user }: BrowserSession): Promise<boolean> {
  // What a client could have written itself signs nobody out unasked.
  if (hint === undefined || hint.byClient || client === undefined || hint.sub !== subjectFor(ctx, client, user)) return false;
  if (hint.sid === undefined || hint.sid === sidFor(ctx, client, session.id)) return true;
  const participants = await ctx.store.listParticipants(ctx.tenant, session.id, MAX_PARTICIPANTS);
  return participants.some(({ clientId, sid }) => clientId === client.id && sid === hint.sid);
}

/** The end first and then who is to be told of it: nobody joins a session that has ended. */
async function end(ctx: Context, http: HttpRequest, request: LogoutRequest, { session, user }: BrowserSession): Promise<HttpReply> {
  await asUser(ctx, user).endSession(ctx.tenant, session.id, 'signed_out', Math.floor(http.nowMs / 1000));
  wakeDelivery(ctx);
  return done(ctx, http, request, await ctx.store.listParticipants(ctx.tenant, session.id, MAX_PARTICIPANTS));
}

/** On to where it was to go; by way of our page where there are clients that the browser has to tell, or nowhere to go. */
async function done(ctx: Context, http: HttpRequest, request: LogoutRequest, participants: readonly Told[] = []): Promise<HttpReply> {
  const told = await tellable(ctx, participants);
  const { client, redirectTo, parameters } = request;
  const cookies = [clearCookie(ctx, 'session'), clearCookie(ctx, 'browser_state')];
  if (told.length === 0 && redirectTo !== undefined) return seeOther(redirectTo, { 'set-cookie': cookies });
  const farewell: Farewell = { startedMs: http.nowMs, clientId: client?.id ?? '', redirectTo: redirectTo ?? '', told };
  const uiLocales = parameters.get('ui_locales');
  const browser = browserOf(ctx, http);
  const text = writeFarewell(ctx, farewell, browser.id);
  if (told.length === 0 || text.length > MAX_FAREWELL) {
    const reply = await farewellReply(ctx, http, farewell, uiLocales);
    return { ...reply, headers: { ...reply.headers, 'set-cookie': cookies } };
  }
  if (browser.cookie !== undefined) cookies.push(browser.cookie);
  const locales = uiLocales === undefined ? '' : `&ui_locales=${encodeURIComponent(uiLocales.slice(0, 100).toWellFormed())}`;
  return seeOther(`${SIGNED_OUT_PATH}?request=${text}${locales}`, { 'set-cookie': cookies });
}

/** Those of them that the browser can tell. */
async function tellable(ctx: Context, participants: readonly Told[]): Promise<readonly Told[]> {
  const told: Told[] = [];
  for (const one of participants) {
    if (told.length < MAX_FRAMES && (await frontchannelFrames(ctx, [one])).length > 0) told.push(one);
  }
  return told;
}

function confirmPage(ctx: Context, http: HttpRequest, request: LogoutRequest, session: BrowserSession): HttpReply {
  const locale = localeOf(http, request.parameters.get('ui_locales'));
  const browser = browserOf(ctx, http);
  const client = request.client;
  const body = logoutPage({
    locale,
    brand: brandOf(ctx),
    languages: [],
    form: { action: PATH, csrf: csrfToken(ctx, browser.id, PATH), request: http.query },
    user: userView(session),
    ...(client === undefined || request.hint === undefined
      ? {}
      : {
          client: {
            name: clientHome(client, locale)?.name ?? client.id,
            returnsTo: readReturnPlace(client.metadata.redirectUris[0] ?? ''),
          },
        }),
  });
  return formPage(ctx, browser, body, { opener: 'popup' });
}

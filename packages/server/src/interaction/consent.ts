import { OAuthError } from '@hufu/protocol/errors';
import { readQuery } from '@hufu/protocol/form';
import { brandOf } from '../appearance/brand.ts';
import { asUser } from '../audit/acting.ts';
import type { AuthorizationRequest } from '../authorize/authorization-request.ts';
import { consentScopes, shownScopes } from '../authorize/consent-scopes.ts';
import { asksEachTime } from '../authorize/decide.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireForm } from '../endpoints/form-body.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { type BrowserSession, findBrowserSession } from '../sessions/browser-session.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { clientView } from './client-of-page.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';
import { detailViews } from './detail-views.ts';
import { formPage } from './form-page.ts';
import { languageLinks, localeOf } from './page-locale.ts';
import { consentPage } from './pages/consent.ts';
import { permissionsView } from './permissions-view.ts';
import { userView } from './user-of-page.ts';
import { decline, proceed, readUnderWay, refuse, type UnderWay } from './way.ts';

const PATH = '/consent';

/** The consent page; whoever is not signed in (any more) goes to sign in first. */
export async function consentGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const text = readQuery(http.query, { repetition: 'listed' }).get('request');
    const way = await readUnderWay(ctx, http, text, trail);
    const session = await findBrowserSession(ctx, http);
    if (session === undefined || text === undefined) return await proceed(ctx, http, way, undefined, false, trail);
    return page(ctx, http, text, way.request, session);
  } catch (error) {
    return await refuse(ctx, 'consent', http, error, undefined, trail);
  }
}

/** The user's answer. Only what the request asked for is agreed to: nothing of it is taken from the form. */
export async function consentPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  let way: UnderWay | undefined;
  try {
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('same_site');
    const session = await findBrowserSession(ctx, http);
    requireOwnForm(ctx, http, form, formName(session));
    way = await readUnderWay(ctx, http, form.get('request'), trail);
    if (session === undefined) return await proceed(ctx, http, way, undefined, false, trail);
    trail.at('consent');
    if (form.get('decision') !== 'allow') {
      return await decline(ctx, http, way.request, new OAuthError('access_denied', 'the user said no'), trail);
    }
    const { client, resources } = way.request;
    const scopes = consentScopes(way.request);
    await asUser(ctx, session.user, client.id).giveConsent(
      ctx.tenant,
      session.user.id,
      client.id,
      scopes,
      resources,
      Math.floor(http.nowMs / 1000),
    );
    return await proceed(ctx, http, way, session, true, trail);
  } catch (error) {
    return await refuse(ctx, 'consent', http, error, way?.request, trail);
  }
}

/** The form belongs to the session that was shown: whoever signs in as somebody else in another tab does not agree in their name. */
function formName(session: BrowserSession | undefined): string {
  return `${PATH} ${session?.session.id ?? ''}`;
}

function page(ctx: Context, http: HttpRequest, text: string, request: AuthorizationRequest, session: BrowserSession): HttpReply {
  const locale = localeOf(http, request.uiLocales);
  const browser = browserOf(ctx, http);
  const body = consentPage({
    locale,
    brand: brandOf(ctx),
    languages: languageLinks(PATH, [['request', text]]),
    form: { action: PATH, csrf: csrfToken(ctx, browser.id, formName(session)), request: text },
    client: clientView(request, locale),
    user: userView(session),
    details: detailViews(ctx, request, locale),
    ...permissionsView(ctx, request, shownScopes(consentScopes(request))),
    lasts: asksEachTime(request) ? { kind: 'once' } : { kind: 'until_taken_back' },
    accountHref: '/account',
  });
  return formPage(ctx, browser, body, { opener: 'popup' });
}

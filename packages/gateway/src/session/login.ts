import { ClientError } from '@hufu/client/client-error';
import { prepareSignIn } from '@hufu/client/sign-in';
import { findSession } from './find-session.ts';
import { issuerAnswers } from './issuer-answers.ts';
import { type EdgeReply, type EdgeRequest, notAllowed, problem, seeOther } from './messages.ts';
import { readReturnTo } from './return-to.ts';
import { baseOf, homeOf, type TokenHandler } from './token-handler.ts';
import { clearOldest, transactionCookie } from './transaction.ts';

/**
 * `GET /edge/login?return_to=/path`: sends the browser to the issuer (draft-ietf-oauth-browser-based-apps §6.1.2, RFC 7636 §4.3). A navigation alone: what a page loads
 * or a browser fetches ahead begins nothing. Throws `StoreUnavailable`.
 */
export async function login(handler: TokenHandler, request: EdgeRequest): Promise<EdgeReply> {
  if (request.method !== 'GET') return notAllowed('GET', 'a sign-in is begun by GET');
  const refusal = refuseOthers(handler, request);
  if (refusal !== undefined) return refusal;
  const { query } = request;
  for (const name of new Set(query.keys()))
    if (query.getAll(name).length > 1) return problem(400, 'repeated_parameter', 'a parameter is there more than once');
  const returnTo = readReturnTo(query.get('return_to') ?? homeOf(handler), baseOf(handler));
  if (returnTo === undefined) return problem(400, 'return_to', 'return_to is no path of this host, or too long');
  const maxAge = query.get('max_age');
  if (maxAge !== null && !/^\d{1,9}$/.test(maxAge)) return problem(400, 'max_age', 'max_age is a number of seconds');
  const texts = TEXTS.map((name) => query.get(name) ?? '');
  if (texts.some((text) => text.length > MAX_TEXT)) return problem(400, 'parameter_length', 'a parameter is too long');
  const [acrValues = '', prompt = '', loginHint = ''] = texts;

  const cookieHeader = request.header('cookie');
  const outcome = await findSession(handler, cookieHeader);
  const { client, settings } = handler;
  if (!(await issuerAnswers(handler))) return unavailable();
  try {
    const { url, pending } = await prepareSignIn(client, {
      redirectUri: `${settings.origin}${baseOf(handler)}/callback`,
      scope: settings.scope,
      ...(settings.resource !== undefined && { resource: settings.resource }),
      ...(acrValues !== '' && { acrValues }),
      ...promptOf(settings.scope, prompt),
      ...(loginHint !== '' && { loginHint }),
      ...(maxAge !== null && { maxAge: Number(maxAge) }),
      parameters: await claimsParameter(handler),
    });
    const begunBy = outcome.kind === 'found' ? outcome.session.contents.sub : undefined;
    return seeOther(url, [...clearOldest(handler, cookieHeader), transactionCookie(handler, { pending, returnTo, begunBy })]);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return unavailable();
  }
}

/** Without `consent` issuers do not hear `offline_access`, and some leave out the refresh token with it: the session would end with its first token (OpenID Connect Core §11). */
function promptOf(scope: string, asked: string): { readonly prompt?: string } {
  const prompts = asked.split(' ').filter((one) => one !== '');
  const isHeard = !scope.split(' ').includes('offline_access') || prompts.includes('consent') || prompts.includes('none');
  if (!isHeard) prompts.push('consent');
  return prompts.length === 0 ? {} : { prompt: prompts.join(' ') };
}

function unavailable(): EdgeReply {
  return problem(503, 'issuer_unavailable', 'the authorization server cannot be reached now', 5);
}

/** Asks for what the page is shown, where the issuer can be asked: otherwise it has its place in userinfo alone (OpenID Connect Core §5.5). */
async function claimsParameter({ client, settings }: TokenHandler): Promise<Readonly<Record<string, string>>> {
  if (settings.claims.length === 0 || !(await client.metadata()).flag('claims_parameter_supported')) return {};
  return { claims: JSON.stringify({ id_token: Object.fromEntries(settings.claims.map((name) => [name, null])) }) };
}

const TEXTS = ['acr_values', 'prompt', 'login_hint'] as const;
const MAX_TEXT = 256;

/** Fetch Metadata, where the browser sends it. */
function refuseOthers({ settings }: TokenHandler, request: EdgeRequest): EdgeReply | undefined {
  const [dest, site, purpose] = ['sec-fetch-dest', 'sec-fetch-site', 'sec-purpose'].map((name) => request.header(name));
  if (purpose?.includes('prefetch') === true) return problem(403, 'prefetch', 'nobody has asked for a sign-in yet');
  if (dest !== undefined && dest !== 'document') return problem(403, 'no_navigation', 'a sign-in is a navigation');
  const isForeign = site === 'cross-site' || site === 'same-site';
  if (isForeign && !settings.crossSiteLogin) return problem(403, 'cross_site', 'another site may not begin a sign-in here');
  return undefined;
}

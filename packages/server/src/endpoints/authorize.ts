import { readQuery, writeForm } from '@hufu/protocol/form';
import type { AuthorizationRequest } from '../authorize/authorization-request.ts';
import { readAuthorizationRequest } from '../authorize/read-request.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { PageError, pageRefusal } from '../interaction/page-error.ts';
import { begin, refusalByRedirect } from '../interaction/way.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { requireForm } from './form-body.ts';

/** Characters of a request's parameters. */
const MAX_QUERY = 5_000;

/**
 * The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2). A POST is sent on as a GET: across sites it comes without
 * our cookies, and the GET that follows has them.
 */
export async function authorize(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  let request: AuthorizationRequest | undefined;
  try {
    trail.at('parameters');
    const form = http.method === 'POST' ? requireForm(http, { repetition: 'listed' }) : readQuery(http.query, { repetition: 'listed' });
    request = await readAuthorizationRequest(ctx, form, trail);
    // Written anew: what a body may hold raw, an address may not.
    const query = writeForm(form.names().flatMap((name) => form.many(name).map((value) => [name, value] as const)));
    if (query.length > MAX_QUERY) throw new PageError('request_too_large', `${query.length} characters`);
    if (http.method === 'POST') return seeOther(`/oauth/authorize?${query}`);
    return await begin(ctx, http, request, await findBrowserSession(ctx, http), query, trail);
  } catch (error) {
    return refusalByRedirect(ctx, http, error, request, trail) ?? pageRefusal(ctx, 'authorize', http, trail, error);
  }
}

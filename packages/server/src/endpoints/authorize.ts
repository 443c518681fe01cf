import { OAuthError } from '@hufu/protocol/errors';
import { type Form, readQuery, writeForm } from '@hufu/protocol/form';
import type { AuthorizationRequest } from '../authorize/authorization-request.ts';
import { REQUEST_RULES, RedirectError, readAuthorizationRequest } from '../authorize/read-request.ts';
import { seeOther } from '../authorize/respond.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { refusedFacts } from '../history/authorize-facts.ts';
import { type HttpReply, type HttpRequest, MAX_ADDRESS } from '../http.ts';
import { PageError, pageRefusal } from '../interaction/page-error.ts';
import { begin, findTold, refuse } from '../interaction/way.ts';
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
  let form: Form | undefined;
  try {
    trail.at('parameters');
    form = readParameters(http);
    request = await readAuthorizationRequest(ctx, form, { kind: 'browser' }, trail, Math.floor(http.nowMs / 1000));
    // Written anew: what a body may hold raw, an address may not. A POST goes on as it came, request object and all.
    const query = writeQuery(http.method === 'POST' ? form : request.form);
    if (query.length > MAX_QUERY)
      throw new RedirectError(
        request,
        new OAuthError('invalid_request', 'the request is too long', { detail: `${query.length} characters` }),
      );
    if (http.method === 'POST') return seeOther(`/oauth/authorize?${query}`);
    return await begin(ctx, http, request, await findBrowserSession(ctx, http), query, trail);
  } catch (error) {
    noteRefused(ctx, http, form, error, trail);
    return (
      refusalToStranger(ctx, http, error, request, trail) ??
      refusalOfLength(ctx, http, error, request, trail) ??
      (await refuse(ctx, 'authorize', http, error, request, trail))
    );
  }
}

/** What a configuration may have decided; what broke on our side is none of that. */
function noteRefused(ctx: Context, http: HttpRequest, form: Form | undefined, thrown: unknown, trail: Trail): void {
  const error = thrown instanceof RedirectError ? thrown.error : thrown;
  const code = error instanceof PageError ? 'invalid_request' : error instanceof OAuthError && error.status < 500 ? error.code : undefined;
  if (form !== undefined && code !== undefined) ctx.history.note(refusedFacts(form, code, trail), http.nowMs);
}

/**
 * Anybody can make a document that names any address. Before the user has seen who asks, nobody is sent there (RFC 9700 §4.11.2): a page of ours
 * says what is wrong.
 */
function refusalToStranger(
  ctx: Context,
  http: HttpRequest,
  error: unknown,
  request: AuthorizationRequest | undefined,
  trail: Trail,
): HttpReply | undefined {
  const client = error instanceof RedirectError ? error.path.client : request?.client;
  if (client?.record.source !== 'document') return undefined;
  const refusal = error instanceof RedirectError ? error.error : error;
  if (!(refusal instanceof OAuthError) || refusal.status >= 500) return undefined;
  return pageRefusal(
    ctx,
    'authorize',
    http,
    trail,
    new PageError('request_malformed', `${refusal.code}: ${refusal.detail ?? refusal.description}`),
  );
}

function writeQuery(form: Form): string {
  return writeForm(form.names().flatMap((name) => form.many(name).map((value) => [name, value] as const)));
}

/** An address that is too long is refused as such where there is no client to tell (RFC 9110 §15.5.15). */
function refusalOfLength(
  ctx: Context,
  http: HttpRequest,
  error: unknown,
  request: AuthorizationRequest | undefined,
  trail: Trail,
): HttpReply | undefined {
  if (http.path.length + http.query.length < MAX_ADDRESS || findTold(error, request) !== undefined) return undefined;
  trail.at('request_size');
  return { ...pageRefusal(ctx, 'authorize', http, trail, new PageError('request_too_large', 'the address is too long')), status: 414 };
}

/** A POST may have parameters in its address too (RFC 6749 §3.1): read as one, so that neither hides a repetition in the other. */
function readParameters(http: HttpRequest): Form {
  if (http.method !== 'POST') return readQuery(http.query, REQUEST_RULES);
  return requireForm(http.query === '' ? http : { ...http, body: `${http.query}&${http.body}` }, REQUEST_RULES);
}

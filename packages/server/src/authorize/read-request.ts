import { OAuthError } from '@hufu/protocol/errors';
import type { Form, FormRules } from '@hufu/protocol/form';
import { checkRedirectUri as isRegistered } from '@hufu/protocol/redirect-uri';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { PageError } from '../interaction/page-error.ts';
import { allowedTypes, readDetails } from '../tokens/authorization-details.ts';
import type { AuthorizationRequest, ReturnPath } from './authorization-request.ts';
import { checkAcr } from './check-acr.ts';
import { checkClaims, readClaimsLocales, subjectOfClaims } from './check-claims.ts';
import { checkClient } from './check-client.ts';
import { checkDpopJkt } from './check-dpop-jkt.ts';
import { checkIdTokenHint } from './check-id-token-hint.ts';
import { checkNonce } from './check-nonce.ts';
import { checkPkce } from './check-pkce.ts';
import { checkMaxAge, checkPrompt, readLoginHint } from './check-prompt.ts';
import { checkRedirectUri } from './check-redirect-uri.ts';
import { checkResource } from './check-resource.ts';
import { checkResponseMode, readRefusalPath, readReturnPath } from './check-response-mode.ts';
import { checkResponseType } from './check-response-type.ts';
import { checkScope } from './check-scope.ts';
import { hearRequestObject, mustSignRequests } from './hear-request-object.ts';
import { findPushedRequest, isPushedUri, type PushedRequest, referenceForm } from './pushed-request.ts';
import { resourcesWith } from './resources-with.ts';

/** An error that goes back to the client by redirect (RFC 6749 §4.1.2.1), with the way back. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError';
  readonly path: ReturnPath;
  readonly error: OAuthError;

  constructor(path: ReturnPath, error: OAuthError) {
    super(error.message, { cause: error });
    this.path = path;
    this.error = error;
  }
}

/**
 * How its parameters are read: what is wrong with one of them is for the client to hear, once that is certain. `resource` alone may
 * repeat (RFC 6749 §3.1, RFC 8707 §2).
 */
export const REQUEST_RULES: FormRules = { repetition: 'listed', malformed: 'listed', repeatable: ['resource'] };

/**
 * From where a request comes: from the client through the browser; from the client itself, ahead (RFC 9126), with the key of a proof that came along; or out
 * of a ticket of ours, which holds what counted when it began.
 */
export type RequestSource =
  | { readonly kind: 'browser' | 'ticket' }
  | { readonly kind: 'push'; readonly client: Client; readonly proven: string | undefined };

/**
 * The checks of an authorization request, in order. Until the client and its redirect URI are certain, a refusal is a page of ours
 * (`PageError`); from then on it goes to the client (`RedirectError`).
 *
 * @param now seconds since 1970.
 */
export async function readAuthorizationRequest(
  ctx: Context,
  sent: Form,
  source: RequestSource,
  trail: Trail,
  now: number,
): Promise<AuthorizationRequest> {
  const client = source.kind === 'push' ? source.client : await checkClient(ctx, sent, trail);
  const pushed = await findPushed(ctx, sent, source, client, trail, now);
  const form = pushed?.form ?? (source.kind === 'ticket' ? sent : await hear(ctx, sent, source, client, trail, now));
  const path = readReturnPath(form, checkRedirectUri(form, client, trail), pushed && { id: pushed.id, end: pushed.end });
  try {
    const isPushed = pushed !== undefined || source.kind === 'push';
    if (mustPush(client) && !isPushed) {
      trail.at('pushed_request');
      throw new OAuthError('invalid_request', 'the client has to push its requests');
    }
    trail.at('parameters');
    const [repeated] = form.repeated;
    if (repeated !== undefined) throw new OAuthError('invalid_request', 'a parameter is repeated', { detail: repeated.slice(0, 100) });
    const [malformed] = form.malformed;
    if (malformed !== undefined) {
      const code = malformed === 'scope' ? 'invalid_scope' : 'invalid_request';
      throw new OAuthError(code, 'a parameter is not well-formed', { detail: malformed.slice(0, 100) });
    }
    trail.at('response_mode');
    checkResponseMode(form, path);
    trail.at('response_type');
    const responseType = checkResponseType(form, client);
    trail.at('pkce');
    const codeChallenge = checkPkce(form, client, responseType, isPushed);
    trail.at('prompt');
    const prompt = checkPrompt(form, ctx.config);
    const maxAge = checkMaxAge(form, client);
    const nonce = checkNonce(form, client, responseType);
    trail.at('id_token_hint');
    const hinted = await checkIdTokenHint(ctx, form, client, now);
    trail.at('claims');
    const acr = checkAcr(form, client);
    const claims = checkClaims(ctx, form, client);
    const expectedSubject = sameSubject(hinted, subjectOfClaims(claims));
    if (prompt.includes('create') && expectedSubject !== undefined) {
      // Nobody whom the client knows already can be new: told before somebody makes an account in vain.
      trail.at('prompt');
      throw new OAuthError('invalid_request', 'prompt=create goes with nobody in particular');
    }
    trail.at('resource');
    const named = checkResource(ctx, form, client);
    trail.at('authorization_details');
    const authorizationDetails = readDetails(ctx, form, allowedTypes(client));
    trail.at('dpop_jkt');
    const boundKey = checkDpopJkt(form, source.kind === 'push' ? source.proven : pushed?.boundKey);
    trail.at('scope');
    const { scopes, askedOffline } = checkScope(ctx, form, client, responseType, prompt, named);
    if (responseType.idToken && !scopes.includes('openid'))
      throw new OAuthError('invalid_request', 'an ID token is for requests with the scope openid');
    return {
      ...path,
      responseType,
      scopes,
      resources: resourcesWith(ctx, named, scopes, authorizationDetails),
      codeChallenge,
      boundKey,
      authorizationDetails,
      nonce,
      prompt,
      maxAge,
      expectedSubject,
      loginHint: readLoginHint(form),
      uiLocales: form.get('ui_locales'),
      acr,
      claims,
      claimsLocales: readClaimsLocales(form),
      askedOffline,
      judged: form,
      form: pushed === undefined ? form : referenceForm(client, sent.get('request_uri') ?? ''),
    };
  } catch (error) {
    if (error instanceof OAuthError) throw new RedirectError(path, error);
    throw error;
  }
}

/** RFC 9126 §6. */
function mustPush({ metadata }: Client): boolean {
  return metadata.requirePushedAuthorizationRequests || metadata.rules.pushedRequest === 'required';
}

/** The request that was pushed ahead, where this one names it. What else it says is not heard (RFC 9126 §4), but that there are two requests (RFC 9101 §5). */
async function findPushed(
  ctx: Context,
  sent: Form,
  source: RequestSource,
  client: Client,
  trail: Trail,
  now: number,
): Promise<PushedRequest | undefined> {
  const uri = sent.get('request_uri');
  if (source.kind === 'push' || !isPushedUri(uri)) return undefined;
  trail.at('pushed_request');
  if (sent.has('request')) throw new PageError('request_malformed', 'request and request_uri exclude each other');
  return await findPushedRequest(ctx, client, uri, source.kind === 'browser' ? 'begins' : 'goes_on', now);
}

/**
 * A request object that is refused is told to the client where the parameters beside it say how, and else on a page of ours. Of a client that has to
 * sign, nothing beside it counts: neither where to go nor how to sign the answer (RFC 9101 §6.3, §10.5).
 */
async function hear(ctx: Context, form: Form, source: RequestSource, client: Client, trail: Trail, now: number): Promise<Form> {
  trail.at('request_object');
  try {
    return await hearRequestObject(ctx, form, client, source.kind === 'push' ? 'pushed' : 'sent', now);
  } catch (error) {
    if (!(error instanceof OAuthError) || source.kind === 'push') throw error;
    const isSigner = mustSignRequests(client) && (form.has('request') || form.has('request_uri'));
    const path = isSigner ? undefined : findReturnPath(form, client);
    if (path === undefined) throw new PageError('request_object_invalid', error.detail ?? error.description);
    throw new RedirectError(path, error);
  }
}

function findReturnPath(form: Form, client: Client): ReturnPath | undefined {
  const redirectUri = form.get('redirect_uri');
  const known = redirectUri !== undefined && isRegistered(redirectUri, client.metadata.redirectUris, client.metadata.applicationType);
  return known ? readRefusalPath(form, { client, redirectUri }) : undefined;
}

/** Whom the hint and the claims parameter mean; two people are nobody. */
function sameSubject(hinted: string | undefined, claimed: string | undefined): string | undefined {
  if (hinted !== undefined && claimed !== undefined && hinted !== claimed)
    throw new OAuthError('invalid_request', 'id_token_hint and claims name two subjects');
  return hinted ?? claimed;
}

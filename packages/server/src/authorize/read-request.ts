import { OAuthError } from '@hufu/protocol/errors';
import type { Form, FormRules } from '@hufu/protocol/form';
import { readCodeChallenge } from '@hufu/protocol/pkce';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { resourcesFor } from '../tokens/resources.ts';
import type { AuthorizationRequest, ReturnPath } from './authorization-request.ts';
import { checkClient } from './check-client.ts';
import { checkIdTokenHint } from './check-id-token-hint.ts';
import { checkMaxAge, checkNonce, checkPrompt, readLoginHint } from './check-prompt.ts';
import { checkRedirectUri } from './check-redirect-uri.ts';
import { checkRequestObject } from './check-request-object.ts';
import { checkResource } from './check-resource.ts';
import { checkResponseMode, readReturnPath } from './check-response-mode.ts';
import { checkResponseType } from './check-response-type.ts';
import { checkScope } from './check-scope.ts';

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
 * The checks of an authorization request, in order. Until the client and its redirect URI are certain, a refusal is a page of ours
 * (`PageError`); from then on it goes to the client (`RedirectError`).
 *
 * @param now seconds since 1970.
 */
export async function readAuthorizationRequest(ctx: Context, form: Form, trail: Trail, now: number): Promise<AuthorizationRequest> {
  const client = await checkClient(ctx, form, trail);
  const path = readReturnPath(form, checkRedirectUri(form, client, trail));
  try {
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
    checkResponseType(form, client);
    trail.at('request_object');
    checkRequestObject(form);
    trail.at('pkce');
    const codeChallenge = readCodeChallenge(form.get('code_challenge'), form.get('code_challenge_method'));
    trail.at('prompt');
    const prompt = checkPrompt(form);
    const maxAge = checkMaxAge(form, client);
    const nonce = checkNonce(form);
    trail.at('id_token_hint');
    const expectedSubject = checkIdTokenHint(ctx, form, client, now);
    trail.at('resource');
    const named = checkResource(ctx, form);
    trail.at('scope');
    const { scopes, askedOffline } = checkScope(ctx, form, client, prompt, named);
    return {
      ...path,
      scopes,
      resources: resourcesFor(ctx, named, scopes),
      codeChallenge,
      nonce,
      prompt,
      maxAge,
      expectedSubject,
      loginHint: readLoginHint(form),
      uiLocales: form.get('ui_locales'),
      askedOffline,
      form,
    };
  } catch (error) {
    if (error instanceof OAuthError) throw new RedirectError(path, error);
    throw error;
  }
}

import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { ResponseType } from '@hufu/protocol/response-type';
import { readScope } from '@hufu/protocol/scope';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { allowedScopes } from '../tokens/allowed-scopes.ts';
import { requireKnownScopes } from '../tokens/resources.ts';
import type { Prompt } from './authorization-request.ts';

/**
 * `scope` (RFC 6749 §3.3): each is known, and the client may ask for it; whether there has to be one says its profile. `offline_access` is heard only with `prompt=consent` and with a
 * code, from a client that has refresh tokens (OpenID Connect Core §11); otherwise it is left out, and so is the refresh token.
 */
export function checkScope(
  ctx: Context,
  form: Form,
  client: Client,
  responseType: ResponseType,
  prompt: readonly Prompt[],
  named: readonly string[],
): { readonly scopes: readonly string[]; readonly askedOffline: boolean } {
  const asked = form.get('scope');
  if (asked === undefined && client.metadata.rules.scopeAndNonce === 'required')
    throw new OAuthError('invalid_request', 'scope is missing');
  const scopes = asked === undefined ? [] : readScope(asked);
  const allowed = allowedScopes(ctx, client);
  const askedOffline = scopes.includes('offline_access');
  const wanted = scopes.filter((scope) => scope !== 'offline_access');
  requireKnownScopes(ctx, wanted, named);
  for (const scope of wanted) {
    if (!allowed.includes(scope)) throw new OAuthError('invalid_scope', 'the client may not ask for this scope', { detail: scope });
  }
  const heard =
    askedOffline &&
    responseType.code &&
    prompt.includes('consent') &&
    allowed.includes('offline_access') &&
    client.metadata.grantTypes.includes('refresh_token');
  return { scopes: heard ? scopes : wanted, askedOffline };
}

import { OAuthError } from '@hufu/protocol/errors';
import { readScope } from '@hufu/protocol/scope';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { allowedScopes } from '../tokens/allowed-scopes.ts';
import { requireKnownScopes, requireNamedResources, resourcesFor } from '../tokens/resources.ts';

/** Scopes and resources that a client may ask somebody elsewhere for. */
export interface Asked {
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
}

/**
 * What a request without a browser asks for (RFC 6749 §3.3, RFC 8707 §2): all of it there, and the client's to ask for. The grant has no session that it
 * could end with; whether there are refresh tokens is a matter of the client's grant types, and `offline_access` is left out where there are none.
 */
export function readAsked(
  ctx: Context,
  client: Client,
  parameters: { get(name: string): string | undefined; many(name: string): readonly string[] },
  trail: Trail,
): Asked {
  trail.at('parameters');
  // Rather refused than passed over: whoever sends them means less than a scope gives (RFC 9396 §5).
  if (parameters.many('authorization_details').length > 0)
    throw new OAuthError('invalid_request', 'authorization_details are not supported here');
  const scope = parameters.get('scope');
  const named = parameters.many('resource');
  trail.at('resource');
  requireNamedResources(ctx, client, named);
  trail.at('scope');
  const refreshes = client.metadata.grantTypes.includes('refresh_token');
  const scopes = (scope === undefined ? [] : readScope(scope)).filter((one) => one !== 'offline_access' || refreshes);
  requireKnownScopes(ctx, scopes, named);
  const allowed = allowedScopes(ctx, client);
  for (const one of scopes) {
    if (!allowed.includes(one)) throw new OAuthError('invalid_scope', 'the client may not ask for this scope', { detail: one });
  }
  return { scopes, resources: resourcesFor(ctx, named, scopes) };
}

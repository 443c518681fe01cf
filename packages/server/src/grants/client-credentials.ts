import { OAuthError } from '@hufu/protocol/errors';
import { formatScope, readScope } from '@hufu/protocol/scope';
import { ownScopes } from '../tokens/allowed-scopes.ts';
import { issueAccessToken } from '../tokens/issue-access-token.ts';
import { findResource, requireKnownScopes, resourcesFor, scopesAt } from '../tokens/resources.ts';
import type { Context } from '../context.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import type { TokenRequest } from './grant.ts';

/** The client credentials grant (RFC 6749 §4.4). No refresh token (§4.4.3), no user, and nothing is written: the client has one grant for itself. */
export async function clientCredentials(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  const { client, form, trail, now } = request;
  if (!client.confidential) throw new OAuthError('unauthorized_client', 'a public client cannot use client_credentials');
  trail.at('scope');
  const allowed = ownScopes(ctx, client);
  const asked = form.get('scope');
  const scopes = asked === undefined ? (client.metadata.scopes === undefined ? [] : allowed) : readScope(asked);
  for (const scope of scopes) {
    if (!allowed.includes(scope)) throw new OAuthError('invalid_scope', 'the client may not ask for this scope', { detail: scope });
  }
  trail.at('resource');
  const named = form.many('resource');
  if (named.length > 1) throw new OAuthError('invalid_target', 'an access token is for one resource');
  const [identifier = ctx.issuer] = resourcesFor(ctx, named, scopes);
  requireKnownScopes(ctx, scopes, named);
  const resource = findResource(ctx, identifier);
  if (resource === undefined) throw new OAuthError('invalid_target', 'the resource is unknown');
  const granted = scopesAt(resource, scopes);
  const grant = await ctx.store.ownGrant(ctx.tenant, client.id, allowed, ownResources(ctx), ctx.keys.sealKeyId, now);
  const token = await issueAccessToken(ctx, {
    grant,
    resource,
    scopes: granted,
    secret: undefined,
    ttl: client.metadata.settings.accessTokenTtlSeconds ?? resource.tokenTtlSeconds,
    now,
  });
  return {
    access_token: token.text,
    token_type: 'Bearer',
    expires_in: token.expiresIn,
    ...(granted.length > 0 ? { scope: formatScope(granted) } : {}),
  };
}

/** Every resource, so that one own grant serves whatever is asked of it. */
function ownResources(ctx: Context): readonly string[] {
  return [...ctx.config.resources.map((resource) => resource.identifier), ctx.issuer];
}

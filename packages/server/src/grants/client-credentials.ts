import { detailsAt } from '@hufu/protocol/authorization-details';
import { OAuthError } from '@hufu/protocol/errors';
import { formatScope, readScope } from '@hufu/protocol/scope';
import { ALL_DETAILS, MAX_SCOPES } from '@hufu/protocol/tally';
import type { Client } from '../clients.ts';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { accessTokenTtl } from '../tokens/access-token-ttl.ts';
import { ownScopes } from '../tokens/allowed-scopes.ts';
import { readDetails } from '../tokens/authorization-details.ts';
import { issueAccessToken } from '../tokens/issue-access-token.ts';
import { findOwnApi } from '../tokens/own-apis.ts';
import { findResource, requireKnownScopes, requireNamedResources, resourcesFor, scopesAt } from '../tokens/resources.ts';
import { type TokenResponse, tokenTypeOf } from '../tokens/token-response.ts';
import { detailedOwnGrant } from './detailed-own-grant.ts';
import type { TokenRequest } from './grant.ts';

/** A token names its resource by one byte (docs/decisions/0002). */
const MAX_RESOURCES = 256;

/**
 * The client credentials grant (RFC 6749 §4.4). No refresh token (§4.4.3), no user, and nothing is written: the client has one grant for itself. Only
 * what it asks for in detail (RFC 9396 §6.1) is a grant of its own.
 */
export async function clientCredentials(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  if (!request.client.confidential) throw new OAuthError('unauthorized_client', 'a public client cannot use client_credentials');
  return ownToken(ctx, request, request.form.get('scope'));
}

/**
 * A token of a client for itself. Of types of details an administrator names each: nobody is asked.
 *
 * @param asked a `scope` parameter.
 * @param take what is done once everything has been judged and before anything is issued.
 */
export async function ownToken(
  ctx: Context,
  request: TokenRequest,
  asked: string | undefined,
  take?: () => Promise<void>,
): Promise<TokenResponse> {
  const { client, form, trail, now } = request;
  trail.at('scope');
  const named = form.many('resource');
  const api = findOwnApi(ctx, client, named, asked === undefined ? undefined : readScope(asked));
  const allowed = api?.scopes ?? ownScopes(ctx, client);
  const isAllAsked = asked === undefined && (api !== undefined || client.metadata.scopes !== undefined);
  const scopes = asked !== undefined ? readScope(asked) : isAllAsked ? allowed : [];
  for (const scope of scopes) {
    if (!allowed.includes(scope)) throw new OAuthError('invalid_scope', 'the client may not ask for this scope', { detail: scope });
  }
  trail.at('resource');
  if (named.length > 1) throw new OAuthError('invalid_target', 'an access token is for one resource');
  const resource = api ?? configuredResource(ctx, client, named, scopes, asked);
  const granted = scopesAt(resource, scopes);
  trail.at('authorization_details');
  const details = readDetails(ctx, form, client.metadata.authorizationDetailsTypes ?? []);
  if (detailsAt(details, resource.identifier).length < details.length)
    throw new OAuthError('invalid_authorization_details', 'the authorization details are for another resource');
  const ttl = accessTokenTtl(client, resource);
  trail.scopes = granted;
  if (take !== undefined) await take();
  const own = api === undefined ? ownLists(ctx, allowed, resource) : { scopes: api.scopes, resources: [api.identifier] };
  const { grant, secret } =
    details.length > 0
      ? await detailedOwnGrant(ctx, client, { scopes: granted, resources: [resource.identifier], authorizationDetails: details, ttl, now })
      : { grant: await ctx.store.ownGrant(ctx.tenant, client.id, own.scopes, own.resources, ctx.keys.sealKeyId, now), secret: undefined };
  const token = await issueAccessToken(ctx, {
    grant,
    resource,
    scopes: granted,
    secret,
    confirmation: request.confirmation,
    details: ALL_DETAILS,
    ttl,
    now,
  });
  return {
    access_token: token.text,
    token_type: tokenTypeOf(request.confirmation),
    expires_in: token.expiresIn,
    ...(granted.length > 0 ? { scope: formatScope(granted) } : {}),
    ...(details.length > 0 ? { authorization_details: details } : {}),
  };
}

function configuredResource(
  ctx: Context,
  client: Client,
  named: readonly string[],
  scopes: readonly string[],
  asked: string | undefined,
): ResourceConfig {
  requireNamedResources(ctx, client, named);
  const [identifier = ctx.issuer] = resourcesFor(ctx, named, scopes);
  // What it did not ask for by name is only narrowed to what the resource offers.
  if (asked !== undefined) requireKnownScopes(ctx, scopes, named);
  const resource = findResource(ctx, identifier);
  if (resource === undefined) throw new OAuthError('invalid_target', 'the resource is unknown');
  return resource;
}

/** One own grant serves whatever is asked of it, as long as a token can point at all of it; beyond that there is one for each resource. */
function ownLists(
  ctx: Context,
  allowed: readonly string[],
  resource: ResourceConfig,
): { readonly scopes: readonly string[]; readonly resources: readonly string[] } {
  if (allowed.length > MAX_SCOPES || ctx.config.resources.length >= MAX_RESOURCES) {
    return { scopes: scopesAt(resource, allowed), resources: [resource.identifier] };
  }
  return { scopes: allowed, resources: [...ctx.config.resources.map(({ identifier }) => identifier), ctx.issuer] };
}

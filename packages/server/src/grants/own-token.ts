import { type AuthorizationDetails, detailsAt } from '@hufu/protocol/authorization-details';
import { OAuthError } from '@hufu/protocol/errors';
import { formatScope, readScope } from '@hufu/protocol/scope';
import { ALL_DETAILS, MAX_SCOPES } from '@hufu/protocol/tally';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { ownScopes } from '../tokens/allowed-scopes.ts';
import { readDetails } from '../tokens/authorization-details.ts';
import { issueAccessToken } from '../tokens/issue-access-token.ts';
import { findResource, requireKnownScopes, resourcesFor, scopesAt } from '../tokens/resources.ts';
import { type TokenResponse, tokenTypeOf } from '../tokens/token-response.ts';
import { detailedOwnGrant } from './detailed-own-grant.ts';
import type { TokenRequest } from './grant.ts';

/** A token names its resource by one byte (docs/decisions/0002). */
const MAX_RESOURCES = 256;

/** What a client asks for on its own behalf. */
export interface OwnTarget {
  readonly resource: ResourceConfig;
  /** Of the token. */
  readonly scopes: readonly string[];
  /** All that the client may ask for. */
  readonly allowed: readonly string[];
  readonly details: AuthorizationDetails;
}

/**
 * Judges what a client asks for on its own behalf (RFC 6749 §4.4.2, RFC 8707 §2, RFC 9396 §6.1). Of types of details an administrator names each:
 * nobody is asked. `asked` is a `scope` parameter.
 */
export function requireOwnTarget(ctx: Context, { client, form, trail }: TokenRequest, asked: string | undefined): OwnTarget {
  trail.at('scope');
  const allowed = ownScopes(ctx, client);
  const scopes = asked === undefined ? (client.metadata.scopes === undefined ? [] : allowed) : readScope(asked);
  for (const scope of scopes) {
    if (!allowed.includes(scope)) throw new OAuthError('invalid_scope', 'the client may not ask for this scope', { detail: scope });
  }
  trail.at('resource');
  const named = form.many('resource');
  if (named.length > 1) throw new OAuthError('invalid_target', 'an access token is for one resource');
  const [identifier = ctx.issuer] = resourcesFor(ctx, named, scopes);
  // What it did not ask for by name is only narrowed to what the resource offers.
  if (asked !== undefined) requireKnownScopes(ctx, scopes, named);
  const resource = findResource(ctx, identifier);
  if (resource === undefined) throw new OAuthError('invalid_target', 'the resource is unknown');
  trail.at('authorization_details');
  const details = readDetails(ctx, form, client.metadata.authorizationDetailsTypes ?? []);
  if (detailsAt(details, resource.identifier).length < details.length)
    throw new OAuthError('invalid_authorization_details', 'the authorization details are for another resource');
  return { resource, scopes: scopesAt(resource, scopes), allowed, details };
}

/**
 * A token of a client for itself. No refresh token, no user, and nothing is written: the client has one grant for itself. Only what it asks for in
 * detail is a grant of its own.
 */
export async function issueOwnToken(ctx: Context, request: TokenRequest, target: OwnTarget): Promise<TokenResponse> {
  const { client, confirmation, now } = request;
  const { resource, scopes, details } = target;
  const own = ownLists(ctx, target);
  const ttl = ttlOf(client, resource);
  const { grant, secret } =
    details.length > 0
      ? await detailedOwnGrant(ctx, client, { scopes, resources: [resource.identifier], authorizationDetails: details, ttl, now })
      : { grant: await ctx.store.ownGrant(ctx.tenant, client.id, own.scopes, own.resources, ctx.keys.sealKeyId, now), secret: undefined };
  const token = await issueAccessToken(ctx, { grant, resource, scopes, secret, confirmation, details: ALL_DETAILS, ttl, now });
  return {
    access_token: token.text,
    token_type: tokenTypeOf(confirmation),
    expires_in: token.expiresIn,
    ...(scopes.length > 0 ? { scope: formatScope(scopes) } : {}),
    ...(details.length > 0 ? { authorization_details: details } : {}),
  };
}

function ttlOf(client: AuthenticatedClient, resource: ResourceConfig): number {
  return client.metadata.settings.accessTokenTtlSeconds ?? resource.tokenTtlSeconds;
}

/** One own grant serves whatever is asked of it, as long as a token can point at all of it; beyond that there is one for each resource. */
function ownLists(
  ctx: Context,
  { allowed, resource }: OwnTarget,
): { readonly scopes: readonly string[]; readonly resources: readonly string[] } {
  if (allowed.length > MAX_SCOPES || ctx.config.resources.length >= MAX_RESOURCES) {
    return { scopes: scopesAt(resource, allowed), resources: [resource.identifier] };
  }
  return { scopes: allowed, resources: [...ctx.config.resources.map(({ identifier }) => identifier), ctx.issuer] };
}

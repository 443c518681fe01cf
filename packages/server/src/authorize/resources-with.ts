import { type AuthorizationDetails, locationsOf } from '@hufu/protocol/authorization-details';
import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import { OPENID_SCOPES, resourcesFor } from '../tokens/resources.ts';

/**
 * The resources of a grant (RFC 8707 §2) with the `locations` of its details (RFC 9396 §2.2): where the request names its resources, each entry is for
 * one of them at least; where it names none, the locations count as named.
 */
export function resourcesWith(
  ctx: Context,
  named: readonly string[],
  scopes: readonly string[],
  details: AuthorizationDetails,
): readonly string[] {
  const locations = details.map(locationsOf).filter((uris) => uris.length > 0);
  if (named.length > 0) {
    if (!locations.every((uris) => uris.some((uri) => named.includes(uri))))
      throw new OAuthError('invalid_authorization_details', 'the authorization details are for none of the resources');
    return resourcesFor(ctx, named, scopes);
  }
  const wanted = [...new Set(locations.flat())];
  if (wanted.length > MAX_LOCATIONS)
    throw new OAuthError('invalid_authorization_details', `the authorization details are for more than ${MAX_LOCATIONS} resources`);
  // Nothing but the details says what it is for.
  const forScopes = wanted.length > 0 && scopes.every((scope) => OPENID_SCOPES.has(scope)) ? [] : resourcesFor(ctx, [], scopes);
  return [...new Set([...forScopes, ...wanted])];
}

const MAX_LOCATIONS = 8;

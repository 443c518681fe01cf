import { OAuthError } from '@hufu/protocol/errors';
import type { GrantRecord } from '@hufu/store/port';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { findResource, OPENID_SCOPES, scopesAt } from './resources.ts';

/** The resource and the scopes of a token request within a grant (RFC 6749 §6, RFC 8707 §2.2). */
export function narrow(
  ctx: Context,
  grant: Pick<GrantRecord, 'scopes' | 'resources'>,
  named: readonly string[],
  asked: readonly string[] | undefined,
  trail?: Trail,
): { readonly resource: ResourceConfig; readonly scopes: readonly string[] } {
  if (asked !== undefined) {
    for (const scope of asked) {
      if (!grant.scopes.includes(scope)) throw new OAuthError('invalid_scope', 'the scope was not granted', { detail: scope });
    }
  }
  trail?.at('resource');
  const [identifier, second] = named;
  if (second !== undefined) throw new OAuthError('invalid_target', 'an access token is for one resource');
  const wanted = asked ?? grant.scopes;
  const chosen = identifier ?? resourceOfGrant(ctx, grant, wanted);
  if (!grant.resources.includes(chosen))
    throw new OAuthError('invalid_target', 'the resource was not granted', { detail: chosen.slice(0, 200) });
  const resource = findResource(ctx, chosen);
  if (resource === undefined) throw new OAuthError('invalid_target', 'the resource is no longer there', { detail: chosen.slice(0, 200) });
  return { resource, scopes: scopesAt(resource, wanted) };
}

/** The grant's first resource that offers every API scope wanted, or its first. */
function resourceOfGrant(ctx: Context, grant: Pick<GrantRecord, 'resources'>, wanted: readonly string[]): string {
  const api = wanted.filter((scope) => !OPENID_SCOPES.has(scope));
  for (const identifier of grant.resources) {
    const resource = findResource(ctx, identifier);
    if (resource !== undefined && api.every((scope) => resource.scopes.includes(scope))) return identifier;
  }
  return grant.resources[0] ?? ctx.issuer;
}

import { OAuthError } from '@hufu/protocol/errors';
import type { ExchangeSettings } from '@hufu/protocol/exchange-settings';
import { readScope } from '@hufu/protocol/scope';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { ownScopes } from '../tokens/allowed-scopes.ts';
import { findResource } from '../tokens/resources.ts';
import type { TokenRequest } from './grant.ts';

export interface ExchangeTarget {
  readonly resource: ResourceConfig;
  readonly scopes: readonly string[];
}

/**
 * What an exchange is for (RFC 8693 §2.1): one resource of the client's policy, named by `resource` or `audience` or the only one there is; and
 * scopes that the subject token has, the policy and the registration allow, and the resource offers. Without `scope`: all of those.
 */
export function requireTarget(
  ctx: Context,
  { client, form, trail }: TokenRequest,
  policy: ExchangeSettings,
  subjectScopes: readonly string[],
): ExchangeTarget {
  trail.at('exchange_target');
  const identifier = requireOneAudience(form.many('resource'), form.many('audience'), policy.audiences);
  const resource = policy.audiences.includes(identifier) ? findResource(ctx, identifier) : undefined;
  if (resource === undefined)
    throw new OAuthError('invalid_target', 'the client may not get tokens for this audience', { detail: identifier.slice(0, 200) });
  trail.at('exchange_scope');
  const allowed = ownScopes(ctx, client).filter(
    (scope) => subjectScopes.includes(scope) && policy.scopes.includes(scope) && resource.scopes.includes(scope),
  );
  const asked = form.get('scope');
  const scopes = asked === undefined ? allowed : readScope(asked);
  for (const scope of scopes) {
    if (!allowed.includes(scope))
      throw new OAuthError('invalid_scope', 'the scope is not among those that can be exchanged', { detail: scope });
  }
  // A resource may take a token without scopes for one without limits.
  if (scopes.length === 0) throw new OAuthError('invalid_scope', 'nothing is left of the scopes');
  return { resource, scopes };
}

/** The one audience that is named, in either way (RFC 8693 §2.1); or the only one that there is. */
export function requireOneAudience(resources: readonly string[], audiences: readonly string[], only: readonly string[]): string {
  const named = new Set([...resources, ...audiences]);
  if (named.size > 1) throw new OAuthError('invalid_target', 'a token is for one audience');
  const [identifier = only.length === 1 ? only[0] : undefined] = named;
  if (identifier === undefined) throw new OAuthError('invalid_target', 'resource or audience is needed');
  return identifier;
}

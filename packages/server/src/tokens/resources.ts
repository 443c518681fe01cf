import { OAuthError } from '@hufu/protocol/errors';
import type { Client } from '../client-record.ts';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { adminApi } from './own-apis.ts';

/** The scopes that OpenID Connect defines (Core §5.4, §11): granted to users' grants beside those of any resource. */
export const OPENID_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'address', 'phone', 'offline_access']);

/** The resource that stands for this server's own userinfo endpoint: its tokens are opaque and live ten minutes. */
export function ownResource(issuer: string): ResourceConfig {
  return { identifier: issuer, scopes: [], tokenFormat: 'opaque', signingAlg: 'ES256', tokenTtlSeconds: 600 };
}

const offered = new WeakMap<Context, readonly ResourceConfig[]>();

/** What tokens may be for: the configured resources, and after them the administrators' API (whose scopes only a client has that names them). */
function resourcesOf(ctx: Context): readonly ResourceConfig[] {
  let all = offered.get(ctx);
  if (all === undefined) offered.set(ctx, (all = [...ctx.config.resources, adminApi(ctx.issuer)]));
  return all;
}

/** The configured resource of that identifier, or our own. */
export function findResource(ctx: Context, identifier: string): ResourceConfig | undefined {
  return (
    resourcesOf(ctx).find((resource) => resource.identifier === identifier) ??
    (identifier === ctx.issuer ? ownResource(ctx.issuer) : undefined)
  );
}

const MAX_RESOURCES = 8;

/**
 * The `resource` parameters of a request (RFC 8707 §2): not too many, each of a resource that there is, and one at least where the client's profile
 * wants that. Throws `invalid_target`.
 */
export function requireNamedResources(ctx: Context, { metadata }: Client, named: readonly string[]): void {
  if (named.length === 0 && metadata.rules.resource === 'required')
    throw new OAuthError('invalid_target', 'the client has to name the resource that its token is for');
  if (named.length > MAX_RESOURCES) throw new OAuthError('invalid_target', `a request is for at most ${MAX_RESOURCES} resources`);
  for (const identifier of named) {
    if (findResource(ctx, identifier) === undefined)
      throw new OAuthError('invalid_target', 'the resource is unknown', { detail: identifier.slice(0, 200) });
  }
}

/**
 * The resources that a request is for (RFC 8707 §2): those it names, or else the first in the list that offers all its API scopes, or
 * else the first for each scope that none of the earlier ones offers. Without API scopes: our own.
 */
export function resourcesFor(ctx: Context, named: readonly string[], scopes: readonly string[]): readonly string[] {
  if (named.length > 0) {
    for (const identifier of named) {
      if (findResource(ctx, identifier) === undefined)
        throw new OAuthError('invalid_target', 'the resource is unknown', { detail: identifier.slice(0, 200) });
    }
    return [...new Set(named)];
  }
  const wanted = scopes.filter((scope) => !OPENID_SCOPES.has(scope));
  if (wanted.length === 0) return [ctx.issuer];
  const all = resourcesOf(ctx).find((resource) => wanted.every((scope) => resource.scopes.includes(scope)));
  if (all !== undefined) return [all.identifier];
  const chosen: string[] = [];
  let left = wanted;
  for (const resource of resourcesOf(ctx)) {
    if (!left.some((scope) => resource.scopes.includes(scope))) continue;
    chosen.push(resource.identifier);
    left = left.filter((scope) => !resource.scopes.includes(scope));
  }
  return chosen.length > 0 ? chosen : [ctx.issuer];
}

/** The scopes of an access token for one resource: what it offers, and the OpenID scopes where a user is behind the grant. */
export function scopesAt(resource: ResourceConfig, scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => OPENID_SCOPES.has(scope) || resource.scopes.includes(scope));
}

/** Throws `invalid_scope` unless each scope is OpenID's or offered by one of the named resources (all, where none is named). */
export function requireKnownScopes(ctx: Context, scopes: readonly string[], named: readonly string[]): void {
  for (const scope of scopes) {
    if (OPENID_SCOPES.has(scope)) continue;
    const isOffered = resourcesOf(ctx).some(
      (resource) => (named.length === 0 || named.includes(resource.identifier)) && resource.scopes.includes(scope),
    );
    if (!isOffered) throw new OAuthError('invalid_scope', 'a scope is unknown at the resource', { detail: scope });
  }
}

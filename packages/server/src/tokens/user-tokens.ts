import { OAuthError } from '@hufu/protocol/errors';
import { formatScope } from '@hufu/protocol/scope';
import { writeHolder } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { sessionName } from '../sessions/session-name.ts';
import { issueAccessToken } from './issue-access-token.ts';
import { issueIdToken } from './issue-id-token.ts';
import { findResource, OPENID_SCOPES, scopesAt } from './resources.ts';
import type { TokenResponse } from './token-response.ts';

export interface UserTokens {
  readonly client: Client;
  /** As the exchange or the rotation left it. */
  readonly grant: GrantRecord;
  readonly secret: string;
  readonly resource: ResourceConfig;
  /** Of the access token; the refresh token keeps the grant's. */
  readonly scopes: readonly string[];
  readonly nonce: string | undefined;
  readonly now: number;
}

/** The response to an exchange or a refresh (RFC 6749 §5.1), minted from the row after it was taken. */
export async function userTokens(ctx: Context, tokens: UserTokens): Promise<TokenResponse> {
  const { client, grant, secret, resource, scopes, now } = tokens;
  const ttl = client.metadata.settings.accessTokenTtlSeconds ?? resource.tokenTtlSeconds;
  const access = await issueAccessToken(ctx, { grant, resource, scopes, secret, ttl, now });
  const response: { -readonly [K in keyof TokenResponse]: TokenResponse[K] } = {
    access_token: access.text,
    token_type: 'Bearer',
    expires_in: access.expiresIn,
  };
  if (isRefreshable(grant)) {
    response.refresh_token = writeHolder(
      ctx.keys.tally,
      'refresh',
      { keyId: grant.keyId, id: grant.id, generation: grant.generation },
      secret,
    );
  }
  if (scopes.includes('openid')) {
    const sid = grant.sessionId === undefined ? undefined : sessionName(ctx, grant.sessionId);
    response.id_token = issueIdToken(ctx, { grant, client, accessToken: access.text, nonce: tokens.nonce, sid, now });
  }
  if (scopes.length > 0) response.scope = formatScope(scopes);
  return response;
}

/** Whether a grant has refresh tokens: then, and only then, it has a longest time between two of them. */
export function isRefreshable(grant: GrantRecord): boolean {
  return grant.idleSeconds > 0;
}

/** The resource and the scopes of a token request within a grant (RFC 6749 §6, RFC 8707 §2.2). */
export function narrow(
  ctx: Context,
  grant: GrantRecord,
  named: readonly string[],
  asked: readonly string[] | undefined,
  trail: Trail,
): { readonly resource: ResourceConfig; readonly scopes: readonly string[] } {
  if (asked !== undefined) {
    for (const scope of asked) {
      if (!grant.scopes.includes(scope)) throw new OAuthError('invalid_scope', 'the scope was not granted', { detail: scope });
    }
  }
  trail.at('resource');
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
function resourceOfGrant(ctx: Context, grant: GrantRecord, wanted: readonly string[]): string {
  const api = wanted.filter((scope) => !OPENID_SCOPES.has(scope));
  for (const identifier of grant.resources) {
    const resource = findResource(ctx, identifier);
    if (resource !== undefined && api.every((scope) => resource.scopes.includes(scope))) return identifier;
  }
  return grant.resources[0] ?? ctx.issuer;
}

import type { Confirmation } from '@hufu/protocol/confirmation';
import { formatScope } from '@hufu/protocol/scope';
import { writeHolder } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { sidFor } from '../sessions/session-name.ts';
import { accessTokenTtl } from './access-token-ttl.ts';
import { detailsFor } from './authorization-details.ts';
import { detailsOf } from './details.ts';
import { grantedIdTokenClaims } from './granted-claims.ts';
import { issueAccessToken } from './issue-access-token.ts';
import { issueIdToken } from './issue-id-token.ts';
import { type TokenResponse, tokenTypeOf } from './token-response.ts';

export interface UserTokens {
  readonly client: Client;
  /** As the exchange or the rotation left it. */
  readonly grant: GrantRecord;
  readonly secret: string;
  readonly resource: ResourceConfig;
  /** Of the access token; the refresh token keeps the grant's. */
  readonly scopes: readonly string[];
  /** Which of the grant's authorization details the access token has, as `AccessExtension.details`; undefined: all that are for its resource. */
  readonly details?: number;
  readonly nonce: string | undefined;
  /** The `auth_req_id` where they are pushed (OpenID Connect CIBA §10.3.1). */
  readonly pushedFor?: string;
  /** The key that the access token is bound to. */
  readonly confirmation: Confirmation | undefined;
  readonly now: number;
}

/** The response to an exchange or a refresh (RFC 6749 §5.1), minted from the row after it was taken. */
export async function userTokens(ctx: Context, tokens: UserTokens): Promise<TokenResponse> {
  const { client, grant, secret, resource, scopes, confirmation, now } = tokens;
  const details = tokens.details ?? detailsFor(grant, resource.identifier);
  const ttl = accessTokenTtl(client, resource);
  const access = await issueAccessToken(ctx, { grant, resource, scopes, secret, confirmation, details, ttl, now });
  const response: { -readonly [K in keyof TokenResponse]: TokenResponse[K] } = {
    access_token: access.text,
    token_type: tokenTypeOf(confirmation),
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
    const sid = grant.sessionId === undefined ? undefined : sidFor(ctx, client, grant.sessionId);
    const { subject, authTime, amr } = grant;
    const claims = grant.claims === undefined ? {} : await grantedIdTokenClaims(ctx, grant);
    const pushed = tokens.pushedFor === undefined ? undefined : { authReqId: tokens.pushedFor, refreshToken: response.refresh_token };
    const about = { client, subject, authTime, amr, sid, nonce: tokens.nonce, accessToken: access.text, pushed, claims, now };
    response.id_token = await issueIdToken(ctx, about);
  }
  if (scopes.length > 0) response.scope = formatScope(scopes);
  const authorizationDetails = detailsOf(grant.authorizationDetails, details);
  if (authorizationDetails !== undefined) response.authorization_details = authorizationDetails;
  return response;
}

/** Whether a grant has refresh tokens: then, and only then, it has a longest time between two of them. */
export function isRefreshable(grant: GrantRecord): boolean {
  return grant.idleSeconds > 0;
}

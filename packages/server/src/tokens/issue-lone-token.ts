import type { Confirmation } from '@hufu/protocol/confirmation';
import { formatScope } from '@hufu/protocol/scope';
import { ALL_DETAILS, SECRET_LENGTH } from '@hufu/protocol/tally';
import type { GrantRefusal, NewGrant } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { accessTokenTtl } from './access-token-ttl.ts';
import { issueAccessToken } from './issue-access-token.ts';
import { derivedSecret, sha256 } from './secrets.ts';
import { type TokenResponse, tokenTypeOf } from './token-response.ts';

/** An access token with a grant of its own: nothing refreshes it, and it ends with its grant. */
export interface LoneToken {
  readonly client: Client;
  /** Undefined: nobody of ours. */
  readonly userId: NewGrant['userId'];
  readonly subject: string;
  readonly sessionId?: NewGrant['sessionId'];
  /** When the subject authenticated; undefined where nobody says. */
  readonly authTime: number | undefined;
  readonly amr: readonly string[];
  readonly resource: ResourceConfig;
  readonly scopes: readonly string[];
  /** The grant that it comes from (RFC 8693), and who acts. */
  readonly parentId?: NewGrant['parentId'];
  readonly actor?: NewGrant['actor'];
  readonly authorizationDetails?: NewGrant['authorizationDetails'];
  /** It never lives longer, in seconds since 1970. */
  readonly latestEnd?: number;
  readonly confirmation: Confirmation | undefined;
  readonly now: number;
}

export type LoneTokenIssue =
  | { readonly kind: 'issued'; readonly response: TokenResponse }
  | { readonly kind: 'refused'; readonly reason: GrantRefusal };

/** Makes the grant, and the one token that it is for. The store looks at user, client, session and parent once more in the act. */
export async function issueLoneToken(ctx: Context, request: LoneToken): Promise<LoneTokenIssue> {
  const { client, resource, scopes, confirmation, now } = request;
  const lifetime = accessTokenTtl(client, resource);
  const expiresAt = Math.min(now + lifetime, request.latestEnd ?? Number.POSITIVE_INFINITY);
  // Its holder's secret stays nowhere: there is nothing that it could be exchanged for.
  const secret = ctx.random.text(SECRET_LENGTH);
  const keyId = ctx.keys.sealKeyId;
  const common = {
    userId: request.userId,
    subject: request.subject,
    clientId: client.id,
    clientVersion: client.record.version === 0 ? undefined : client.record.version,
    sessionId: request.sessionId,
    authTime: request.authTime,
    scopes,
    resources: [resource.identifier],
    amr: request.amr,
    offline: request.sessionId === undefined,
    claims: undefined,
    parentId: request.parentId,
    actor: request.actor,
    authorizationDetails: request.authorizationDetails,
    keyId,
    expiresAt,
    needsConsent: false,
    participation: undefined,
  };
  const created = await ctx.store.createGrant(
    ctx.tenant,
    {
      ...common,
      credential: { kind: 'access_token', accessHash: sha256(derivedSecret(secret)), maxGrants: client.metadata.settings.maxGrantsPerUser },
    },
    now,
  );
  if (created.kind === 'refused') return created;
  const grant = { ...common, id: created.id, generation: 1, rotatedAt: now, hasRevokedTokens: false };
  const token = await issueAccessToken(ctx, {
    grant,
    resource,
    scopes,
    secret,
    confirmation,
    details: ALL_DETAILS,
    ttl: expiresAt - now,
    now,
  });
  return {
    kind: 'issued',
    response: {
      access_token: token.text,
      token_type: tokenTypeOf(confirmation),
      expires_in: token.expiresIn,
      ...(scopes.length > 0 ? { scope: formatScope(scopes) } : {}),
      ...(request.authorizationDetails === undefined ? {} : { authorization_details: request.authorizationDetails }),
    },
  };
}

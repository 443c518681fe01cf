import type { AuthorizationDetails } from '@hufu/protocol/authorization-details';
import { OAuthError } from '@hufu/protocol/errors';
import { SECRET_LENGTH } from '@hufu/protocol/tally';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import type { Context } from '../context.ts';
import type { IssuingGrant } from '../tokens/issue-access-token.ts';
import { derivedSecret, sha256 } from '../tokens/secrets.ts';

/** Live grants with details of one client; the oldest fall. */
const MAX_DETAILED_GRANTS = 10_000;

export interface Detailed {
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  readonly authorizationDetails: AuthorizationDetails;
  /** Seconds. */
  readonly ttl: number;
  readonly now: number;
}

/** A grant of a client for itself, for one token: what was asked for in detail (RFC 9396 §6.1) is in its row, for introspection. */
export async function detailedOwnGrant(
  ctx: Context,
  client: AuthenticatedClient,
  { ttl, now, ...wanted }: Detailed,
): Promise<{ readonly grant: IssuingGrant; readonly secret: string }> {
  const secret = ctx.random.text(SECRET_LENGTH);
  const keyId = ctx.keys.sealKeyId;
  const expiresAt = now + ttl;
  const common = { ...wanted, subject: client.id, clientId: client.id, amr: [], keyId, expiresAt };
  const created = await ctx.store.createGrant(
    ctx.tenant,
    {
      ...common,
      userId: undefined,
      clientVersion: client.record.version,
      sessionId: undefined,
      authTime: now,
      offline: false,
      claims: undefined,
      needsConsent: false,
      participation: undefined,
      credential: { kind: 'access_token', accessHash: sha256(derivedSecret(secret)), maxGrants: MAX_DETAILED_GRANTS },
    },
    now,
  );
  if (created.kind === 'refused')
    throw new OAuthError('unauthorized_client', 'the client has changed; start again', { detail: created.reason });
  return { grant: { ...common, parentId: undefined, id: created.id, generation: 1, rotatedAt: now, hasRevokedTokens: false }, secret };
}

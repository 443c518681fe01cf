import { OAuthError } from '@hufu/protocol/errors';
import { readScope } from '@hufu/protocol/scope';
import { SECRET_LENGTH } from '@hufu/protocol/tally';
import type { UserRecord } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { allowedScopes } from '../tokens/allowed-scopes.ts';
import { findResource, requireKnownScopes, resourcesFor, scopesAt } from '../tokens/resources.ts';
import { sha256 } from '../tokens/secrets.ts';
import { subjectFor } from '../tokens/subject.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { userTokens } from '../tokens/user-tokens.ts';
import type { TokenRequest } from './grant.ts';
import { redemption } from './redemption.ts';
import { tellReplaced } from './tell-replaced.ts';
import { tooManyDevices } from './too-many-devices.ts';

/** Seconds between the two acts that make a grant with refresh tokens. */
const CODE_SECONDS = 60;
/** Grants of one user and client between the two acts. */
const MAX_CODES = 20;

/** What a user's tokens are for. */
export interface Target {
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
}

/** A request for a user's tokens without a page: its client, and what it came with. */
export type UnseenRequest = Pick<TokenRequest, 'form' | 'trail' | 'confirmation' | 'instance' | 'now'> & { readonly client: Client };

/** The scopes and the resource that a request names, such as the client may have. Throws `invalid_scope`, `invalid_target`. */
export function readTarget(ctx: Context, { client, form, trail }: UnseenRequest): Target {
  trail.at('scope');
  const allowed = allowedScopes(ctx, client);
  const asked = form.get('scope');
  const scopes = asked === undefined ? [] : readScope(asked);
  for (const scope of scopes)
    if (!allowed.includes(scope)) throw new OAuthError('invalid_scope', 'the client may not ask for this scope', { detail: scope });
  trail.at('resource');
  const named = form.many('resource');
  if (named.length > 1) throw new OAuthError('invalid_target', 'an access token is for one resource');
  requireKnownScopes(ctx, scopes, named);
  return { scopes, resources: resourcesFor(ctx, named, scopes) };
}

/**
 * Tokens of a user who was not at a page, as of a code that is exchanged at once: so the client has refresh tokens where it is registered for them. `refused`, where
 * the user or the client may have none; throws where the user has too many devices.
 */
export async function issueAtOnce(
  ctx: Context,
  request: UnseenRequest,
  user: UserRecord,
  { scopes, resources }: Target,
): Promise<TokenResponse | { readonly kind: 'refused'; readonly detail: string }> {
  const { client, instance, confirmation, now } = request;
  const keyId = ctx.keys.sealKeyId;
  const resource = findResource(ctx, resources[0] ?? ctx.issuer);
  if (resource === undefined) throw new OAuthError('invalid_target', 'the resource is unknown');
  request.trail.scopes = scopesAt(resource, scopes);
  const created = await ctx.store.createGrant(
    ctx.tenant,
    {
      userId: user.id,
      subject: subjectFor(ctx, client, user),
      clientId: client.id,
      clientVersion: client.record.version === 0 ? undefined : client.record.version,
      sessionId: undefined,
      scopes,
      resources,
      authTime: now,
      amr: ['pwd'],
      offline: true,
      claims: undefined,
      needsConsent: false,
      participation: undefined,
      keyId,
      expiresAt: now + CODE_SECONDS,
      credential: { kind: 'code', codeHash: sha256(ctx.random.text(SECRET_LENGTH)), codeRequest: {}, maxCodes: MAX_CODES },
    },
    now,
  );
  if (created.kind === 'refused') return { kind: 'refused', detail: created.reason };
  const secret = ctx.random.text(SECRET_LENGTH);
  const grant = { offline: true };
  const taken = await ctx.store.exchangeCode(
    ctx.tenant,
    created.id,
    redemption(ctx, { client, grant, secret, resource, refresh: true, instance, confirmation, now }),
    now,
  );
  request.trail.at('devices');
  if (taken.kind === 'refused') throw tooManyDevices();
  if (taken.kind === 'lost') return { kind: 'refused', detail: 'the grant died at once' };
  await tellReplaced(ctx, client, taken, now);
  return userTokens(ctx, {
    client,
    grant: taken.grant,
    secret,
    resource,
    scopes: request.trail.scopes,
    nonce: undefined,
    confirmation,
    now,
  });
}

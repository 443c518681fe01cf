import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import { grantId } from '@hufu/protocol/ids';
import { readScope } from '@hufu/protocol/scope';
import { readHolder } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import { asClient } from '../audit/acting.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { requireKey } from '../sender/require-key.ts';
import { allowedScopes } from '../tokens/allowed-scopes.ts';
import { narrowDetails } from '../tokens/authorization-details.ts';
import { type EndOfGrant, endOfGrant, tellEnd } from '../tokens/end-of-grant.ts';
import { narrow } from '../tokens/narrow.ts';
import { sha256 } from '../tokens/secrets.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { isRefreshable, userTokens } from '../tokens/user-tokens.ts';
import type { TokenRequest } from './grant.ts';

const REFRESH_REFUSED = 'the refresh token is invalid, expired, revoked, or was issued to another client';

/**
 * The refresh (RFC 6749 §6), loss-free: the current generation becomes the next, once; the generation before it gets the same successor
 * again while it may (docs/decisions/0002); anything older is theft and revokes the grant (RFC 9700 §4.14.2).
 */
export async function refreshToken(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  const { client, form, trail, now } = request;
  const token = form.get('refresh_token');
  if (token === undefined) throw new OAuthError('invalid_request', 'refresh_token is missing');
  trail.at('credential_form');
  const credential = readHolder(ctx.keys.tally, 'refresh', token);
  if (credential === undefined || credential.generation < 1) throw refused('the refresh token is not one of ours, or was changed');
  trail.at('grant_known');
  const grant = await ctx.store.findGrant(ctx.tenant, grantId(credential.id));
  if (grant === undefined) throw refused('no grant has this refresh token; it may have expired long ago');
  trail.at('grant_owner');
  if (grant.clientId !== client.id) {
    ctx.log.warn('grant.foreign_client', { grant: grant.id, client: client.id });
    throw refused(`issued to ${grant.clientId}`);
  }
  trail.at('secret');
  if (grant.secretHash === undefined || !equalText(grant.secretHash, sha256(credential.secret)))
    throw refused('its secret is not the one the row knows');
  trail.grant = grant;
  const end = findEnd(grant, request);
  if (end !== undefined) throw await ended(ctx, client, grant, end);
  // Before the generations: an old refresh token in the hands of somebody without the key is worth nothing, and ends nothing.
  if (grant.boundKey === undefined && client.metadata.settings.devices.binding !== 'none')
    throw refused('it is bound to no key, and the client is held to one device by now');
  if (grant.boundKey !== undefined) requireBoundKey(ctx, grant, grant.boundKey, request);
  trail.at('generation');
  if (credential.generation > grant.generation) throw refused('a generation that has not been issued');
  if (credential.generation < grant.generation) requireOverlap(await overlap(ctx, grant, credential.generation, request));
  trail.at('scope');
  const asked = form.get('scope');
  const scopes = stillRegistered(ctx, client, grant, asked === undefined ? undefined : readScope(asked));
  const target = narrow(ctx, grant, form.many('resource'), scopes, trail);
  trail.at('authorization_details');
  const details = narrowDetails(ctx, client, grant, form, target.resource.identifier);
  trail.scopes = target.scopes;

  const current = credential.generation === grant.generation && rotates(client) ? await rotated(ctx, grant, request) : grant;
  return userTokens(ctx, {
    client,
    grant: current,
    secret: credential.secret,
    ...target,
    details,
    nonce: undefined,
    confirmation: request.confirmation,
    now,
  });
}

/** A public client refreshes with the key that its code was exchanged with (RFC 9449 §5, RFC 8705 §4), an attested instance with its own. */
function requireBoundKey(ctx: Context, grant: GrantRecord, boundKey: string, request: TokenRequest): void {
  try {
    requireKey(boundKey, { confirmation: request.instance ?? request.confirmation, trail: request.trail }, REFRESH_REFUSED);
  } catch (error) {
    ctx.log.warn('refresh_token.foreign_key', { grant: grant.id, client: grant.clientId });
    throw error;
  }
}

/** Whether each refresh brings a new refresh token. A client that proves itself may do without (FAPI 2.0 Security Profile §5.3.2.1). */
export function rotates(client: Client): boolean {
  const { settings, rules } = client.metadata;
  return !client.confidential || (settings.refreshToken.rotation !== 'off' && rules.rotation !== 'off');
}

/** The row after this request's rotation, or after that of whoever was faster: both hold the same successor. */
async function rotated(ctx: Context, grant: GrantRecord, request: TokenRequest): Promise<GrantRecord> {
  const taken = await ctx.store.rotate(ctx.tenant, grant.id, grant.generation, ctx.keys.sealKeyId, request.now);
  if (taken.kind === 'taken') return taken.grant;
  request.trail.at('grant_known');
  if (taken.grant === undefined) throw refused('the grant went while it was being refreshed');
  const end = findEnd(taken.grant, request);
  if (end !== undefined) throw await ended(ctx, request.client, taken.grant, end);
  request.trail.at('generation');
  requireOverlap(await overlap(ctx, taken.grant, grant.generation, request));
  return taken.grant;
}

/** What the client may ask for by now, of what was granted: a registration that has lost scopes is never refreshed around. Undefined: all of the grant. */
function stillRegistered(
  ctx: Context,
  client: Client,
  grant: GrantRecord,
  asked: readonly string[] | undefined,
): readonly string[] | undefined {
  const allowed = allowedScopes(ctx, client);
  if (grant.scopes.every((scope) => allowed.includes(scope))) return asked;
  const left = (asked ?? grant.scopes).filter((scope) => allowed.includes(scope));
  if (left.length === 0) throw refused('the client may not ask for any of the scopes any more');
  return left;
}

/** Why the grant is worth nothing any more; undefined while it lives. Throws `invalid_grant` where it never was for refreshing. */
function findEnd(grant: GrantRecord, { trail, client, now }: TokenRequest): EndOfGrant | undefined {
  trail.at('grant_live');
  const end = endOfGrant(grant, now, isRefreshable(grant) ? 'refresh' : 'access');
  if (end !== undefined && end.word !== 'session_expired') return end;
  trail.at('client_grant_type');
  if (!isRefreshable(grant) || !client.metadata.grantTypes.includes('refresh_token')) throw refused('the grant has no refresh tokens');
  // What was given at the authorization endpoint rests on an address of the client's.
  if (grant.sessionId !== undefined && client.metadata.redirectUris.length === 0) throw refused('the client has no redirect URI any more');
  trail.at('grant_fresh');
  return end;
}

/** Whoever gets here has its secret, and may learn why it is worth nothing. */
async function ended(ctx: Context, client: Client, grant: GrantRecord, end: EndOfGrant): Promise<OAuthError> {
  const { description, detail } = await tellEnd(ctx, client, grant, end, REFRESH_REFUSED);
  return new OAuthError('invalid_grant', description, { detail });
}

/**
 * Whether a refresh token that is not the current one may have the current one again: it is the one just before it, and the client
 * proved itself (then until the successor is used) or the overlap is not over. Otherwise the grant is revoked.
 */
async function overlap(ctx: Context, grant: GrantRecord, generation: number, { client, now }: TokenRequest): Promise<'again' | 'theft'> {
  const previous = generation === grant.generation - 1;
  if (previous && (client.confidential || now - grant.rotatedAt <= ctx.config.policies.refreshTokens.overlapSeconds)) return 'again';
  await asClient(ctx, grant.clientId).revokeGrant(ctx.tenant, grant.id, 'refresh_token_replayed', now);
  ctx.log.warn('refresh_token.replayed', { grant: grant.id, client: grant.clientId, presented: generation, current: grant.generation });
  return 'theft';
}

function requireOverlap(verdict: 'again' | 'theft'): void {
  if (verdict === 'theft') throw refused('it was used before and its successor is in use; the grant is revoked');
}

function refused(detail: string): OAuthError {
  return new OAuthError('invalid_grant', REFRESH_REFUSED, { detail });
}

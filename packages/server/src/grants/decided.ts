import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import { CIBA, DEVICE_CODE } from '@hufu/protocol/grant-type';
import type { GrantId } from '@hufu/protocol/ids';
import { readHolder, SECRET_LENGTH } from '@hufu/protocol/tally';
import type { PendingAuthorization } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { hashPendingSecret } from '../pending/pending-request.ts';
import { endOfGrant, tellEnd } from '../tokens/end-of-grant.ts';
import { narrow } from '../tokens/narrow.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { userTokens } from '../tokens/user-tokens.ts';
import { requireNoDetails } from './asserted-token.ts';
import type { TokenRequest } from './grant.ts';
import { redemption } from './redemption.ts';
import { tellReplaced } from './tell-replaced.ts';
import { tooManyDevices } from './too-many-devices.ts';

type Kind = PendingAuthorization['kind'];

const ONE_RECORD_SECONDS = 600;
const REFUSED = 'the code is invalid, was used before, or was issued to another client';

export function grantTypeOf(kind: Kind): string {
  return kind === 'device' ? DEVICE_CODE : CIBA;
}

/**
 * The token request for something that a user decides elsewhere (RFC 8628 §3.4, OpenID Connect CIBA §10.1): it says how things stand, and once they have
 * agreed it is an exchange, generation 0 → 1, once. What was granted is what they saw: `scope` is not heard.
 */
export async function exchangeDecided(ctx: Context, request: TokenRequest, kind: Kind, text: string): Promise<TokenResponse> {
  const { client, trail } = request;
  requireNoDetails(request);
  trail.at('credential_form');
  const credential = readHolder(ctx.keys.tally, kind, text);
  if (credential === undefined) throw refused('it is not one of ours, or was changed');
  trail.at('grant_known');
  const pending = await ctx.store.findPending(ctx.tenant, credential.id);
  if (pending === undefined || pending.kind !== kind) throw refused('no request has it; it may have expired long ago');
  trail.at('grant_owner');
  if (pending.clientId !== client.id) {
    ctx.log.warn('grant.foreign_client', { pending: pending.id, client: client.id });
    throw refused(`issued to ${pending.clientId}`);
  }
  trail.at('secret');
  if (!equalText(pending.secretHash, hashPendingSecret(kind, credential.secret))) throw refused('its secret is not the one the row knows');
  return redeem(ctx, request, await requireApproved(ctx, request, pending));
}

/** The grant of a request that was approved. Throws what RFC 8628 §3.5 says of any other. */
async function requireApproved(ctx: Context, { client, trail, now }: TokenRequest, found: PendingAuthorization): Promise<GrantId> {
  const { kind } = found;
  let pending = found;
  if (pending.decision.kind === 'pending') {
    trail.repeats = `pending ${pending.id}`;
    trail.at('grant_fresh');
    requireFresh(pending, now);
    trail.at('poll_interval');
    const noted = await ctx.store.notePoll(ctx.tenant, pending.id, now);
    if (noted.kind === 'unknown') throw refused('the request went while it was being asked about');
    pending = noted.pending;
    if (noted.kind === 'too_soon' && pending.decision.kind === 'pending') {
      throw new OAuthError('slow_down', 'wait longer between two requests', { detail: `every ${pending.intervalSeconds} s`, status: 400 });
    }
  }
  trail.at('decided');
  switch (pending.decision.kind) {
    case 'pending':
      // All that wait at one client wait for the same reason: a fleet of devices is one record every ten minutes, not one each.
      trail.repeats = `waiting ${kind} ${client.id} ${Math.floor(now / ONE_RECORD_SECONDS)}`;
      throw new OAuthError('authorization_pending', 'the user has not decided yet');
    case 'denied':
      throw new OAuthError('access_denied', 'the user said no', { status: 400 });
    case 'approved':
      return pending.decision.grantId;
  }
}

async function redeem(ctx: Context, request: TokenRequest, id: GrantId): Promise<TokenResponse> {
  const { client, form, trail, instance, confirmation, now } = request;
  trail.at('grant_known');
  const grant = await ctx.store.findGrant(ctx.tenant, id);
  if (grant === undefined) throw refused('its grant is gone');
  trail.grant = grant;
  trail.at('generation');
  if (grant.generation > 0) throw refused('it was used before');
  trail.at('grant_live');
  const end = endOfGrant(grant, now, 'access');
  if (end !== undefined) {
    const { description, detail } = await tellEnd(ctx, client, grant, end, REFUSED);
    throw new OAuthError('invalid_grant', description, { detail });
  }
  trail.at('grant_fresh');
  requireFresh(grant, now);
  const { resource, scopes } = narrow(ctx, grant, form.many('resource'), undefined, trail);
  trail.scopes = scopes;
  const secret = ctx.random.text(SECRET_LENGTH);
  const taken = await ctx.store.exchangeCode(
    ctx.tenant,
    grant.id,
    redemption(ctx, { client, grant, secret, resource, refresh: true, instance, confirmation, now }),
    now,
  );
  trail.at('devices');
  if (taken.kind === 'refused') throw tooManyDevices();
  trail.at('generation');
  if (taken.kind === 'lost') throw refused('it was used before, or its grant died, a moment ago');
  await tellReplaced(ctx, client, taken, now);
  return userTokens(ctx, { client, grant: taken.grant, secret, resource, scopes, nonce: undefined, confirmation, now });
}

function requireFresh({ expiresAt }: { readonly expiresAt: number }, now: number): void {
  if (expiresAt <= now)
    throw new OAuthError('expired_token', 'nobody decided in time; start again', { detail: `${now - expiresAt} seconds ago` });
}

function refused(detail: string): OAuthError {
  return new OAuthError('invalid_grant', REFUSED, { detail });
}

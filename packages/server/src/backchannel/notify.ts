import { equalText } from '@hufu/protocol/equal-text';
import type { PendingAuthorization } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { redemption } from '../grants/redemption.ts';
import { tellReplaced } from '../grants/tell-replaced.ts';
import { OutboundRedirected, OutboundRefused, postJsonOutbound } from '../outbound/fetch-outbound.ts';
import { findClientOf } from '../pending/client-of-pending.ts';
import { type Notice, readPendingRequest } from '../pending/pending-request.ts';
import { endOfGrant } from '../tokens/end-of-grant.ts';
import { narrow } from '../tokens/narrow.ts';
import { sha256 } from '../tokens/secrets.ts';
import { userTokens } from '../tokens/user-tokens.ts';
import { authReqIdOf, openNotificationToken, pushedSecret } from './notice.ts';

/** What became of one attempt. `failed`: it may be tried again. `hopeless`: that would change nothing. */
export type Notified = { readonly kind: 'notified' } | { readonly kind: 'failed' | 'hopeless'; readonly reason: string };

const LIMITS = { maxBytes: 65_536, timeoutMs: 5_000 };
const MAX_REASON = 200;

/**
 * Tells a client that a user has decided: with `ping` that it may ask (OpenID Connect CIBA §10.2), with `push` by the tokens themselves (§10.3) or the error (§12).
 * Throws `StoreUnavailable`: then nobody knows, and the lease gives it back.
 */
export async function notifyClient(ctx: Context, pending: PendingAuthorization): Promise<Notified> {
  const now = Math.floor(ctx.clock.nowMs() / 1000);
  const { notice } = readPendingRequest(pending);
  const client = await findClientOf(ctx, pending);
  const asked = client?.metadata.backchannelAuthentication;
  if (client === undefined || notice === undefined || asked?.mode !== notice.mode) return hopeless('the client does not want it any more');
  if (asked.notificationEndpoint === undefined) return hopeless('the client has no backchannel_client_notification_endpoint any more');
  const auth_req_id = authReqIdOf(ctx, pending.id, notice);
  const body = notice.mode === 'ping' ? { auth_req_id } : await pushed(ctx, client, pending, notice, auth_req_id, now);
  if (typeof body === 'string') return hopeless(body);
  const bearer = openNotificationToken(ctx, client.id, notice);
  try {
    const limits = { ...LIMITS, allow: ctx.config.policies.outboundAllowHosts };
    const { status } = await postJsonOutbound(asked.notificationEndpoint, JSON.stringify(body), bearer, limits);
    if (status >= 200 && status < 300) return { kind: 'notified' };
    return { kind: status >= 500 || status === 429 ? 'failed' : 'hopeless', reason: `the client answered ${status}` };
  } catch (error) {
    // A redirect is an answer (OpenID Connect CIBA §10.2), and nobody follows it.
    if (error instanceof OutboundRefused)
      return { kind: error instanceof OutboundRedirected ? 'hopeless' : 'failed', reason: error.message.slice(0, MAX_REASON) };
    throw error;
  }
}

/** What is pushed: the token response with the `auth_req_id` (OpenID Connect CIBA §10.3.1), or the error (§12). A text says why there is nothing to push. */
async function pushed(
  ctx: Context,
  client: Client,
  pending: PendingAuthorization,
  { seed }: Notice,
  auth_req_id: string,
  now: number,
): Promise<object | string> {
  const { decision } = pending;
  if (decision.kind !== 'approved') return { auth_req_id, error: 'access_denied', error_description: 'the user said no' };
  const secret = pushedSecret(ctx, seed);
  const found = await ctx.store.findGrant(ctx.tenant, decision.grantId);
  if (found === undefined) return 'its grant is gone';
  const { resource, scopes } = narrow(ctx, found, [], undefined);
  let grant = found;
  if (found.generation === 0) {
    const taken = await ctx.store.exchangeCode(
      ctx.tenant,
      found.id,
      redemption(ctx, { client, grant: found, secret, resource, refresh: true, instance: undefined, confirmation: undefined, now }),
      now,
    );
    if (taken.kind === 'refused') return 'the user has too many devices at this client';
    if (taken.grant === undefined) return 'its grant went';
    if (taken.kind === 'taken') await tellReplaced(ctx, client, taken, now);
    grant = taken.grant;
  }
  const end = endOfGrant(grant, now, 'refresh');
  if (end !== undefined) return end.detail;
  // After a refresh there is nothing left to push: somebody has the tokens.
  if (grant.generation !== 1 || !equalText(grant.secretHash ?? '', sha256(secret))) return 'its tokens are in use';
  const tokens = await userTokens(ctx, {
    client,
    grant,
    secret,
    resource,
    scopes,
    nonce: undefined,
    confirmation: undefined,
    pushedFor: auth_req_id,
    now,
  });
  return { auth_req_id, ...tokens };
}

function hopeless(reason: string): Notified {
  return { kind: 'hopeless', reason };
}

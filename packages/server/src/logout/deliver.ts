import { OAuthError } from '@hufu/protocol/errors';
import { writeForm } from '@hufu/protocol/form';
import { type Delivery, StoreUnavailable } from '@hufu/store/port';
import { findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { OutboundRefused, postOutbound } from '../outbound/fetch-outbound.ts';
import { issueLogoutToken } from './logout-token.ts';
import { retryAt } from './retry.ts';

/** What became of one attempt to tell a client. */
export type Attempt =
  | { readonly kind: 'delivered' }
  /** `unanswered`: it did not even say no. `hopeless`: trying again would change nothing. */
  | { readonly kind: 'failed'; readonly reason: string; readonly hope: 'answered' | 'unanswered' | 'hopeless' };

/** A client has a moment, as people wait for nobody (attacks LOG-10); what it answers beyond a word is not read. */
const LIMITS = { maxBytes: 65_536, timeoutMs: 5_000 };
const MAX_REASON = 200;

/**
 * Tells one client that a session has ended (OpenID Connect Back-Channel Logout §2.5). 200 and 204 mean that it has heard (§2.8); a redirect is not
 * followed. Throws `StoreUnavailable`: then nobody knows, and the lease gives the delivery back.
 */
export async function attemptDelivery(ctx: Context, delivery: Delivery): Promise<Attempt> {
  const client = await findStoredClient(ctx, delivery.clientId);
  if (client === undefined) return hopeless('the client is gone');
  if (!client.record.enabled) return hopeless('the client is switched off');
  const uri = client.metadata.backchannelLogout?.uri;
  if (uri === undefined) return hopeless('the client has no backchannel_logout_uri any more');
  try {
    const token = await issueLogoutToken(ctx, client, delivery, Math.floor(ctx.clock.nowMs() / 1000));
    const form = writeForm([['logout_token', token]]);
    const { status } = await postOutbound(uri, form, { ...LIMITS, allow: ctx.config.policies.outboundAllowHosts });
    if (status === 200 || status === 204) return { kind: 'delivered' };
    return { kind: 'failed', reason: `the client answered ${status}`, hope: 'answered' };
  } catch (error) {
    if (error instanceof OutboundRefused) return { kind: 'failed', reason: error.message.slice(0, MAX_REASON), hope: 'unanswered' };
    if (error instanceof StoreUnavailable) throw error;
    // A key that the client named and does not have: its own to mend.
    if (error instanceof OAuthError)
      return { kind: 'failed', reason: (error.detail ?? error.description).slice(0, MAX_REASON), hope: 'answered' };
    throw error;
  }
}

/** Writes down what became of it: gone, due again, or dead. */
export async function settle(ctx: Context, delivery: Delivery, attempt: Attempt): Promise<void> {
  const now = Math.floor(ctx.clock.nowMs() / 1000);
  const about = { client_id: delivery.clientId, attempt: delivery.attempt };
  if (attempt.kind === 'delivered') {
    await ctx.store.settleDelivery(ctx.tenant, delivery.id, delivery.attempt, { kind: 'delivered' }, now);
    ctx.log.info('logout.delivered', about);
    return;
  }
  const dueAt = attempt.hope === 'hopeless' ? undefined : retryAt(delivery.attempt, delivery.createdAt, now);
  await ctx.store.settleDelivery(ctx.tenant, delivery.id, delivery.attempt, { kind: 'failed', error: attempt.reason, dueAt }, now);
  if (dueAt === undefined) ctx.log.warn('logout.dead', { ...about, reason: attempt.reason });
  else ctx.log.info('logout.failed', { ...about, reason: attempt.reason, again_in: dueAt - now });
}

function hopeless(reason: string): Attempt {
  return { kind: 'failed', reason, hope: 'hopeless' };
}

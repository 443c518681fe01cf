import type { WebhookRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { OutboundRedirected, OutboundRefused, requestOutbound } from '../outbound/fetch-outbound.ts';
import { type Message, signMessage } from './message.ts';
import { signingKeys } from './secrets.ts';

/** What became of one request. `patience`: how long the same event is worth trying again. */
export type Attempt =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly reason: 'refused' | 'unreachable' | 'gone'; readonly patience: 'long' | 'short' };

/** From the look-up of the name to the status; of the body nothing is read (attacks SSR-07, SSR-09). */
const LIMITS = { maxBytes: 0, timeoutMs: 5_000 };
/** Statuses below 500 by which a receiver asks for patience (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4). */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);
/** What Standard Webhooks has for "send me no more". */
const GONE = 410;

/** Sends one message, signed by each secret that is good. What the receiver answers is a status, and is told to nobody but this server's log (attacks SSR-07). */
export async function attemptMessage(
  ctx: Context,
  webhook: Pick<WebhookRecord, 'id' | 'url' | 'secrets'>,
  message: Message,
): Promise<Attempt> {
  const now = Math.floor(ctx.clock.nowMs() / 1000);
  const headers = { 'content-type': 'application/json', ...signMessage(message, signingKeys(ctx, webhook, now), now) };
  try {
    const allow = ctx.config.policies.outboundAllowHosts;
    const { status } = await requestOutbound(webhook.url, { method: 'POST', headers, body: message.body }, { ...LIMITS, allow });
    return judge(status);
  } catch (error) {
    if (error instanceof OutboundRedirected) return { kind: 'failed', reason: 'refused', patience: 'short' };
    if (error instanceof OutboundRefused) return { kind: 'failed', reason: 'unreachable', patience: 'long' };
    throw error;
  }
}

function judge(status: number): Attempt {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === GONE) return { kind: 'failed', reason: 'gone', patience: 'short' };
  return { kind: 'failed', reason: 'refused', patience: status < 500 && !LATER.has(status) ? 'short' : 'long' };
}

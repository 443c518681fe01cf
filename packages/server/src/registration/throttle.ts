import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';

const ATTEMPTS = ['register-source', 'register'] as const;
const QUOTA_RETRY_SECONDS = 3_600;

/** Takes one attempt to register without an initial access token: each costs a row, and perhaps a request of ours (attacks REG-10). Throws `slow_down`. */
export function takeAttempt(ctx: Context, { address }: HttpRequest): void {
  const taken = ctx.limits.takeNow(ATTEMPTS, { address });
  if (taken.kind === 'taken') return;
  const { retryAfterSeconds, rule } = taken;
  throw new OAuthError('slow_down', 'too many registrations; try again later', { detail: `limit ${rule}`, retryAfterSeconds });
}

/**
 * Whether there is room for one more client of that kind. Racers may go beyond the limit by as many as they are. Throws `slow_down`, and
 * `temporarily_unavailable` (RFC 6749 §4.1.2.1) where the answer goes to a client.
 */
export async function requireRoom(ctx: Context, source: 'registered' | 'document'): Promise<void> {
  const { max } = ctx.config.policies.registeredClients;
  if ((await ctx.store.countClients(ctx.tenant, source, max)) < max) return;
  const code = source === 'document' ? 'temporarily_unavailable' : 'slow_down';
  throw new OAuthError(code, 'this server has as many registered clients as it takes; try again later', {
    detail: `policies.registered_clients.max is ${max}`,
    retryAfterSeconds: QUOTA_RETRY_SECONDS,
  });
}

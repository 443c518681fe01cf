import { type GcraRule, gcra } from '@hufu/flow/gcra';
import { OAuthError } from '@hufu/protocol/errors';
import { sourceOf } from '../accounts/brute-force.ts';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';

/** What one source may ask for, and all of them together. */
const SOURCE: GcraRule = { intervalMs: 30_000, burst: 20 };
const EVERYBODY: GcraRule = { intervalMs: 1_000, burst: 300 };
/** Sources held at once; beyond it the one that was written first is forgiven. */
const MAX_SOURCES = 10_000;
const QUOTA_RETRY_SECONDS = 3_600;

const states = new WeakMap<Context, Map<string, number>>();

/**
 * Takes one attempt to register without an initial access token: each costs a row, and perhaps a request of ours (attacks REG-10). In memory
 * and per process. Throws `slow_down`.
 */
export function takeAttempt(ctx: Context, request: HttpRequest): void {
  if (ctx.config.policies.bruteForce === 'off' || ctx.config.limits === 'off') return;
  let kept = states.get(ctx);
  if (kept === undefined) states.set(ctx, (kept = new Map()));
  const source = sourceOf(request.address);
  const own = gcra(kept.get(source) ?? 0, request.nowMs, 1, SOURCE);
  const all = gcra(kept.get('') ?? 0, request.nowMs, 1, EVERYBODY);
  for (const decision of [own, all]) {
    if (decision.kind === 'limited')
      throw new OAuthError('slow_down', 'too many registrations; try again later', {
        retryAfterSeconds: Math.ceil(decision.retryAfterMs / 1000),
      });
  }
  if (own.kind === 'allowed') kept.set(source, own.state);
  if (all.kind === 'allowed') kept.set('', all.state);
  if (kept.size <= MAX_SOURCES) return;
  for (const oldest of kept.keys()) {
    if (oldest === '') continue;
    kept.delete(oldest);
    break;
  }
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

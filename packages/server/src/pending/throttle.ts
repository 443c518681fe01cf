import type { GcraRule } from '@hufu/flow/gcra';
import { OAuthError } from '@hufu/protocol/errors';
import { sourceOf } from '../accounts/brute-force.ts';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { type Limits, newLimits } from './limits.ts';

/** Requests of one source in the name of one public client. */
const SOURCE: GcraRule = { intervalMs: 2_000, burst: 60 };
const MAX_KEYS = 10_000;

/** Undecided requests of one client, and asks of one user, that there may be at once (attacks DEV-17, DEV-22). */
export const OPEN_LIMITS: { readonly maxOpen: number; readonly maxOpenOfUser: number } = { maxOpen: 1_000, maxOpenOfUser: 5 };

const kept = new WeakMap<Context, Limits>();

/**
 * Takes one attempt of a client that cannot prove itself: anybody may ask in its name, and each costs a row (attacks DEV-17). Throws
 * `temporarily_unavailable` with 429.
 */
export function takeAsk(ctx: Context, client: AuthenticatedClient, request: HttpRequest): void {
  if (client.confidential || ctx.config.policies.bruteForce === 'off' || ctx.config.limits === 'off') return;
  let limits = kept.get(ctx);
  if (limits === undefined) kept.set(ctx, (limits = newLimits(MAX_KEYS)));
  const wait = limits.take([[`${sourceOf(request.address)} ${client.id}`, SOURCE]], request.nowMs);
  if (wait > 0) throw tooMany('this source asks too often', wait);
}

/** RFC 6585 §4: 429 under a word that RFC 6749 has. */
export function tooMany(detail: string, retryAfterSeconds: number): OAuthError {
  return new OAuthError('temporarily_unavailable', 'too many requests wait to be decided; try again later', {
    detail,
    retryAfterSeconds,
    status: 429,
  });
}

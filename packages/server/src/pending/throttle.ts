import type { GcraRule } from '@hufu/flow/gcra';
import { OAuthError } from '@hufu/protocol/errors';
import { sourceOf } from '../accounts/brute-force.ts';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { type Limits, newLimits } from '../limits.ts';

/** Requests of one source in the name of one public client: twenty at once, thirty in the ten minutes that they may wait. */
const SOURCE: GcraRule = { intervalMs: 60_000, burst: 20 };
/** Hints of one client that name nobody: it must not learn by trying who is here. */
const UNKNOWN: GcraRule = { intervalMs: 10_000, burst: 30 };
const MAX_KEYS = 10_000;

/** Undecided requests of one client, and asks of one user, that there may be at once (attacks DEV-17, DEV-22). */
export const OPEN_LIMITS: { readonly maxOpen: number; readonly maxOpenOfUser: number } = { maxOpen: 10_000, maxOpenOfUser: 5 };
/** So many of them by one client. */
const MAX_OPEN_OF_CLIENT_AND_USER = 2;
/** Beyond so many undecided requests of one client, user codes are longer (attacks DEV-07). */
export const MAX_USUAL_CODES = 1_000;

/** How much may wait to be decided. Where no limits are kept, as for a suite of tests that leaves its requests behind, only the rows are bounded. */
export function openLimitsOf({ config }: Context): {
  readonly maxOpen: number;
  readonly maxOpenOfUser: number;
  readonly maxOfBoth: number;
} {
  const { maxOpen } = OPEN_LIMITS;
  return config.limits === 'off'
    ? { maxOpen, maxOpenOfUser: maxOpen, maxOfBoth: maxOpen }
    : { ...OPEN_LIMITS, maxOfBoth: MAX_OPEN_OF_CLIENT_AND_USER };
}

const kept = new WeakMap<Context, Limits>();

/**
 * Takes one attempt of a client that cannot prove itself: anybody may ask in its name, and each costs a row (attacks DEV-17). Throws
 * `temporarily_unavailable` with 429.
 */
export function takeAsk(ctx: Context, client: AuthenticatedClient, request: HttpRequest): void {
  if (client.confidential || ctx.config.policies.bruteForce === 'off' || ctx.config.limits === 'off') return;
  const wait = limitsOf(ctx).take([[`source ${sourceOf(request.address)} ${client.id}`, SOURCE]], request.nowMs);
  if (wait > 0) throw tooMany('this source asks too often', wait);
}

/** Counts a hint that named nobody. Throws as `takeAsk` does once there are too many. */
export function noteUnknownUser(ctx: Context, client: Client, now: number): void {
  if (ctx.config.policies.bruteForce === 'off') return;
  const wait = limitsOf(ctx).take([[`unknown ${client.id}`, UNKNOWN]], now * 1000);
  if (wait > 0) throw tooMany('too many hints of the client named nobody', wait);
}

function limitsOf(ctx: Context): Limits {
  let limits = kept.get(ctx);
  if (limits === undefined) kept.set(ctx, (limits = newLimits(MAX_KEYS)));
  return limits;
}

/** RFC 6585 §4: 429 under a word that RFC 6749 has. */
export function tooMany(detail: string, retryAfterSeconds: number): OAuthError {
  return new OAuthError('temporarily_unavailable', 'too many requests wait to be decided; try again later', {
    detail,
    retryAfterSeconds,
    status: 429,
  });
}

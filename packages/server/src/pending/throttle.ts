import { OAuthError } from '@hufu/protocol/errors';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import type { BuiltinName } from '../limits/builtin.ts';

/** Undecided requests of one client, and asks of one user, that there may be at once (attacks DEV-17, DEV-22). */
export const OPEN_LIMITS: { readonly maxOpen: number; readonly maxOpenOfUser: number } = { maxOpen: 10_000, maxOpenOfUser: 5 };
/** So many of them by one client. */
const MAX_OPEN_OF_CLIENT_AND_USER = 2;
/** Beyond so many undecided requests of one client, user codes are longer (attacks DEV-07). */
export const MAX_USUAL_CODES = 1_000;

const ASKS: readonly BuiltinName[] = ['device-asks-source', 'device-asks'];
const UNKNOWN_HINTS: readonly BuiltinName[] = ['unknown-hints'];

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

/**
 * Takes one attempt of a client that cannot prove itself: anybody may ask in its name, and each costs a row (attacks DEV-17). Throws
 * `temporarily_unavailable` with 429.
 */
export async function takeAsk(ctx: Context, client: AuthenticatedClient, request: HttpRequest): Promise<void> {
  if (client.confidential) return;
  const taken = await ctx.limits.take(ASKS, { address: request.address, client: client.id });
  if (taken.kind === 'limited') throw tooMany(`asked too often: limit ${taken.rule}`, taken.retryAfterSeconds);
}

/** Counts a hint that named nobody: a client must not learn by trying who is here. Throws as `takeAsk` does once there are too many. */
export async function noteUnknownUser(ctx: Context, client: Client): Promise<void> {
  const taken = await ctx.limits.take(UNKNOWN_HINTS, { client: client.id });
  if (taken.kind === 'limited') throw tooMany(`too many hints of the client named nobody: limit ${taken.rule}`, taken.retryAfterSeconds);
}

/** RFC 6585 §4: 429 under a word that RFC 6749 has. */
export function tooMany(detail: string, retryAfterSeconds: number): OAuthError {
  return new OAuthError('temporarily_unavailable', 'too many requests wait to be decided; try again later', {
    detail,
    retryAfterSeconds,
    status: 429,
  });
}

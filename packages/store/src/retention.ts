import type { RevocationReason } from './port.ts';

/**
 * How long rows stay and how they fall: the numbers both engines share. Times are seconds.
 *
 * Rows fall as part of normal work. Every verb that inserts counts its rows, and one in `PURGE_EVERY` lets at most
 * `PURGE_ROWS` others fall whose time is over (or four times what it inserts, where that is more), so that a table never grows while as many rows end as begin.
 */

/**
 * Nothing falls before this much has passed since its end. A mark that fell while another node's clock still thinks it alive could be
 * taken twice; a grant that fell at once could not tell "expired" from "unknown".
 */
export const FALL_AFTER_SECONDS: number = 600;

/** A revoked grant stays this long, or until it would have fallen anyway, so that a refusal can name its reason. */
export const REVOKED_KEPT_SECONDS: number = 7 * 86_400;

/** How long a grant that was revoked for `reason` stays at most. What fell to a limit falls soon: a limit must bound the rows as well. */
export function revokedKeptSeconds(reason: RevocationReason): number {
  return reason === 'too_many_grants' ? FALL_AFTER_SECONDS : REVOKED_KEPT_SECONDS;
}

/** An ended browser session stays this long, or until it would have fallen anyway. */
export const ENDED_SESSION_KEPT_SECONDS: number = 86_400;

/** So many grants stand in one line at most, the first and the last included (`NewGrant.parentId`). */
export const MAX_LINEAGE: number = 8;

/** Characters of the parameters of a pushed authorization request. */
export const MAX_PUSHED_REQUEST: number = 32_768;

/** A pushed authorization request that has begun may be answered this long after its time to begin. */
export const PUSHED_REQUEST_SECONDS: number = 3_600;

/** A pending authorization stays this long after its end, so that its client can still be told what became of it. */
export const PENDING_KEPT_SECONDS: number = 86_400;

/** So many seconds more have to lie between two polls after each that came too soon (RFC 8628 §3.5). */
export const SLOW_DOWN_SECONDS: number = 5;

/** At most so many participants of one session are remembered. */
export const MAX_PARTICIPANTS: number = 200;

/** A delivery falls this long after it died, or after it was made where nobody has taken it to its end: what it tells is old by then. */
export const DELIVERY_KEPT_SECONDS: number = 30 * 86_400;

/**
 * The longest life of an access token: three bytes of seconds in the tally. Whatever an entry of the revocation log names is dead
 * this long after the revocation.
 */
export const MAX_ACCESS_TOKEN_SECONDS: number = 2 ** 24;

/** One in so many inserts of a verb removes what has ended. The first of a process does. */
export const PURGE_EVERY: number = 16;
/** At most so many rows fall in one act. */
export const PURGE_ROWS: number = 64;

/** `expiresAt` of a grant that a client has for itself: the last second of the year 9999. */
export const NEVER: number = 253_402_300_799;

/** A client has at most so many live grants for itself; the oldest are revoked (`too_many_grants`). */
export const MAX_OWN_GRANTS: number = 100;

/** Grant and session ids are reserved by a process so many at a time. What it does not use is never used. */
export const ID_BLOCK: number = 32;

/** When a grant that ends at `expiresAt` may fall. */
export function purgeTime(expiresAt: number): number {
  return expiresAt + FALL_AFTER_SECONDS;
}

/** When an entry of the revocation log about something that ends at `expiresAt` has become pointless. An entry that is so already is not written. */
export function entryExpiry(expiresAt: number, now: number): number {
  return Math.min(expiresAt, now + MAX_ACCESS_TOKEN_SECONDS);
}

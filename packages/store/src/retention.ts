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
  if (reason === 'too_many_grants') return FALL_AFTER_SECONDS;
  return reason === 'session_replaced' ? ENDED_SESSION_KEPT_SECONDS : REVOKED_KEPT_SECONDS;
}

/** An ended browser session stays this long, or until it would have fallen anyway. */
export const ENDED_SESSION_KEPT_SECONDS: number = 86_400;

/** A user has at most so many live sessions, and so many of one device. */
export const MAX_SESSIONS: number = 100;
export const MAX_SESSIONS_OF_DEVICE: number = 4;

/** A user's devices that are remembered. */
export const MAX_DEVICES: number = 100;

/** That a session is used is written once in so many seconds. */
export const SEEN_EVERY_SECONDS: number = 600;

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

/** A user has at most so many factors, and of them at most so many TOTP secrets: one code is tried against all of these. */
export const MAX_FACTORS: number = 20;
export const MAX_TOTP_FACTORS: number = 3;

/** A user has at most so many recovery codes. */
export const MAX_RECOVERY_CODES: number = 20;

/** Of one purpose and address at most so many challenges are kept. More than anybody is let ask for while one lives. */
export const MAX_CHALLENGES: number = 50;

/** Characters of a mail as it waits, sealed. */
export const MAX_MAIL: number = 131_072;

/** So many mails of a tenant may wait; more are not taken. */
export const MAX_WAITING_MAILS: number = 5_000;

/** What could not be sent stays this long after it was no longer worth sending, without its text. */
export const MAIL_KEPT_SECONDS: number = 7 * 86_400;

/** Accounts at upstreams that a user may sign in with. */
export const MAX_IDENTITIES: number = 20;

/** The latest so many events of a user are kept. */
export const MAX_USER_EVENTS: number = 200;

/**
 * The longest life of an access token: three bytes of seconds in the tally. Whatever an entry of the revocation log names is dead
 * this long after the revocation.
 */
export const MAX_ACCESS_TOKEN_SECONDS: number = 2 ** 24;

/** A follower of the revocation log has at most so many points, a client so many followers. */
export const MAX_POINTS: number = 10_000;
export const MAX_FOLLOWERS: number = 256;

/** So many more than need be fall at once, so that not each acknowledgement lets one fall. */
export const POINTS_SLACK: number = 256;

/** A follower that was not seen for so long is forgotten. */
export const FOLLOWER_KEPT_SECONDS: number = 7 * 86_400;

/** The spans that processes write their counts in, and how long each kind of row stays. */
export const METRIC_SPANS: readonly [60, 900] = [60, 900];
export const METRICS_KEPT_SECONDS: Readonly<Record<60 | 900, number>> = { 60: 6 * 3600 + 900, 900: 8 * 86_400 };

/** Characters of what a process has counted in one span. */
export const MAX_METRIC_ROW: number = 32_768;

/** So many processes are remembered. */
export const MAX_METRIC_NODES: number = 256;

/** One in so many inserts of a verb removes what has ended. The first of a process does. */
export const PURGE_EVERY: number = 16;
/** At most so many rows fall in one act. */
export const PURGE_ROWS: number = 64;

/**
 * So many consents fall in the act that forgets those of a client. Where there are more, none of them stands from then on (`forgotten_consents`), and their rows fall later: with new consents, a bounded number at a time.
 */
export const FORGOTTEN_ROWS: number = 1_024;

/** Clients whose forgotten consents fall at a time. */
export const FORGOTTEN_CLIENTS: number = 16;

/** At most so many decisions of one share fall with a batch of new ones, or four times as many as it brings. */
export const TRIMMED_ROWS: number = 2_048;

/** So many grants are looked at one by one, the newest first, for those that live; what is older is found client by client. */
export const LOOKED_THROUGH: number = 5_000;

/** Characters of what an edge keeps sealed in one record. */
export const MAX_EDGE_RECORD: number = 65_536;

/** A session of an edge that was ended stays this long as a tombstone; whoever ended it has so long to revoke its refresh token before others do. */
export const EDGE_ENDED_KEPT_SECONDS: number = 86_400;
export const EDGE_SETTLE_SECONDS: number = 60;

/** So long no session of a subject that was signed out may begin by an older sign-in. */
export const EDGE_MARK_SECONDS: number = 900;

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

/** Of what a webhook was sent, and of what it was not: so many of the last stay to be looked at and sent once more. */
export const DELIVERED_KEPT: number = 200;
export const DEAD_KEPT: number = 1_000;

/** So many are sent once more of one lease. */
export const MAX_REDELIVERIES: number = 20;

/** Rows of the history of requests that fall with each batch, beside as many as it has. */
export const HISTORY_FALLS = 100;

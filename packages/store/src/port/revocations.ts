import type { ClientId, TenantId } from '@hufu/protocol/ids';

export interface Revocation {
  readonly seq: number;
  readonly kind: 'grant' | 'token' | 'session' | 'user' | 'client' | 'key' | 'device';
  /** Decimal id of the grant, session, user or device, the client id, the `kid` of a key, or a token's name. */
  readonly subject: string;
  /** Subject identifier of the user where it is about one. A deleted one still has it. */
  readonly sub?: string;
  readonly reason: string;
  readonly at: number;
  /**
   * When everything it names is dead anyway: the thing's own end, and at the latest `MAX_ACCESS_TOKEN_SECONDS` from `at`. `NEVER` for a key: whoever has it
   * could sign what lives as long as they like.
   */
  readonly expiresAt: number;
}

/**
 * What is written, by whom, in the same act, in this order: `user` (`changePassword`, `setUserEnabled` when it disables, `revokeUser`, `lockUser` until the lock's
 * end), `client` (`revokeClient`; `putClient` when it disables; `removeClient`), `key` (`revokeKey`), `device` (each that is signed out: `removeDevice`,
 * those that `endOtherSessions` forgets, those that a sign-in signs out or replaces), `session` (each that ends, by id; reason
 * `session_renewed` where only the id does), `grant` (each that is revoked, by id; each that rests while its user is locked, reason `user_locked`, until the lock's end), `token`
 * (`revokeToken`, reason `revoked_by_client`). Something that has expired already is not written. A `client` entry kills what was issued in or before its second; where
 * the client may be given nothing (disabled, removed) the feed lets it kill a minute more, for nodes whose clock is ahead: a client that is enabled again before that is over is
 * refused its new JWTs until it is.
 * Entries stay `FALL_AFTER_SECONDS` longer than they say, those about keys for ever.
 *
 * Nothing in it is ever taken back. A lock (`lockUser`) that ends early leaves its entries (`user_locked`) until the end that they were made for: whoever goes by the log alone refuses what was issued in or
 * before its second until then, which is what was issued before the lock, as there was nothing during it. What the user is given once the lock is gone, by a refresh too, is not named, as it begins after
 * the lock (`GrantRecord.suspendedUntil`).
 */

/** The end of the log. */
export interface RevocationHead {
  /** The last number that was given out; 0 before the first. The entry itself may have fallen. */
  readonly seq: number;
  /** Names this very log: another one after the database has gone back to an earlier state. Undefined until somebody has named it. */
  readonly epoch: string | undefined;
}

/** That somebody has enforced everything up to a number since a moment. */
export interface RevocationPoint {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

export interface Acknowledgement {
  /** '' for a node of the server itself. */
  readonly clientId: ClientId | '';
  /** As the follower calls itself. */
  readonly node: string;
  /** Of the log that it follows. Points of another one are forgotten. */
  readonly epoch: string;
  /** None: it is only seen. */
  readonly points: readonly RevocationPoint[];
  readonly nowMs: number;
}

/** A follower, and since when it enforces an entry. */
export interface RevocationFollower {
  readonly clientId: string;
  readonly node: string;
  readonly epoch: string;
  readonly seenAtMs: number;
  /** Its first point at or after the entry. */
  readonly first: RevocationPoint | undefined;
  /** Whether a point before `first` that was enough may have fallen: then it is "no later than". */
  readonly isEarliest: boolean;
}

export interface Revocations {
  /** In order of `seq`, counted per tenant from 1 without gaps (expired entries fall). An entry that has been read means that no smaller number will appear later. */
  readRevocations(tenant: TenantId, afterSeq: number, limit: number): Promise<Revocation[]>;
  /** Every entry up to `seq` can be read from now on. */
  readRevocationHead(tenant: TenantId): Promise<RevocationHead>;
  /** Gives the log another name unless somebody has since it had `from`. Answers the one that it has now. */
  renewRevocationEpoch(tenant: TenantId, from: string | undefined, to: string): Promise<string>;
  /**
   * Calls `wake` soon after somebody has written to the log: this process, and others where the database tells (PostgreSQL). It may be called for nothing, and a call
   * may get lost between processes, so whoever follows looks by itself now and then. Answers what stops it.
   */
  watchRevocations(tenant: TenantId, wake: () => void): Promise<() => Promise<void>>;
  /** Keeps the points of a follower: its newest `MAX_POINTS`. A client has `MAX_FOLLOWERS`; the one that was not seen for longest falls. */
  acknowledgeRevocations(tenant: TenantId, acknowledgement: Acknowledgement): Promise<void>;
  /** Followers that were seen since then, in order of client and node. */
  listRevocationFollowers(tenant: TenantId, seq: number, sinceMs: number, limit: number): Promise<RevocationFollower[]>;
}

import type { ClientId, SessionId, TenantId, UserId } from '@hufu/protocol/ids';

export interface SessionRecord {
  readonly id: SessionId;
  readonly userId: UserId;
  /** SHA-256 of the cookie's secret, base64url. */
  readonly secretHash: string;
  readonly authTime: number;
  readonly amr: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | undefined;
  readonly userAgent: string;
}

export interface Sessions {
  /**
   * A session for an enabled user. `replaces` is ended in the same act (a session id never survives a sign-in), but the grants of a
   * replaced session of the same user move to the new one. A replaced session of another user ends as by `endSession`. With
   * `user_inactive` nothing changes. Old rows fall here, a bounded number a time.
   */
  openSession(
    tenant: TenantId,
    session: Omit<SessionRecord, 'id' | 'endedAt' | 'createdAt'>,
    replaces: SessionId | undefined,
    now: number,
  ): Promise<{ readonly kind: 'opened'; readonly session: SessionRecord } | { readonly kind: 'user_inactive' }>;
  findSession(tenant: TenantId, id: SessionId): Promise<SessionRecord | undefined>;
  /** Those of a user that have neither ended nor expired, newest first (largest id). */
  listSessions(tenant: TenantId, user: UserId, limit: number, now: number): Promise<SessionRecord[]>;
  /**
   * Ends it, revokes its grants that are not offline, and its unredeemed codes (`signed_out`), and makes a `Delivery` for each participant
   * who wants one, in the same act. `ended` also where it had ended before (nothing happens then); `unknown` where there is no such row.
   */
  endSession(tenant: TenantId, id: SessionId, now: number): Promise<'ended' | 'unknown'>;
  /**
   * The clients that take part in a session (see `Participation`), by client id, at most `limit`. Also of a session that has ended, until
   * its row falls.
   */
  listParticipants(tenant: TenantId, id: SessionId, limit: number): Promise<Participant[]>;
}

/**
 * That a client has been told of a session in an ID token, and wants to hear of its end. Written with what `createGrant` or
 * `admit` answers, once for each session, client and `sid`. Follows the session when a sign-in of the same user replaces it (with
 * the `sid` that the client knows); falls with it. Told again it says what the client wants by now. At most 200 of one session; later ones
 * are left out. It needs a session (else a `TypeError`).
 */
export interface Participation {
  /** The `sid` of the ID token; at most 64 characters. */
  readonly sid: string;
  /** Whether a `Delivery` is due when the session ends. */
  readonly backchannel: boolean;
}

export interface Participant {
  readonly clientId: ClientId;
  readonly sid: string;
  /** The `sub` that the client knows the user by. */
  readonly subject: string;
  readonly backchannel: boolean;
}

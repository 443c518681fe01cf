import type { SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import type { DeviceLimit, SeenDevice, SignedInAt } from './devices.ts';
import type { Participant } from './participants.ts';
import type { RevocationReason } from './revocation-reason.ts';

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
  /** What was shown and when, as the server writes it (`ProvedMethod`s); empty for a session of the version before. */
  readonly methods: readonly unknown[];
  /** The user's when it was made, or raised by an act of this very session. One that is behind no longer proves anything beyond who it is. */
  readonly authVersion: number;
  /** The order of a user's sign-ins: larger is later. */
  readonly turn: number;
  readonly deviceId: number | undefined;
  /** Keyed hash of the browser's own cookie. */
  readonly browserHash: string | undefined;
  readonly endedReason: SessionEnd | undefined;
  /** The session that took its place. */
  readonly endedBy: SessionId | undefined;
  readonly lastSeenAt: number;
  readonly fingerprint: string | undefined;
  readonly place: string | undefined;
}

/**
 * Why a session ended. `renewed`: the same user signed in anew at this browser, and everything goes on there; `session_replaced`: another device took its place. The
 * rest as with grants.
 */
export type SessionEnd =
  | 'renewed'
  | 'session_replaced'
  | Extract<
      RevocationReason,
      'signed_out' | 'revoked_by_user' | 'revoked_by_admin' | 'password_changed' | 'user_disabled' | 'user_deleted' | 'credential_removed'
    >;

export interface NewSession {
  readonly userId: UserId;
  readonly secretHash: string;
  readonly authTime: number;
  readonly amr: readonly string[];
  readonly methods: readonly unknown[];
  readonly expiresAt: number;
  readonly userAgent: string;
  readonly fingerprint: string | undefined;
  readonly place: string | undefined;
  /** Where it is opened: the device of that browser, made where it is new. */
  readonly device: SeenDevice;
}

export interface OpenConditions {
  /** The user's `authVersion` that was judged. */
  readonly authVersion: number;
  /** The browser's session by now: it ends, as `renewed` where it is the same user's (its grants and participants move), else as `signed_out`. */
  readonly replaces: SessionId | undefined;
  /** `replaces` has to be alive and the same user's: what was shown in it counts for the new one. */
  readonly stepsUp: boolean;
  readonly limit: DeviceLimit | undefined;
  /** Where else the user signs out in the same act, before anything is counted (`signed_out`): devices with every grant that was made there, sessions with what ends with them, grants. */
  readonly signsOut: readonly SignedInAt[];
}

export type SessionRefusal = 'user_inactive' | 'credentials_changed' | 'session_ended' | 'too_many_devices';

export interface Sessions {
  /**
   * A session for an active user whose `authVersion` is as expected (refused with the first reason in the order of the type; then nothing changes).
   * A device counts while it has a live session or a live grant that can be refreshed; over `limit` the devices whose sign-in is longest ago (smallest `turn`) lose their sessions and every grant, offline
   * ones and codes too. A user has at most `MAX_SESSIONS` live sessions and four of one device: the oldest end as `renewed`. Old rows fall here, a bounded number a time.
   */
  openSession(
    tenant: TenantId,
    session: NewSession,
    conditions: OpenConditions,
    now: number,
  ): Promise<
    | { readonly kind: 'opened'; readonly session: SessionRecord; readonly isNewDevice: boolean; readonly replaced: number }
    | { readonly kind: 'refused'; readonly reason: SessionRefusal }
  >;
  findSession(tenant: TenantId, id: SessionId): Promise<SessionRecord | undefined>;
  /** Those of a user that have neither ended nor expired, newest first (largest id). */
  listSessions(tenant: TenantId, user: UserId, limit: number, now: number): Promise<SessionRecord[]>;
  /**
   * Ends it, revokes its grants that are not offline, and its unredeemed codes (with that reason), and makes a `Delivery` for each participant
   * who wants one, in the same act. `ended` also where it had ended before (nothing happens then); `unknown` where there is no such row.
   */
  endSession(tenant: TenantId, id: SessionId, reason: SessionEnd, now: number): Promise<'ended' | 'unknown'>;
  /**
   * Signs the user out everywhere but in one session, in one act: every other session ends as with `endSession`, and every grant is revoked, offline ones and those that no browser stands behind too, but for
   * those of the session and of its device (what comes from another goes with that); no other device is remembered. Answers how many sessions.
   */
  endOtherSessions(tenant: TenantId, user: UserId, keep: SessionId, reason: SessionEnd, now: number): Promise<{ readonly ended: number }>;
  /** That it was used: written once in ten minutes at most. */
  seeSession(tenant: TenantId, id: SessionId, place: string | undefined, now: number): Promise<void>;
  /**
   * The clients that take part in a session (see `Participation`), by client id, at most `limit`. Also of a session that has ended, until
   * its row falls.
   */
  listParticipants(tenant: TenantId, id: SessionId, limit: number): Promise<Participant[]>;
}

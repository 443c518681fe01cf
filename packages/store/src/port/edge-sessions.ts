import type { TenantId } from '@hufu/protocol/ids';

/**
 * One thing that the gateways of an edge keep together: the session of a browser, a sign-in on its way, the result of a renewal, a lock. Only what is sealed says
 * what of it; the store knows how long it lives and whom it is about.
 */
export interface EdgeRecord {
  /** At most 64 characters: a hash of what the browser has, never that. */
  readonly id: string;
  /** 1 more with each `replaceEdgeRecord`. */
  readonly version: number;
  /** As it was handed in; '' once a tombstone is settled. */
  readonly sealed: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** It is over this long after it was last seen; 0: never for that. */
  readonly idleSeconds: number;
  readonly expiresAt: number;
  /** A tombstone: it was ended before its time. */
  readonly ended: { readonly reason: EdgeEnd; readonly at: number; readonly seq: number } | undefined;
}

/** Why a session of an edge was ended. `replaced`: another device took its place; `renewed`: another session of the same browser. */
export type EdgeEnd = 'signed_out' | 'signed_out_elsewhere' | 'renewed' | 'replaced' | 'token_refused' | 'cleared';

/** Whom a session is about, by keyed hashes of what the issuer says (each at most 64 characters). */
export interface EdgeSubject {
  readonly sub: string;
  readonly sid: string | undefined;
  /** When the issuer made the ID token, by its clock. */
  readonly issuedAt: number;
}

export interface NewEdgeRecord extends Pick<EdgeRecord, 'id' | 'sealed' | 'idleSeconds' | 'expiresAt'> {
  readonly subject: EdgeSubject | undefined;
}

/** What `endEdgeSessions` ends: one session at the issuer, or all of somebody that began in or before a second. */
export type EndedSubject = { readonly sid: string } | { readonly sub: string; readonly issuedBy: number };

/** One entry of the log of ends. */
export interface EdgeEnding {
  readonly seq: number;
  readonly id: string;
  readonly reason: EdgeEnd;
  readonly at: number;
}

/** An edge is a name of at most 64 characters; what one keeps no other sees. A text that is too long is misuse. */
export interface EdgeSessions {
  /**
   * One of any number who put the same id does; what is there already is answered to the others, a tombstone too. What has only expired gives way.
   * `signed_out`: `endEdgeSessions` has named its subject in the last 15 minutes, so that a sign-in that was on its way then is no way round it.
   */
  putEdgeRecord(
    tenant: TenantId,
    edge: string,
    record: NewEdgeRecord,
    now: number,
  ): Promise<{ readonly kind: 'put' } | { readonly kind: 'there'; readonly record: EdgeRecord } | { readonly kind: 'signed_out' }>;

  /** Also what has expired, and tombstones, while they are kept. */
  findEdgeRecord(tenant: TenantId, edge: string, id: string): Promise<EdgeRecord | undefined>;

  /** Where the version is still `version` and it lives; whether it was seen meanwhile does not matter. The new end may lie in the past. */
  replaceEdgeRecord(
    tenant: TenantId,
    edge: string,
    id: string,
    version: number,
    next: { readonly sealed: string; readonly expiresAt: number },
    now: number,
  ): Promise<
    { readonly kind: 'replaced'; readonly version: number } | { readonly kind: 'changed'; readonly record: EdgeRecord | undefined }
  >;

  /** It was seen. Never goes back, and revives nothing. */
  touchEdgeRecord(tenant: TenantId, edge: string, id: string, now: number): Promise<void>;

  /**
   * Makes a tombstone of it: kept for 24 hours, with what is sealed until somebody has settled it, so that its refresh token is revoked even if whoever ended it
   * dies. What has expired can be ended too. Answers what it was, to one of any number; undefined to the others.
   */
  endEdgeRecord(tenant: TenantId, edge: string, id: string, reason: EdgeEnd, now: number): Promise<EdgeRecord | undefined>;

  /** Ends every session of the subject, as `endEdgeRecord` does, and lets none begin for 15 minutes that began before. Answers how many there were. */
  endEdgeSessions(tenant: TenantId, edge: string, subject: EndedSubject, reason: EdgeEnd, now: number): Promise<number>;

  /** Ends in order of `seq`. One that has been read means that no smaller number appears later. They are there for 24 hours. */
  readEdgeEnds(tenant: TenantId, edge: string, afterSeq: number, limit: number): Promise<EdgeEnding[]>;
  /** The last number that was given out; 0 before the first. */
  readEdgeHead(tenant: TenantId): Promise<number>;

  /**
   * Tombstones that nobody has settled a minute after they were made: each to one of any number of callers, and again `leaseSeconds` later where it was not settled.
   */
  takeEdgeTombstones(tenant: TenantId, edge: string, limit: number, leaseSeconds: number, now: number): Promise<EdgeRecord[]>;
  /** What was sealed in a tombstone is worth nothing any more: it falls. */
  settleEdgeTombstone(tenant: TenantId, edge: string, id: string): Promise<void>;
}

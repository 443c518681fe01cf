/**
 * The store as a set of verbs. Each is one atomic act that answers with a union; none is a transaction that a caller holds open.
 * Three kinds decide races: *consume once* (`takeOnce`, `exchangeCode`), *guarded increment* (`rotate`), *reserve first*
 * (`createGrant`, `addKey`). A refusal that has effects (revoking on replay) is a verb of its own.
 *
 * Times are whole seconds of the server's clock (`now` is always handed in). A verb never throws for an expected outcome; it throws
 * `StoreUnavailable` when the store cannot answer, and the caller then knows nothing about whether the act happened.
 * Everything belongs to a tenant. No credential ever comes here: only its parts and hashes. Words in lists (scopes, resource URIs,
 * `amr`) have no spaces. Misuse (an unknown client where one must be there) is a `TypeError`.
 */
import type { ClientId, GrantId, SessionId, TenantId, UserId } from '@hufu/protocol/ids';

export interface Store
  extends Tenants,
    Clients,
    Users,
    Sessions,
    Consents,
    Grants,
    PushedRequests,
    PendingAuthorizations,
    Marks,
    Keys,
    Decisions,
    Revocations,
    Deliveries {
  /** `sqlite`, `postgres` or `memory`: for logs and `hufu doctor`. */
  readonly kind: string;
  /**
   * The store's own clock in milliseconds: the database's time, or the latest time an embedded database has ever been told.
   * The server's clock never runs behind it, so that a clock set back revives nothing.
   */
  time(): Promise<number>;
  /** Told once a minute at most by the server, so that `time()` survives a restart with a clock set back. Never goes back. A no-op where the database has a clock. */
  keepTime(nowMs: number): Promise<void>;
  close(): Promise<void>;
}

/** The store cannot answer now. The caller answers 503 with `Retry-After`, never `invalid_grant`. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

// — tenants —

export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
}

export interface Tenants {
  /** The tenant of that name, made if it is not there. The first is 1. */
  ensureTenant(name: string): Promise<Tenant>;
}

// — clients —

export interface ClientSecret {
  /** Keyed hash of the secret as base64url (43 characters). All hashes here are such text: cheaper than bytes on every path. */
  readonly hash: string;
  readonly createdAt: number;
  /** 0 = never. */
  readonly expiresAt: number;
  /** The secret itself, encrypted under the master key (base64url), where an algorithm of the client is keyed with it; else undefined. */
  readonly sealed?: string;
}

export interface ClientRecord {
  readonly clientId: ClientId;
  /** RFC 7591 metadata, wire names, and our own settings under `hufu`. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly secrets: readonly ClientSecret[];
  readonly enabled: boolean;
  /** Raised by `revokeClient`: a grant of an older epoch is dead. */
  readonly epoch: number;
  /** Raised by every write. */
  readonly version: number;
  /** `config` rows follow `hufu.yaml`, `document` ones the document that their id is the address of, `registered` ones nobody. */
  readonly source: 'config' | 'registered' | 'document';
  /** Keyed hash of the registration access token (RFC 7592 §3) as base64url (43 characters); undefined where there is none. */
  readonly registrationHash?: string | undefined;
  readonly createdAt: number;
}

export interface Clients {
  /**
   * Inserts or replaces; keeps `epoch` and `createdAt` of what is there. Writes and raises `version` only if something differs (the order
   * of members in `metadata` is nothing). Disabling suspends the client's grants (`client_disabled`) and is told in the revocation log;
   * enabling it again lets them live again, unlike `revokeClient`.
   */
  putClient(tenant: TenantId, client: Omit<ClientRecord, 'epoch' | 'version' | 'createdAt'>, now: number): Promise<ClientRecord>;
  /** Never older than what any acknowledged write left. The same object for the same version, so that callers can hang a parsed form on it. */
  findClient(tenant: TenantId, clientId: ClientId): Promise<ClientRecord | undefined>;
  /**
   * Removes a `registered` client for ever, with its consents, participations and what it was still to be told, in one act: its grants are
   * unknown from then on, and its death is told in the log (`client`, reason `client_removed`). Should a client be put under its id again, none
   * of those grants lives for it. `unknown` where there is none, or none of that source.
   *
   * @param unusedSince only if it was neither made nor used (`noteClientUse`) after that second: `unknown` too where that is not so.
   */
  removeClient(tenant: TenantId, clientId: ClientId, now: number, unusedSince?: number): Promise<'removed' | 'unknown'>;
  /** That something is granted to a `registered` client. Its `version` stays: nothing about it has changed. */
  noteClientUse(tenant: TenantId, clientId: ClientId, now: number): Promise<void>;
  /** How many clients of that source there are, counted up to `limit`. */
  countClients(tenant: TenantId, source: ClientRecord['source'], limit: number): Promise<number>;
  /** In order of `clientId`, after `after`. */
  listClients(tenant: TenantId, after: string, limit: number): Promise<ClientRecord[]>;
}

// — users —

export interface UserRecord {
  readonly id: UserId;
  /** Public subject identifier: random, URL-safe, never reused. */
  readonly sub: string;
  readonly username: string;
  /** PHC string (`$argon2id$…`), or undefined where the user has no password. */
  readonly passwordHash: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Who made the account: the configuration, or the person (`sign_up`). Never changes. */
  readonly source: 'config' | 'sign_up';
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly passwordChangedAt: number;
}

export interface Users {
  /** Looked up by `username` in the folded form of `foldUsername`. `taken` (the name, or else the `sub`, is `user`'s) leaves everything as it was. */
  createUser(
    tenant: TenantId,
    user: {
      readonly sub: string;
      readonly username: string;
      readonly passwordHash: string | undefined;
      readonly claims: Readonly<Record<string, unknown>>;
      /** `config` where it is left out. */
      readonly source?: UserRecord['source'];
    },
    now: number,
  ): Promise<{ readonly kind: 'created'; readonly user: UserRecord } | { readonly kind: 'taken'; readonly user: UserRecord }>;
  findUser(tenant: TenantId, id: UserId): Promise<UserRecord | undefined>;
  findUserByName(tenant: TenantId, username: string): Promise<UserRecord | undefined>;
  /** In order of `id`, after `afterId`. */
  listUsers(tenant: TenantId, afterId: number, limit: number): Promise<UserRecord[]>;
  setClaims(tenant: TenantId, id: UserId, claims: Readonly<Record<string, unknown>>, now: number): Promise<'done' | 'unknown'>;
  /** Replaces the hash only if it still is `oldHash`: an upgrade of parameters must never undo a change of password. Revokes nothing. */
  upgradePasswordHash(tenant: TenantId, id: UserId, oldHash: string, newHash: string): Promise<'done' | 'changed'>;
  /** A new password: ends every session but `keepSession` and revokes every grant of the user (`reason: password_changed`), in the same act. */
  changePassword(
    tenant: TenantId,
    id: UserId,
    newHash: string,
    keepSession: SessionId | undefined,
    now: number,
  ): Promise<'done' | 'unknown'>;
  /** Disabling ends all sessions and revokes all grants (`user_disabled`) in the same act. Enabling revives nothing. Nothing happens where it is so already. */
  setUserEnabled(tenant: TenantId, id: UserId, enabled: boolean, now: number): Promise<'done' | 'unknown'>;
}

// — browser sessions —

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

// — consents —

export interface ConsentRecord {
  readonly userId: UserId;
  readonly clientId: ClientId;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  readonly grantedAt: number;
  readonly updatedAt: number;
}

export interface Consents {
  findConsent(tenant: TenantId, user: UserId, client: ClientId): Promise<ConsentRecord | undefined>;
  listConsents(tenant: TenantId, user: UserId): Promise<ConsentRecord[]>;
  /** Adds to what was there. */
  giveConsent(
    tenant: TenantId,
    user: UserId,
    client: ClientId,
    scopes: readonly string[],
    resources: readonly string[],
    now: number,
  ): Promise<ConsentRecord>;
  /** Removes it and revokes every grant of that user and client, unredeemed codes too (`consent_withdrawn`), in the same act. */
  withdrawConsent(tenant: TenantId, user: UserId, client: ClientId, now: number): Promise<{ readonly revokedGrants: number }>;
}

// — grants: the row halves of the tally (docs/decisions/0002) —

export interface GrantRecord {
  readonly id: GrantId;
  /** Undefined where the client acts for itself. */
  readonly userId: UserId | undefined;
  /** The `sub` that this client knows the user by; the client id where it acts for itself. */
  readonly subject: string;
  readonly clientId: ClientId;
  readonly sessionId: SessionId | undefined;
  readonly parentId: GrantId | undefined;
  /** Fixed for life, as is their order: opaque tokens point into them by index. */
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  readonly authTime: number | undefined;
  readonly amr: readonly string[];
  /** Survives the end of its session (OpenID Connect Core §11). */
  readonly offline: boolean;
  readonly createdAt: number;
  /** 0: an unredeemed code. */
  readonly generation: number;
  /** The seal key of the current generation's credential. */
  readonly keyId: number;
  /** When the current generation began. */
  readonly rotatedAt: number;
  /** Base64url of SHA-256, 43 characters, as are the two below. */
  readonly codeHash: string | undefined;
  readonly secretHash: string | undefined;
  readonly accessHash: string | undefined;
  /** What the exchange needs and nobody after it: `redirect_uri`, `code_challenge`, `nonce`, … Gone after the exchange. */
  readonly codeRequest: Readonly<Record<string, unknown>> | undefined;
  /** Single claims that were asked for (OpenID Connect Core §5.5), for as long as the grant lives. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  /** What was granted beside scopes (RFC 9396 §2), each with its `type`; undefined for none. */
  readonly authorizationDetails: readonly Readonly<Record<string, unknown>>[] | undefined;
  /** Who acts for the subject (the `act` claim, RFC 8693 §4.1); undefined where nobody does. */
  readonly actor: Readonly<Record<string, unknown>> | undefined;
  /** The key that a refresh has to come with, as `formatConfirmation` of the protocol writes it; undefined where any will do. */
  readonly boundKey: string | undefined;
  /** End of everything (generation 0: of the code). `NEVER` (`retention.ts`) where a client acts for itself. */
  readonly expiresAt: number;
  /** Longest time between two rotations; 0 = no limit. Dead once `rotatedAt + idleSeconds <= now`. */
  readonly idleSeconds: number;
  /**
   * Why it is dead: revoked, or its client was (`client_revoked`, `client_disabled`), or a grant that it comes from is dead, has expired or is gone
   * (`parent_ended`; `at` is 0 where nobody knows any more when). Undefined while it lives. Its own expiry is not in it, nor is how long what it
   * comes from was idle: an access token outlives that as well.
   */
  readonly dead: { readonly reason: RevocationReason; readonly at: number } | undefined;
  /** Whether single access tokens of it were revoked (`findRevokedToken` is worth asking). */
  readonly hasRevokedTokens: boolean;
}

export type RevocationReason =
  | 'code_replayed'
  | 'code_misused'
  | 'refresh_token_replayed'
  | 'revoked_by_client'
  | 'revoked_by_user'
  | 'revoked_by_admin'
  | 'signed_out'
  | 'consent_withdrawn'
  | 'password_changed'
  | 'user_disabled'
  | 'too_many_grants'
  | 'client_revoked'
  | 'client_disabled'
  | 'parent_ended';

export interface NewGrant {
  /**
   * Undefined: the subject is nobody of ours (somebody whom a trusted issuer speaks for). Then there is no session, no consent is needed, and the
   * credential is an access token; all else is a `TypeError`. Limits count by client and `subject`.
   */
  readonly userId: UserId | undefined;
  readonly subject: string;
  readonly clientId: ClientId;
  readonly sessionId: SessionId | undefined;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  /** Undefined where nobody says when the subject authenticated. */
  readonly authTime: number | undefined;
  readonly amr: readonly string[];
  readonly offline: boolean;
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  readonly authorizationDetails?: GrantRecord['authorizationDetails'];
  /**
   * The grant that this one comes from (RFC 8693). It lives no longer than that: a later `expiresAt`, here or of its exchange, becomes the parent's.
   * `parent_ended` where the parent (or what it comes from) is dead, expired, gone or an unredeemed code, and where there would be more than
   * `MAX_LINEAGE` grants in one line.
   */
  readonly parentId?: GrantId | undefined;
  readonly actor?: GrantRecord['actor'];
  /** The `version` of the client that was judged: another one by now is `client_inactive`. Undefined: any. */
  readonly clientVersion?: number | undefined;
  readonly keyId: number;
  /** End of the code, or of the access token. */
  readonly expiresAt: number;
  /** A consent row must be there (and cover the scopes) at this very moment. Resources are not compared. */
  readonly needsConsent: boolean;
  readonly participation: Participation | undefined;
  readonly credential: CodeCredential | AccessCredential;
}

/** An authorization code: generation 0. */
export interface CodeCredential {
  readonly kind: 'code';
  readonly codeHash: string;
  readonly codeRequest: Readonly<Record<string, unknown>>;
  /** More unredeemed codes than this of one user and client: the oldest (the smallest ids) are revoked (`too_many_grants`). At least 1. */
  readonly maxCodes: number;
}

/** An access token from the authorization endpoint (RFC 6749 §4.2): redeemed from the start (generation 1), and nothing refreshes it. */
export interface AccessCredential {
  readonly kind: 'access_token';
  readonly accessHash: string;
  /** As `Redemption.maxGrants`. */
  readonly maxGrants: number;
}

/** What is looked at before an answer that leaves no grant (an ID token alone). */
export type Admission = Pick<
  NewGrant,
  'userId' | 'subject' | 'clientId' | 'clientVersion' | 'sessionId' | 'scopes' | 'needsConsent' | 'participation'
>;

export type GrantRefusal = 'user_inactive' | 'client_inactive' | 'session_ended' | 'consent_missing' | 'parent_ended';

export interface Redemption {
  readonly secretHash: string;
  readonly accessHash: string;
  readonly keyId: number;
  /** `GrantRecord.boundKey` from then on. */
  readonly boundKey?: string | undefined;
  readonly expiresAt: number;
  readonly idleSeconds: number;
  /**
   * More live redeemed grants than this of one user and client: the oldest (the smallest ids) are revoked (`too_many_grants`), never this one nor the one
   * that it comes from. Those with refresh tokens (`idleSeconds` above 0) and those without are counted apart: no single access token signs anybody out. At least 1.
   */
  readonly maxGrants: number;
}

export interface Grants {
  /**
   * A grant for its code (generation 0) or its access token (generation 1). User enabled, client enabled, session alive, (where needed) consent given and (where it has one) parent alive are all true at
   * the moment of the insert, or it is refused (with the first of the reasons, in the order of the type). The session must be the
   * user's own. Some expired rows fall as part of it.
   */
  createGrant(
    tenant: TenantId,
    grant: NewGrant,
    now: number,
  ): Promise<{ readonly kind: 'created'; readonly id: GrantId } | { readonly kind: 'refused'; readonly reason: GrantRefusal }>;
  /** The same look at the world, and the same participation, without a grant. */
  admit(
    tenant: TenantId,
    admission: Admission,
    now: number,
  ): Promise<{ readonly kind: 'admitted' } | { readonly kind: 'refused'; readonly reason: GrantRefusal }>;
  /** The grant with what its user's, client's and own revocations make of it. */
  findGrant(tenant: TenantId, id: GrantId): Promise<GrantRecord | undefined>;
  /**
   * The living grant that a client has for itself with exactly these scopes and resources in this order, made if it is not there
   * (generation 1, `expiresAt` = `NEVER`). Writes nothing when it is. One grant for any number of racers. `dead` is set where the
   * client is disabled. The client must be there. At most `MAX_OWN_GRANTS` live a client; the oldest are revoked (`too_many_grants`).
   */
  ownGrant(
    tenant: TenantId,
    client: ClientId,
    scopes: readonly string[],
    resources: readonly string[],
    keyId: number,
    now: number,
  ): Promise<GrantRecord>;
  /** 0 → 1, once. `lost`: somebody else took it, it died (its client's death counts) or it expired; the record says which. `taken` answers the row as it is afterwards. */
  exchangeCode(tenant: TenantId, id: GrantId, redemption: Redemption, now: number): Promise<Taken>;
  /** `generation` → `generation + 1`, once; `lost` as with `exchangeCode`, also when it was idle for too long. `generation` is at least 1: a code is never rotated. */
  rotate(tenant: TenantId, id: GrantId, generation: number, keyId: number, now: number): Promise<Taken>;
  /** Idempotent: the first reason stays. */
  revokeGrant(tenant: TenantId, id: GrantId, reason: RevocationReason, now: number): Promise<'revoked' | 'already' | 'unknown'>;
  /** Every grant of a user, unredeemed codes too: what "sign out everywhere" means. Ends the sessions too. Counts what was not revoked before. */
  revokeUser(tenant: TenantId, user: UserId, reason: RevocationReason, now: number): Promise<{ readonly revokedGrants: number }>;
  /**
   * Raises the client's epoch: one row, whatever the number of grants. With `consents: 'forgotten'` nobody has agreed to the client any more,
   * in the same act: it is not the one that they agreed to.
   */
  revokeClient(tenant: TenantId, client: ClientId, now: number, consents?: 'forgotten'): Promise<'revoked' | 'unknown'>;
  /** Those that nobody revoked (not they, and not their client), newest first (largest id). Expired ones are among them until they fall, and those whose parent has ended. */
  listGrants(tenant: TenantId, filter: { readonly userId?: UserId; readonly clientId?: ClientId }, limit: number): Promise<GrantRecord[]>;
  /** RFC 7009 for one access token. `token` is its name (a JWT's `jti`), at most 128 characters. Nothing happens for an unknown or revoked grant, an expired token, or a second time. */
  revokeToken(tenant: TenantId, grant: GrantId, token: string, expiresAt: number, now: number): Promise<void>;
  findRevokedToken(tenant: TenantId, grant: GrantId, token: string): Promise<boolean>;
}

export type Taken =
  | { readonly kind: 'taken'; readonly grant: GrantRecord }
  | { readonly kind: 'lost'; readonly grant: GrantRecord | undefined };

// — pushed authorization requests (RFC 9126) —

/** An authorization request that its client has sent ahead. */
export interface PushedRequest {
  readonly id: number;
  /** SHA-256 of the secret in its `request_uri`, base64url. */
  readonly secretHash: string;
  readonly clientId: ClientId;
  /** The parameters, encrypted; at most `MAX_PUSHED_REQUEST` characters. */
  readonly parameters: string;
  /** The key that its proof was made with (RFC 9449 §10.1), as `GrantRecord.boundKey`. */
  readonly boundKey: string | undefined;
  readonly createdAt: number;
  /** Until when it may begin. The row stays for `PUSHED_REQUEST_SECONDS` more, for those that have begun. */
  readonly expiresAt: number;
}

export interface PushedRequests {
  /** Parameters that are too long are a `TypeError`. */
  pushRequest(tenant: TenantId, request: Omit<PushedRequest, 'id'>, now: number): Promise<{ readonly id: number }>;
  /**
   * Also one that has expired, until its row falls. Undefined from the moment when its client was revoked or removed. That it is answered once is
   * a mark (`pushed_request`).
   */
  findPushedRequest(tenant: TenantId, id: number): Promise<PushedRequest | undefined>;
}

// — authorizations that somebody decides elsewhere: on another device (RFC 8628), or asked by the server (CIBA) —

export interface PendingAuthorization {
  readonly id: number;
  readonly kind: 'device' | 'backchannel';
  readonly clientId: ClientId;
  /** SHA-256 of the secret in the `device_code` or `auth_req_id`, base64url. */
  readonly secretHash: string;
  /** Keyed hash of the user code (43 characters); undefined for `backchannel`. One unexpired row has it; an expired one loses it to the next. */
  readonly userCodeHash: string | undefined;
  /** Who is asked; `device`: who decided, undefined before. */
  readonly userId: UserId | undefined;
  /** What was asked for and what the page shows, by the caller's own shape. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Seconds that have to lie between two polls; 5 more after each that came too soon. */
  readonly intervalSeconds: number;
  readonly decision: { readonly kind: 'pending' } | { readonly kind: 'denied' } | { readonly kind: 'approved'; readonly grantId: GrantId };
}

export interface PendingAuthorizations {
  /**
   * `taken`: an unexpired one has that user code, decided or not. `full`: `maxOpen` undecided and unexpired ones of the client, or (`backchannel`) `maxOpenOfUser` of the
   * user, are there. Both are exact. Some expired rows fall as part of it. A client that is not there is a `TypeError`.
   */
  openPending(
    tenant: TenantId,
    pending: Omit<PendingAuthorization, 'id' | 'createdAt' | 'decision'>,
    limits: { readonly maxOpen: number; readonly maxOpenOfUser: number },
    now: number,
  ): Promise<{ readonly kind: 'opened'; readonly id: number } | { readonly kind: 'taken' } | { readonly kind: 'full' }>;
  /** Also one that has expired, until its row falls (a day later). */
  findPending(tenant: TenantId, id: number): Promise<PendingAuthorization | undefined>;
  /** The unexpired one of that user code. */
  findPendingByUserCode(tenant: TenantId, userCodeHash: string, now: number): Promise<PendingAuthorization | undefined>;
  /** The `backchannel` ones that wait for a user, newest first. */
  listPendingOfUser(tenant: TenantId, user: UserId, limit: number, now: number): Promise<PendingAuthorization[]>;
  /**
   * That its client asks. `too_soon` where the last time is less than `intervalSeconds` ago, which makes that 5 more. The time of asking is kept
   * while it is pending; once it is decided or has expired, every time is `on_time`. The record is as it is afterwards.
   */
  notePoll(
    tenant: TenantId,
    id: number,
    now: number,
  ): Promise<{ readonly kind: 'on_time' | 'too_soon'; readonly pending: PendingAuthorization } | { readonly kind: 'unknown' }>;
  /**
   * Pending → approved with the grant that is made in the same act (`createGrant`, credential `code`: its hash is the row's `secretHash`), once.
   * `decided`: somebody was faster (also where it has expired since). `unknown` also where another user is asked. `refused` leaves it pending.
   * Another hash or client than the row's is a `TypeError`.
   */
  approvePending(
    tenant: TenantId,
    id: number,
    grant: NewGrant,
    now: number,
  ): Promise<
    | { readonly kind: 'approved'; readonly grantId: GrantId }
    | { readonly kind: 'decided' | 'expired' | 'unknown' }
    | { readonly kind: 'refused'; readonly reason: GrantRefusal }
  >;
  /** Pending → denied, once, as `approvePending`. */
  denyPending(tenant: TenantId, id: number, user: UserId, now: number): Promise<'denied' | 'decided' | 'expired' | 'unknown'>;
  /**
   * Decided `backchannel` ones whose client is to be notified (`request.notify` was true), most overdue first, each given to one caller alone
   * until `now + leaseSeconds`, as `takeDeliveries` does.
   */
  takeNotifications(
    tenant: TenantId,
    limit: number,
    leaseSeconds: number,
    now: number,
  ): Promise<{ readonly pending: PendingAuthorization; readonly attempt: number }[]>;
  /** `dueAt` undefined: done, or given up. Nothing happens unless `attempt` is the last one taken. */
  settleNotification(tenant: TenantId, id: number, attempt: number, dueAt: number | undefined): Promise<void>;
}

// — marks: things that may happen once —

export interface Marks {
  /**
   * `value`: at most 64 characters.
   * True for exactly one caller among any number on any number of nodes. The key is (`expiresAt`, `value`): both come from the thing
   * itself, and time in front keeps the table's pages together. False once `expiresAt <= now`: what is over cannot be taken. Marks fall
   * some time after `expiresAt`, a bounded number a time.
   */
  takeOnce(tenant: TenantId, kind: MarkKind, value: string, expiresAt: number, now: number): Promise<boolean>;
}
/**
 * `interaction`: one answer per sign-in page. `pushed_request`: one answer per `request_uri`. `client_assertion`, `request_object`, `assertion` (of
 * a grant), `dpop_proof`: one use of a `jti`. `registration`: one use of an initial access token.
 */
export type MarkKind =
  | 'interaction'
  | 'pushed_request'
  | 'client_assertion'
  | 'request_object'
  | 'assertion'
  | 'dpop_proof'
  | 'registration';

// — keys —

export interface KeyRecord {
  readonly id: number;
  /** `sig`: signs tokens. `enc`: clients encrypt to it. `seal`: seals credentials. `hash`: keys the hashes of client secrets. `id`: permutes ids. */
  readonly use: 'sig' | 'enc' | 'seal' | 'hash' | 'id';
  /** JOSE `alg` for `sig`, `kty` for `enc`, else ''. */
  readonly alg: string;
  /** Public JWK as JSON for `sig` and `enc`, else ''. */
  readonly publicJwk: string;
  /** Encrypted under the master key. */
  readonly sealedPrivate: Uint8Array;
  readonly createdAt: number;
  /** Signs from then on; published before. */
  readonly activeAt: number;
  /** No longer used for new tokens from then on; 0 = open. */
  readonly retiredAt: number;
  /** No longer verifies from then on, and falls; 0 = open. */
  readonly expiresAt: number;
}

export interface Keys {
  /** In order of `id`. */
  listKeys(tenant: TenantId): Promise<KeyRecord[]>;
  /** Adds a key unless another of the same use and alg, newer than `after` (an id, 0 for none), is there: one winner among nodes. Ids count per tenant and are never reused. */
  addKey(
    tenant: TenantId,
    key: Omit<KeyRecord, 'id'>,
    after: number,
  ): Promise<{ readonly kind: 'added'; readonly id: number } | { readonly kind: 'present' }>;
  /** Sets the times of a key; only ever earlier than what is there, 0 counting as never (so a 0 changes nothing). An unknown key is left alone. */
  retireKey(tenant: TenantId, id: number, retiredAt: number, expiresAt: number): Promise<void>;
  removeKey(tenant: TenantId, id: number): Promise<void>;
  /** A key that may have been stolen: removed at once, and told in the log (`key`, reason `key_compromised`), in one act. */
  revokeKey(tenant: TenantId, id: number, now: number): Promise<'revoked' | 'unknown'>;
  /** Grows when any process adds, retires or removes a key: cheap to ask once a second. */
  keysVersion(tenant: TenantId): Promise<number>;
}

// — decisions —

export interface DecisionRecord {
  /** Time-ordered text. */
  readonly id: string;
  readonly at: number;
  readonly endpoint: string;
  readonly status: number;
  readonly error: string;
  readonly clientId: string;
  /** The ordered checks as JSON. */
  readonly record: string;
}

export interface Decisions {
  /** Keeps the newest `keep` (by id) of the tenant, and for a while at most a sixteenth more. One with an id that is there is left out. Not awaited by requests. */
  recordDecisions(tenant: TenantId, decisions: readonly DecisionRecord[], keep: number): Promise<void>;
  findDecision(tenant: TenantId, id: string): Promise<DecisionRecord | undefined>;
  /** Newest first. */
  listDecisions(tenant: TenantId, limit: number): Promise<DecisionRecord[]>;
}

// — revocation log —

export interface Revocation {
  readonly seq: number;
  readonly kind: 'grant' | 'token' | 'session' | 'user' | 'client' | 'key';
  /** Decimal id of the grant, session, user or key, the client id, or a token's name. */
  readonly subject: string;
  readonly reason: string;
  readonly at: number;
  /** When everything it names is dead anyway: the thing's own end, and at the latest `MAX_ACCESS_TOKEN_SECONDS` from `at`. */
  readonly expiresAt: number;
}

/**
 * What is written, by whom, in the same act, in this order: `user` (`changePassword`, `setUserEnabled` when it disables, `revokeUser`),
 * `client` (`revokeClient`; `putClient` when it disables; `removeClient`), `key` (`revokeKey`), `session` (each that ends, by id; reason `session_replaced` in
 * `openSession`), `grant` (each that is revoked, by id), `token` (`revokeToken`, reason `revoked_by_client`). Something that has expired
 * already is not written. A `client` entry kills what was issued in or before its second.
 */

export interface Revocations {
  /** In order of `seq`, counted per tenant from 1 without gaps (expired entries fall). An entry that has been read means that no smaller number will appear later. */
  readRevocations(tenant: TenantId, afterSeq: number, limit: number): Promise<Revocation[]>;
}

// — deliveries: what a client is told, until it has heard it —

/** A logout token that is to be sent (OpenID Connect Back-Channel Logout §2.5). Made by whatever ends a session, in the same act. */
export interface Delivery {
  readonly id: number;
  readonly clientId: ClientId;
  readonly subject: string;
  readonly sid: string;
  readonly createdAt: number;
  /** How often it has been taken, this time included. */
  readonly attempt: number;
}

export interface DeadDelivery extends Delivery {
  /** Why the last attempt failed; at most 200 characters. */
  readonly error: string;
  readonly diedAt: number;
}

export interface Deliveries {
  /**
   * Those that are due, the most overdue first, each given to one caller alone until `now + leaseSeconds`: whoever dies with one gives it
   * back that way. Nobody's delivery is taken by two nodes at once. One that is not delivered in 30 days falls.
   */
  takeDeliveries(tenant: TenantId, limit: number, leaseSeconds: number, now: number): Promise<Delivery[]>;
  /**
   * What became of an attempt. `delivered` removes it; `failed` makes it due again at `dueAt`, or dead where that is undefined: it then
   * stays 30 days to be looked at. Nothing happens unless `attempt` is the last one taken.
   */
  settleDelivery(
    tenant: TenantId,
    id: number,
    attempt: number,
    outcome: { readonly kind: 'delivered' } | { readonly kind: 'failed'; readonly error: string; readonly dueAt: number | undefined },
    now: number,
  ): Promise<void>;
  /** Newest first. */
  listDeadDeliveries(tenant: TenantId, limit: number): Promise<DeadDelivery[]>;
}

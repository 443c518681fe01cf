import type { ClientId, GrantId, SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import type { DeviceLimit } from './devices.ts';
import type { Participation } from './participants.ts';
import type { RevocationReason } from './revocation-reason.ts';
import type { GrantFilter } from './searches.ts';

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
  /** Where it was given: the device of its session; undefined where there was none (device flow, CIBA, password, assertions). */
  readonly deviceId: number | undefined;
  /** When it was exchanged; undefined before. */
  readonly redeemedAt: number | undefined;
  /**
   * Its user is locked until then: compared at each use, never remembered as dead. In the past: when its user’s lock was over, or its client (which is enabled again) was
   * disabled. The log still names what was issued before that, so no token of it begins earlier.
   */
  readonly suspendedUntil: number | undefined;
}

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
  /**
   * How many devices of the user this client may be used on. A slot is the grant's device, else its bound key, else the grant itself; grants that come from another never count. Over it, with `replace`, the grants (and codes) of the slot that
   * was redeemed longest ago are revoked (`session_replaced`), and the client's participants of those sessions are told; with `refuse` the code stays as it is (`refused`).
   */
  readonly devices?: DeviceLimit | undefined;
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
  /**
   * 0 → 1, once. `lost`: somebody else took it, it died (its client's death counts) or it expired; the record says which. `taken` answers the row as it is afterwards; of several
   * exchanges at once one says for all what fell.
   */
  exchangeCode(tenant: TenantId, id: GrantId, redemption: Redemption, now: number): Promise<Exchanged>;
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
  listGrants(tenant: TenantId, filter: GrantFilter, limit: number): Promise<GrantRecord[]>;
  /** RFC 7009 for one access token. `token` is its name (a JWT's `jti`), at most 128 characters. Nothing happens for an unknown or revoked grant, an expired token, or a second time. */
  revokeToken(tenant: TenantId, grant: GrantId, token: string, expiresAt: number, now: number): Promise<void>;
  findRevokedToken(tenant: TenantId, grant: GrantId, token: string): Promise<boolean>;
}

export type Taken =
  | { readonly kind: 'taken'; readonly grant: GrantRecord }
  | { readonly kind: 'lost'; readonly grant: GrantRecord | undefined };

/** `fell`: how many grants of the same user and client it has pushed out (`Redemption.maxGrants`). `refused`: the user has as many devices at this client as its policy allows. */
export type Exchanged =
  | { readonly kind: 'taken'; readonly grant: GrantRecord; readonly fell: number }
  | Extract<Taken, { kind: 'lost' }>
  | { readonly kind: 'refused'; readonly reason: 'too_many_devices' };

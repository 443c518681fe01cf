import type { SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import type { CredentialChange } from './credential-change.ts';
import type { IdentityRecord } from './identities.ts';

export interface UserRecord {
  readonly id: UserId;
  /** Public subject identifier: random, URL-safe, never reused. */
  readonly sub: string;
  readonly username: string;
  /** PHC string (`$argon2id$…`), or undefined where the user has no password. */
  readonly passwordHash: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Who made the account: the configuration, the person (`sign_up`), an upstream that they came from, or an administrator. Never changes. */
  readonly source: 'config' | 'sign_up' | 'upstream' | 'admin';
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly passwordChangedAt: number;
  /** Rises with each change of what they prove themselves with. */
  readonly authVersion: number;
  /** An administrator has locked them until then (`NEVER`: until unlocked); undefined where not. */
  readonly lockedUntil: number | undefined;
}

export interface Users {
  /** Looked up by `username` in the folded form of `foldUsername`. `taken` (the name, or else the `sub`, or else the verified address, is `user`'s; a `sub` also of somebody deleted) leaves everything as it was. With
   * `identity` their account at an upstream is linked in the same act (`identity_taken`: it is `user`'s). */
  createUser(
    tenant: TenantId,
    user: {
      readonly sub: string;
      readonly username: string;
      readonly passwordHash: string | undefined;
      readonly claims: Readonly<Record<string, unknown>>;
      /** `config` where it is left out. */
      readonly source?: UserRecord['source'];
      readonly identity?: Pick<IdentityRecord, 'upstream' | 'issuer' | 'subject' | 'label'>;
      /** `true` where it is left out. */
      readonly enabled?: boolean;
      readonly lockedUntil?: number;
    },
    now: number,
  ): Promise<
    | { readonly kind: 'created'; readonly user: UserRecord }
    | { readonly kind: 'taken'; readonly user: UserRecord }
    | { readonly kind: 'identity_taken'; readonly user: UserRecord }
  >;
  findUser(tenant: TenantId, id: UserId): Promise<UserRecord | undefined>;
  findUserByName(tenant: TenantId, username: string): Promise<UserRecord | undefined>;
  /** In order of `id`, after `afterId`. */
  listUsers(tenant: TenantId, afterId: number, limit: number): Promise<UserRecord[]>;
  /**
   * Where the claims say `email_verified`, the address is theirs as by `verifyEmail`; `email_taken` (nothing changes) where it is another user's. Without it an address that was theirs
   * is nobody's again. `authVersion` rises where that changes, and where somebody whom an administrator made (`admin`) and who has no password has another address from then on, shown or not: an
   * invitation to the one before lets nobody in. With `authVersion` nothing happens unless it still is that (`changed`): claims that were read before an address was proved
   * never take it away again.
   */
  setClaims(
    tenant: TenantId,
    id: UserId,
    claims: Readonly<Record<string, unknown>>,
    now: number,
    authVersion?: number,
  ): Promise<'done' | 'unknown' | 'email_taken' | 'changed'>;
  /** Replaces the hash only if it still is `oldHash`: an upgrade of parameters must never undo a change of password. Revokes nothing. */
  upgradePasswordHash(tenant: TenantId, id: UserId, oldHash: string, newHash: string): Promise<'done' | 'changed'>;
  /**
   * A new password (`undefined`: none any more), if `authVersion` still is `authVersion`. `all`: ends every session but `keepSession` and revokes every grant of the user
   * (`password_changed`), in the same act. `others`: what lives in `keepSession` stays as well. `keepSession` goes on under the new version.
   */
  changePassword(
    tenant: TenantId,
    id: UserId,
    authVersion: number,
    newHash: string | undefined,
    keep: { readonly session: SessionId | undefined; readonly revokes: 'all' | 'others' },
    now: number,
  ): Promise<CredentialChange>;
  /** Who has shown that a folded address is theirs, while their claims say so too. */
  findUserByEmail(tenant: TenantId, address: string): Promise<UserRecord | undefined>;
  /**
   * The address is theirs: `claims.email` and `email_verified` in the same act, and what they proved themselves with before counts no more where `forgetsCredentials` (it may be somebody
   * else's who only said that the address was theirs); identities at the upstreams of `spares` stay linked. `taken`: it is another user's.
   */
  verifyEmail(
    tenant: TenantId,
    id: UserId,
    authVersion: number,
    email: { readonly address: string; readonly folded: string },
    options: { readonly forgetsCredentials: boolean; readonly spares?: readonly string[]; readonly session: SessionId | undefined },
    now: number,
  ): Promise<CredentialChange | { readonly kind: 'taken' }>;
  /** Disabling ends all sessions and revokes all grants (`user_disabled`) in the same act. Enabling revives nothing. Nothing happens where it is so already. */
  setUserEnabled(tenant: TenantId, id: UserId, enabled: boolean, now: number): Promise<'done' | 'unknown'>;
  /**
   * Until then nothing of theirs is taken: no sign-in, refresh, access token (`GrantRecord.suspendedUntil`) or new grant. Nothing is revoked, and with `undefined` it all goes on. Raises
   * `authVersion`. For administrators alone: no guessing locks anybody. A lock that ends early leaves its entry in the log (see `Revocations`).
   */
  lockUser(tenant: TenantId, id: UserId, until: number | undefined, now: number): Promise<'done' | 'unknown'>;
  /**
   * Everything of theirs goes: sessions end and grants are revoked (`user_deleted`), factors, codes, identities, devices, challenges, consents, events and claims are removed. An empty row stays that
   * no verb finds, so that neither `sub` nor id comes again; the user name is free.
   */
  deleteUser(tenant: TenantId, id: UserId, now: number): Promise<'deleted' | 'unknown'>;
}

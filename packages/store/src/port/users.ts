import type { SessionId, TenantId, UserId } from '@hufu/protocol/ids';

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

import type { SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import type { CredentialChange } from './credential-change.ts';
import type { OpenWays } from './open-ways.ts';

/** Something that somebody proves themselves with beside a password: kept until they remove it. */
export interface FactorRecord {
  /** Counted per tenant. */
  readonly id: number;
  readonly userId: UserId;
  readonly kind: 'totp' | 'passkey';
  /** As its owner calls it; at most 100 characters. */
  readonly name: string;
  /** Hash of a passkey's credential id, unique in the tenant; undefined for TOTP. */
  readonly lookup: string | undefined;
  /** What its room writes: a sealed secret, a public key. Never readable by itself where it is a secret. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The last time step that was accepted (RFC 6238), or the last signature counter (WebAuthn §6.1.1). */
  readonly counter: number;
  readonly createdAt: number;
  readonly usedAt: number | undefined;
}

/** A user has at most so many factors. */
export interface NewFactor {
  readonly kind: FactorRecord['kind'];
  readonly name: string;
  readonly lookup: string | undefined;
  readonly data: FactorRecord['data'];
  readonly counter: number;
}

export interface Factors {
  /** In order of id. */
  listFactors(tenant: TenantId, user: UserId): Promise<FactorRecord[]>;
  /** The passkey with that `lookup`, of an enabled user. */
  findPasskey(tenant: TenantId, lookup: string): Promise<FactorRecord | undefined>;
  /**
   * Adds a factor and raises `authVersion`, if that is still `authVersion` and the user is active; `session` goes on under the new one. `full`: there are `MAX_FACTORS` already (of TOTP
   * `MAX_TOTP_FACTORS`). `taken`: `lookup` is somebody's.
   */
  addFactor(
    tenant: TenantId,
    user: UserId,
    authVersion: number,
    factor: NewFactor,
    session: SessionId | undefined,
    now: number,
  ): Promise<
    | { readonly kind: 'added'; readonly factor: FactorRecord; readonly authVersion: number }
    | { readonly kind: 'full' | 'taken' | 'changed' }
  >;
  /**
   * Accepts a step or counter that is larger than the last one: true for exactly one caller for each value (`counter` 0 of an authenticator
   * that does not count is accepted while the stored one is 0). `behind`: not larger; `unknown`: no such factor, or its user is not enabled.
   */
  useFactor(tenant: TenantId, user: UserId, id: number, counter: number, now: number): Promise<'used' | 'behind' | 'unknown'>;
  renameFactor(tenant: TenantId, user: UserId, id: number, name: string): Promise<'done' | 'unknown'>;
  /**
   * Raises `authVersion`; `session` goes on under it. `last` (nothing happens): `keepSecond`, and no other factor would be left; or a passkey without which, of a password, another passkey, an identity and mail, nothing is left that is `open`.
   * Recovery codes fall with the last factor.
   */
  removeFactor(
    tenant: TenantId,
    user: UserId,
    authVersion: number,
    id: number,
    options: { readonly keepSecond: boolean; readonly open: OpenWays; readonly session: SessionId | undefined },
    now: number,
  ): Promise<CredentialChange | { readonly kind: 'last' }>;
  /** Removes every factor and recovery code, and raises `authVersion`: for an administrator who helps somebody that lost them. */
  removeFactors(tenant: TenantId, user: UserId, now: number): Promise<'done' | 'unknown'>;
  /** New recovery codes in place of all that were there (at most 20), for somebody who has a factor (else `unknown`); raises `authVersion`, and `session` goes on under it. */
  putRecoveryCodes(
    tenant: TenantId,
    user: UserId,
    authVersion: number,
    hashes: readonly string[],
    session: SessionId | undefined,
    now: number,
  ): Promise<CredentialChange>;
  /** How many are left. */
  countRecoveryCodes(tenant: TenantId, user: UserId): Promise<number>;
  /** Takes one away: true for exactly one caller. */
  takeRecoveryCode(tenant: TenantId, user: UserId, hash: string): Promise<boolean>;
}

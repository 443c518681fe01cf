import type { SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import type { CredentialChange } from './credential-change.ts';
import type { OpenWays } from './open-ways.ts';

/** Somebody's account at an upstream, which they may sign in with. */
export interface IdentityRecord {
  /** Name of the upstream in the configuration. */
  readonly upstream: string;
  /** The issuer or entity that said so: another one of the same name is somebody else. At most 255 characters. */
  readonly issuer: string;
  /** As the upstream calls them, never an address; at most 255 characters. */
  readonly subject: string;
  readonly userId: UserId;
  /** What its owner knows it by (address or name there). */
  readonly label: string;
  readonly linkedAt: number;
  readonly usedAt: number;
}

export interface Identities {
  findIdentity(tenant: TenantId, upstream: string, issuer: string, subject: string): Promise<IdentityRecord | undefined>;
  listIdentities(tenant: TenantId, user: UserId): Promise<IdentityRecord[]>;
  /**
   * Links it and raises `authVersion`, if that is still `authVersion` and the user is enabled. `taken`: it is somebody's already (also this user's). `full`:
   * `MAX_IDENTITIES` already, or one of this upstream.
   */
  linkIdentity(
    tenant: TenantId,
    user: UserId,
    authVersion: number,
    identity: Pick<IdentityRecord, 'upstream' | 'issuer' | 'subject' | 'label'>,
    session: SessionId | undefined,
    now: number,
  ): Promise<CredentialChange | { readonly kind: 'taken' | 'full' }>;
  /** That somebody has signed in with it, and what it is called by now. */
  useIdentity(tenant: TenantId, upstream: string, issuer: string, subject: string, label: string, now: number): Promise<'used' | 'unknown'>;
  /**
   * Raises `authVersion`; `session` goes on under it, other sessions of the user end (`credential_removed`). `last` (nothing happens): of a password, a passkey, another identity and mail nothing would
   * be left that is `open`.
   */
  unlinkIdentity(
    tenant: TenantId,
    user: UserId,
    authVersion: number,
    upstream: string,
    options: { readonly session: SessionId | undefined; readonly open: OpenWays },
    now: number,
  ): Promise<CredentialChange | { readonly kind: 'last' }>;
}

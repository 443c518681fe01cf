import type { ClientId, GrantId, SessionId, TenantId, UserId } from '@hufu/protocol/ids';

export type DeviceType = 'desktop' | 'mobile' | 'tablet' | 'tv' | 'other';

/** A browser as a sign-in sees it. */
export interface SeenDevice {
  /** Keyed hash of the browser's own cookie: no proof, only how it is known again. */
  readonly browserHash: string;
  /** As it is first called; its owner may call it otherwise. */
  readonly name: string;
  /** Of the first sign-in: a browser that says otherwise later stays what it was. */
  readonly type: DeviceType;
  /** A label from a fixed list of parts (`Firefox 140 on Linux`). */
  readonly agent: string;
}

/** How many devices of a user may be signed in, each counted once; with `per: 'type'` those of one type (a tablet is a mobile). */
export interface DeviceLimit {
  readonly max: number;
  readonly per: 'all' | 'type';
  /** Over it the one that signed in longest ago is out (`session_replaced`), or the new one is refused. */
  readonly onExceed: 'replace' | 'refuse';
}

/** Where a user is signed in: a device, or what has none (a session of the version before, a grant that was given without a browser). */
export type SignedInAt =
  | { readonly kind: 'device'; readonly id: number }
  | { readonly kind: 'session'; readonly id: SessionId }
  | { readonly kind: 'grant'; readonly id: GrantId };

/** Where a user has signed in. */
export interface DeviceRecord {
  readonly id: number;
  readonly userId: UserId;
  readonly name: string;
  readonly type: DeviceType;
  readonly agent: string;
  readonly place: string | undefined;
  readonly createdAt: number;
  readonly seenAt: number;
  /** 0: not trusted. Trust counts only with the secret, and while `authVersion` is the user's. */
  readonly trustedUntil: number;
  readonly authVersion: number;
}

export interface Devices {
  /** Lastly seen first; a user has at most `MAX_DEVICES`: those fall first that nobody trusts, is signed in at, or has a grant at that can be refreshed; longest unseen before. */
  listDevices(tenant: TenantId, user: UserId): Promise<DeviceRecord[]>;
  findDevice(tenant: TenantId, user: UserId, browserHash: string): Promise<DeviceRecord | undefined>;
  renameDevice(tenant: TenantId, user: UserId, id: number, name: string): Promise<'done' | 'unknown'>;
  /**
   * Trusts a device with a secret of its own (SHA-256, base64url), under the user's `authVersion` of this moment if that is still `authVersion`. Whatever moves that ends it, and so does a password that was
   * set in the second when it began, or later: a node of the version before moves no version.
   */
  trustDevice(
    tenant: TenantId,
    user: UserId,
    id: number,
    authVersion: number,
    trustHash: string,
    until: number,
    now: number,
  ): Promise<'done' | 'changed' | 'unknown'>;
  /** Exchanges the secret of a trusted device for the next one: `used` for exactly one caller with the one that stands. */
  useTrust(tenant: TenantId, user: UserId, browserHash: string, trustHash: string, nextHash: string, now: number): Promise<'used' | 'none'>;
  /** Signs it out: its sessions, every grant that was made there (offline ones too), its trust; the row goes. */
  removeDevice(tenant: TenantId, user: UserId, id: number, now: number): Promise<'done' | 'unknown'>;
  /**
   * Takes a client away from places of a user, in one act: its grants there and its codes (`revoked_by_user`), and its part in those sessions, of whose end it is told. It stays in `here`, where it is
   * about to go on, and in a session where other grants of it do. What is somebody else's is not there.
   */
  signOutClient(
    tenant: TenantId,
    user: UserId,
    client: ClientId,
    places: readonly SignedInAt[],
    here: SessionId,
    now: number,
  ): Promise<{ readonly revoked: number }>;
  /** Nobody is trusted any more. */
  distrustDevices(tenant: TenantId, user: UserId): Promise<void>;
  /** The device of a session, and what took its place where it was replaced: for pages that tell. */
  findSessionDevice(tenant: TenantId, id: SessionId): Promise<DeviceRecord | undefined>;
}

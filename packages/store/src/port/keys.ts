import type { TenantId } from '@hufu/protocol/ids';

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
  /** A key that may have been stolen: removed at once, and told in the log by its `kid` (`key`, reason `key_compromised`), in one act. */
  revokeKey(tenant: TenantId, id: number, kid: string, now: number): Promise<'revoked' | 'unknown'>;
  /** Grows when any process adds, retires or removes a key: cheap to ask once a second. */
  keysVersion(tenant: TenantId): Promise<number>;
}

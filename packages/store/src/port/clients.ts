import type { ClientId, TenantId } from '@hufu/protocol/ids';

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
  /** `config` rows follow `hufu.yaml`, `document` ones the document that their id is the address of, `registered` ones nobody, `admin` ones administrators. */
  readonly source: 'config' | 'registered' | 'document' | 'admin';
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
  /** The same where the row's `version` still is `version` (undefined: where there is no such client); else nothing happens (`changed`). */
  changeClient(
    tenant: TenantId,
    client: Omit<ClientRecord, 'epoch' | 'version' | 'createdAt'>,
    version: number | undefined,
    now: number,
  ): Promise<{ readonly kind: 'done'; readonly client: ClientRecord } | { readonly kind: 'changed' }>;
  /** Never older than what any acknowledged write left. The same object for the same version, so that callers can hang a parsed form on it. */
  findClient(tenant: TenantId, clientId: ClientId): Promise<ClientRecord | undefined>;
  /**
   * Removes a `registered` or `admin` client for ever, with its consents, participations and what it was still to be told, in one act: its grants are
   * unknown from then on, and its death is told in the log (`client`, reason `client_removed`). Should a client be put under its id again, none
   * of those grants lives for it. `unknown` where there is none, or none of these sources.
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

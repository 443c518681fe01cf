import type { ClientId, GrantId, TenantId } from '@hufu/protocol/ids';
import type { GrantRecord } from './grants.ts';

/**
 * What status lists and whoever draws a lineage read. A grant is `invalid` where it is revoked, its client was revoked or removed, or the line that it
 * comes from has ended; `suspended` where only its user is locked or a client of the line is disabled. Its own expiry is not in it: a token
 * says that itself.
 */
export interface Statuses {
  /** The last number of the revocation log with the log's name, and the largest grant id that was ever given out (or reserved), both of one moment; 0 for none. */
  statusHead(tenant: TenantId): Promise<StatusHead>;
  /** Of the grants with `from <= id < to` those that are not valid, in the order of their ids. */
  listStates(tenant: TenantId, from: number, to: number, now: number): Promise<readonly GrantState[]>;
  /**
   * Those of a client that are not valid and that nobody revoked one by one, `limit` rows a page; the line that they come from is not looked at.
   * `next`: where the next page begins, undefined at the end.
   */
  listClientStates(tenant: TenantId, client: ClientId, after: ClientPage | undefined, limit: number, now: number): Promise<ClientStates>;
  /** The grants that come from these and have larger ids than `afterId`, in the order of their ids, `limit` for each. Over or not. */
  listChildren(tenant: TenantId, parents: readonly ParentPage[], limit: number): Promise<readonly LineMember[]>;
  /** A grant and those that it comes from, nearest first, at most `MAX_LINEAGE`. It ends early where one is gone: then the last that is there has a parent. */
  findLine(tenant: TenantId, first: GrantId): Promise<readonly LineMember[]>;
  /** Those that come from a grant, its children's children too, level by level and in a level by their ids, `limit` at most: as they all were at one moment. Over or not. */
  listDescendants(tenant: TenantId, id: GrantId, limit: number): Promise<readonly Descendant[]>;
  /**
   * How many of them would end with the grant: those that live, no more of them than `limit` looked at (`isCapped`: there are more). What comes from one that has ended, or whose client is disabled, has
   * ended as well.
   */
  countDescendants(
    tenant: TenantId,
    id: GrantId,
    limit: number,
    now: number,
  ): Promise<{ readonly grants: number; readonly isCapped: boolean }>;
}

/** What is shown of a grant in a lineage, beside who it is. */
export type GrantOutline = Pick<
  GrantRecord,
  'subject' | 'actor' | 'scopes' | 'createdAt' | 'expiresAt' | 'idleSeconds' | 'rotatedAt' | 'generation' | 'dead' | 'suspendedUntil'
>;

export interface Descendant extends LineMember {
  /** Undefined where its client was removed. */
  readonly outline: GrantOutline | undefined;
}

export interface StatusHead {
  readonly seq: number;
  /** Names the log that `seq` is of, as `RevocationHead.epoch`. */
  readonly epoch: string | undefined;
  readonly lastGrant: number;
}

export interface GrantState {
  readonly id: GrantId;
  readonly state: 'invalid' | 'suspended';
}

export interface ClientPage {
  readonly epoch: number;
  readonly id: number;
}

export interface ClientStates {
  readonly states: readonly GrantState[];
  readonly next: ClientPage | undefined;
}

export interface ParentPage {
  readonly id: GrantId;
  /** 0 for the first page. */
  readonly afterId: number;
}

export interface LineMember {
  readonly id: GrantId;
  readonly clientId: ClientId;
  readonly parentId: GrantId | undefined;
}

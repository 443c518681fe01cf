import type { TenantId } from '@hufu/protocol/ids';

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

/** The `endpoint` of decisions of the edge. They have a share of their own of what is kept: no flood at the edge pushes out the others. */
export const EDGE_DECISIONS = 'edge';

export interface Decisions {
  /**
   * Keeps the newest `keep` (by id) of the tenant, of the edge's and of all others each, and for a while at most a sixteenth more. One with an id that
   * is there is left out. Not awaited by requests.
   */
  recordDecisions(tenant: TenantId, decisions: readonly DecisionRecord[], keep: number): Promise<void>;
  /** Decisions that are still there say this from now on. */
  rewriteDecisions(tenant: TenantId, decisions: readonly Pick<DecisionRecord, 'id' | 'record'>[]): Promise<void>;
  findDecision(tenant: TenantId, id: string): Promise<DecisionRecord | undefined>;
  /** Newest first. */
  listDecisions(tenant: TenantId, limit: number, filter?: DecisionFilter): Promise<DecisionRecord[]>;
}

export interface DecisionFilter {
  /** Ids that are smaller, as text. */
  readonly before?: string;
  /** Ids that are not smaller. */
  readonly from?: string;
  readonly endpoint?: string;
  readonly error?: string;
  readonly clientId?: string;
}

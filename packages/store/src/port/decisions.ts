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

export interface Decisions {
  /** Keeps the newest `keep` (by id) of the tenant, and for a while at most a sixteenth more. One with an id that is there is left out. Not awaited by requests. */
  recordDecisions(tenant: TenantId, decisions: readonly DecisionRecord[], keep: number): Promise<void>;
  findDecision(tenant: TenantId, id: string): Promise<DecisionRecord | undefined>;
  /** Newest first. */
  listDecisions(tenant: TenantId, limit: number): Promise<DecisionRecord[]>;
}

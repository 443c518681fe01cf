import type { TenantId } from '@hufu/protocol/ids';

/** Requests that were alike, of one minute and one process. */
export interface HistoryRecord {
  /** When the minute began, in seconds since 1970. */
  readonly minute: number;
  /** What was asked and what became of it, as the server writes it. */
  readonly facts: string;
  /** How many there were; 1 at least. */
  readonly times: number;
}

/** A record with its number within its minute: later ones have larger ones. */
export interface KeptHistory extends HistoryRecord {
  readonly id: number;
}

export interface History {
  /**
   * Writes what was asked, all of it in one act. Some of what is of minutes before `keepFrom` falls with it, always more rows than came; and of more than `most` rows (for a while a sixteenth more)
   * the oldest. No request waits for it.
   */
  recordHistory(tenant: TenantId, records: readonly HistoryRecord[], keepFrom: number, most: number): Promise<void>;
  /** In the order of minute and number, from the first record after that place on. */
  listHistory(tenant: TenantId, after: Pick<KeptHistory, 'minute' | 'id'>, limit: number): Promise<KeptHistory[]>;
}

import type { ProblemCode } from '@hufu/protocol/admin/problem';
import type { ErrorCode } from '@hufu/protocol/errors';
import type { TenantId } from '@hufu/protocol/ids';
import type { Store } from '@hufu/store/port';
import type { Log } from '../log.ts';
import type { Meter } from '../metrics/meter.ts';
import type { Random } from '../random.ts';
import { decisionId } from './decision-id.ts';
import { decisionQueue } from './decision-queue.ts';
import { redact } from './redact.ts';
import type { Trail } from './trail.ts';

/** How many decision records a tenant keeps, beside those of the edge; the oldest fall. */
export const KEPT_DECISIONS = 10_000;
/** Half of what is kept, as other processes record theirs too. */
const MAX_REPEATED = KEPT_DECISIONS / 2;
const MAX_DETAIL = 500;

/** The record of a refusal as `hufu why` shows it. */
export interface DecisionBody {
  readonly description: string;
  readonly checks: readonly { readonly check: string; readonly outcome: 'passed' | 'failed'; readonly detail?: string }[];
}

/** What of an error goes into the record. */
export interface Refusal {
  readonly code: ErrorCode | ProblemCode;
  readonly description: string;
  readonly detail?: string | undefined;
}

export interface DecisionJournal {
  /** Keeps why a request was refused; the id goes out in `Hufu-Decision`. Never waits for the store. */
  record(endpoint: string, status: number, error: Refusal, trail: Trail, nowMs: number): string;
  /** Resolves when what was recorded so far is stored (or dropped). */
  settled(): Promise<void>;
}

export interface DecisionJournalParts {
  readonly store: Store;
  readonly tenant: TenantId;
  readonly random: Random;
  readonly log: Log;
  /** Counts every refusal, also those that are told again. */
  readonly meter: Pick<Meter, 'refused'>;
}

export function decisionJournal({ store, tenant, random, log, meter }: DecisionJournalParts): DecisionJournal {
  const queue = decisionQueue(store, tenant, KEPT_DECISIONS, log);
  /** Decisions that are told again, and after how many records each was made. */
  const repeated = new Map<string, { readonly id: string; readonly after: number }>();
  let recorded = 0;

  /** The decision on what has been refused like this before, while its record can be counted on to be kept. */
  function toldBefore(key: string): string | undefined {
    const told = repeated.get(key);
    return told === undefined || recorded - told.after >= MAX_REPEATED ? undefined : told.id;
  }

  function remember(key: string, id: string): void {
    repeated.delete(key);
    repeated.set(key, { id, after: recorded });
    // The oldest are first, and each record adds one at most: what is over the bound has gone out of date.
    const [oldest] = repeated.keys();
    if (repeated.size > MAX_REPEATED && oldest !== undefined) repeated.delete(oldest);
  }

  return {
    record(endpoint, status, error, trail, nowMs) {
      meter.refused(endpoint, error.code);
      const key = trail.repeats === undefined ? undefined : `${trail.repeats} ${error.code}`;
      const before = key === undefined ? undefined : toldBefore(key);
      if (before !== undefined) return before;
      const id = decisionId(nowMs, random);
      const isKept = queue.add({
        id,
        at: Math.floor(nowMs / 1000),
        endpoint,
        status,
        error: error.code,
        clientId: trail.clientId,
        record: JSON.stringify(body(error, trail)),
      });
      if (!isKept) return id;
      recorded += 1;
      if (key !== undefined) remember(key, id);
      return id;
    },
    settled: () => queue.settled(),
  };
}

function body(error: Refusal, trail: Trail): DecisionBody {
  const reached = trail.reached;
  return {
    description: error.description,
    checks: reached.map((check, i) => {
      if (i < reached.length - 1) return { check, outcome: 'passed' };
      return { check, outcome: 'failed', detail: redact(error.detail ?? error.description).slice(0, MAX_DETAIL) };
    }),
  };
}

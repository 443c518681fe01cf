import type { ErrorCode } from '@hufu/protocol/errors';
import type { TenantId } from '@hufu/protocol/ids';
import type { DecisionRecord, Store } from '@hufu/store/port';
import type { Log } from '../log.ts';
import type { Random } from '../random.ts';
import { redact } from './redact.ts';
import type { Trail } from './trail.ts';

/** How many decision records a tenant keeps; the oldest fall. */
export const KEPT_DECISIONS = 10_000;
/** How many wait for the store at most; when it is slower than the refusals, newer ones are dropped and counted. */
const MAX_WAITING = 2_000;
const BATCH = 200;
const MAX_DETAIL = 500;

/** The record of a refusal as `hufu why` shows it. */
export interface DecisionBody {
  readonly description: string;
  readonly checks: readonly { readonly check: string; readonly outcome: 'passed' | 'failed'; readonly detail?: string }[];
}

/** What of an error goes into the record. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly description: string;
  readonly detail?: string | undefined;
}

export interface DecisionJournal {
  /** Keeps why a request was refused; the id goes out in `Hufu-Decision`. Never waits for the store. */
  record(endpoint: string, status: number, error: Refusal, trail: Trail, nowMs: number): string;
  /** Resolves when what was recorded so far is stored (or dropped). */
  settled(): Promise<void>;
}

export function decisionJournal(store: Store, tenant: TenantId, random: Random, log: Log): DecisionJournal {
  let waiting: DecisionRecord[] = [];
  let dropped = 0;
  let toldOf = 0;
  let flushing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    // Refusals of one turn are written together.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      try {
        await store.recordDecisions(tenant, batch, KEPT_DECISIONS);
      } catch (error) {
        dropped += batch.length;
        toldOf = dropped;
        log.error('decisions.dropped', error, { dropped });
      }
    }
    // Those that found no room; once for each flood, not once for each of them.
    if (dropped > toldOf) log.warn('decisions.dropped', { dropped });
    toldOf = dropped;
    flushing = undefined;
  }

  return {
    record(endpoint, status, error, trail, nowMs) {
      const id = decisionId(nowMs, random);
      if (waiting.length >= MAX_WAITING) {
        dropped++;
        return id;
      }
      waiting.push({
        id,
        at: Math.floor(nowMs / 1000),
        endpoint,
        status,
        error: error.code,
        clientId: trail.clientId,
        record: JSON.stringify(body(error, trail)),
      });
      flushing ??= flush();
      return id;
    },
    settled: () => flushing ?? Promise.resolve(),
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

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 10 characters of time, 8 of randomness, in Crockford's base 32: sorts by time, can be read aloud. */
function decisionId(nowMs: number, random: Random): string {
  let time = '';
  for (let rest = nowMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = CROCKFORD.charAt(rest % 32) + time;
  let tail = '';
  for (const character of random.text(8)) tail += CROCKFORD.charAt(character.charCodeAt(0) & 31);
  return time + tail;
}

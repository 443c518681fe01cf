import { type Latency, latencyBucket } from '@hufu/store/port/latency';
import type { Method } from '../sessions/methods.ts';
import { ENDPOINTS, type EndpointLabel, REFUSERS } from './endpoint-labels.ts';
import { COUNTERS, FAMILIES, slotAt, TOKEN_SOURCES } from './families.ts';

const { requests, request_time, request_ms, tokens, sign_ins, refusals, revocations, mails, store_time, store_ms } = FAMILIES;
const STATUSES = 4;
const BUCKETS = request_time.size / request_ms.size;

/**
 * Counts what a process does: numbers in one array of a fixed size. To count is to add one to a place in it; nothing is made, nothing waits.
 * They only grow while the process lives.
 */
export class Meter {
  /** By place (`FAMILIES`). */
  readonly totals: Float64Array = new Float64Array(COUNTERS);
  readonly #latency: Latency;

  /** @param latency how long the store took: its own, read when somebody asks. */
  constructor(latency: Latency) {
    this.#latency = latency;
  }

  /** A request that was answered `ms` after its head was read. @param endpoint of `endpointIndex`. */
  requested(endpoint: number, status: number, ms: number): void {
    this.#add(requests.base + endpoint * STATUSES + statusIndex(status));
    this.#add(request_time.base + endpoint * BUCKETS + latencyBucket(ms));
    this.#add(request_ms.base + endpoint, ms);
  }

  /** The same for what takes its time because whoever asked wants it to: no time is noted. */
  streamed(endpoint: number, status: number): void {
    this.#add(requests.base + endpoint * STATUSES + statusIndex(status));
  }

  issued(grantType: string): void {
    this.#add(GRANT_TYPES.get(grantType));
  }

  /** @param by as a decision names its endpoint. */
  refused(by: string, error: string): void {
    const refuser = REFUSER_INDEX.get(by.startsWith('admin_') ? 'admin' : by.startsWith('account') ? 'account' : by) ?? OTHER_REFUSER;
    this.#add(refusals.base + refuser * ERROR_COUNT + (ERROR_INDEX.get(error) ?? ERROR_COUNT - 1));
  }

  signedIn(method: Method): void {
    this.#add(SIGN_IN_DONE.get(method));
  }

  signInFailed(method: Method): void {
    const slot = SIGN_IN_DONE.get(method);
    this.#add(slot === undefined ? undefined : slot + 1);
  }

  revoked(kind: string): void {
    this.#add(KINDS.get(kind));
  }

  mailed(outcome: 'sent' | 'failed' | 'dead'): void {
    this.#add(MAILED[outcome]);
  }

  /** `totals` with what the store has counted until now. */
  read(): Float64Array {
    const all = this.totals;
    all.set(this.#latency.counts, store_time.base);
    all[store_ms.base] = this.#latency.sumMs;
    return all;
  }

  #add(slot: number | undefined, amount = 1): void {
    if (slot !== undefined) this.totals[slot] = (this.totals[slot] ?? 0) + amount;
  }
}

/** What `Meter.requested` knows an endpoint by. */
export function endpointIndex(label: EndpointLabel): number {
  return ENDPOINTS.indexOf(label);
}

/** Of 2xx, 3xx, 4xx, 5xx. */
function statusIndex(status: number): number {
  return status < 300 ? 0 : status < 400 ? 1 : status < 500 ? 2 : 3;
}

/** By the name on the wire. */
const GRANT_TYPES: ReadonlyMap<string, number> = new Map(TOKEN_SOURCES.map((source, index) => [source, slotAt(tokens, index)] as const));
const [, errorLabel] = refusals.labels;
const ERROR_COUNT = errorLabel?.values.length ?? 0;
const ERROR_INDEX: ReadonlyMap<string, number> = new Map(errorLabel?.values.map((value, index) => [value, index] as const));
const REFUSER_INDEX: ReadonlyMap<string, number> = new Map(REFUSERS.map((value, index) => [value, index] as const));
const OTHER_REFUSER = REFUSERS.length - 1;
const SIGN_IN_DONE: ReadonlyMap<string, number> = new Map(
  sign_ins.labels[0]?.values.map((value, index) => [value, slotAt(sign_ins, index, 0)] as const),
);
const KINDS: ReadonlyMap<string, number> = new Map(
  revocations.labels[0]?.values.map((value, index) => [value, slotAt(revocations, index)] as const),
);
const MAILED = { sent: slotAt(mails, 0), failed: slotAt(mails, 1), dead: slotAt(mails, 2) } as const;

import { LATENCY_BOUNDS_MS } from '@hufu/store/port/latency';
import type { Context } from '../context.ts';
import { lookAtEdge } from '../edge-state.ts';
import { addEdge, addLimits, addProcess, ofEdge } from './edge-exposition.ts';
import { expositionText, type Labels } from './exposition-text.ts';
import { FAMILIES, type Family, type FamilyName, slotAt, valuesAt } from './families.ts';

/** Counters that are told as they are. Of `refusals` those that are 0 are left out: there are more than a thousand. */
const COUNTED: readonly (readonly [family: FamilyName, name: string, help: string])[] = [
  ['requests', 'hufu_http_requests_total', 'Requests that were answered.'],
  ['tokens', 'hufu_tokens_issued_total', 'Token responses, by grant type.'],
  ['sign_ins', 'hufu_sign_ins_total', 'Sign-ins that were done, by their first method, and tries that failed.'],
  ['refusals', 'hufu_refusals_total', 'Refusals, by endpoint and error. Each has a decision.'],
  [
    'revocations',
    'hufu_revocations_total',
    'Entries of the revocation log that this process has learned of. Every node learns of all of them.',
  ],
  ['mails', 'hufu_mails_total', 'Mails: sent, failed and to be tried again, or given up.'],
];

/** Everything that this process counts, and how it is, as text. */
export function writeExposition(ctx: Context): string {
  const { limits } = ctx;
  const { meter, startedAt, about } = ctx.metrics;
  const totals = meter.read();
  const text = expositionText();
  const { begin, sample, gauge } = text;

  for (const [family, name, help] of COUNTED) {
    begin(name, help, 'counter');
    for (const { labels, value } of samplesOf(FAMILIES[family], totals))
      if (value > 0 || family !== 'refusals') sample(name, labels, value);
  }

  const { request_time, request_ms, store_time, store_ms } = FAMILIES;
  begin(
    'hufu_http_request_duration_seconds',
    'From the head of a request to its answer. Without streams and polls that wait.',
    'histogram',
  );
  for (const { labels, slot } of samplesOf(request_ms, totals)) {
    const first = request_time.base + (slot - request_ms.base) * BUCKETS;
    histogram(sample, 'hufu_http_request_duration_seconds', labels, totals.subarray(first, first + BUCKETS), totals[slot] ?? 0);
  }
  begin(
    'hufu_store_duration_seconds',
    'How long the database took: groups of writes (SQLite), statements and transactions (PostgreSQL).',
    'histogram',
  );
  const { base } = store_time;
  histogram(sample, 'hufu_store_duration_seconds', [], totals.subarray(base, base + BUCKETS), totals[slotAt(store_ms)] ?? 0);

  const edge = lookAtEdge(ctx);
  if (edge !== undefined) addEdge(text, edge);
  addLimits(text, [...limits.snapshot(), ...(edge?.limits.map(ofEdge) ?? [])]);
  addProcess(text, startedAt);
  gauge('nodejs_eventloop_lag_p99_seconds', 'How late the event loop was in the last minute, in 99 of 100 looks.', about().loop_ms / 1000);
  return text.text();
}

const BUCKETS = LATENCY_BOUNDS_MS.length + 1;

/** Buckets as Prometheus has them: each with all that is in those before. */
function histogram(
  sample: (name: string, labels: Labels, value: number) => void,
  name: string,
  labels: Labels,
  buckets: Float64Array,
  sumMs: number,
): void {
  let sum = 0;
  for (const [index, count] of buckets.entries()) {
    sum += count;
    const bound = LATENCY_BOUNDS_MS[index];
    sample(`${name}_bucket`, [...labels, ['le', bound === undefined ? '+Inf' : String(bound / 1000)]], sum);
  }
  sample(`${name}_sum`, labels, Math.round(sumMs) / 1000);
  sample(`${name}_count`, labels, sum);
}

function samplesOf(family: Family, totals: Float64Array): { readonly labels: Labels; readonly slot: number; readonly value: number }[] {
  return Array.from({ length: family.size }, (_, offset) => {
    const slot = family.base + offset;
    const values = valuesAt(family, slot);
    return { labels: family.labels.map(({ name }, index) => [name, values[index] ?? ''] as const), slot, value: totals[slot] ?? 0 };
  });
}

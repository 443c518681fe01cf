import { LATENCY_BOUNDS_MS } from '@hufu/store/port/latency';
import type { Context } from '../context.ts';
import { VERSION } from '../version.ts';
import { FAMILIES, type Family, type FamilyName, slotAt, valuesAt } from './families.ts';

/** Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = readonly (readonly [name: string, value: string])[];

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
export function writeExposition({ metrics: { meter, startedAt, about }, limits }: Pick<Context, 'metrics' | 'limits'>): string {
  const totals = meter.read();
  const lines: string[] = [];
  const begin = (name: string, help: string, type: 'counter' | 'gauge' | 'histogram'): void =>
    void lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  const sample = (name: string, labels: Labels, value: number): void => void lines.push(`${name}${labelText(labels)} ${value}`);
  const gauge = (name: string, help: string, value: number): void => {
    begin(name, help, 'gauge');
    sample(name, [], value);
  };

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

  begin('hufu_limit_decisions_total', 'What limits said, each for itself.', 'counter');
  for (const { name, allowed, refused, shadowRefused } of limits.snapshot())
    for (const [outcome, value] of [
      ['allowed', allowed],
      ['refused', refused],
      ['shadow_refused', shadowRefused],
    ] as const)
      sample(
        'hufu_limit_decisions_total',
        [
          ['limit', name],
          ['outcome', outcome],
        ],
        value,
      );

  begin('hufu_build_info', 'The version that runs.', 'gauge');
  sample('hufu_build_info', [['version', VERSION]], 1);
  const { rss, loop_ms } = about();
  const { user, system } = process.cpuUsage();
  begin('process_cpu_seconds_total', 'Processor time.', 'counter');
  sample('process_cpu_seconds_total', [], (user + system) / 1e6);
  gauge('process_start_time_seconds', 'When the process started, in seconds since 1970.', startedAt);
  gauge('process_resident_memory_bytes', 'Memory that the process holds.', rss);
  gauge('nodejs_eventloop_lag_p99_seconds', 'How late the event loop was in the last minute, in 99 of 100 looks.', loop_ms / 1000);
  return `${lines.join('\n')}\n`;
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

function labelText(labels: Labels): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`).join(',')}}`;
}

import type { Figure } from './measure.ts';
import type { Scenario } from './scenarios.ts';
import { median, roundTo } from './statistics.ts';

/** Medians of one scenario. Ratios are ours ÷ theirs: of req/s more is better, of ms and MB less. */
export interface ScenarioReport {
  readonly unit: 'req/s' | 'ms' | 'MB';
  /** Null where Hufu was not there or failed. */
  readonly ours: number | null;
  readonly floor: number | null;
  readonly peers: Readonly<Record<string, number>>;
  readonly vs_floor: number | null;
  readonly vs_peers: Readonly<Record<string, number>>;
  /** Milliseconds by contender, of the closed loop at saturation: mostly queueing. */
  readonly p50: Readonly<Record<string, number>>;
  readonly p99: Readonly<Record<string, number>>;
  readonly p99_vs_peers: Readonly<Record<string, number>>;
  /** How full the core was, 1 being full. A load generator at 1 measures itself. */
  readonly server_busy: Readonly<Record<string, number>>;
  readonly load_busy: Readonly<Record<string, number>>;
  /** Share of the time that the server waited for its core: above 0.05 the machine was not ours alone. */
  readonly disturbed: Readonly<Record<string, number>>;
  /** Requests per second of the server's own processor time: comparable even where `disturbed` is high. */
  readonly per_cpu_second: Readonly<Record<string, number>>;
  readonly cpu_vs_floor: number | null;
  readonly cpu_vs_peers: Readonly<Record<string, number>>;
  /** Every round's figure by contender, in order. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

/** Figures of all rounds by contender. */
export type Samples = ReadonlyMap<string, readonly Figure[]>;

export function report(scenario: Scenario, samples: Samples): ScenarioReport {
  const values = medians(samples, ({ value }) => value, 4);
  const p99 = medians(samples, (figure) => figure.p99, 3);
  const { ours = null, floor = null, ...peers } = values;
  const perCpu = medians(samples, (figure) => figure.perCpuSecond, 4);
  const { ours: oursPerCpu = null, floor: floorPerCpu = null, ...peersPerCpu } = perCpu;
  return {
    unit: unitOf(scenario),
    ours,
    floor,
    peers,
    vs_floor: ratio(ours, floor),
    vs_peers: ratios(ours, peers),
    p50: medians(samples, (figure) => figure.p50, 3),
    p99,
    p99_vs_peers: ratios(p99['ours'] ?? null, Object.fromEntries(Object.entries(p99).filter(([name]) => name in peers))),
    server_busy: medians(samples, (figure) => figure.serverBusy, 2),
    load_busy: medians(samples, (figure) => figure.loadBusy, 2),
    disturbed: medians(samples, (figure) => figure.disturbed, 2),
    per_cpu_second: perCpu,
    cpu_vs_floor: ratio(oursPerCpu, floorPerCpu),
    cpu_vs_peers: ratios(oursPerCpu, peersPerCpu),
    samples: Object.fromEntries([...samples].map(([name, figures]) => [name, figures.map(({ value }) => roundTo(4, value))])),
  };
}

function unitOf({ work }: Scenario): ScenarioReport['unit'] {
  if (work.kind === 'cold_start') return 'ms';
  return work.kind === 'idle_rss' ? 'MB' : 'req/s';
}

function medians(samples: Samples, pick: (figure: Figure) => number | undefined, digits: number): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, figures] of samples) {
    const values = figures.map(pick).filter((value) => value !== undefined);
    if (values.length > 0) found[name] = roundTo(digits, median(values));
  }
  return found;
}

function ratio(ours: number | null, theirs: number | null): number | null {
  return ours === null || theirs === null ? null : roundTo(3, ours / theirs);
}

function ratios(ours: number | null, theirs: Readonly<Record<string, number>>): Record<string, number> {
  if (ours === null) return {};
  return Object.fromEntries(Object.entries(theirs).map(([name, value]) => [name, roundTo(3, ours / value)]));
}

const COLUMNS = [
  'scenario',
  'unit',
  'ours',
  'floor',
  '÷floor',
  'memory',
  '÷memory',
  'postgres',
  '÷postgres',
  'p99 ours',
  'floor',
  'memory',
  'postgres',
];

/** The figures as a table of text, with the peer by its storage. */
export function table(reports: Readonly<Record<string, ScenarioReport>>): string {
  const rows = Object.entries(reports).map(([name, { unit, ours, floor, peers, vs_floor, cpu_vs_floor, vs_peers, p99 }]) => [
    name,
    unit,
    ...[ours, floor, vs_floor, cpu_vs_floor].map(cell),
    ...['oidc-provider-memory', 'oidc-provider-postgres'].flatMap((peer) => [cell(peers[peer]), cell(vs_peers[peer])]),
    ...['ours', 'floor', 'oidc-provider-memory', 'oidc-provider-postgres'].map((who) => cell(p99[who])),
  ]);
  const widths = COLUMNS.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row.map((text, column) => (column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join('  ');
  return [line(COLUMNS), ...rows.map(line)].join('\n');
}

function cell(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return value >= 1000 ? String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',') : String(value);
}

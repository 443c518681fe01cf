import type { RuleSnapshot } from '@hufu/flow/limiter';
import type { EdgeState } from '../edge-state.ts';
import { edgeLimitName } from '../limits/edge-limits.ts';
import { VERSION } from '../version.ts';
import { type ExpositionText, expositionText, type Labels } from './exposition-text.ts';

/** What a gateway that runs alone tells of itself: the same numbers as beside a server, and those of its process. */
export function writeEdgeExposition(edge: EdgeState, startedAt: number): string {
  const text = expositionText();
  addEdge(text, edge);
  addLimits(text, edge.limits.map(ofEdge));
  addProcess(text, startedAt);
  return text.text();
}

/** Routes and services of a gateway, by the names that they have in the configuration. */
export function addEdge(text: ExpositionText, { routes, upstreams }: EdgeState): void {
  const family = <T>(
    all: readonly T[],
    [name, help, type]: readonly [name: string, help: string, type: 'counter' | 'gauge'],
    of: (one: T) => readonly [labels: Labels, value: number],
  ): void => {
    text.begin(name, help, type);
    for (const one of all) text.sample(name, ...of(one));
  };
  family(routes, ['hufu_edge_requests_total', 'Requests that came to a route, those that were refused too.', 'counter'], (route) => [
    [['route', route.name]],
    route.requests,
  ]);
  family(routes, ['hufu_edge_refusals_total', 'Requests that the gateway refused, or that no service took.', 'counter'], (route) => [
    [['route', route.name]],
    route.refused,
  ]);
  family(routes, ['hufu_edge_streams', 'Streams and WebSockets that are open.', 'gauge'], (route) => [
    [['route', route.name]],
    route.streams,
  ]);
  family(upstreams, ['hufu_edge_waiting_requests', 'Requests that wait for a place at a service.', 'gauge'], (upstream) => [
    [['upstream', upstream.name]],
    upstream.waiting,
  ]);
  const targets = upstreams.flatMap(({ name, targets: all }) =>
    all.map((target) => ({ labels: [['upstream', name] as const, ['target', target.url] as const], target })),
  );
  family(
    targets,
    ['hufu_edge_target_up', '1: requests go there. 0: its circuit is open, or being tried.', 'gauge'],
    ({ labels, target }) => [labels, target.phase === 'closed' ? 1 : 0],
  );
  family(targets, ['hufu_edge_target_requests', 'Requests that are under way.', 'gauge'], ({ labels, target }) => [
    labels,
    target.underWay,
  ]);
}

export function addLimits(text: ExpositionText, limits: readonly RuleSnapshot[]): void {
  const name = 'hufu_limit_decisions_total';
  text.begin(name, 'What limits said, each for itself.', 'counter');
  for (const { name: limit, allowed, refused, shadowRefused } of limits)
    for (const [outcome, value] of [
      ['allowed', allowed],
      ['refused', refused],
      ['shadow_refused', shadowRefused],
    ] as const)
      text.sample(
        name,
        [
          ['limit', limit],
          ['outcome', outcome],
        ],
        value,
      );
}

/** As it is called beside the server's. */
export function ofEdge(limit: RuleSnapshot): RuleSnapshot {
  return { ...limit, name: edgeLimitName(limit.name) };
}

/** What there is of every process, in the names that Prometheus' own clients have for it. */
export function addProcess(text: ExpositionText, startedAt: number): void {
  text.begin('hufu_build_info', 'The version that runs.', 'gauge');
  text.sample('hufu_build_info', [['version', VERSION]], 1);
  const { user, system } = process.cpuUsage();
  text.begin('process_cpu_seconds_total', 'Processor time.', 'counter');
  text.sample('process_cpu_seconds_total', [], (user + system) / 1e6);
  text.gauge('process_start_time_seconds', 'When the process started, in seconds since 1970.', startedAt);
  text.gauge('process_resident_memory_bytes', 'Memory that the process holds.', process.memoryUsage.rss());
}

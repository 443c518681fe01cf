import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { RuleSnapshot } from '@hufu/flow/limiter';
import type { TenantId } from '@hufu/protocol/ids';
import { type MetricNode, type MetricRow, type Store, StoreUnavailable } from '@hufu/store/port';
import type { Clock } from '../clock.ts';
import { BUILTINS, isBuiltinName } from '../limits/builtin.ts';
import type { Log } from '../log.ts';
import { VERSION } from '../version.ts';
import { Meter } from './meter.ts';
import type { LimitCounts } from './row.ts';
import { type Reading, Spans } from './spans.ts';

const TICK_MS = 1_000;
const LOOP_RESOLUTION_MS = 20;
const NS_PER_MS = 1_000_000;

export interface NodeMetricsParts {
  readonly store: Store;
  readonly tenant: TenantId;
  readonly clock: Clock;
  readonly log: Log;
  /** Names this process, as long as it lives. */
  readonly instance: string;
  readonly limits: () => readonly RuleSnapshot[];
}

/** What a process says of itself beside what it counts. */
export interface NodeAbout {
  /** Bytes of memory that it holds. */
  readonly rss: number;
  /** Milliseconds that the event loop was late in the last minute, in 99 of 100 looks. */
  readonly loop_ms: number;
}

/** What this process counts, and the rows of it that are in the store: one place for `/metrics` and for the dashboard. */
export interface NodeMetrics {
  readonly meter: Meter;
  readonly instance: string;
  /** Seconds since 1970. */
  readonly startedAt: number;
  about(): NodeAbout;
  /** This process, as it would tell of itself now. */
  node(): MetricNode;
  /** What the store does not have yet of this process, of spans of that length. */
  unwritten(span: number): readonly MetricRow[];
  /** Writes it each minute for as long as the process runs. Answers what writes the rest, says that the process has stopped, and ends it. */
  start(port: number): () => Promise<void>;
}

export function nodeMetrics({ store, tenant, clock, log, instance, limits }: NodeMetricsParts): NodeMetrics {
  const meter = new Meter(store.latency);
  const seconds = (): number => Math.floor(clock.nowMs() / 1000);
  const startedAt = seconds();
  const spans = new Spans(instance, reading(), startedAt);
  let loop: ReturnType<typeof monitorEventLoopDelay> | undefined;
  let loopMs = 0;
  let name = hostname();

  function reading(): Reading {
    return {
      totals: meter.read(),
      limits: new Map(
        limits()
          .filter(refuses)
          .map((limit) => [limit.name, countsOf(limit)]),
      ),
    };
  }

  function about(): NodeAbout {
    return { rss: process.memoryUsage.rss(), loop_ms: Math.round(loopMs * 10) / 10 };
  }

  function node(): MetricNode {
    return { instance, name, version: VERSION, startedAt, seenAt: seconds(), stopped: false, about: JSON.stringify(about()) };
  }

  async function write(state: 'runs' | 'stopped'): Promise<void> {
    const rows = spans.waiting();
    try {
      await store.writeMetrics(tenant, { ...node(), stopped: state === 'stopped' }, rows, seconds());
      spans.written(rows);
    } catch (error) {
      // They wait for the next minute; the log has the outage from those whom it hurts.
      if (!(error instanceof StoreUnavailable)) log.error('job.failed', error, { job: 'write metrics' });
    }
  }

  async function tick(): Promise<void> {
    if (!spans.roll(reading(), seconds())) return;
    if (loop !== undefined) {
      loopMs = Math.max(0, loop.percentile(99) / NS_PER_MS - LOOP_RESOLUTION_MS);
      loop.reset();
    }
    await write('runs');
  }

  return {
    meter,
    instance,
    startedAt,
    about,
    node,
    unwritten: (span) => spans.unwritten(span, reading()),
    start(port) {
      name = `${hostname()}:${port}`.slice(0, 200);
      loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
      loop.enable();
      const first = write('runs');
      const stop = clock.every(TICK_MS, tick);
      return async () => {
        stop();
        loop?.disable();
        await first;
        spans.end(reading());
        await write('stopped');
      };
    },
  };
}

function refuses({ name }: RuleSnapshot): boolean {
  return !isBuiltinName(name) || BUILTINS[name].refusesNobody !== true;
}

function countsOf({ refused, shadowRefused }: RuleSnapshot): LimitCounts {
  return { refused, shadow: shadowRefused };
}

import type { Cores } from '../cores.ts';
import { Histogram } from '../load/histogram.ts';
import type { LoadResult } from '../load/plan.ts';
import { LoadProcess } from '../load-process.ts';
import { median, roundTo } from '../statistics.ts';
import { type Contender, type Edge, type Field, startField } from './contenders.ts';
import { say } from './say.ts';
import { HEADERS } from './work.ts';

const CONNECTIONS = 64;
const WARM_MS = 3_000;
/** At the begin of each slice: caches are another process's. */
const SETTLE_MS = 150;

interface Slice {
  /** Microseconds of the server's processor time per request. */
  readonly micros: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly disturbed: number;
  readonly loadBusy: number;
}

/**
 * Requests of 1 KiB with tokens that are known, by processor time and by the clock. All servers live at once and get short slices in turn, so that what else
 * happens on the machine happens to all of them; each is compared with the floor of the same turn.
 */
export async function measureThroughput(
  names: readonly Contender[],
  cores: Cores,
  seconds: number,
  turns: number,
  starts: number,
): Promise<void> {
  const slices = new Map<Contender, Slice[]>(names.map((name) => [name, []]));
  for (let round = 0; round < starts; round++) {
    const field = await startField(names, cores, CONNECTIONS);
    const load = new LoadProcess(cores.load);
    try {
      for (const edge of field.edges) await slice(load, field, edge, WARM_MS, 100);
      for (let turn = 0; turn < turns; turn++) {
        const inTurn = turn % 2 === 0 ? field.edges : field.edges.toReversed();
        for (const edge of inTurn) slices.get(edge.name)?.push(await slice(load, field, edge, SETTLE_MS, seconds * 1_000));
      }
    } finally {
      await load.stop();
      await field.stop();
    }
  }
  const [first = 'floor'] = names;
  const floor = slices.get(first) ?? [];
  say(`\nGET of 1 KiB, ${CONNECTIONS} connections, ${starts} × ${turns} slices of ${seconds} s each`);
  say(
    '                    CPU µs (best)  ÷ floor  by CPU-second ÷ floor (quartiles)     req/s  ÷ floor   p50 ms   p99 ms  disturbed  load',
  );
  for (const [name, all] of slices) {
    const by = (read: (one: Slice) => number): number => median(all.map(read));
    const shares = all.map(({ micros }, at) => (floor[at]?.micros ?? Number.NaN) / micros).toSorted((one, other) => one - other);
    const rates = all.map(({ perSecond }, at) => perSecond / (floor[at]?.perSecond ?? Number.NaN));
    const [lower, upper] = [shares[Math.floor(shares.length / 4)] ?? 0, shares[Math.floor((3 * shares.length) / 4)] ?? 0];
    say(
      [
        name.padEnd(18),
        `${by(({ micros }) => micros).toFixed(1)} (${best(all).toFixed(1)})`.padStart(15),
        (best(floor) / best(all)).toFixed(3).padStart(8),
        String(roundTo(4, 1e6 / by(({ micros }) => micros))).padStart(13),
        `${median(shares).toFixed(3)} (${lower.toFixed(3)}–${upper.toFixed(3)})`.padStart(21),
        String(
          roundTo(
            4,
            by(({ perSecond }) => perSecond),
          ),
        ).padStart(9),
        median(rates).toFixed(3).padStart(8),
        by(({ p50 }) => p50)
          .toFixed(2)
          .padStart(8),
        by(({ p99 }) => p99)
          .toFixed(2)
          .padStart(8),
        by(({ disturbed }) => disturbed)
          .toFixed(2)
          .padStart(9),
        by(({ loadBusy }) => loadBusy)
          .toFixed(2)
          .padStart(7),
      ].join(' '),
    );
  }
}

/** That of the least disturbed slice: what else runs on the machine only ever makes it more. */
function best(all: readonly Slice[]): number {
  return Math.min(...all.map(({ micros }) => micros));
}

async function slice(load: LoadProcess, field: Field, edge: Edge, warmupMs: number, measureMs: number): Promise<Slice> {
  const result: LoadResult = await load.run({
    host: '127.0.0.1',
    port: edge.port,
    connections: CONNECTIONS,
    request: { method: 'GET', path: '/notes?page=1', headers: HEADERS, body: '' },
    credentials: field.tokens,
    use: 'cycle',
    signs: undefined,
    expect: { kind: 'document', members: ['notes'] },
    warmupMs,
    measureMs,
    serverPid: edge.server.pid,
  });
  const { answers, seconds, serverCpuSeconds, serverWaitSeconds, loadCpuSeconds, latencies } = result;
  const times = new Histogram();
  times.add(latencies);
  return {
    micros: (1e6 * serverCpuSeconds) / answers,
    perSecond: answers / seconds,
    p50: times.percentile(0.5),
    p99: times.percentile(0.99),
    disturbed: serverWaitSeconds / seconds,
    loadBusy: loadCpuSeconds / seconds,
  };
}

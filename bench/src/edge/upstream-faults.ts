/**
 * What clients notice when one of three servers behind an upstream misbehaves: `node --conditions=source bench/src/edge/upstream-faults.ts [seconds] [a second]`. Requests
 * come at a steady rate whatever becomes of them, four of five a GET, the fifth a POST, from a hundred identities; with the settings of every upstream, but for a head timeout
 * of one second. Each fault has an upstream of its own and begins after a second.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Behind, type Sent, send, silent, well } from '../../../packages/gateway/src/testing/send.ts';
import { createUpstream } from '../../../packages/gateway/src/upstreams/create-upstream.ts';

interface Fault {
  readonly name: string;
  /** Until `signal`, whatever the server does wrong. */
  act(server: Behind, signal: AbortSignal): Promise<void>;
}

const SLOW_MS = 200;

const FAULTS: readonly Fault[] = [
  { name: 'all well', act: async () => {} },
  {
    name: 'goes away, for good',
    act: (server) => server.down(),
  },
  {
    name: 'flaps: half a second away, half a second back',
    async act(server, signal) {
      while (!signal.aborted) {
        await server.down();
        await delay(500);
        await server.up();
        await delay(500);
      }
    },
  },
  {
    name: `slow: answers after ${SLOW_MS} ms`,
    async act(server) {
      server.act = (_, response) => void setTimeout(() => response.end('ok'), SLOW_MS);
    },
  },
  {
    name: 'half open: takes connections and requests, and answers nothing',
    async act(server) {
      server.act = silent;
    },
  },
  {
    name: 'answers 503 to half of the requests',
    async act(server) {
      let turn = 0;
      server.act = (request, response) => {
        turn += 1;
        if (turn % 2 === 0) response.writeHead(503).end();
        else well(request, response);
      };
    },
  },
];

interface Result {
  readonly method: 'GET' | 'POST';
  readonly ms: number;
  readonly isWell: boolean;
}

async function measure(fault: Fault, seconds: number, perSecond: number): Promise<readonly Result[]> {
  const servers = await Promise.all([Behind.start(), Behind.start(), Behind.start()]);
  const upstream = createUpstream({ name: 'bench', targets: servers.map(({ url }) => ({ url })), timeouts: { headMs: 1_000 } });
  const stop = new AbortController();
  const results: Result[] = [];
  const one = async (number: number): Promise<void> => {
    const method = number % 5 === 0 ? 'POST' : 'GET';
    const begun = performance.now();
    const body = method === 'POST' ? { body: 'text' } : {};
    const { status }: Sent = await send(upstream, { method, identity: `user ${number % 100}`, ...body });
    results.push({ method, ms: performance.now() - begun, isWell: status === 200 });
  };
  try {
    for (let number = 0; number < 200; number += 1) await one(number);
    results.length = 0;
    const [first] = servers;
    const faulty = delay(1_000).then(() => fault.act(first, stop.signal));
    const under: Promise<void>[] = [];
    const begun = performance.now();
    for (let number = 0; number < seconds * perSecond; number += 1) {
      const aheadMs = begun + (number * 1000) / perSecond - performance.now();
      if (aheadMs > 1) await delay(aheadMs);
      under.push(one(number));
    }
    await Promise.all(under);
    stop.abort();
    await faulty;
    return results;
  } finally {
    await upstream.close();
    await Promise.all(servers.map((server) => server.down()));
  }
}

function spread(results: readonly Result[]): string {
  const sorted = results.map(({ ms }) => ms).toSorted((one, other) => one - other);
  const at = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`;
}

function failed(results: readonly Result[], method: 'GET' | 'POST'): string {
  const all = results.filter((result) => result.method === method);
  const wrong = all.filter(({ isWell }) => !isWell).length;
  return `${wrong} of ${all.length} ${method}s (${((100 * wrong) / all.length).toFixed(2)} %)`;
}

const [seconds = 10, perSecond = 300] = process.argv.slice(2).map(Number);
for (const fault of FAULTS) {
  const results = await measure(fault, seconds, perSecond);
  console.log(`${fault.name}\n  without an answer: ${failed(results, 'GET')}, ${failed(results, 'POST')}\n  ${spread(results)}`);
}

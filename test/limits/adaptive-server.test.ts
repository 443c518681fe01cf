import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdaptive } from '@hufu/flow/create-adaptive';
import { createConcurrency } from '@hufu/flow/create-concurrency';

const PLACES = 4;
const SERVICE_MS = 60;
/** Later is too late for whoever waits. */
const DEADLINE_MS = 5 * SERVICE_MS;
const TURN_MS = 15;
/** In each turn, of five times what can be served. */
const REQUESTS = (5 * PLACES * TURN_MS) / SERVICE_MS;
/** The first answers find the limit. */
const TURNS_BEFORE = 300;
const TURNS = 400;

/** Undefined: refused. */
type Door = () => (() => void) | undefined;

interface Tally {
  isCounting: boolean;
  inTime: number;
  refused: number;
  /** Of those who were let in, from the door to the answer. */
  readonly tookMs: number[];
}

/**
 * Both stand side by side and get the same requests in the same turns: whatever else the machine does, it does to both. What is compared is
 * what they served, not how fast; and a turn that comes late brings no more requests than any other.
 */
test('a server under five times what it can serve finds a limit by itself: it refuses most, and serves no less than half of what the best fixed limit does', async (t) => {
  const nowMs = (): number => performance.now();
  const adaptive = createAdaptive({ kind: 'adaptive', minLimit: 1, maxLimit: 200, initialLimit: 10 }, { nowMs });
  const places = createConcurrency({ kind: 'concurrency', limit: PLACES + 2, leaseMs: 60_000 }, { nowMs });
  const own = await start(() => {
    const one = adaptive.admit();
    return one.kind === 'refused' ? undefined : one.answered;
  });
  const fixed = await start(() => {
    const one = places.acquire('all');
    return one.kind === 'refused' ? undefined : one.release;
  });
  const agent = new Agent({ keepAlive: true });
  try {
    const calls: Promise<void>[] = [];
    for (let turn = 0; turn < TURNS_BEFORE + TURNS; turn++) {
      await sleep(TURN_MS);
      for (const { tally } of [own, fixed]) tally.isCounting = turn >= TURNS_BEFORE;
      for (let sent = 0; sent < REQUESTS; sent++) calls.push(call(own.server, agent), call(fixed.server, agent));
    }
    await Promise.all(calls);
    t.diagnostic(
      `in time: ${own.tally.inTime} with the adaptive limit, ${fixed.tally.inTime} with a fixed one; its limit: ${adaptive.limit}`,
    );
    t.diagnostic(`99 in 100 of those let in took ${late(own.tally)} ms, and ${late(fixed.tally)} ms`);
    // How much in time, and how late, is asserted in simulated time: here a machine that stands still for a while looks like a queue. That it
    // found a limit, and not one that starves, does not depend on that.
    assert.ok(own.tally.tookMs.length >= 0.5 * fixed.tally.tookMs.length, `${own.tally.tookMs.length} of ${fixed.tally.tookMs.length}`);
    assert.ok(own.tally.refused > own.tally.tookMs.length);
    assert.ok(adaptive.limit <= 8 * PLACES, `${adaptive.limit} at once`);
    assert.deepEqual([adaptive.inFlight, places.held], [0, 0]);
  } finally {
    agent.destroy();
    own.server.close();
    fixed.server.close();
  }
});

function late({ tookMs }: Tally): number {
  return Math.round(tookMs.toSorted((a, b) => a - b)[Math.floor(tookMs.length * 0.99)] ?? 0);
}

/** Behind the door some places, and a queue before them, as a pool of connections to a database has. */
async function start(enter: Door): Promise<{ readonly server: Server; readonly tally: Tally }> {
  const tally: Tally = { isCounting: false, inTime: 0, refused: 0, tookMs: [] };
  let free = PLACES;
  const waiting: (() => void)[] = [];
  const work = async (): Promise<void> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    await sleep(SERVICE_MS);
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  const server = createServer((_, response) => {
    const { isCounting } = tally;
    const leave = enter();
    if (leave === undefined) {
      if (isCounting) tally.refused++;
      response.writeHead(503).end();
      return;
    }
    const enteredMs = performance.now();
    void work().then(() => {
      leave();
      response.end('served');
      if (!isCounting) return;
      const tookMs = performance.now() - enteredMs;
      tally.tookMs.push(tookMs);
      if (tookMs <= DEADLINE_MS) tally.inTime++;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, tally };
}

function call(server: Server, agent: Agent): Promise<void> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve) => {
    const asked = request({ agent, host: '127.0.0.1', port }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    asked.on('error', () => resolve());
    asked.end();
  });
}

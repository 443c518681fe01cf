/** Services behind a gateway that flap, dawdle and hang, under load: what clients see of it, as figures, and that nobody gets anything wrong. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GatewayProcess, startGatewayProcess } from '../support/edge/gateway-process.ts';
import { freePort } from '../support/hufu.ts';

const CUSTOMERS = 12;

/** A service that does what a test says, and can leave its port and come back to it. */
interface Service {
  readonly port: number;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  leave(): Promise<void>;
  come(): Promise<void>;
}

async function startService(): Promise<Service> {
  let server: Server | undefined;
  const listen = async (at: number): Promise<number> => {
    const one = createServer((request, response) => service.answer(request, response));
    await new Promise<void>((resolve) => {
      one.listen(at, '127.0.0.1', resolve);
    });
    server = one;
    const address = one.address() as AddressInfo;
    return address.port;
  };
  const service: { -readonly [Name in keyof Service]: Service[Name] } = {
    port: 0,
    answer: echo,
    async leave() {
      const one = server;
      server = undefined;
      if (one === undefined) return;
      one.closeAllConnections();
      await new Promise((resolve) => one.close(resolve));
    },
    async come() {
      if (server === undefined) await listen(service.port);
    },
  };
  service.port = await listen(0);
  return service;
}

/** Longer than one piece, so that half of it is not the whole. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  const text = `${request.url} `.repeat(200);
  response.writeHead(200, { 'content-length': text.length });
  response.write(text.slice(0, 700));
  response.end(text.slice(700));
}

/** What customers saw. */
interface Seen {
  readonly statuses: Map<string, number>;
  readonly times: number[];
}

describe('a gateway in front of services that are not well', () => {
  let directory: string;
  let services: readonly [Service, Service, Service];
  let gateway: GatewayProcess;
  const silent = new Set<Socket>();
  const hole = createTcpServer((socket) => {
    silent.add(socket);
    socket.on('error', () => undefined).on('close', () => silent.delete(socket));
  });

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hufu-edge-upstreams-'));
    services = [await startService(), await startService(), await startService()];
    await new Promise<void>((resolve) => {
      hole.listen(0, '127.0.0.1', resolve);
    });
    const { port: holePort } = hole.address() as AddressInfo;
    const targets = services.map(({ port }) => `{ url: "http://127.0.0.1:${port}" }`).join(', ');
    // Each customer has an address: head timeouts count by whom they happen to.
    const yaml = `  trusted_proxies: [127.0.0.0/8]
  upstreams:
    three: { targets: [${targets}], head_timeout: 2s }
    one: { targets: [{ url: "http://127.0.0.1:${services[0].port}" }], head_timeout: 2s }
    holed: { targets: [{ url: "http://127.0.0.1:${services[0].port}" }, { url: "http://127.0.0.1:${holePort}" }], head_timeout: 1s }
  routes:
    - { name: three, path: /three, upstream: three, token: none }
    - { name: one, path: /one, upstream: one, token: none }
    - { name: holed, path: /holed, upstream: holed, token: none }
`;
    gateway = await startGatewayProcess({ directory, port: await freePort(), head: 'issuer: http://localhost:4400', yaml });
  });
  afterEach(async () => {
    for (const service of services) {
      service.answer = echo;
      await service.come();
    }
  });
  after(async () => {
    await gateway?.stop();
    for (const service of services) await service.leave();
    for (const socket of silent) socket.destroy();
    hole.close();
    await rm(directory, { recursive: true, force: true });
  });

  let count = 0;
  /** The status, or `broken` where the answer has no end. One that is whole is the one to this very request. */
  function ask(path: string, method: string, from = 0): Promise<string> {
    const target = `${path}/${++count}`;
    return new Promise((resolve) => {
      const sent = httpRequest(
        gateway.origin + target,
        { method, agent: false, headers: { 'x-forwarded-for': `203.0.113.${from}` } },
        (reply) => {
          let text = '';
          reply.setEncoding('latin1').on('data', (piece: string) => {
            text += piece;
          });
          reply.on('error', () => resolve('broken'));
          reply.on('end', () => {
            if (!reply.complete) return resolve('broken');
            if (reply.statusCode === 200) assert.equal(text, `${target} `.repeat(200));
            else assert.equal(reply.headers['content-type'], 'application/problem+json', text);
            if (reply.statusCode === 503) assert.match(reply.headers['retry-after'] ?? '', /^[1-9]\d*$/);
            resolve(String(reply.statusCode));
          });
        },
      );
      sent.on('error', () => resolve('broken'));
      sent.end(method === 'POST' ? 'x' : undefined);
    });
  }

  /** Customers ask until `act` is done. */
  async function under(path: string, act: () => Promise<void>, methods: readonly string[] = ['GET', 'POST']): Promise<Seen> {
    const seen: Seen = { statuses: new Map(), times: [] };
    let isOver = false;
    const customers = Array.from({ length: CUSTOMERS }, async (_, i) => {
      const method = methods[i % methods.length] ?? 'GET';
      while (!isOver) {
        const begun = performance.now();
        const status = `${method} ${await ask(path, method, i)}`;
        seen.times.push(performance.now() - begun);
        seen.statuses.set(status, (seen.statuses.get(status) ?? 0) + 1);
        await sleep(5);
      }
    });
    await act();
    isOver = true;
    await Promise.all(customers);
    return seen;
  }

  function figures({ statuses, times }: Seen): string {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
    const failed = [...statuses].filter(([status]) => !status.endsWith(' 200')).reduce((sum, [, one]) => sum + one, 0);
    const said = JSON.stringify(Object.fromEntries([...statuses].toSorted()));
    return `${sorted.length} requests, ${((100 * failed) / sorted.length).toFixed(2)} % failed ${said}; ms: median ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)}`;
  }

  function assertHonest({ statuses }: Seen, allowed: RegExp): void {
    for (const status of statuses.keys()) assert.match(status, allowed);
  }

  /** By itself, and without a start. */
  async function heals(path: string): Promise<number> {
    const begun = performance.now();
    for (let inRow = 0; inRow < 20; ) {
      inRow = (await ask(path, 'POST')) === '200' ? inRow + 1 : 0;
      assert.ok(performance.now() - begun < 60_000, `${path} does not come back`);
      await sleep(10);
    }
    return performance.now() - begun;
  }

  test('all well: the figure that the others are held against', async (t) => {
    const seen = await under('/three', () => sleep(2_000));
    t.diagnostic(figures(seen));
    assertHonest(seen, / 200$/);
  });

  test('one of three comes and goes: the others have what it would have had (attacks GTW, 3.4 REL-24)', async (t) => {
    const seen = await under('/three', async () => {
      for (let turn = 0; turn < 6; turn += 1) {
        await services[1].leave();
        await sleep(500);
        await services[1].come();
        await sleep(500);
      }
    });
    t.diagnostic(`${figures(seen)}; well again after ${(await heals('/three')).toFixed(0)} ms`);
    // What was sent and not answered is tried again only where that is safe.
    assertHonest(seen, /^GET (?:200|broken|502)$|^POST (?:200|broken|502)$/);
  });

  test('one of three is slow: who meets it waits, and nobody else', async (t) => {
    services[2].answer = (request, response) => void setTimeout(() => echo(request, response), 400);
    const seen = await under('/three', () => sleep(3_000));
    t.diagnostic(figures(seen));
    assertHonest(seen, / 200$/);
  });

  test('one of two takes connections and says nothing: it is left alone, and the other serves (3.4 REL-24)', async (t) => {
    const seen = await under('/holed', () => sleep(6_000));
    t.diagnostic(figures(seen));
    assertHonest(seen, / (?:200|503|504)$/);
    const late = await under('/holed', () => sleep(1_000));
    t.diagnostic(`after that: ${figures(late)}`);
  });

  test('answers that break off in the middle are never whole ones, and half-open connections are no answers', async (t) => {
    services[0].answer = (request, response) => {
      if (count % 3 !== 0) return echo(request, response);
      response.writeHead(200, { 'content-length': 5_000 });
      response.write('half of it');
      setTimeout(() => response.destroy(), 5);
    };
    const seen = await under('/one', () => sleep(2_000));
    services[0].answer = echo;
    t.diagnostic(`${figures(seen)}; well again after ${(await heals('/one')).toFixed(0)} ms`);
    assertHonest(seen, / (?:200|broken|502|503)$/);
  });

  test('the only one is gone: 502 and 503 at once, and well again by itself when it is back', async (t) => {
    const seen = await under('/one', async () => {
      await services[0].leave();
      await sleep(2_000);
    });
    await services[0].come();
    t.diagnostic(`${figures(seen)}; well again after ${(await heals('/one')).toFixed(0)} ms`);
    assertHonest(seen, / (?:200|broken|502|503)$/);
  });
});

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, test } from 'node:test';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import type { Clocks } from '../clock.ts';
import { createLimiter } from '../create-limiter.ts';
import type { Limiter } from '../limiter.ts';
import type { Rule } from '../rule.ts';
import { outcomeOf } from './admission.ts';
import * as ofExpress from './express.ts';
import * as ofFastify from './fastify.ts';
import * as ofFetch from './fetch.ts';
import * as ofHono from './hono.ts';

/** Time stands still: two requests at once, and the next a minute later. */
const clocks: Clocks = { monotonicMs: () => 1_800_000_000_000, wallMs: () => 1_800_000_000_000 };
const ROUTES = new Set(['/notes/:id']);

function limiterOf(more: Partial<Rule> = {}): Limiter {
  const algorithm = { kind: 'gcra', limit: 1, periodMs: 60_000, burst: 2 } as const;
  return createLimiter({ clocks, rules: [{ name: 'calls', key: ['address', { header: 'x-key' }], algorithm, tell: 'all', ...more }] });
}

/** One framework with the same app. */
interface Running {
  readonly name: string;
  ask(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  close(): Promise<unknown>;
}

const running: Running[] = [];

function ofServer(name: string, server: Server): Promise<Running> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const ask: Running['ask'] = (path, headers = {}) => fetch(`http://127.0.0.1:${port}${path}`, { headers });
      resolve({ name, ask, close: () => new Promise((closed) => server.close(closed).closeAllConnections()) });
    });
  });
}

/** What handlers do: `/notes/back` gives back what the request took. */
function handle(limiter: Limiter, request: object, id: string | undefined): string {
  const outcome = outcomeOf(request);
  assert.ok(outcome !== undefined);
  if (id === 'back') limiter.refund(outcome);
  return `note ${id}`;
}

before(async () => {
  const forExpress = limiterOf({ routes: [...ROUTES] });
  const expressApp = express();
  expressApp.get('/notes/:id', ofExpress.limitRequests(forExpress), (request, response) => {
    response.send(handle(forExpress, request, request.params.id));
  });
  expressApp.get('/free', ofExpress.limitRequests(forExpress), (_request, response) => {
    response.send('free');
  });
  running.push(await ofServer('Express', createServer(expressApp)));

  const forFastify = limiterOf({ routes: [...ROUTES] });
  const fastifyApp = fastify();
  fastifyApp.addHook('onRequest', ofFastify.limitRequests(forFastify));
  fastifyApp.get<{ Params: { id: string } }>('/notes/:id', async (request) => handle(forFastify, request.raw, request.params.id));
  fastifyApp.get('/free', async () => 'free');
  await fastifyApp.ready();
  running.push(await ofServer('Fastify', fastifyApp.server));

  const forHono = limiterOf({ routes: [...ROUTES] });
  const subjectOf = (context: ofHono.HonoContext): { readonly route: string } & ReturnType<typeof ofFetch.headersOf> => ({
    route: context.req.raw.url.includes('/notes/') ? '/notes/:id' : '/free',
    ...ofFetch.headersOf(context.req.raw),
  });
  const hono = new Hono();
  hono.use(ofHono.limitRequests(forHono, { subject: subjectOf }));
  hono.get('/notes/:id', (context) => context.text(handle(forHono, context.req.raw, context.req.param('id'))));
  hono.get('/free', (context) => context.text('free'));
  running.push({ name: 'Hono', ask: async (path, headers = {}) => hono.request(path, { headers }), close: async () => undefined });

  const forFetch = limiterOf({ routes: [...ROUTES] });
  const handler = ofFetch.withLimit(
    forFetch,
    {
      subject: (request) => ({
        address: '203.0.113.7',
        route: request.url.includes('/notes/') ? '/notes/:id' : '/free',
        ...ofFetch.headersOf(request),
      }),
    },
    (request) => {
      const id = new URL(request.url).pathname.split('/').at(-1);
      return new Response(id === 'free' ? 'free' : handle(forFetch, request, id));
    },
  );
  running.push({
    name: 'Fetch',
    ask: (path, headers = {}) => handler(new Request(`http://api.example${path}`, { headers })),
    close: async () => undefined,
  });
});
after(() => Promise.all(running.map((one) => one.close())));

test('each framework lets pass what the limiter does, with the headers, and answers what it refuses', async () => {
  for (const { name, ask } of running) {
    const first = await ask('/notes/1', { 'x-key': 'a' });
    assert.equal(await first.text(), 'note 1', name);
    assert.equal(first.headers.get('ratelimit-policy'), '"calls";q=2;w=120', name);
    assert.equal(first.headers.get('ratelimit'), '"calls";r=1;t=60', name);
    assert.equal((await ask('/notes/2', { 'x-key': 'a' })).status, 200, name);
    const refused = await ask('/notes/3', { 'x-key': 'a' });
    assert.equal(refused.status, 429, name);
    assert.equal(refused.headers.get('retry-after'), '60', name);
    assert.match(refused.headers.get('content-type') ?? '', /^application\/problem\+json\b/, name);
    assert.match(await refused.text(), /^\{.*"status":429,"retry_after":60\}$/, name);
    assert.equal((await ask('/notes/3', { 'x-key': 'b' })).status, 200, name);
  }
});

test('the route is its pattern, and other routes are free', async () => {
  for (const { name, ask } of running) {
    for (let i = 0; i < 3; i++) assert.equal(await (await ask('/free', { 'x-key': 'c' })).text(), 'free', name);
  }
});

test('a handler finds the outcome and may give it back', async () => {
  for (const { name, ask } of running) {
    for (let i = 0; i < 5; i++) assert.equal((await ask('/notes/back', { 'x-key': 'd' })).status, 200, name);
  }
});

test('a request that is paced waits its time', async () => {
  const limiter = limiterOf({
    key: [],
    tell: 'nothing',
    algorithm: { kind: 'leaky_bucket', limit: 1_000, periodMs: 1_000, maxQueueMs: 2 },
  });
  const handler = ofFetch.withLimit(limiter, { subject: () => ({}) }, () => new Response('done'));
  const statuses = await Promise.all(Array.from({ length: 5 }, async () => (await handler(new Request('http://api.example/'))).status));
  assert.deepEqual(statuses.toSorted(), [200, 200, 200, 429, 429]);
});

test('what a subject throws is for the framework to handle', async () => {
  const failing = (): never => {
    throw new Error('no subject');
  };
  const app = express();
  app.use(ofExpress.limitRequests(limiterOf(), { subject: failing }));
  app.use((_error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    response.status(500).send('handled');
  });
  const { ask, close } = await ofServer('Express', createServer(app));
  assert.equal(await (await ask('/')).text(), 'handled');
  await close();
  const hooked = fastify();
  hooked.addHook('onRequest', ofFastify.limitRequests(limiterOf(), { subject: failing }));
  hooked.get('/', async () => 'never');
  assert.equal((await hooked.inject('/')).statusCode, 500);
  await hooked.close();
});

test('without a subject of their own Fastify, Express and Hono on Node count by the address at the other end', async () => {
  const limiter = limiterOf({ key: ['address'] });
  const app = express();
  app.use(ofExpress.limitRequests(limiter));
  app.get('/', (_request, response) => {
    response.send('ok');
  });
  const { ask, close } = await ofServer('Express', createServer(app));
  for (const status of [200, 200, 429]) assert.equal((await ask('/', { 'x-forwarded-for': `10.0.0.${status}` })).status, status);
  await close();
  assert.equal(limiter.lookNow({ address: '127.0.0.1' }).allowed, false);
  const hono = new Hono();
  hono.use(ofHono.limitRequests(limiter));
  hono.get('/', (context) => context.text('ok'));
  const from = (remoteAddress: string): object => ({ incoming: { socket: { remoteAddress } } });
  assert.equal((await hono.request('/', {}, from('127.0.0.1'))).status, 429);
  assert.equal((await hono.request('/', {}, from('192.0.2.1'))).status, 200);
});

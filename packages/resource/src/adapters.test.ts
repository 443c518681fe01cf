import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse, request as send } from 'node:http';
import { after, before, test } from 'node:test';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import * as ofExpress from './express.ts';
import * as ofFastify from './fastify.ts';
import * as ofFetch from './fetch.ts';
import * as ofHono from './hono.ts';
import * as ofKoa from './koa.ts';
import { describeResource } from './metadata.ts';
import * as ofNode from './node-http.ts';
import { statelessNonces } from './nonces.ts';
import { type Admission, type Protection, protect } from './protect.ts';
import { listen, makeKey, signToken, startIssuer, type TestIssuer } from './testing/issuer.ts';
import { makeProof, makeProofKey, type ProofKey } from './testing/proof.ts';
import { tokenOf } from './token-of.ts';
import { verifier } from './verifier.ts';

const key = makeKey('ES256', 'es');
const AUDIENCE = 'https://api.example/v1/notes';
const described = describeResource({ resource: AUDIENCE, authorizationServers: ['https://as.example'], scopes: ['notes:read'] });

/** One framework with the same app: `/v1/notes/:id` in a router under `/v1`, protected. */
interface Running {
  readonly name: string;
  readonly port: number;
  close(): Promise<void>;
}

let issuer: TestIssuer;
let proofKey: ProofKey;
const running: Running[] = [];
before(async () => {
  issuer = await startIssuer([key]);
  proofKey = makeProofKey();
  const tokens = verifier({ issuer: issuer.issuer, audience: AUDIENCE, nonces: statelessNonces(Buffer.alloc(32, 7)) });
  const protection = protect(tokens, { scope: 'notes:read', resourceMetadata: described.url });

  const node = createServer(
    ofNode.withMetadata(
      described,
      ofNode.withToken(protection, (request, response, token) => {
        assert.equal(tokenOf(request), token);
        response.end(`${request.url} for ${token.subject}`);
      }),
    ),
  );
  running.push(await ofServer('node:http', node));

  const expressApp = express();
  const router = express.Router();
  router.get('/notes/:id', ofExpress.requireToken(protection), (request, response) => {
    response.send(`${request.originalUrl} for ${tokenOf(request).subject}`);
  });
  expressApp.use(ofExpress.resourceMetadata(described)).use('/v1', router);
  running.push(await ofServer('Express', createServer(expressApp)));

  const koaApp = new Koa();
  koaApp.use(ofKoa.resourceMetadata(described));
  koaApp.use(ofKoa.requireToken(protection));
  koaApp.use((context) => {
    assert.equal(tokenOf(context.req), tokenOf(context));
    context.body = `${context.originalUrl} for ${tokenOf(context).subject}`;
  });
  running.push(await ofServer('Koa', createServer(koaApp.callback())));

  const fastifyApp = fastify();
  fastifyApp.addHook('onRequest', ofFastify.resourceMetadata(described));
  await fastifyApp.register(
    async (scope) => {
      scope.get('/notes/:id', { onRequest: ofFastify.requireToken(protection) }, (request) => {
        assert.equal(tokenOf(request.raw), tokenOf(request));
        return `${request.originalUrl} for ${tokenOf(request).subject}`;
      });
    },
    { prefix: '/v1' },
  );
  await fastifyApp.listen({ port: 0, host: '127.0.0.1' });
  const address = fastifyApp.server.address();
  running.push({
    name: 'Fastify',
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    close: async () => {
      await fastifyApp.close();
    },
  });

  const honoApp = new Hono().basePath('/');
  const notes = new Hono();
  notes.get('/notes/:id', ofHono.requireToken(protection), (context) => {
    return context.text(`${new URL(context.req.url).pathname} for ${tokenOf(context).subject}`);
  });
  honoApp.use(ofHono.resourceMetadata(described)).route('/v1', notes);
  running.push(await ofHandler('Hono', async (request) => honoApp.fetch(request)));

  const handler = ofFetch.withMetadata(
    described,
    ofFetch.withToken(protection, (request, token) => {
      assert.equal(tokenOf(request), token);
      return new Response(`${new URL(request.url).pathname} for ${token.subject}`);
    }),
  );
  running.push(await ofHandler('Fetch', handler));
});
after(async () => {
  for (const { close } of running) await close();
  await issuer.close();
});

async function ofServer(name: string, server: Server): Promise<Running> {
  const port = await listen(server);
  return {
    name,
    port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** As a runtime with Fetch does it: headers that come twice are joined. */
function ofHandler(name: string, handle: (request: Request) => Response | Promise<Response>): Promise<Running> {
  const onNode = async (request: IncomingMessage): Promise<Response> => {
    const headers = new Headers();
    for (let at = 0; at < request.rawHeaders.length; at += 2)
      headers.append(request.rawHeaders[at] ?? '', request.rawHeaders[at + 1] ?? '');
    return handle(new Request(`http://127.0.0.1${request.url}`, { method: request.method ?? 'GET', headers }));
  };
  const server = createServer((request, response) => {
    void onNode(request).then(async (reply) => {
      response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(await reply.text());
    });
  });
  return ofServer(name, server);
}

function token(changes: object = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer.issuer, aud: AUDIENCE, sub: 'tiger', client_id: 'app', jti: 'one', iat: now, exp: now + 600 };
  return signToken(key, { ...claims, scope: 'notes:read', ...changes });
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

function get(port: number, headers: Record<string, string | string[]> = {}, path = '/v1/notes/7?x=1', method = 'GET'): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = send({ port, host: '127.0.0.1', path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on('error', reject).end();
  });
}

const FRAMEWORKS = ['node:http', 'Express', 'Koa', 'Fastify', 'Hono', 'Fetch'] as const;

function portOf(name: string): number {
  return running.find((one) => one.name === name)?.port ?? assert.fail(name);
}

for (const name of FRAMEWORKS) {
  test(`${name}: a token that holds reaches the handler, and what does not is answered before it (RFC 6750 §3)`, async () => {
    const port = portOf(name);
    const good = await get(port, { authorization: `Bearer ${token()}` });
    assert.equal(good.status, 200);
    assert.match(good.body, /^\/v1\/notes\/7.* for tiger$/);
    const where = `resource_metadata="${described.url}"`;

    const bare = await get(port);
    assert.deepEqual([bare.status, bare.headers['www-authenticate'], bare.body], [401, `Bearer ${where}`, '']);
    const over = await get(port, { authorization: `Bearer ${token({ exp: 1 })}` });
    assert.equal(over.status, 401);
    assert.match(over.headers['www-authenticate'] ?? '', /^Bearer error="invalid_token", error_description="the access token has expired"/);
    assert.equal(over.headers['cache-control'], 'no-store');
    assert.match(over.headers['content-type'] ?? '', /^application\/json/);
    assert.deepEqual(JSON.parse(over.body), { error: 'invalid_token', error_description: 'the access token has expired' });
    const weak = await get(port, { authorization: `Bearer ${token({ scope: 'other' })}` });
    assert.equal(weak.status, 403);
    assert.match(weak.headers['www-authenticate'] ?? '', /error="insufficient_scope".*scope="notes:read"/);
  });

  test(`${name}: two Authorization headers are refused, whichever of them is good (RFC 6750 §3.1)`, async () => {
    const port = portOf(name);
    for (const authorization of [
      [`Bearer ${token()}`, 'Bearer other'],
      ['Bearer other', `Bearer ${token()}`],
    ]) {
      const { status, headers } = await get(port, { authorization });
      assert.equal(status, 400);
      assert.match(headers['www-authenticate'] ?? '', /^Bearer error="invalid_request"/);
    }
    assert.equal((await get(port, {}, `/v1/notes/7?access_token=${token()}`)).status, 401, 'a token in the query is none');
  });

  test(`${name}: a proof is for the whole address, also below a router, and the answer has the nonce for the next (RFC 9449 §7.1, §9)`, async () => {
    const port = portOf(name);
    const bound = token({ cnf: { jkt: proofKey.thumbprint } });
    const show = (nonce: string | undefined, htu: string): Promise<Answered> =>
      get(port, { authorization: `DPoP ${bound}`, dpop: makeProof(proofKey, { htu, htm: 'GET', token: bound, nonce }) });
    const htu = 'https://api.example/v1/notes/7';
    const first = await show(undefined, htu);
    assert.equal(first.status, 401);
    assert.match(first.headers['www-authenticate'] ?? '', /error="use_dpop_nonce"/);
    const nonce = String(first.headers['dpop-nonce']);
    const good = await show(nonce, htu);
    assert.equal(good.status, 200, good.body);
    assert.equal(typeof good.headers['dpop-nonce'], 'string');
    assert.equal((await show(nonce, 'https://api.example/notes/7')).status, 401);
  });

  test(`${name}: what the resource says of itself is there for anybody (RFC 9728 §3.2)`, async () => {
    const port = portOf(name);
    const said = await get(port, {}, described.path);
    assert.equal(said.status, 200);
    assert.match(said.headers['content-type'] ?? '', /^application\/json/);
    assert.equal(said.headers['access-control-allow-origin'], '*');
    assert.deepEqual(JSON.parse(said.body), described.metadata);
    assert.notEqual((await get(port, {}, described.path, 'POST')).status, 200);
    const head = await get(port, {}, `${described.path}?x`, 'HEAD');
    assert.deepEqual([head.status, head.body], [200, '']);
  });
}

const unreached = (): never => assert.fail('nobody gets here');

/** Decides when it is told to. */
function slow(): { readonly protection: Protection; decide(): void } {
  const { promise, resolve } = Promise.withResolvers<Admission>();
  const refused: Admission = {
    kind: 'refused',
    status: 503,
    headers: {},
    reason: 'introspection_unavailable',
    by: 'jwt',
    error: undefined,
  };
  return { protection: () => promise, decide: () => resolve(refused) };
}

for (const [name, listen] of [
  ['node:http', (protection: Protection) => ofNode.withToken(protection, unreached)],
  [
    'Express',
    (protection: Protection) => (request: IncomingMessage, response: ServerResponse) =>
      ofExpress.requireToken(protection)(request, response, unreached),
  ],
] as const) {
  test(`${name}: what somebody else has answered meanwhile is left alone`, async () => {
    const { protection, decide } = slow();
    const decided = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      response.writeHead(504).end('too slow');
      Promise.resolve(listen(protection)(request, response)).then(decided.resolve, decided.reject);
      decide();
    });
    const { port, close } = await ofServer(name, server);
    try {
      const { status, body } = await get(port);
      assert.deepEqual([status, body], [504, 'too slow']);
      await decided.promise;
    } finally {
      await close();
    }
  });
}

test('node:http: what an option throws is answered with 500, and told; nothing is left that nobody waits for', async () => {
  const tokens = verifier({ issuer: issuer.issuer, audience: AUDIENCE });
  const broken = protect(tokens, {
    certificate: () => {
      throw new TypeError('no certificate store');
    },
  });
  const told: unknown[] = [];
  const { port, close } = await ofServer('node:http', createServer(ofNode.withToken(broken, unreached, (error) => told.push(error))));
  try {
    const { status, body, headers } = await get(port, { authorization: 'Bearer x' });
    assert.deepEqual([status, body, headers['cache-control']], [500, '', 'no-store']);
    assert.match(String(told), /no certificate store/);
  } finally {
    await close();
  }
});

test('a request that nothing protects has no token, and asking for it is a TypeError', () => {
  assert.throws(() => tokenOf({}), TypeError);
});

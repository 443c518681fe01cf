import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { statusOf } from '@hufu/gateway/testing/proxy-world';
import { answer, makeKey, signToken, startIssuer, type TestIssuer } from '@hufu/resource/testing/issuer';
import { type GatewayProcess, startGatewayProcess } from '../support/edge/gateway-process.ts';
import { type Behind, startNodeBehind } from '../support/edge/upstreams.ts';
import { freePort } from '../support/hufu.ts';
import { AUDIENCE, type Edge, edgeAt } from './edges.ts';

const [KNOWN, LATER] = [makeKey('ES256', 'known'), makeKey('ES256', 'later')];

/** How an issuer can be away, or worse. */
const AWAY: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  'breaks off': (response) => response.destroy(),
  'says 500': (response) => response.writeHead(500).end('no'),
  'says 503': (response) => response.writeHead(503, { 'retry-after': '1' }).end(),
  'says 404': (response) => response.writeHead(404).end(),
  'says a page': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>maintenance</h1>'),
  'says half of it': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"active":true,"keys":[');
    response.destroy();
  },
  'says nothing of use': (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"keys":[],"active":"true"}'),
  'leads elsewhere': (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
};

describe('GTW: when those are away whom the gateway has to ask', () => {
  let directory: string;
  let behind: Behind;
  const gateways: GatewayProcess[] = [];
  const issuers: TestIssuer[] = [];
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hufu-away-'));
    behind = await startNodeBehind();
  });
  beforeEach(() => {
    behind.seen.length = 0;
  });
  after(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    for (const issuer of issuers) await issuer.close();
    await behind.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function start(from: readonly TestIssuer[], more: string, route = ''): Promise<Edge> {
    const port = await freePort();
    const yaml = `  audience: ${AUDIENCE}
  issuers: [${from.map(({ issuer }) => `{ issuer: "${issuer}", users: subject${more} }`).join(', ')}]
  upstreams: { service: { targets: [{ url: "http://127.0.0.1:${behind.port}" }] } }
  routes: [{ name: closed, path: /, upstream: service, token: user${route} }]
`;
    gateways.push(await startGatewayProcess({ directory, port, head: 'issuer: http://localhost:4400', yaml }));
    return edgeAt('gateway', port);
  }

  async function openIssuer(): Promise<TestIssuer> {
    const issuer = await startIssuer([KNOWN]);
    issuer.served.metadata = { ...issuer.served.metadata, introspection_endpoint: `${issuer.issuer}/introspect` };
    issuers.push(issuer);
    return issuer;
  }

  function tokenOf(issuer: TestIssuer, key = KNOWN): string {
    const now = Math.floor(Date.now() / 1_000);
    const who = { iss: issuer.issuer, aud: AUDIENCE, sub: 'tiger', client_id: 'app', jti: String(Math.random()) };
    const status = { status_list: { uri: `${issuer.issuer}/oauth/status/7`, idx: 1 } };
    return signToken(key, { ...who, status, iat: now, exp: now + 600 });
  }

  const ask = (edge: Edge, token: string | undefined): Promise<string> =>
    edge.ask('GET /x', token === undefined ? [] : [`Authorization: Bearer ${token}`]);

  test('GTW-09 · keys that cannot be had are 503, never a way in and never a token thrown away (RFC 9110 §15.6.4)', async () => {
    const all = await Promise.all(Object.entries(AWAY).map(async ([how, act]) => ({ how, act, issuer: await openIssuer() })));
    const edge = await start(
      all.map(({ issuer }) => issuer),
      '',
    );
    for (const { how, act, issuer } of all) {
      issuer.served.answer = (_, response) => act(response);
      for (let turn = 0; turn < 3; turn += 1) {
        const heard = await ask(edge, tokenOf(issuer));
        assert.ok(statusOf(heard) === 503 || (how === 'says nothing of use' && statusOf(heard) === 401), `${how}: ${heard}`);
        if (statusOf(heard) === 503) assert.match(heard, /\r\nretry-after: \d+\r\n/i, how);
        assert.equal(statusOf(await ask(edge, undefined)), 401, how);
        assert.equal(statusOf(await ask(edge, signToken(KNOWN, { iss: issuer.issuer }, { alg: 'none' }))), 401, how);
      }
      assert.deepEqual(behind.seen, [], how);
    }
  });

  test('GTW-09 · what is known of keys goes on while the issuer is away; a key that nobody knows opens nothing (RFC 8414 §3)', async () => {
    const issuer = await openIssuer();
    const edge = await start([issuer], '');
    assert.equal(statusOf(await ask(edge, tokenOf(issuer))), 200);
    for (const act of Object.values(AWAY)) {
      issuer.served.answer = (_, response) => act(response);
      assert.equal(statusOf(await ask(edge, tokenOf(issuer))), 200);
      const heard = await ask(edge, tokenOf(issuer, LATER));
      assert.ok([401, 503].includes(statusOf(heard)), heard);
      assert.equal(statusOf(await ask(edge, undefined)), 401);
    }
    assert.equal(behind.seen.length, 1 + Object.keys(AWAY).length);
  });

  test('GTW-09 · where nobody can be asked about a token that says nothing itself, it is 503 and goes no further (RFC 7662 §2.3)', async () => {
    const issuer = await openIssuer();
    const edge = await start([issuer], ', introspection: { client_id: edge, client_secret: edge-secret-0123456789 }');
    for (const [how, act] of Object.entries(AWAY)) {
      issuer.served.answer = (request, response) => {
        if (request.method === 'POST') act(response);
        else answer(issuer.served, request, response);
      };
      const heard = await ask(edge, `opaque-token-${how.replaceAll(' ', '-')}-0123456789`);
      assert.equal(statusOf(heard), 503, `${how}: ${heard}`);
      assert.doesNotMatch(heard, /opaque-token/);
    }
    assert.deepEqual(behind.seen, []);
    const now = Math.floor(Date.now() / 1_000);
    issuer.served.answer = (request, response) => {
      if (request.method !== 'POST') return answer(issuer.served, request, response);
      response.setHeader('content-type', 'application/json');
      const who = { iss: issuer.issuer, aud: AUDIENCE, sub: 'tiger', client_id: 'app', token_type: 'Bearer', exp: now + 600 };
      response.end(JSON.stringify({ active: true, ...who }));
    };
    for (const how of Object.keys(AWAY))
      assert.equal(statusOf(await ask(edge, `opaque-token-${how.replaceAll(' ', '-')}-0123456789`)), 200, 'and by itself it is well again');
  });

  test('GTW-09 · where the feed of revocations was never heard, no token of its issuer is believed (product 3.1)', async () => {
    const issuer = await openIssuer();
    const feed = ', revocations: { client_id: edge, client_secret: edge-secret-0123456789 }';
    for (const rule of ['', ', revocations: { max_age: 2s }', ', revocations: { max_age: 1h, open_for: 1d }']) {
      const edge = await start([issuer], feed, rule);
      for (let turn = 0; turn < 3; turn += 1) assert.equal(statusOf(await ask(edge, tokenOf(issuer))), 503, rule);
      assert.equal(statusOf(await ask(edge, undefined)), 401, rule);
    }
    assert.deepEqual(behind.seen, []);
  });
});

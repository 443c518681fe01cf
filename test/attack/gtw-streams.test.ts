import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { statusOf, type Wire } from '@hufu/gateway/testing/proxy-world';
import { Agent, authorizeAs, exchange, postForm } from '../support/agent.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/edge/gateway-process.ts';
import { startStreamsBehind } from '../support/edge/upstreams.ts';
import { freePort, startHufu, type TestHufu } from '../support/hufu.ts';
import { type Edge, edgeAt } from './edges.ts';

const SECRET = 'edge-secret-0123456789abcdef0123456789';
const API = 'https://api.example/';
const PASSWORD = 'a long enough password';
const USERS = ['ana', 'bo', 'cai', 'dee'] as const;
const YAML = `
policies: { brute_force: off }
clients:
  - { client_id: spa, token_endpoint_auth_method: none, redirect_uris: [https://app.example/cb], grant_types: [authorization_code, refresh_token], hufu: { first_party: true } }
  - { client_id: edge, client_secret: ${SECRET}, grant_types: [], hufu: { resource_server_of: ['${API}'] } }
resources:
  - { identifier: '${API}', scopes: [read], token_format: jwt }
users:
${USERS.map((username) => `  - { username: ${username}, password: ${PASSWORD} }`).join('\n')}
`;
const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n';
type Kind = 'events' | 'websocket';

describe('GTW: what stays open through real gateways', () => {
  let directory: string;
  let hufu: TestHufu;
  let behind: Awaited<ReturnType<typeof startStreamsBehind>>;
  const gateways: GatewayProcess[] = [];
  /** Two side by side, and one in front of the first. */
  let sides: readonly [Edge, Edge];
  let front: Edge;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hufu-streams-'));
    hufu = await startHufu({ yaml: YAML });
    behind = await startStreamsBehind();
    const start = async (upstream: number, then: string): Promise<Edge> => {
      const port = await freePort();
      const yaml = `  audience: "${API}"
  issuers: [{ issuer: "${hufu.issuer}", users: subject, revocations: { client_id: edge, client_secret: ${SECRET} } }]
  upstreams: { next: { targets: [{ url: "http://127.0.0.1:${upstream}" }] } }
  routes:
    - { name: streams, path: /, upstream: next, token: user, scopes: [read], websocket: true, forward_token: ${then} }
`;
      gateways.push(await startGatewayProcess({ directory, port, head: `issuer: ${hufu.issuer}`, yaml }));
      return edgeAt('gateway', port);
    };
    sides = [await start(behind.port, 'false'), await start(behind.port, 'false')];
    front = await start(sides[0].port, 'true');
  });
  after(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await behind.close();
    await hufu.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function signIn(username: (typeof USERS)[number]): Promise<string> {
    return (await tokensOf(username)).access;
  }

  async function tokensOf(username: (typeof USERS)[number]): Promise<{ readonly access: string; readonly refresh: string }> {
    const agent = new Agent(hufu.issuer);
    const request = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid read', parameters: { resource: API } };
    const { body } = await exchange(agent, request, await authorizeAs(agent, request, { username, password: PASSWORD }));
    return { access: String(body['access_token']), refresh: String(body['refresh_token']) };
  }

  async function open(edge: Edge, kind: Kind, token: string): Promise<Wire> {
    const head = `GET /${kind} HTTP/1.1\r\nHost: ${edge.host}\r\nAuthorization: Bearer ${token}\r\n`;
    // A gateway that has not heard of revocations yet says 503, and is asked again.
    for (let tries = 0; tries < 800; tries += 1) {
      const wire = edge.wire().send(`${head}${kind === 'websocket' ? HANDSHAKE : ''}\r\n`);
      await wire.hears(/hi|\r\n\r\n\{/);
      if (wire.heard.includes('hi')) return wire;
      assert.equal(statusOf(wire.heard), 503, wire.heard);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return assert.fail('never open');
  }

  async function revoke(token: string): Promise<void> {
    assert.equal((await postForm(`${hufu.issuer}/oauth/revoke`, { token, client_id: 'spa' })).status, 200);
  }

  const KINDS: readonly Kind[] = ['events', 'websocket'];

  test('GTW-21 · who is nobody, or may not, opens no stream, and no stream is open behind (RFC 6455 §4.2.2)', async () => {
    for (const edge of [front, ...sides])
      for (const kind of KINDS)
        for (const token of ['', 'x', `${'a'.repeat(20)}.b.c`]) {
          const head = `GET /${kind}?access_token=${token} HTTP/1.1\r\nHost: ${edge.host}\r\n${token === '' ? '' : `Authorization: Bearer ${token}\r\n`}`;
          const wire = edge.wire().send(`${head}${kind === 'websocket' ? HANDSHAKE : ''}\r\n`);
          await wire.hears('\r\n\r\n');
          assert.ok([400, 401].includes(statusOf(wire.heard)), wire.heard);
          wire.close();
        }
    assert.equal(behind.seen.length, 0);
  });

  test('GTW-21 · streams end with their token at two gateways side by side and at two in a row; others go on (RFC 7009 §2)', async (t) => {
    const [mine, theirs] = [await signIn('ana'), await signIn('bo')];
    const places = [...sides, front].flatMap((edge) => KINDS.map((kind) => ({ edge, kind })));
    const ending: Wire[] = [];
    const staying: Wire[] = [];
    for (const { edge, kind } of places) {
      ending.push(await open(edge, kind, mine));
      staying.push(await open(edge, kind, theirs));
    }
    assert.equal(behind.open(), 12);
    const times: number[] = [];
    const begun = performance.now();
    const over = ending.map(async (wire) => {
      await wire.closed();
      times.push(performance.now() - begun);
    });
    await revoke(mine);
    await Promise.all(over);
    t.diagnostic(`the last of ${times.length} streams ended ${Math.max(...times).toFixed(0)} ms after the revocation was sent`);
    assert.deepEqual(
      staying.map(({ isClosed }) => isClosed),
      staying.map(() => false),
    );
    for (const [i, { kind }] of places.entries()) {
      const { heard = '' } = ending[i] ?? {};
      if (kind === 'websocket') assert.ok(heard.endsWith('\x81\x02hi\x88\x02\x03\xf0'), 'policy: close frame 1008');
      else assert.doesNotMatch(heard, /\r\n0\r\n\r\n$/, 'what there is must not be taken for a whole');
    }
    while (behind.open() > 6) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const { edge, kind } of places) {
      const again = await edge.ask(`GET /${kind}`, [`Authorization: Bearer ${mine}`]);
      assert.equal(statusOf(again), 401, again);
    }
    // A WebSocket that goes on still carries what is said.
    for (const [i, { kind }] of places.entries()) {
      const wire = staying[i] ?? assert.fail();
      if (kind === 'events') continue;
      wire.heard = '';
      wire.send('\x81\x83\x01\x02\x03\x04abc');
      await wire.hears('abc');
      assert.equal(wire.heard, '\x81\x83\x01\x02\x03\x04abc');
    }
    for (const wire of staying) wire.close();
    while (behind.open() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('GTW-21 · a token that is revoked while its stream is being opened leaves none open', async () => {
    for (const edge of [front, sides[1]]) {
      for (let round = 0; round < 6; round += 1) {
        const token = await signIn(round % 2 === 0 ? 'cai' : 'dee');
        const wires = KINDS.map((kind) => {
          const head = `GET /${kind} HTTP/1.1\r\nHost: ${edge.host}\r\nAuthorization: Bearer ${token}\r\n`;
          return edge.wire().send(`${head}${kind === 'websocket' ? HANDSHAKE : ''}\r\n`);
        });
        await revoke(token);
        for (const wire of wires) {
          await wire.until(() => wire.isClosed || statusOf(wire.heard) === 401 || statusOf(wire.heard) === 503);
          wire.close();
        }
      }
    }
    while (behind.open() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('REF-16 · at a gateway too a refresh token opens nothing (RFC 6750 §3.1)', async () => {
    behind.seen.length = 0;
    const { access, refresh } = await tokensOf('bo');
    for (const edge of [front, ...sides]) {
      (await open(edge, 'events', access)).close();
      assert.equal(statusOf(await edge.ask('GET /events', [`Authorization: Bearer ${refresh}`])), 401);
      assert.equal(statusOf(await edge.ask('GET /events', [`Authorization: DPoP ${access}`])), 401);
    }
    assert.equal(behind.seen.length, 3);
  });

  test('INT-10 · what is revoked, an access token or its refresh token, is dead in the caches of all gateways (RFC 7009 §2.1)', async (t) => {
    for (const which of ['access', 'refresh'] as const) {
      const tokens = await tokensOf('ana');
      for (const edge of [front, ...sides]) (await open(edge, 'events', tokens.access)).close();
      await revoke(tokens[which]);
      const begun = performance.now();
      for (const edge of [front, ...sides]) {
        for (;;) {
          const wire = edge.wire().send(`GET /events HTTP/1.1\r\nHost: ${edge.host}\r\nAuthorization: Bearer ${tokens.access}\r\n\r\n`);
          await wire.hears('\r\n\r\n');
          wire.close();
          if (statusOf(wire.heard) === 401) break;
          assert.equal(statusOf(wire.heard), 200, wire.heard);
        }
      }
      t.diagnostic(`${which}: refused by all after ${(performance.now() - begun).toFixed(0)} ms`);
    }
  });
});

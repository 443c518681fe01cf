import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Wire } from '@hufu/gateway/testing/proxy-world';
import { type EdgeAnswer, EdgeBrowser } from '../support/edge/edge-browser.ts';
import { type GatewayProcess, gatewayYaml, startGatewayProcess } from '../support/edge/gateway-process.ts';
import { startStreamsBehind } from '../support/edge/upstreams.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';

const SECRET = 'edge-secret-0123456789abcdef0123456789';
const API = 'https://api.example/';
const ANA = { username: 'ana', password: 'a long enough password' } as const;

/** Who keeps a session, and what its access tokens are. */
const KINDS = ['', 'keep: cookie, renewals: database, '].flatMap((keep) =>
  (['jwt', 'opaque'] as const).map((format) => ({ keep, format, who: keep === '' ? 'the gateways keep' : 'their browsers keep' })),
);

for (const { keep, format, who } of KINDS)
  describe(`one device for a person, at two real gateways of a real server, and sessions that ${who} with tokens that are ${format}`, () => {
    let directory: string;
    let streams: Awaited<ReturnType<typeof startStreamsBehind>>;
    let hufu: HufuProcess;
    let second: GatewayProcess;
    let origin: string;

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'hufu-edge-devices-'));
      streams = await startStreamsBehind();
      const [port, edgePort, secondPort] = [await freePort(), await freePort(), await freePort()];
      const issuer = `http://127.0.0.1:${port}`;
      origin = `http://127.0.0.1:${edgePort}`;
      const edge = `  secret: ${'k'.repeat(40)}
  audience: "${API}"
  issuers: [{ issuer: "${issuer}", users: subject, revocations: { client_id: edge, client_secret: ${SECRET} }, introspection: { client_id: edge, client_secret: ${SECRET} } }]
  session: { ${keep}client_id: edge, client_secret: ${SECRET}, scope: openid read }
  upstreams: { streams: { targets: [{ url: "http://127.0.0.1:${streams.port}" }] } }
  routes: [{ name: events, path: /events, upstream: streams, token: user, session: true }]
`;
      const database = `sqlite:${join(directory, 'hufu.db')}`;
      const yaml = `policies: { brute_force: off, devices: { max: 1, on_exceed: replace } }
clients:
  - client_id: edge
    client_secret: ${SECRET}
    redirect_uris: ["${origin}/edge/callback"]
    post_logout_redirect_uris: ["${origin}/"]
    grant_types: [authorization_code, refresh_token]
    scope: openid read
    hufu: { first_party: true, resource_server_of: ["${API}"] }
resources: [{ identifier: "${API}", scopes: [read], token_format: ${format} }]
users: [{ username: ana, password: ${ANA.password} }]
${gatewayYaml({ port: edgePort, yaml: edge })}`;
      hufu = await startProcess({ directory, port, database, mode: 'test', yaml });
      const head = `issuer: ${issuer}\nmode: test\ndatabase: "${database}"\ndata_dir: ${join(directory, 'data')}`;
      second = await startGatewayProcess({ directory, port: secondPort, at: origin, head, yaml: edge });
    });
    after(async () => {
      await second?.stop();
      await hufu?.stop();
      await streams.close();
      await rm(directory, { recursive: true, force: true });
    });

    test('SES-14 · the device that was there before learns at every gateway that another one took its place, when, and what is open there ends', async () => {
      const before = new EdgeBrowser(origin, hufu.origin);
      await before.signIn(ANA);
      const { host, port } = new URL(origin);
      const open = [Number(port), second.port].map((at) =>
        new Wire(at).send(`GET /events HTTP/1.1\r\nHost: ${host}\r\nCookie: ${before.cookie}\r\nX-CSRF: 1\r\n\r\n`),
      );
      for (const wire of open) await wire.hears('hi');
      const next = new EdgeBrowser(origin, hufu.origin);
      await next.signIn(ANA);
      for (const wire of open) await wire.closed();
      for (const at of [undefined, second.port]) {
        const told = await refused(before, at);
        assert.equal(JSON.parse(told.body).code, 'session_replaced', told.body);
      }
      const who = await before.who(second.port);
      assert.deepEqual([who['signed_in'], who['reason'], typeof who['replaced_at']], [false, 'replaced', 'number']);
      assert.equal((await next.who())['signed_in'], true);
      assert.equal((await next.who(second.port))['signed_in'], true);
    });
  });

/** What the one before is answered, once the gateway has heard of it. */
async function refused(browser: EdgeBrowser, port: number | undefined): Promise<EdgeAnswer> {
  for (let turn = 0; turn < 800; turn += 1) {
    const answer = await browser.call('/events/none', { method: 'POST', ...(port === undefined ? {} : { port }) });
    if (answer.status === 401) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return assert.fail('it goes on');
}

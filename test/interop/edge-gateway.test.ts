/** `hufu gateway` with another authorization server, `oidc-provider`, in front of services that are not ours either. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '@hufu/store/open';
import { EdgeBrowser } from '../support/edge/edge-browser.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/edge/gateway-process.ts';
import { type Behind, startNodeBehind, startPythonBehind } from '../support/edge/upstreams.ts';
import { freePort } from '../support/hufu.ts';
import { type OidcServer, startOidcServer } from '../support/upstreams/oidc-server.ts';
import { signInThere } from '../support/upstreams/visitor.ts';

const SECRET = 'edge-secret-0123456789abcdef0123456789';
const API = 'https://api.example/';
/** Renewed before its end, so a session of a few seconds sees several. */
const TTL_SECONDS = 4;

describe('hufu gateway with oidc-provider in front of services of node:http and of Python', () => {
  let directory: string;
  let provider: OidcServer;
  let node: Behind;
  let python: Behind | undefined;
  let gateway: GatewayProcess;
  let paths: readonly string[];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hufu-edge-interop-'));
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    provider = await startOidcServer({
      clientId: 'edge',
      clientSecret: SECRET,
      callback: `${origin}/edge/callback`,
      resource: API,
      ttlSeconds: TTL_SECONDS,
    });
    node = await startNodeBehind();
    python = await startPythonBehind();
    const services = [['node', node] as const, ...(python === undefined ? [] : [['python', python] as const])];
    paths = services.map(([name]) => `/${name}/x`);
    const database = `sqlite:${join(directory, 'edge.db')}`;
    await (await openStore(database)).close();
    const yaml = `  secret: ${'k'.repeat(40)}
  audience: "${API}"
  issuers: [{ issuer: "${provider.issuer}", jwks_uri: "${provider.issuer}/jwks" }]
  session: { client_id: edge, client_secret: ${SECRET}, issuer: "${provider.issuer}", scope: "openid profile read write" }
  upstreams:
${services.map(([name, { port: at }]) => `    ${name}: { targets: [{ url: "http://127.0.0.1:${at}" }] }`).join('\n')}
  routes:
${services.map(([name]) => `    - { name: ${name}, path: /${name}, upstream: ${name}, token: any, session: true, scopes: [read] }`).join('\n')}
`;
    const head = `issuer: http://localhost:4400\nmode: test\ndatabase: "${database}"\ndata_dir: ${join(directory, 'data')}`;
    gateway = await startGatewayProcess({ directory, port, head, yaml });
  });
  after(async () => {
    await gateway?.stop();
    for (const one of [node, python]) await one?.close();
    await provider?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function signIn(browser: EdgeBrowser, as: string): Promise<void> {
    const begun = await browser.ask('/edge/login?return_to=/node/start');
    assert.equal(begun.status, 303, begun.body);
    const redirect = await browser.agent.get(String(begun.headers.location));
    const back = await signInThere(browser.agent, redirect, as, `${gateway.origin}/edge/callback`);
    const done = await browser.ask(back.slice(gateway.origin.length));
    assert.equal(done.headers.location, '/node/start', done.body);
  }

  test('people sign in, services are reached, tokens are renewed behind, and people sign out (OpenID Connect Core §3.1, RFC 9068 §2)', async (t) => {
    const browser = new EdgeBrowser(gateway.origin, provider.issuer);
    for (const path of paths) assert.equal((await browser.call(path)).status, 401);
    await signIn(browser, 'carol');
    assert.equal((await browser.who())['sub'], 'carol');
    const begun = performance.now();
    let calls = 0;
    while (performance.now() - begun < 2_200 * TTL_SECONDS) {
      for (const path of paths) {
        const answer = await browser.call(path, { method: calls % 2 === 0 ? 'GET' : 'POST', ...(calls % 2 === 1 && { body: 'a body' }) });
        assert.equal(answer.status, 200, answer.body);
        calls += 1;
      }
      await sleep(50);
    }
    const renewals = provider.asked.filter((grant) => grant === 'refresh_token').length;
    t.diagnostic(`${calls} calls, ${renewals} renewals`);
    assert.ok(renewals >= 1 && renewals <= 6, String(renewals));
    const { cookie } = browser;
    assert.equal((await browser.call('/edge/logout', { method: 'POST' })).status, 200);
    for (const path of paths)
      assert.equal((await new EdgeBrowser(gateway.origin, provider.issuer).call(path, { headers: { cookie } })).status, 401);
    await python?.settled();
    for (const { seen } of [node, ...(python === undefined ? [] : [python])]) {
      assert.ok(seen.length > 0);
      for (const { headers } of seen) assert.doesNotMatch(JSON.stringify([...headers]), /eyJ|__Host|authorization/i);
    }
  });

  test('twenty requests at once renew a token once; two people are two sessions (RFC 6749 §6)', async () => {
    const [one, other] = [new EdgeBrowser(gateway.origin, provider.issuer), new EdgeBrowser(gateway.origin, provider.issuer)];
    await signIn(one, 'dora');
    await signIn(other, 'emil');
    await sleep((TTL_SECONDS + 1) * 1_000);
    const before = provider.asked.filter((grant) => grant === 'refresh_token').length;
    const answers = await Promise.all(Array.from({ length: 20 }, () => one.call('/node/x')));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    assert.equal(provider.asked.filter((grant) => grant === 'refresh_token').length - before, 1);
    assert.deepEqual([(await one.who())['sub'], (await other.who())['sub']], ['dora', 'emil']);
  });
});

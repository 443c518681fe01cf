/** The authorization server is killed under load and comes back, while a gateway in front of a service goes on by the rules of its routes. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, authorizeAs, exchange, postForm } from '../support/agent.ts';
import { EdgeBrowser } from '../support/edge/edge-browser.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/edge/gateway-process.ts';
import { type Behind, startNodeBehind } from '../support/edge/upstreams.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, type HufuProcessOptions, startProcess } from '../support/hufu-process.ts';

const SECRET = 'edge-secret-0123456789abcdef0123456789';
const [LONG_LIVED, SHORT_LIVED] = ['https://long.example/', 'https://short.example/'];
const ANN = { username: 'ann', password: 'not a moment to lose' } as const;
const SPA = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid read', parameters: { resource: LONG_LIVED } };
/** For so long the server is away. What is known of revocations is too old after two seconds, and the short tokens have ended. */
const AWAY_MS = 9_000;

/** Statuses of one kind of request, by phase. */
type Told = Record<'before' | 'away' | 'after', Map<string, number>>;

describe('a gateway whose authorization server is killed under load', () => {
  let directory: string;
  let behind: Behind;
  let options: HufuProcessOptions;
  let hufu: HufuProcess;
  let gateway: GatewayProcess;
  let phase: keyof Told = 'before';

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hufu-edge-outage-'));
    behind = await startNodeBehind((_, response, { headers }) => response.end(headers.get('x-marker')?.[0] ?? ''));
    const [port, edgePort] = [await freePort(), await freePort()];
    const issuer = `http://127.0.0.1:${port}`;
    const database = `sqlite:${join(directory, 'hufu.db')}`;
    options = {
      directory,
      port,
      database,
      mode: 'test',
      yaml: `policies: { brute_force: off, outbound: { allow_hosts: [127.0.0.1] } }
signing: { algorithms: [ES256] }
clients:
  - { client_id: spa, token_endpoint_auth_method: none, redirect_uris: [https://app.example/cb], grant_types: [authorization_code, refresh_token], hufu: { first_party: true } }
  - client_id: edge
    client_secret: ${SECRET}
    redirect_uris: ["http://127.0.0.1:${edgePort}/edge/callback"]
    grant_types: [authorization_code, refresh_token]
    scope: openid profile write
    hufu: { first_party: true, follows_revocations: true }
resources:
  - { identifier: '${LONG_LIVED}', scopes: [read], token_format: jwt, token_ttl: 1h }
  - { identifier: '${SHORT_LIVED}', scopes: [write], token_format: jwt, token_ttl: 5s }
users: [{ username: ann, password: ${ANN.password} }]
`,
    };
    hufu = await startProcess(options);
    const yaml = `  secret: ${'k'.repeat(40)}
  issuers: [{ issuer: "${issuer}", users: subject, revocations: { client_id: edge, client_secret: ${SECRET} } }]
  session: { client_id: edge, client_secret: ${SECRET}, scope: "openid write", resource: "${SHORT_LIVED}" }
  upstreams: { service: { targets: [{ url: "http://127.0.0.1:${behind.port}" }] } }
  routes:
    - { name: free, path: /free, upstream: service, token: none }
    - { name: lasting, path: /lasting, upstream: service, token: user, audience: "${LONG_LIVED}", revocations: { max_age: 2s, open_for: 5m } }
    - { name: strict, path: /strict, upstream: service, token: user, audience: "${LONG_LIVED}", revocations: { max_age: 2s } }
    - { name: session, path: /session, upstream: service, token: user, audience: "${SHORT_LIVED}", session: true, bearer: false, revocations: { max_age: 2s, open_for: 5m } }
`;
    const head = `issuer: ${issuer}\nmode: test\ndatabase: "${database}"\ndata_dir: ${join(directory, 'data')}`;
    gateway = await startGatewayProcess({ directory, port: edgePort, head, yaml });
  });
  after(async () => {
    await gateway?.stop();
    await hufu?.kill();
    await behind.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function tokenOf(): Promise<string> {
    const agent = new Agent(hufu.origin);
    const { body } = await exchange(agent, SPA, await authorizeAs(agent, SPA, ANN));
    return String(body['access_token']);
  }

  let markers = 0;
  /** What became of one request. An answer that is not the one to this very request is a failure, whatever else. */
  async function get(path: string, headers: Record<string, string>): Promise<string> {
    const marker = `marker-${++markers}`;
    const reply = await fetch(gateway.origin + path, { headers: { 'x-marker': marker, ...headers }, redirect: 'manual' });
    const text = await reply.text();
    if (reply.status === 200) assert.equal(text, marker);
    if (reply.status === 503) assert.match(reply.headers.get('retry-after') ?? '', /^[1-9]\d*$/, text);
    return String(reply.status);
  }

  /** Asks all the time, and counts by phase what comes. */
  function load(act: () => Promise<string>): { readonly told: Told; stop(): Promise<void> } {
    const told: Told = { before: new Map(), away: new Map(), after: new Map() };
    let isStopped = false;
    const running = (async () => {
      while (!isStopped) {
        const during = phase;
        const answer = await act().catch((error: unknown) => String(error));
        // What began in one phase and ended in another is of neither.
        if (during === phase) told[during].set(answer, (told[during].get(answer) ?? 0) + 1);
        await sleep(2);
      }
    })();
    return {
      told,
      stop() {
        isStopped = true;
        return running;
      },
    };
  }

  const statuses = (counted: ReadonlyMap<string, number>): readonly string[] => [...counted.keys()].toSorted();

  test('what is valid goes on by the rule of its route, sign-ins fail clearly, nobody is signed out, and all is well again by itself (attacks GTW-09, 3.3)', async (t) => {
    const [known, doomed, unseen] = [await tokenOf(), await tokenOf(), await tokenOf()];
    const browser = new EdgeBrowser(gateway.origin, hufu.origin);
    await browser.signIn(ANN);
    const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
    while ((await get('/strict', bearer(known))) !== '200') await sleep(20);
    const sessionHeaders = (): Record<string, string> => ({ cookie: browser.cookie, 'x-csrf': '1' });
    const loads = {
      free: load(() => get('/free', {})),
      lasting: load(() => get('/lasting', bearer(known))),
      strict: load(() => get('/strict', bearer(known))),
      session: load(() => get('/session', sessionHeaders())),
      nobody: load(() => get('/lasting', {})),
      nonsense: load(() => get('/strict', bearer(`${known.slice(0, -4)}AAAA`))),
    };
    await sleep(3_000);
    assert.equal((await postForm(`${hufu.origin}/oauth/revoke`, { token: doomed, client_id: 'spa' })).status, 200);
    while ((await get('/lasting', bearer(doomed))) !== '401') await sleep(20);

    const halfway = new EdgeBrowser(gateway.origin, hufu.origin);
    const callback = await halfway.begin(ANN, '?return_to=/page');
    await hufu.kill();
    phase = 'away';
    const stranded = await halfway.ask(callback);
    assert.equal(stranded.headers.location, '/page?edge_error=temporarily_unavailable');
    assert.equal((await halfway.who())['signed_in'], false);
    const begun = performance.now();
    const logins: string[] = [];
    const late: string[] = [];
    while (performance.now() - begun < AWAY_MS) {
      assert.equal(await get('/lasting', bearer(doomed)), '401', 'what is known to be revoked stays so');
      const asked = await new EdgeBrowser(gateway.origin, hufu.origin).ask('/edge/login');
      logins.push(String(asked.status));
      if (asked.status === 503) assert.match(String(asked.headers['retry-after']), /^[1-9]\d*$/);
      const who = await browser.call('/edge/session');
      assert.equal(JSON.parse(who.body).signed_in, true, who.body);
      late.push(await get('/strict', bearer(known)));
      await sleep(200);
    }
    // One that was heard a moment ago is believed to be there for five seconds.
    assert.equal(logins.at(-1), '503', 'nobody is sent where nobody is');
    assert.equal(late.at(-1), '503', 'a closed route closes once nobody can say what was revoked');
    assert.equal(await get('/lasting', bearer(unseen)), '503', 'who was never seen before is not believed now');
    const back = performance.now();
    hufu = await startProcess(options);
    phase = 'after';
    const healing: string[] = [];
    for (const [path, headers] of [
      ['/strict', () => bearer(known)],
      ['/session', sessionHeaders],
    ] as const) {
      while ((await get(path, headers())) !== '200') {
        assert.ok(performance.now() - back < 60_000, `${path} does not come back`);
        await sleep(50);
      }
      healing.push(`${path} ${(performance.now() - back).toFixed(0)} ms`);
    }
    for (const one of Object.values(loads)) await one.stop();
    for (const [name, { told }] of Object.entries(loads))
      t.diagnostic(
        `${name}: ${Object.entries(told)
          .map(([when, counted]) => `${when} ${JSON.stringify(Object.fromEntries(counted))}`)
          .join(', ')}`,
      );
    t.diagnostic(`sign-ins while it was away: ${[...new Set(logins)].join(', ')}; well again after the start: ${healing.join(', ')}`);

    for (const when of ['before', 'away', 'after'] as const) {
      assert.deepEqual(statuses(loads.free.told[when]), ['200'], when);
      assert.deepEqual(statuses(loads.lasting.told[when]), ['200'], when);
      assert.deepEqual(statuses(loads.nobody.told[when]), ['401'], when);
      assert.ok(
        statuses(loads.nonsense.told[when]).every((status) => status === '401' || status === '503'),
        when,
      );
      for (const one of [loads.strict, loads.session])
        assert.ok(
          statuses(one.told[when]).every((status) => status === '200' || (status === '503' && when !== 'before')),
          `${when}: ${statuses(one.told[when])}`,
        );
    }
    const fresh = new EdgeBrowser(gateway.origin, hufu.origin);
    await fresh.signIn(ANN);
    assert.equal((await fresh.call('/session')).status, 200);
    assert.equal(await get('/lasting', bearer(unseen)), '200');
    const next = await tokenOf();
    assert.equal(await get('/strict', bearer(next)), '200');
    assert.equal((await postForm(`${hufu.origin}/oauth/revoke`, { token: next, client_id: 'spa' })).status, 200);
    while ((await get('/lasting', bearer(next))) !== '401') await sleep(20);
    assert.equal(await get('/lasting', bearer(doomed)), '401');
    for (const { headers, target } of behind.seen) assert.equal(headers.get('authorization'), undefined, target);
  });
});

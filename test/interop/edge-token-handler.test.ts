/** The token handler of the edge in front of real authorization servers: Hufu, and `oidc-provider`. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@hufu/client/client';
import { clientSecretBasic } from '@hufu/client/client-secret';
import { systemClock } from '@hufu/client/clock';
import { backchannelLogout } from '@hufu/gateway/session/backchannel-logout';
import { edgeKeys } from '@hufu/gateway/session/edge-keys';
import { findSession } from '@hufu/gateway/session/find-session';
import type { FoundSession } from '@hufu/gateway/session/session-contents';
import { sessionTokens } from '@hufu/gateway/session/session-tokens';
import { type TokenHandler, tokenHandler } from '@hufu/gateway/session/token-handler';
import { Browser, locationOf } from '@hufu/gateway/testing/token-handler-world';
import { openMemory } from '@hufu/store/memory';
import { Agent, type Page } from '../support/agent.ts';
import { BASIC_YAML, freePort, startHufu, type TestHufu, USER } from '../support/hufu.ts';
import { type OidcUpstream, startOidcUpstream, UPSTREAM_SECRET } from '../support/upstreams/oidc-upstream.ts';
import { follow } from '../support/upstreams/visitor.ts';

const ORIGIN = 'https://app.example';
const CALLBACK = `${ORIGIN}/edge/callback`;
const OUTBOUND = 'brute_force: off, outbound: { allow_hosts: [127.0.0.1] }';
const SECRET = 'edge-secret-0123456789abcdef0123456789';

/** Two gateways of one edge, with a clock that tests set. */
async function openEdge(
  issuer: string,
  clientId: string,
  secret: string,
  scope: string,
): Promise<{ readonly gateways: readonly [TokenHandler, TokenHandler]; advance(ms: number): void }> {
  let ahead = 0;
  const store = await openMemory();
  const tenant = (await store.ensureTenant('default')).id;
  const nowMs = (): number => systemClock.nowMs() + ahead;
  const make = (): TokenHandler =>
    tokenHandler({
      settings: {
        edge: 'main',
        origin: ORIGIN,
        scope,
        sameSite: 'lax',
        idleSeconds: 86_400,
        absoluteSeconds: 86_400,
        claims: ['sid'],
        origins: [],
        crossSiteLogin: false,
      },
      client: createClient({ issuer, clientId, authentication: clientSecretBasic(secret), dpop: 'never', nowMs }),
      store,
      tenant,
      keys: edgeKeys([{ kid: 'k1', secret: new Uint8Array(32).fill(1) }]),
      clock: { ...systemClock, nowMs },
      newSecret: () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url'),
    });
  return {
    gateways: [make(), make()],
    advance(ms) {
      ahead += ms;
    },
  };
}

async function sessionOf(handler: TokenHandler, browser: Browser): Promise<FoundSession> {
  const outcome = await findSession(handler, browser.cookieHeader);
  return outcome.kind === 'found' ? outcome.session : assert.fail(outcome.kind);
}

describe('the token handler of the edge with Hufu', () => {
  let hufu: TestHufu;
  let receiver: Server;
  let edge: Awaited<ReturnType<typeof openEdge>>;

  before(async () => {
    const [port, backchannelPort] = [await freePort(), await freePort()];
    const client = `  - client_id: edge
    client_secret: ${SECRET}
    redirect_uris: [${CALLBACK}]
    post_logout_redirect_uris: [${ORIGIN}/]
    grant_types: [authorization_code, refresh_token]
    backchannel_logout_uri: http://127.0.0.1:${backchannelPort}/edge/backchannel-logout
    backchannel_logout_session_required: true
    hufu: { first_party: true }
`;
    hufu = await startHufu({ port, yaml: BASIC_YAML.replace('clients:\n', `clients:\n${client}`).replace('brute_force: off', OUTBOUND) });
    edge = await openEdge(hufu.issuer, 'edge', SECRET, 'openid profile');
    receiver = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString();
      const header = (name: string): string | undefined => [request.headers[name]].flat()[0];
      const reply = await backchannelLogout(edge.gateways[1], { method: request.method ?? '', query: new URLSearchParams(), header, body });
      response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(reply.body);
    });
    await new Promise<void>((resolve) => receiver.listen(backchannelPort, '127.0.0.1', resolve));
  });

  after(async () => {
    await new Promise((resolve) => receiver.close(resolve));
    await hufu.stop();
  });

  /** Through Hufu's pages, and back. */
  async function signIn(browser: Browser, agent: Agent): Promise<void> {
    let page: Page = await agent.get(locationOf(await browser.ask('/edge/login?return_to=/notes')));
    for (let steps = 0; steps < 6 && page.location.startsWith('/'); steps += 1) {
      page = await agent.get(page.location);
      if (page.name === 'signin') page = await agent.submit(page, USER);
    }
    assert.ok(page.location.startsWith(CALLBACK), page.location);
    assert.equal(locationOf(await browser.ask(page.location.slice(ORIGIN.length))), '/notes');
  }

  test('signs in, renews once at two gateways, signs out here and there (draft-ietf-oauth-browser-based-apps §6.1)', async () => {
    const [browser, agent] = [new Browser(edge.gateways[0]), new Agent(hufu.issuer)];
    await signIn(browser, agent);
    const { signed_in: isSignedIn, claims } = await browser.call('/edge/session');
    assert.deepEqual([isSignedIn, Object.keys(Object(claims))], [true, ['sid']]);
    const tokens = edge.gateways.map((handler) => sessionTokens(handler));
    const first = await tokens[0]?.accessToken(await sessionOf(edge.gateways[0], browser));
    edge.advance(3 * 3_600_000);
    await hufu.advance('PT3H');
    const renewed = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const handler = edge.gateways[index % 2 === 0 ? 0 : 1];
        return await tokens[index % 2]?.accessToken(await sessionOf(handler, browser));
      }),
    );
    assert.equal(new Set(renewed).size, 1);
    assert.notEqual(renewed[0], first);
    const { location } = await browser.call('/edge/logout', 'POST');
    const end = await agent.get(locationOf(await browser.ask(String(location))));
    assert.deepEqual([browser.jar.size, end.status < 400], [0, true]);
    await Promise.all(tokens.map((one) => one?.close()));
  });

  test('a sign-out at Hufu ends the session at the edge (OpenID Connect Back-Channel Logout §2.5)', async () => {
    const [browser, agent] = [new Browser(edge.gateways[0]), new Agent(hufu.issuer)];
    await signIn(browser, agent);
    const session = await sessionOf(edge.gateways[0], browser);
    const query = new URLSearchParams({ id_token_hint: session.contents.tokens.idToken ?? '' });
    const asked = await agent.get(`/oauth/logout?${query}`);
    if (asked.name !== '' && asked.action !== '') await agent.submit(asked, { decision: 'sign_out' });
    for (let turn = 0; turn < 800; turn += 1) {
      if ((await browser.call('/edge/session'))['signed_in'] === false) break;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    assert.equal((await browser.call('/edge/session'))['reason'], 'signed_out_elsewhere');
  });
});

describe('the token handler of the edge with oidc-provider', () => {
  let provider: OidcUpstream;
  before(async () => {
    provider = await startOidcUpstream('edge', [CALLBACK], new Map([['carol', { name: 'Carol' }]]));
  });
  after(async () => await provider.stop());

  test('signs in and out; without a refresh token the session ends with its token', async () => {
    const { gateways, advance } = await openEdge(provider.issuer, 'edge', UPSTREAM_SECRET, 'openid profile');
    const [browser, agent] = [new Browser(gateways[0]), new Agent(provider.issuer)];
    const start = await agent.get(locationOf(await browser.ask('/edge/login?return_to=/x')));
    const form = await follow(agent, start, provider.issuer, CALLBACK);
    const action = new URL(form.page.action, form.url).href;
    const back = await follow(agent, await agent.post(action, { prompt: 'login', login: 'carol', password: 'any' }), action, CALLBACK);
    assert.equal(locationOf(await browser.ask(back.url.slice(ORIGIN.length))), '/x');
    assert.equal((await browser.call('/edge/session'))['sub'], 'carol');
    const tokens = sessionTokens(gateways[1]);
    assert.match(await tokens.accessToken(await sessionOf(gateways[1], browser)), /^.{20,}$/);
    advance(86_000_000);
    await assert.rejects(tokens.accessToken(await sessionOf(gateways[1], browser)));
    assert.equal((await browser.call('/edge/session'))['signed_in'], false);
    const { status } = await browser.call('/edge/logout', 'POST');
    assert.equal(status, 200);
    await tokens.close();
  });
});

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { type GatewayWorld, route, startGateway } from '../testing/gateway-world.ts';
import { closeAll, say, startBehind, statusOf, timers } from '../testing/proxy-world.ts';
import { Browser, ORIGIN, openTokenHandler, type TokenHandlerWorld } from '../testing/token-handler-world.ts';
import { serveEndpoints } from './serve-endpoints.ts';
import { SessionEnds } from './session-ends.ts';

const closing: GatewayWorld[] = [];
afterEach(async () => {
  for (const world of closing.splice(0)) await world.close();
  await closeAll();
});

interface Scene {
  readonly gateway: GatewayWorld;
  readonly world: TokenHandlerWorld;
  /** What the service behind has got. */
  readonly seen: readonly string[];
  ask(line: string, headers?: string, body?: string): Promise<string>;
}

/** A gateway with two hosts, sessions at the first. */
async function start(ended?: (world: TokenHandlerWorld) => () => Promise<void>): Promise<Scene> {
  const world = await openTokenHandler();
  const seen: string[] = [];
  const behind = await startBehind((request, response) => {
    seen.push(`${request.headers['x-forwarded-host']}${request.url}`);
    response.end('behind');
  });
  const decisions = { refuse: (refusal: Parameters<typeof refused.push>[0]) => `decision-${refused.push(refusal)}` };
  const refused: GatewayWorld['refusals'] = [];
  const gateway = await startGateway(behind.port, [route('all', '/', { token: 'none' })], {
    settings: { origins: ['https://app.example', 'https://other.example'] },
    parts: {
      endpoints: serveEndpoints(world.handler, { decisions, timers, ...(ended !== undefined && { ended: ended(world) }) }),
      decisions,
    },
  });
  closing.push(gateway);
  return {
    gateway: { ...gateway, refusals: refused },
    world,
    seen,
    ask: (line, headers = '', body = '') =>
      say(
        gateway.port,
        `${line} HTTP/1.1\r\nConnection: close\r\n${headers.includes('Host:') ? '' : 'Host: app.example\r\n'}${headers}\r\n${body}`,
      ),
  };
}

test('the endpoints answer at the host of the sessions, before any route, and at no other host', async () => {
  const { ask, seen } = await start();
  const begun = await ask('GET /edge/login?return_to=/notes');
  assert.equal(statusOf(begun), 303);
  assert.match(begun, /set-cookie: __Host-Http-hufu-[\w-]{8}-tx-[\w-]{8}=[^\r]*; Secure; HttpOnly; SameSite=Lax; Max-Age=600\r\n/i);
  assert.match(begun, /cache-control: no-store\r\nreferrer-policy: no-referrer/i);
  assert.deepEqual(seen, []);
  assert.match(await ask('GET /edge/login', 'Host: other.example\r\n'), /behind$/);
  assert.match(await ask('GET /edge/elsewhere'), /behind$/);
  assert.deepEqual(seen, ['other.example/edge/login', 'app.example/edge/elsewhere']);
});

test('what an endpoint refuses is a decision, under the id that the client is told; a person gets a page (RFC 9457, RFC 9110 §15.5.6)', async () => {
  const { ask, gateway } = await start();
  const foreign = await ask('GET /edge/session');
  assert.equal(statusOf(foreign), 403);
  assert.match(foreign, /hufu-decision: decision-1\r\n/i);
  assert.match(foreign, /"code":"csrf_header","decision_id":"decision-1"/);
  assert.equal(gateway.refusals[0]?.check, 'edge_endpoint');
  assert.match(await ask('GET /edge/login?return_to=//evil.example', 'Accept: text/html\r\n'), /<h1>400 Bad Request<\/h1>/);
  assert.match(await ask('POST /edge/login', 'Content-Length: 0\r\n'), /405 .*\r\n[^]*allow: GET\r\n/i);
  assert.equal(statusOf(await ask('HEAD /edge/session', 'X-CSRF: 1\r\n')), 405);
});

test('a sign-in that fails goes back to the page, and its redirect has the id of the decision', async () => {
  const { ask, gateway } = await start();
  const reply = await ask('GET /edge/callback?code=c&state=s');
  assert.equal(statusOf(reply), 303);
  assert.match(reply, /location: \/\?edge_error=sign_in_expired\r\n/i);
  assert.match(reply, /hufu-decision: decision-1\r\n/i);
  assert.deepEqual(gateway.refusals, [
    {
      check: 'edge_endpoint',
      status: 303,
      code: 'sign_in_expired',
      detail: 'the sign-in did not succeed',
      cause: 'this browser has begun no sign-in with this state, or too long ago',
      route: undefined,
      clientId: undefined,
    },
  ]);
});

test('a form is read to 64 KiB and no further, and one that waits for a 100 gets it (RFC 9110 §10.1.1, attacks HTP-01)', async () => {
  const { ask } = await start();
  const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
  const small = await ask('POST /edge/backchannel-logout', `${form}Content-Length: 14\r\n`, 'logout_token=x');
  assert.equal(statusOf(small), 400);
  assert.match(small, /"error":"invalid_request"/);
  const waiting = await ask('POST /edge/backchannel-logout', `${form}Expect: 100-continue\r\nContent-Length: 14\r\n`, 'logout_token=x');
  assert.match(waiting, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /);
  assert.equal(statusOf(await ask('POST /edge/backchannel-logout', `${form}Content-Length: 65537\r\n`)), 413);
  const large = 'x'.repeat(65_537);
  const chunked = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
  assert.equal(statusOf(await ask('POST /edge/backchannel-logout', `${form}Transfer-Encoding: chunked\r\n`, chunked)), 413);
});

test('pages of listed origins may ask who is signed in and sign out, others may not read the answer (Fetch §3.2.3, attacks SES-07)', async () => {
  const { ask } = await start();
  const listed = 'Origin: https://www.app.example\r\n';
  const ahead = 'Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: x-csrf\r\n';
  const preflight = await ask('OPTIONS /edge/session', listed + ahead);
  assert.equal(statusOf(preflight), 204);
  assert.match(preflight, /access-control-allow-origin: https:\/\/www\.app\.example\r\n/i);
  assert.match(preflight, /access-control-allow-headers: x-csrf, x-hufu-session\r\n/i);
  const answer = await ask('GET /edge/session', `${listed}X-CSRF: 1\r\n`);
  assert.match(answer, /access-control-allow-credentials: true\r\n[^]*"signed_in":false/i);
  for (const origin of ['https://evil.example', 'null', 'https://app.example.evil.example'])
    assert.doesNotMatch(await ask('OPTIONS /edge/session', `Origin: ${origin}\r\n${ahead}`), /access-control-allow/i);
  assert.doesNotMatch(await ask('OPTIONS /edge/login', listed + ahead), /access-control-allow/i);
});

test('a mistake of ours is 500 and says nothing of itself', async () => {
  const { ask, world, gateway } = await start();
  Object.assign(world.handler, { newSecret: undefined });
  const reply = await ask('POST /edge/logout', 'X-CSRF: 1\r\nContent-Length: 0\r\n');
  assert.equal(statusOf(reply), 500);
  assert.doesNotMatch(reply, /newSecret/);
  assert.match(gateway.refusals[0]?.cause ?? '', /newSecret/);
});

test('when a sign-out is answered its session is over at this gateway, whatever was remembered of it (attacks GTW-10)', async () => {
  const heard: string[] = [];
  let ends: SessionEnds | undefined;
  const { ask, world } = await start(({ handler }) => {
    // Nobody follows the log here but the endpoints themselves.
    const following = new SessionEnds(handler);
    following.on(({ id }) => heard.push(id));
    ends = following;
    return () => following.look();
  });
  const browser = new Browser(world.handler);
  await browser.signIn();
  await ends?.look();
  assert.deepEqual(heard, []);
  const headers = `Cookie: ${browser.cookieHeader}\r\nX-CSRF: 1\r\nOrigin: ${ORIGIN}\r\nContent-Length: 0\r\n`;
  assert.equal(statusOf(await ask('POST /edge/logout', headers)), 200);
  assert.equal(heard.length, 1);
});

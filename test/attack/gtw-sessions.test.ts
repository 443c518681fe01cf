import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Wire } from '@hufu/gateway/testing/proxy-world';
import { EdgeBrowser } from '../support/edge/edge-browser.ts';
import { type GatewayProcess, gatewayYaml, startGatewayProcess } from '../support/edge/gateway-process.ts';
import { type Behind, startNodeBehind, startStreamsBehind } from '../support/edge/upstreams.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';

const SECRET = 'edge-secret-0123456789abcdef0123456789';
const NARROW = 'narrow-secret-0123456789abcdef01234567';
const API = 'https://api.example/';
const PASSWORD = 'a long enough password';
const [ANA, BO] = [
  { username: 'ana', password: PASSWORD },
  { username: 'bo', password: PASSWORD },
] as const;
const RETRY_MS = 25;

/** Who keeps a session: the gateways, or its browser in a cookie. */
const MODES = [
  ['the gateways keep', ''],
  ['their browsers keep', 'keep: cookie, renewals: database, '],
] as const;

for (const [who, keep] of MODES)
  describe(`GTW and SES: sessions that ${who}, at real gateways`, () => {
    let directory: string;
    let behind: Behind;
    let streams: Awaited<ReturnType<typeof startStreamsBehind>>;
    let hufu: HufuProcess;
    let origin: string;
    /** Of the same edge, at another place, with the same database. */
    let second: GatewayProcess;
    /** Of another edge, whose client may do less. */
    let narrow: GatewayProcess;

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'hufu-edge-sessions-'));
      behind = await startNodeBehind();
      streams = await startStreamsBehind();
      const [port, edgePort, secondPort, narrowPort] = [await freePort(), await freePort(), await freePort(), await freePort()];
      origin = `http://127.0.0.1:${edgePort}`;
      const issuer = `http://127.0.0.1:${port}`;
      const database = `sqlite:${join(directory, 'hufu.db')}`;
      const edgeOf = (client: string, secret: string, name: string, scope: string): string => `  name: ${name}
  secret: ${'k'.repeat(40)}
  audience: "${API}"
  issuers: [{ issuer: "${issuer}", users: subject, revocations: { client_id: edge, client_secret: ${SECRET} } }]
  session: { ${keep}client_id: ${client}, client_secret: ${secret}, scope: "${scope}" }
  upstreams:
    service: { targets: [{ url: "http://127.0.0.1:${behind.port}" }] }
    streams: { targets: [{ url: "http://127.0.0.1:${streams.port}" }] }
  routes:
    - { name: page, path: /, upstream: service, token: none }
    - { name: notes, path: /api, upstream: service, token: user, session: true, scopes: { GET: [read], POST: [write], PUT: [write], PATCH: [write], DELETE: [write] } }
    - { name: listed, path: /listed, upstream: service, token: user, session: true, cors_origins: ["https://www.example"] }
    - { name: events, path: /events, upstream: streams, token: user, session: true, websocket: true }
`;
      const clientOf = (name: string, secret: string, at: string): string => `  - client_id: ${name}
    client_secret: ${secret}
    redirect_uris: ["${at}/edge/callback"]
    post_logout_redirect_uris: ["${at}/"]
    backchannel_logout_uri: "${at}/edge/backchannel-logout"
    backchannel_logout_session_required: true
    grant_types: [authorization_code, refresh_token]
    scope: openid profile read write
    hufu: { first_party: true, follows_revocations: true }
`;
      const wide = edgeOf('edge', SECRET, 'wide', 'openid profile read write');
      const narrowAt = `http://127.0.0.1:${narrowPort}`;
      const yaml = `policies: { brute_force: off, outbound: { allow_hosts: [127.0.0.1] } }
clients:
${clientOf('edge', SECRET, origin)}${clientOf('narrow', NARROW, narrowAt)}resources:
  - { identifier: "${API}", scopes: [read, write], token_format: jwt }
users:
  - { username: ana, password: ${PASSWORD} }
  - { username: bo, password: ${PASSWORD} }
${gatewayYaml({ port: edgePort, yaml: wide })}`;
      hufu = await startProcess({ directory, port, database, mode: 'test', yaml });
      const head = `issuer: ${issuer}\nmode: test\ndatabase: "${database}"\ndata_dir: ${join(directory, 'data')}`;
      second = await startGatewayProcess({ directory, port: secondPort, at: origin, head, yaml: wide });
      narrow = await startGatewayProcess({ directory, port: narrowPort, head, yaml: edgeOf('narrow', NARROW, 'narrow', 'openid read') });
    });
    after(async () => {
      for (const gateway of [second, narrow]) await gateway?.stop();
      await hufu?.stop();
      for (const one of [behind, streams]) await one.close();
      await rm(directory, { recursive: true, force: true });
    });
    beforeEach(() => {
      for (const { seen } of [behind, streams]) seen.length = 0;
    });

    const browser = (): EdgeBrowser => new EdgeBrowser(origin, hufu.origin);
    async function signedIn(user: typeof ANA | typeof BO = ANA, query = ''): Promise<EdgeBrowser> {
      const one = browser();
      await one.signIn(user, query);
      return one;
    }

    test('SES-01 · the session is a new one after each sign-in, and the one before it is over at every gateway (ASVS 7.2.4)', async () => {
      const one = await signedIn();
      for (const again of ['?max_age=0', '?prompt=login', '']) {
        const before = one.cookie;
        const { value } = one.session;
        await one.signIn(ANA, again);
        assert.notEqual(one.session.value, value);
        for (const port of [undefined, second.port]) {
          const old = await browser().call('/api/x', { headers: { cookie: before }, ...(port !== undefined && { port }) });
          assert.equal(old.status, 401, `${again}: ${old.body}`);
          assert.equal((await one.call('/api/x', port === undefined ? {} : { port })).status, 200, again);
        }
      }
    });

    test('SES-01 · a cookie that somebody else has chosen never becomes a session (session fixation)', async () => {
      const one = await signedIn();
      const { name } = one.session;
      const planted = browser();
      planted.jar.set(name, 'A'.repeat(43));
      await planted.signIn(BO);
      assert.notEqual(planted.session.value, 'A'.repeat(43));
      assert.equal((await browser().call('/api/x', { headers: { cookie: `${name}=${'A'.repeat(43)}` } })).status, 401);
    });

    test('SES-03 · cookies of the edge are of its host alone, over https, and out of the reach of scripts (RFC 6265bis §4.1.3.2)', async () => {
      const one = browser();
      const begun = await one.ask('/edge/login');
      const back = await one.signIn(ANA);
      const out = await one.call('/edge/logout', { method: 'POST' });
      const lines = [...begun.setCookies, ...back.setCookies, ...out.setCookies];
      assert.ok(lines.length >= 5);
      for (const line of lines) {
        assert.match(line, /^__Host-Http-hufu-[\w-]+=[^;]*; Path=\/; Secure; HttpOnly; SameSite=(?:Lax|Strict); Max-Age=\d+$/);
        assert.doesNotMatch(withoutSealed(line), /eyJ[\w-]*\./);
      }
    });

    test('SES-05 · a jar full of a neighbour’s cookies leaves nobody half signed in (RFC 6585 §5)', async () => {
      const one = await signedIn();
      const mine = one.cookie;
      for (const count of [50, 180, 400]) {
        const planted = Array.from({ length: count }, (_, i) => `planted-${i}=${'x'.repeat(60)}`).join('; ');
        for (const cookie of [`${planted}; ${mine}`, `${mine}; ${planted}`, planted]) {
          behind.seen.length = 0;
          const { status } = await browser().call('/api/x', { headers: { cookie } });
          const isWhole = cookie.length < 14_000 && cookie !== planted;
          assert.equal(status, isWhole ? 200 : cookie.length > 16_384 ? 431 : 401, `${count}, ${cookie.length} bytes`);
          assert.equal(behind.seen.length, status === 200 ? 1 : 0);
        }
      }
    });

    test('SES-08 · two sign-ins side by side that end in crossed order both end where they began', async () => {
      const one = browser();
      const first = await one.begin(ANA, '?return_to=/first');
      const other = await one.begin(ANA, '?return_to=/second');
      assert.equal((await one.ask(other)).headers.location, '/second');
      assert.equal((await one.ask(first)).headers.location, '/first');
      assert.equal((await one.call('/api/x')).status, 200);
      for (const cut of ['', 'x']) {
        const state = new URL(first, origin).searchParams.get('state') ?? '';
        const crossed = await one.ask(other.replace(/state=[^&]*/, `state=${state}${cut}`));
        assert.ok(crossed.status === 503 || String(crossed.headers.location).startsWith('/'), crossed.body);
      }
      assert.equal((await one.who())['sub'], (await one.who(second.port))['sub']);
    });

    test('SES-15 · nobody is signed in as somebody else by an answer that another browser has got (RFC 6819 §4.4.1.8)', async () => {
      const attacker = browser();
      const stolen = await attacker.begin(BO);
      const victim = await signedIn(ANA);
      const before = victim.session.value;
      const sub = (await victim.who())['sub'];
      await victim.ask('/edge/login');
      const mixed = new URL(stolen, origin);
      const state = [...victim.jar.keys()].find((name) => name.includes('-tx-'));
      assert.ok(state !== undefined);
      for (const path of [
        stolen,
        `${mixed.pathname}?code=${mixed.searchParams.get('code')}&state=`,
        `${mixed.pathname}?error=access_denied&state=x`,
      ]) {
        const answer = await victim.ask(path);
        assert.match(String(answer.headers.location), /^\/\?edge_error=/, path);
      }
      assert.deepEqual([victim.session.value, (await victim.who())['sub']], [before, sub]);
      for (const site of ['cross-site', 'same-site'])
        assert.equal(
          (await browser().ask('/edge/login', { headers: { 'sec-fetch-site': site, 'sec-fetch-dest': 'document' } })).status,
          403,
          site,
        );
      for (const [name, value] of [
        ['sec-fetch-dest', 'image'],
        ['sec-fetch-dest', 'iframe'],
        ['sec-purpose', 'prefetch'],
      ] as const)
        assert.equal((await browser().ask('/edge/login', { headers: { [name]: value } })).status, 403, `${name}: ${value}`);
    });

    test('GTW-08 · SES-06 · a cookie that is cut, changed, too long or of another edge is nobody’s, and nothing goes inside', async () => {
      const one = await signedIn();
      const { name, value } = one.session;
      // Of a long one the beginning, the end and some between.
      const places = [...value].map((_, at) => at).filter((at) => at < 24 || at >= value.length - 24 || at % 97 === 0);
      const flipped = places.map((at) => value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1));
      const odd = [
        ...flipped,
        value.slice(1),
        value.slice(0, -1),
        `${value}A`,
        `${value}=`,
        `${value} ${value}`,
        `"${value}"`,
        value.toLowerCase(),
        '',
        '=',
        'null',
        '%00',
        'A'.repeat(4_000),
        "' OR 1=1 --",
        '__proto__',
        `${value}%`,
        Buffer.from(value).toString('base64'),
      ].filter((text) => text !== value);
      const headers = [
        ...odd.map((text) => `${name}=${text}`),
        `${name.toUpperCase()}=${value}`,
        `x${name}=${value}`,
        `${name}x=${value}`,
        `__Host-Http-hufu-AAAAAAAA=${value}`,
        `__Secure-hufu=${value}`,
        `a="${name}=${value}"`,
        `a=b, ${name}=${value}`,
      ];
      for (const port of [undefined, second.port])
        for (const cookie of headers) {
          const answer = await browser().call('/api/x', { headers: { cookie }, ...(port !== undefined && { port }) });
          assert.equal(answer.status, 401, `${cookie.slice(0, 100)}: ${answer.body}`);
        }
      assert.equal((await browser().call('/api/x', { headers: { cookie: `${name}=${value}; ${name}=${value}` } })).status, 400);
      assert.deepEqual(behind.seen, []);
      assert.equal((await one.call('/api/x')).status, 200, 'and the session itself has come to no harm');
    });

    test('GTW-10 · after a sign-out the cookie, the sign-in and its answer are worth nothing at any gateway (draft-ietf-oauth-browser-based-apps §6.1.3.2)', async () => {
      const one = browser();
      const callback = await one.begin(ANA);
      const transaction = one.cookie;
      await one.ask(callback);
      const session = one.cookie;
      // Known well at both: no gateway remembers it for longer than it lives.
      for (const port of [undefined, undefined, second.port, second.port])
        assert.equal((await one.call('/api/x', port === undefined ? {} : { port })).status, 200);
      assert.equal((await one.call('/edge/logout', { method: 'POST' })).status, 200);
      const asked = { headers: { cookie: session } };
      assert.equal((await browser().call('/api/x', asked)).status, 401);
      await soon(async () => (await browser().call('/api/x', { ...asked, port: second.port })).status === 401);
      // The answer once more, with the cookie of its sign-in: what there was, which has ended.
      const again = browser();
      await again.ask(callback, { headers: { cookie: `${transaction}; ${session}` } });
      for (const port of [undefined, second.port]) {
        const { status } = await again.call('/api/x', port === undefined ? {} : { port });
        assert.equal(status, 401);
      }
      assert.equal((await again.who())['signed_in'], false);
      // What is sealed for one place opens at no other.
      const other = await signedIn(BO);
      const [name = '', value = ''] = transaction.split(/=(.*)/s);
      for (const cookie of [
        `${other.session.name}=${value}`,
        `${name.slice(0, -1)}${name.endsWith('A') ? 'B' : 'A'}=${value}`,
        `${name}=${other.session.value}`,
      ]) {
        const answer = await browser().ask(callback, { headers: { cookie } });
        assert.match(String(answer.headers.location), /^\/\?edge_error=sign_in_expired/);
        assert.equal((await browser().call('/api/x', { headers: { cookie } })).status, 401);
      }
    });

    test('GTW-11 · a request with a session that a page of the edge did not send is refused, in every combination (draft-ietf-oauth-browser-based-apps §6.1.3.3)', async () => {
      const one = await signedIn();
      const origins = [
        undefined,
        'null',
        'https://evil.test',
        origin.replace('127.0.0.1', 'localhost'),
        `${origin}.evil.test`,
        origin.toUpperCase(),
        `${origin}/`,
        origin,
      ];
      const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json'];
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
        for (const from of origins)
          for (const csrf of [undefined, '', '0', 'true', '1, 1', '1'])
            for (const type of method === 'POST' ? types : [undefined]) {
              const headers = {
                ...(from !== undefined && { origin: from }),
                ...(csrf !== undefined && { 'x-csrf': csrf }),
                ...(type !== undefined && { 'content-type': type }),
              };
              const { status } = await one.ask('/api/x', { method, headers });
              const isOurs = csrf === '1' && (from === undefined || from === origin);
              assert.equal(status, isOurs ? 200 : 403, JSON.stringify([method, headers]));
            }
      for (const { headers } of behind.seen) assert.ok(['', origin].includes(headers.get('origin')?.[0] ?? ''));
      for (const path of ['/edge/logout', '/edge/session'])
        for (const from of ['null', 'https://evil.test'])
          for (const headers of [{ origin: from, 'x-csrf': '1' }, { origin: from }, {}])
            assert.equal((await one.ask(path, { method: path.endsWith('out') ? 'POST' : 'GET', headers })).status, 403, path);
      for (const from of ['https://evil.test', 'null', 'https://www.example']) {
        const asked = { origin: from, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-csrf' };
        for (const path of ['/api/x', '/listed/x', '/edge/session', '/edge/logout']) {
          const { headers } = await one.ask(path, { method: 'OPTIONS', headers: asked });
          const isListed = path === '/listed/x' && from === 'https://www.example';
          assert.equal(headers['access-control-allow-origin'], isListed ? from : undefined, `${path} ${from}`);
        }
      }
      assert.equal((await one.call('/api/x')).status, 200);
    });

    test('GTW-12 · after a sign-in the way leads to a path of this host alone (RFC 9700 §4.11.1)', async () => {
      const evil = [
        'https://evil.test',
        '//evil.test',
        '///evil.test',
        '/\\evil.test',
        '\\\\evil.test',
        '/%5cevil.test',
        '/%2fevil.test',
        '/.//evil.test',
        '/..//evil.test',
        '/x/..//evil.test',
        '/\tevil.test',
        '/%09/evil.test',
        '/%0d%0aLocation:%20https://evil.test',
        'javascript:alert(1)',
        'evil.test',
        '@evil.test',
        '/edge/logout/end',
        '/EDGE/login',
        '/%65dge/login',
        '/a\u00a0',
        `/${'a'.repeat(600)}`,
        '',
      ];
      for (const to of evil) {
        const answer = await browser().ask(`/edge/login?return_to=${encodeURIComponent(to)}`);
        assert.equal(answer.status, 400, to);
        assert.deepEqual(answer.setCookies, []);
      }
      const one = browser();
      assert.equal(
        (await one.signIn(ANA, `?return_to=${encodeURIComponent('/a/b?c=//evil.test#d')}`)).headers.location,
        '/a/b?c=//evil.test#d',
      );
    });

    test('GTW-13 · with a session neither its cookie nor its tokens go inside or to the page (draft-ietf-oauth-browser-based-apps §6.1.3.1)', async () => {
      const one = browser();
      const answers = [await one.ask('/edge/login'), await one.signIn(ANA), await one.call('/edge/session')];
      one.jar.set('theirs', '1');
      answers.push(await one.call('/api/x'), await one.ask('/page'), await one.call('/api/denied', { method: 'OPTIONS' }));
      answers.push(await one.call('/edge/logout', { method: 'POST' }));
      for (const { headers, body } of answers)
        assert.doesNotMatch(withoutSealed(JSON.stringify(headers)) + body, /eyJ[\w-]+\.|refresh_token|access_token/);
      assert.ok(behind.seen.length >= 2);
      for (const { headers, target } of behind.seen) {
        assert.equal(headers.get('cookie')?.join(), 'theirs=1', target);
        assert.equal(headers.get('authorization'), undefined, target);
        assert.doesNotMatch(JSON.stringify([...headers]), /eyJ[\w-]+\.|__Host/, target);
      }
    });

    test('GTW-21 · what is open in a session ends with it at every gateway; a WebSocket needs an Origin that is listed (RFC 6455 §10.2)', async () => {
      const one = await signedIn();
      const { host, port } = new URL(origin);
      const handshake = (from: string | undefined): string =>
        `GET /events HTTP/1.1\r\nHost: ${host}\r\nCookie: ${one.cookie}\r\n${from === undefined ? '' : `Origin: ${from}\r\n`}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n`;
      for (const from of [undefined, 'null', 'https://evil.test', `${origin}.evil.test`]) {
        const wire = new Wire(Number(port)).send(handshake(from));
        assert.match(await wire.closed(), /^HTTP\/1\.1 403 /, String(from));
      }
      assert.equal(streams.seen.length, 0);
      const wires = [Number(port), second.port].flatMap((at) => [
        new Wire(at).send(handshake(origin)),
        new Wire(at).send(`GET /events HTTP/1.1\r\nHost: ${host}\r\nCookie: ${one.cookie}\r\nX-CSRF: 1\r\n\r\n`),
      ]);
      for (const wire of wires) {
        await wire.hears('hi');
        assert.equal(wire.isClosed, false, wire.heard);
      }
      assert.equal((await one.call('/edge/logout', { method: 'POST', port: second.port })).status, 200);
      for (const wire of wires) await wire.closed();
      await soon(async () => streams.open() === 0);
    });

    test('GTW-23 · a session of one edge is none of another, and what a token may not do no session makes up for (draft-ietf-oauth-browser-based-apps §6.2.2.3)', async () => {
      const wide = await signedIn();
      const there = `http://127.0.0.1:${narrow.port}`;
      const small = new EdgeBrowser(there, hufu.origin);
      await small.signIn(ANA);
      assert.notEqual(small.session.name, wide.session.name);
      assert.equal((await small.call('/api/x')).status, 200);
      assert.equal((await small.call('/api/x', { method: 'POST' })).status, 403);
      assert.equal((await wide.call('/api/x', { method: 'POST' })).status, 200);
      for (const cookie of [wide.cookie, `${small.session.name}=${wide.session.value}`]) {
        const { status } = await new EdgeBrowser(there, hufu.origin).call('/api/x', { headers: { cookie } });
        assert.equal(status, 401);
      }
    });

    test('SES-09 · who is signed out at the issuer is so at every gateway (OpenID Connect Back-Channel Logout §2.5)', async () => {
      const [one, other] = [await signedIn(BO), await signedIn(ANA)];
      assert.equal((await one.call('/api/x', { port: second.port })).status, 200);
      const asked = await one.agent.get('/oauth/logout');
      await one.agent.submit(asked, { decision: 'sign_out' });
      for (const port of [undefined, second.port])
        await soon(async () => (await one.call('/api/x', port === undefined ? {} : { port })).status === 401);
      assert.equal((await other.call('/api/x')).status, 200);
    });
  });

/** Without the one JWE that only the edge can read (RFC 7516 §7.1): there a key is agreed on, so that its second part is empty. */
function withoutSealed(text: string): string {
  return text.replaceAll(/(__Host-Http-hufu-[\w-]{8}=[12]\.)eyJ[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+/g, '$1');
}

async function soon(is: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2_400; turn += 1) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  assert.fail('it never came');
}

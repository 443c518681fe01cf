import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { after, describe, test } from 'node:test';
import { statusOf } from '@hufu/gateway/testing/proxy-world';
import { type Behind, startNodeBehind } from '../support/edge/upstreams.ts';
import { freePort } from '../support/hufu.ts';
import { type Edge, edges } from './edges.ts';

/** What clients say of who they are, where they come from, and what they ask for; the edge alone says such things inside. */
const CLAIMED = [
  'Passport',
  'Passport-Action',
  'X-User',
  'X-User-Id',
  'X-UserInfo',
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-Authenticated-User',
  'X-Remote-User',
  'Remote-User',
  'X-WebAuth-User',
  'X-Forwarded-User',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Uri',
  'X-Forwarded-Method',
  'X-Forwarded-Prefix',
  'X-Forwarded-Port',
  'X-Forwarded-Server',
  'X-Forwarded-Access-Token',
  'Forwarded',
  'X-Real-IP',
  'X-Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'X-Original-URL',
  'X-Original-URI',
  'X-Original-Method',
  'X-Original-Host',
  'X-Rewrite-URL',
  'X-HTTP-Method-Override',
  'X-HTTP-Method',
  'X-Method-Override',
  'SSL-Client-Cert',
  'SSL-Client-Verify',
  'X-SSL-Client-S-DN',
  'X-Request-Id',
  'Traceparent',
  'Tracestate',
  'Proxy',
  'Proxy-Authorization',
  'X-Internal-Role',
];
const EVIL = 'evil-0123456789';

describe('GTW: what goes through a gateway, and what does not', () => {
  let behind: Behind;
  let other: Behind;
  let evil: { readonly port: number; readonly asked: string[]; close(): Promise<void> };
  let deadPort: number;
  const here = edges(async () => {
    evil = await startCanary();
    deadPort = await freePort();
    behind = await startNodeBehind((request, response) => {
      if (request.url === '/open/away') response.writeHead(302, { location: `http://127.0.0.1:${evil.port}/taken` }).end();
      else response.end(`inside ${request.url}`);
    });
    other = await startNodeBehind();
    return `  drop_headers: [X-Internal-*]
  upstreams:
    notes: { targets: [{ url: "http://127.0.0.1:${behind.port}" }] }
    other: { targets: [{ url: "http://127.0.0.1:${other.port}" }] }
    dead: { targets: [{ url: "http://127.0.0.1:${deadPort}" }] }
  routes:
    - { name: open, path: /, hosts: [127.0.0.1], upstream: notes, token: none, websocket: true }
    - { name: public, path: /public, upstream: notes, token: none }
    - { name: admin, path: /admin, upstream: notes, token: user, scopes: [admin] }
    - { name: notes, path: /notes, upstream: notes, token: user, scopes: { GET: ["notes:read"], POST: ["notes:write"] } }
    - { name: told, path: /told, upstream: other, token: user, forward_token: true }
    - { name: dead, path: /dead, upstream: dead, token: user }
    - { name: closed, path: /, hosts: [closed.example], upstream: notes, token: user }
`;
  }, ['https://closed.example']);
  after(async () => {
    for (const one of [behind, other, evil]) await one.close();
  });

  async function each(act: (edge: Edge) => Promise<void>): Promise<void> {
    for (const edge of here.all) {
      for (const { seen } of [behind, other]) seen.length = 0;
      await act(edge);
    }
    here.assertAlive();
    assert.deepEqual(evil.asked, [], 'nobody went to where a stranger points');
  }
  const bearer = (changes: object = {}): string => `Authorization: Bearer ${here.token(changes)}`;

  test('GTW-01 · who somebody is and where they come from is said by the edge alone, however the name is written (RFC 9700 §4.13, RFC 3875 §4.1.18)', async () => {
    const spellings: readonly ((name: string) => string)[] = [
      (name) => name,
      (name) => name.toLowerCase(),
      (name) => name.toUpperCase(),
      (name) => name.replaceAll('-', '_'),
      (name) => name.replace('-', '_').toUpperCase(),
      (name) => name.replaceAll('-', '.'),
      (name) => name.replaceAll('-', '~'),
    ];
    await each(async (edge) => {
      for (const spell of spellings) {
        for (let from = 0; from < CLAIMED.length; from += 20) {
          const lines = CLAIMED.slice(from, from + 20).map((name) => `${spell(name)}: ${EVIL}`);
          for (const route of ['/public/x', '/told/x']) {
            const heard = await edge.ask(`GET ${route}`, [...lines, bearer()]);
            assert.equal(statusOf(heard), 200, heard);
          }
        }
      }
      for (const { target, headers } of [...behind.seen, ...other.seen])
        for (const [name, values] of headers)
          assert.doesNotMatch(values.join(), new RegExp(EVIL), `hufu ${edge.command}: ${name} to ${target}`);
      assert.deepEqual(behind.seen[0]?.headers.get('x-forwarded-for'), ['127.0.0.1']);
      assert.deepEqual(behind.seen[0]?.headers.get('authorization'), undefined);
    });
  });

  test('GTW-01 · Connection takes nothing away that the edge says (RFC 9110 §7.6.1)', async () => {
    await each(async (edge) => {
      const named = 'Connection: close, X-Forwarded-For, x-request-id, Passport, Forwarded, Traceparent, X-Theirs';
      assert.equal(statusOf(await edge.ask('GET /public/x', [named, 'X-Theirs: 1'])), 200);
      const [{ headers } = assert.fail()] = behind.seen;
      for (const name of ['x-forwarded-for', 'x-forwarded-host', 'x-request-id', 'forwarded', 'traceparent'])
        assert.equal(headers.get(name)?.length, 1, name);
      assert.equal(headers.get('x-theirs'), undefined);
    });
  });

  test('GTW-03 · a path is one path: whatever disguise it comes in, nothing of /admin is behind an open route (RFC 3986 §6.2.2)', async () => {
    const disguises = [
      '/public/../admin',
      '/public/%2e%2e/admin',
      '/public/%2E%2e/admin',
      '/public/.%2e/admin',
      '/public/..%2fadmin',
      '/public/..%2Fadmin',
      '/public%2f..%2fadmin',
      '/public/..%5cadmin',
      '/public/..\\admin',
      '/public/..;/admin',
      '/public/..;a=b/admin',
      '/public/.;/../admin',
      '/public/%2e%2e;x/admin',
      '/public/..%3b/admin',
      '//admin',
      '///admin',
      '/./admin',
      '/%2e/admin',
      '/.;x/admin',
      '/admin;x',
      '/admin;x/y',
      '/admin%3bx',
      '/ADMIN',
      '/Admin/x',
      '/aDmin/',
      '/%61dmin',
      '/%41dmin',
      '/adm%69n/x',
      '\\admin',
      '/\\admin',
      '/public\\..\\admin',
      '/admin/',
      '/admin//x',
      '/admin%00',
      '/admin%00/public',
      '/public%00/../admin',
      '/admin%2f',
      '/admin%5c',
      '/%2fadmin',
      '/%5cadmin',
      '/admin%0a',
      '/admin%0d%0a',
      '/admin%c0%af',
      '/%c0%ae%c0%ae/admin',
      '/public/%c0%ae%c0%ae/admin',
      '/%u0061dmin',
      '/admin%',
      '/admin%2',
      '/%2561dmin',
      '/public/%252e%252e/admin',
      '/admin#x',
      '/public#/../admin',
      '/\u00e1dmin',
      'admin',
      '?/admin',
      '/admin?x=/public',
      '/admin/?/public',
    ];
    await each(async (edge) => {
      for (const path of disguises) {
        behind.seen.length = 0;
        const heard = await edge.ask(`GET ${path}`);
        // What is escaped twice is another name, and goes inside as it is: nobody may take an escape off it.
        for (const { target } of behind.seen) {
          assert.match(path, /%25/, `hufu ${edge.command}: ${path} went inside as ${target}`);
          assert.equal(target, path);
        }
        if (behind.seen.length === 0)
          assert.ok([400, 401, 404].includes(statusOf(heard)), `hufu ${edge.command}: ${path}: ${heard.slice(0, 100)}`);
        behind.seen.length = 0;
        // And with a token that may not enter, the same paths open nothing either.
        const other = await edge.ask(`GET ${path}`, [bearer()]);
        if (!path.includes('%25'))
          assert.ok([400, 403, 404].includes(statusOf(other)), `hufu ${edge.command}: ${path}: ${other.slice(0, 100)}`);
      }
      behind.seen.length = 0;
      for (const path of ['/admin', '/%61dmin/x', '/adm%69n/'])
        assert.equal(statusOf(await edge.ask(`GET ${path}`, [bearer({ scope: 'admin' })])), 200, path);
      assert.deepEqual(
        behind.seen.map(({ target }) => target),
        ['/admin', '/admin/x', '/admin/'],
        'what was judged is what goes inside',
      );
    });
  });

  test('GTW-05 · what a proxy in front would say of the request is not believed of anybody else (RFC 7239 §8.1)', async () => {
    const lies = [
      'X-Forwarded-Uri: /public/x',
      'X-Original-URI: /public/x',
      'X-Original-URL: /public/x',
      'X-Rewrite-URL: /public/x',
      'X-Forwarded-Method: OPTIONS',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: 127.0.0.1',
      'X-Forwarded-For: 127.0.0.1',
      'Forwarded: for=127.0.0.1;host=127.0.0.1;proto=https',
    ];
    await each(async (edge) => {
      for (const lie of [...lies.map((one) => [one]), lies]) {
        assert.equal(statusOf(await edge.ask('GET /admin/x', lie)), 401, lie.join());
        assert.equal(statusOf(await edge.ask('GET /x', ['Host: closed.example', ...lie])), 401, lie.join());
      }
      assert.equal(behind.seen.length, 0);
      await edge.ask('GET /public/x', ['X-Forwarded-For: 203.0.113.7', 'X-Forwarded-Proto: https']);
      assert.deepEqual(behind.seen[0]?.headers.get('x-forwarded-for'), ['127.0.0.1']);
      assert.deepEqual(behind.seen[0]?.headers.get('x-forwarded-proto'), ['http']);
    });
  });

  test('GTW-07 · probes, crawlers and monitors open nothing that is closed (oauth2-proxy CVE-2026-34457)', async () => {
    const agents = [
      'kube-probe/1.32',
      'GoogleHC/1.0',
      'ELB-HealthChecker/2.0',
      'Consul Health Check',
      'Envoy/HC',
      'Prometheus/2.0',
      'Googlebot/2.1',
    ];
    const paths = [
      '/',
      '/ping',
      '/health',
      '/healthz',
      '/readyz',
      '/livez',
      '/metrics',
      '/status',
      '/robots.txt',
      '/favicon.ico',
      '/oauth2/auth',
      '/edge/session',
      '/.well-known/x',
    ];
    await each(async (edge) => {
      for (const agent of agents)
        for (const path of paths)
          for (const method of ['GET', 'HEAD', 'OPTIONS']) {
            const heard = await edge.ask(`${method} ${path}`, ['Host: closed.example', `User-Agent: ${agent}`]);
            assert.equal(statusOf(heard), 401, `hufu ${edge.command}, ${agent}: ${method} ${path}`);
          }
      assert.deepEqual(behind.seen, []);
    });
  });

  test('GTW-12 · only the upstreams that are configured are ever asked, whatever a request names (draft-ietf-oauth-browser-based-apps §6.1.3.6)', async () => {
    await each(async (edge) => {
      const there = `127.0.0.1:${evil.port}`;
      for (const [line, headers] of [
        [`GET /public/http://${there}/x`, []],
        [`GET /public/?url=http://${there}/x&target=${there}`, []],
        [`GET http://${there}/public/x`, []],
        [`GET http://${there}/public/x`, [`Host: ${there}`]],
        ['GET /public/x', [`Host: ${there}.`]],
        ['GET /public/x', [`Host: ${edge.host}@${there}`]],
        [`GET http://${edge.host}@${there}/public/x`, []],
        [`GET //${there}/x`, []],
        [`GET /\\${there}/x`, []],
        [`GET @${there}/x`, []],
        [`CONNECT ${there}`, [`Host: ${there}`]],
        ['GET /public/x', [`X-Forwarded-Host: ${there}`, `X-Upstream: http://${there}`, `X-Backend-Host: ${there}`]],
        [
          `GET http://${there}/x`,
          ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=='],
        ],
        [
          'GET /x',
          [
            `Host: ${there}`,
            'Connection: Upgrade',
            'Upgrade: websocket',
            'Sec-WebSocket-Version: 13',
            'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==',
          ],
        ],
      ] as const)
        await edge.ask(line, headers);
      for (const { headers } of behind.seen) assert.equal(headers.get('host')?.[0], `127.0.0.1:${behind.port}`);
    });
  });

  test('GTW-13 · a token reaches the upstream that is meant to see it, and nobody else: not by redirects, not in refusals (RFC 9700 §4.9)', async () => {
    await each(async (edge) => {
      const text = here.token();
      const asked: readonly (readonly [string, number])[] = [
        ['GET /open/away', 302],
        ['GET /notes/1', 200],
        ['POST /notes/1', 403],
        ['DELETE /notes/1', 405],
        ['GET /admin', 403],
        ['GET /dead', 502],
        ['GET /public/../x', 400],
        ['GET /told/1', 200],
      ];
      for (const [line, status] of asked)
        for (const accept of ['application/json', 'text/html']) {
          const heard = await edge.ask(line, [`Authorization: Bearer ${text}`, `Accept: ${accept}`]);
          if (line !== 'GET /dead') assert.equal(statusOf(heard), status, `${line}: ${heard.slice(0, 200)}`);
          else assert.ok([502, 503].includes(statusOf(heard)), heard.slice(0, 200));
          const isEcho = line === 'GET /told/1';
          for (const part of isEcho ? [] : text.split('.')) assert.ok(!heard.includes(part), `${line}: ${heard}`);
          for (const port of [behind.port, other.port, deadPort])
            assert.ok(isEcho || !heard.includes(String(port)), `${line}: an upstream's address: ${heard}`);
        }
      for (const { headers, target } of behind.seen) assert.equal(headers.get('authorization'), undefined, target);
      assert.deepEqual([...new Set(other.seen.map(({ headers }) => headers.get('authorization')?.join()))], [`Bearer ${text}`]);
    });
  });

  test('GTW-20 · what a route asks is asked for the method that counts: HEAD is GET, and no header makes another of it (RFC 9110 §9.3.2)', async () => {
    const overrides = ['X-HTTP-Method-Override: GET', 'X-Method-Override: GET', 'X-HTTP-Method: GET'];
    await each(async (edge) => {
      const reader = bearer({ scope: 'notes:read' });
      const writer = bearer({ scope: 'notes:write' });
      for (const [line, who, status] of [
        ['GET /notes/1', reader, 200],
        ['HEAD /notes/1', reader, 200],
        ['POST /notes/1', reader, 403],
        ['GET /notes/1', writer, 403],
        ['HEAD /notes/1', writer, 403],
        ['POST /notes/1', writer, 200],
        ['PUT /notes/1', writer, 405],
        ['DELETE /notes/1', writer, 405],
        ['OPTIONS /notes/1', writer, 405],
        ['PATCH /notes/1', reader, 405],
      ] as const)
        assert.equal(statusOf(await edge.ask(line, [who, 'Content-Length: 0', ...overrides])), status, `${line}`);
      for (const changes of [{ aud: 'https://other.example' }, { exp: 1 }, { iss: 'https://evil.test' }])
        assert.equal(statusOf(await edge.ask('GET /notes/1', [bearer(changes)])), 401, JSON.stringify(changes));
      assert.deepEqual(
        behind.seen.map(({ method }) => method),
        ['GET', 'HEAD', 'POST'],
      );
    });
  });

  test('GTW-22 · a host that is not the gateway’s gets nothing, and one that is cannot be taken for another (RFC 9110 §7.4, §15.5.20)', async () => {
    await each(async (edge) => {
      for (const host of [
        'evil.test',
        'closed.example.evil.test',
        'xclosed.example',
        'localhost',
        '127.0.0.2',
        '[::1]',
        '[::ffff:127.0.0.1]',
        '2130706433',
        '127.1',
        '0x7f000001',
        'closed.example..',
        'CLOSED.EXAMPLE.EVIL.TEST',
      ]) {
        const heard = await edge.ask('GET /public/x', [`Host: ${host}`]);
        assert.ok([400, 421].includes(statusOf(heard)), `${host}: ${heard.slice(0, 100)}`);
      }
      for (const host of [
        '',
        ' ',
        'closed.example:',
        'closed.example:x',
        'closed.example:999999',
        'closed.example/x',
        'a@closed.example',
        'closed.example, evil.test',
        'closed.example evil',
        'closed\u00adexample',
      ])
        assert.equal(statusOf(await edge.ask('GET /public/x', [`Host: ${host}`])), 400, host);
      for (const lines of [
        ['Host: closed.example', 'Host: 127.0.0.1'],
        ['Host: closed.example', 'Host: closed.example'],
      ]) {
        assert.equal(statusOf(await edge.ask('GET /public/x', lines)), 400);
      }
      assert.deepEqual(behind.seen, []);
      for (const host of ['closed.example', 'CLOSED.example', 'closed.example.', 'closed.example:443', 'Closed.Example.:8443']) {
        const heard = await edge.ask('GET /elsewhere', [`Host: ${host}`]);
        assert.equal(statusOf(heard), 401, `${host} is the closed host, and has its routes: ${heard.slice(0, 100)}`);
      }
      assert.deepEqual(behind.seen, []);
    });
  });

  test('HTP-01 · at the edge too, headers, addresses and bodies have an end (RFC 6585 §5, RFC 9110 §15.5.14, §15.5.15)', async () => {
    await each(async (edge) => {
      assert.equal(statusOf(await edge.ask(`GET /public/${'a'.repeat(8_300)}`)), 414);
      assert.equal(statusOf(await edge.ask('GET /public/x', [`X-Long: ${'a'.repeat(17_000)}`])), 431);
      assert.equal(
        statusOf(
          await edge.ask(
            'GET /public/x',
            Array.from({ length: 101 }, (_, i) => `X-${i}: 1`),
          ),
        ),
        431,
      );
      assert.equal(statusOf(await edge.ask('POST /public/x', ['Content-Length: 10485761'])), 413);
      const wire = edge.wire().send(`POST /public/x HTTP/1.1\r\nHost: ${edge.host}\r\nTransfer-Encoding: chunked\r\n\r\n`);
      const chunk = `10000\r\n${'a'.repeat(65_536)}\r\n`;
      for (let i = 0; i < 200 && !wire.isClosed && wire.heard === ''; i += 1) {
        wire.send(chunk);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(statusOf(await wire.hears('\r\n\r\n')), 413);
      wire.close();
      assert.deepEqual(behind.seen, []);
    });
  });

  test('HTP-02 · slow and silent clients hold up nobody else (RFC 9112 §9.5)', async (t) => {
    await each(async (edge) => {
      const half = [
        '',
        'GET /public/x HTTP/1.1\r\nHost: a\r\nX-Slow: ',
        `POST /public/x HTTP/1.1\r\nHost: ${edge.host}\r\nContent-Length: 1000\r\n\r\nabc`,
        `POST /public/x HTTP/1.1\r\nHost: ${edge.host}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na`,
      ];
      const sockets = Array.from({ length: 200 }, (_, i) => {
        const socket = connect(edge.port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(half[i % half.length] ?? '');
        return socket;
      });
      const times: number[] = [];
      for (let i = 0; i < 40; i += 1) {
        const begun = performance.now();
        assert.equal(statusOf(await edge.ask('GET /public/x')), 200);
        times.push(performance.now() - begun);
      }
      t.diagnostic(`hufu ${edge.command}: median ${times.toSorted((a, b) => a - b)[20]?.toFixed(1)} ms beside 200 slow connections`);
      for (const socket of sockets) socket.destroy();
    });
  });
});

/** Somebody whom no request may reach. */
async function startCanary(): Promise<{ readonly port: number; readonly asked: string[]; close(): Promise<void> }> {
  const asked: string[] = [];
  const server: Server = createTcpServer((socket) => {
    asked.push('connected');
    socket.on('error', () => undefined).destroy();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return { port: address.port, asked, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

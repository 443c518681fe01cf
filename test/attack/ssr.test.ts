import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { readClientMetadata } from '@hufu/protocol/client-metadata';
import { clientKeyPair } from '@hufu/server/testing/client-assertions';
import { BASIC_YAML } from '../support/hufu.ts';
import { assertion, detailOf, putClient, withAssertion } from './client-assertions.ts';
import { assertClientRefused, authorizePath } from './expect.ts';
import { type Arena, arena } from './oracles.ts';

const pair = await clientKeyPair('a');
const EXEMPT = BASIC_YAML.replace(
  'policies: { brute_force: off }',
  'policies: { brute_force: off, outbound: { allow_hosts: [127.0.0.1] } }',
);

let clients = 0;

/** Makes the server ask that address in every way that it can be made to, and tells what came of it; [] where it cannot be registered. */
async function provoke(
  here: Arena,
  url: string,
): Promise<readonly { readonly status: number; readonly text: string; readonly detail: string }[]> {
  const id = `ssr-${clients++}`;
  const metadata = { jwks_uri: url, logo_uri: url, request_uris: [url], redirect_uris: ['https://app.example/cb'] };
  const grants = { grant_types: ['client_credentials', 'authorization_code'] };
  const whole = { token_endpoint_auth_method: 'private_key_jwt', ...grants, ...metadata };
  if (readClientMetadata(whole, { source: 'registration' }).kind === 'refused') return [];
  await putClient(here, id, { ...grants, ...metadata, scope: 'openid read' });
  const [asserted, logo, asked] = await Promise.all([
    withAssertion(here, assertion(here, id, pair), { grant_type: 'client_credentials' }),
    fetch(`${here.issuer}/logo/${id}`),
    fetch(here.issuer + authorizePath({ client_id: id, redirect_uri: undefined, request_uri: url }), { redirect: 'manual' }),
  ]);
  assertClientRefused(asserted, url);
  return [
    { status: asserted.status, text: JSON.stringify(asserted.body), detail: await detailOf(here, asserted) },
    { status: logo.status, text: await logo.text(), detail: await detailOf(here, logo) },
    { status: asked.status, text: await asked.text(), detail: await detailOf(here, asked) },
  ];
}

/** What anybody can see is the same whatever the address was. */
function assertUniform(all: readonly (readonly { readonly status: number; readonly text: string }[])[]): void {
  for (const way of [0, 1, 2]) {
    const seen = new Set(all.filter((each) => each.length > 0).map((each) => `${each[way]?.status} ${stable(each[way]?.text ?? '')}`));
    assert.equal(seen.size, 1, [...seen].join('\n'));
  }
}

/** Without the decision's id, which stands on pages. */
function stable(text: string): string {
  return text
    .replaceAll(/\b[0-9A-HJKMNP-TV-Z]{18}\b/g, '')
    .replaceAll(/ssr-\d+/g, '')
    .replaceAll(/nonce[-=]"?[\w-]+/g, '');
}

describe('SSR: addresses that somebody else chose', () => {
  const here = arena();

  test('SSR-01 · private addresses in every spelling, behind jwks_uri, logo_uri and request_uri (RFC 8725 §3.10)', async () => {
    const port = new URL(here.outside).port;
    const hosts = (
      '127.0.0.1 127.1 127.255.255.254 0.0.0.0 [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] 10.0.0.1 172.16.0.1 192.168.0.1 100.64.0.1 ' +
      '169.254.169.254 [fc00::1] [fd00::1] [fe80::1] [64:ff9b::7f00:1] [2002:7f00:1::] [::127.0.0.1] 2130706433 0x7f000001 0x7f.1 0177.0.0.1 ' +
      '017700000001 localhost localhost. LOCALHOST 127.0.0.1. 127%2e0%2e0%2e1 127。0。0。1 ①②⑦.0.0.1'
    ).split(' ');
    const all: Awaited<ReturnType<typeof provoke>>[] = [];
    for (const host of hosts) for (const scheme of ['https', 'http']) all.push(await provoke(here, `${scheme}://${host}:${port}/x`));
    assert.ok(all.filter((each) => each.length > 0).length > 10);
    assertUniform(all);
  });

  test('SSR-05 · schemes that are not https (RFC 8725 §3.10)', async () => {
    for (const url of [
      'file:///etc/passwd',
      'gopher://127.0.0.1/',
      'ftp://rp.example/x',
      'data:application/json,{"keys":[]}',
      'unix:/run/docker.sock',
      'http+unix://%2Frun%2Fdocker.sock/',
      'http://rp.example/',
      'javascript:alert(1)',
      '//rp.example/',
      'HTTPS://rp.example/\r\nHost: x',
    ])
      assert.deepEqual(await provoke(here, url), [], url);
  });

  test('SSR-06 · ports that no web server has (RFC 8725 §3.10)', async () => {
    const all: Awaited<ReturnType<typeof provoke>>[] = [];
    for (const port of [22, 25, 80, 2375, 5432, 6379, 9200, 11_211]) {
      const seen = await provoke(here, `https://rp.example:${port}/x`);
      assert.match(seen[0]?.detail ?? '', new RegExp(`port ${port}$`));
      all.push(seen);
    }
    assertUniform(all);
  });

  test('SSR-12 · what one parser takes for a public host and another for a private one (RFC 8725 §3.10)', async () => {
    const { host, port } = new URL(here.outside);
    for (const url of [
      `http://public.example#@${host}/`,
      `https://${host}\\@public.example/`,
      `https://public.example:80@${host}/`,
      `https://public.example@${host}/`,
      `https://public.example%00@${host}/`,
      `https://[::ffff:7f00:1]:${port}/`,
      `https://127.0.0.1%23.public.example:${port}/`,
      `https://0x7f.0.0.1:${port}/`,
      `https://127.0.0.1:${port}\t.public.example/`,
    ])
      for (const seen of await provoke(here, url)) assert.ok(seen.status < 500, url);
  });
});

describe('SSR: what hosts answer', () => {
  const here = arena({ yaml: EXEMPT });
  const sockets = new Set<Socket>();
  const heard: IncomingHttpHeaders[] = [];
  let answer: (reply: ServerResponse) => void = (reply) => void reply.end();
  const server = createServer((request, reply) => {
    heard.push(request.headers);
    answer(reply);
  });
  let host = '';
  before(async () => {
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  test('SSR-03 · redirects are not followed, whichever they are (RFC 8725 §3.10)', async () => {
    const all: Awaited<ReturnType<typeof provoke>>[] = [];
    for (const status of [301, 302, 303, 307, 308]) {
      answer = (reply) => void reply.writeHead(status, { location: `${here.outside}/` }).end();
      all.push(await provoke(here, `${host}/${status}`));
      assert.match(all.at(-1)?.[0]?.detail ?? '', new RegExp(`a redirect \\(${status}\\)$`));
    }
    answer = (reply) =>
      void reply.writeHead(200, { refresh: `0; url=${here.outside}/` }).end(`<meta http-equiv=refresh content="0; url=${here.outside}/">`);
    all.push(await provoke(here, `${host}/refresh`));
    assertUniform(all.slice(0, -1));
  });

  test('SSR-07 · nothing of what a host answers is told to anybody (RFC 8725 §3.10)', async () => {
    const secret = 'canary-of-an-inside-service-8c1f0d';
    here.secret('what a host answered', secret);
    const answers: readonly ((reply: ServerResponse) => void)[] = [
      (reply) => void reply.writeHead(200, { 'x-inside': secret, 'set-cookie': `a=${secret}` }).end(secret),
      (reply) => void reply.writeHead(500, { 'content-type': 'text/html' }).end(`<h1>${secret}</h1>`),
      (reply) => void reply.writeHead(401, { 'www-authenticate': `Basic realm="${secret}"` }).end(JSON.stringify({ error: secret })),
      (reply) => void reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: secret, [secret]: 1 })),
      (reply) => void reply.writeHead(302, { location: `https://${secret}.example/` }).end(),
    ];
    const all: Awaited<ReturnType<typeof provoke>>[] = [];
    for (const [i, one] of answers.entries()) {
      answer = one;
      all.push(await provoke(here, `${host}/inside-${i}`));
    }
    for (const seen of all.flat()) assert.ok(!`${seen.text}${seen.detail}`.includes(secret));
    assertUniform(all);
  });

  test('SSR-09 · endless, slow, inflated: cut, and the sockets come back (RFC 8725 §3.10)', async () => {
    const drops = new Set<NodeJS.Timeout>();
    after(() => drops.forEach(clearInterval));
    const block = Buffer.alloc(65_536, 0x20);
    const dripping = (reply: ServerResponse, write: () => unknown, ms: number): void => {
      const timer = setInterval(write, ms);
      drops.add(timer);
      reply.on('close', () => {
        clearInterval(timer);
        drops.delete(timer);
      });
    };
    let sent = 0;
    const answers: readonly ((reply: ServerResponse) => void)[] = [
      // A stream that ends when nobody takes it any more.
      (reply) => {
        const more = (): void => {
          while (!reply.destroyed && reply.write(block)) sent += block.length;
          sent += block.length;
        };
        reply.on('drain', more);
        more();
      },
      (reply) => dripping(reply, () => reply.write(' '), 100),
      (reply) => {
        reply.socket?.write('HTTP/1.1 200 OK\r\n');
        dripping(reply, () => reply.socket?.write(`x-${Math.random()}: x\r\n`), 20);
      },
      (reply) => void reply.socket?.write(`HTTP/1.1 200 OK\r\n${'x-long: '.padEnd(20_000, 'x')}\r\n\r\n`),
      (reply) => void reply.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000))),
      (reply) => void reply.writeHead(200, { 'content-length': '1000000000' }).write('{'),
      () => undefined,
    ];
    // Each address is asked three times; the slow ones at the same time.
    const paths = new Map(answers.map((one, i) => [`/bomb-${i}`, one]));
    server.removeAllListeners('request');
    server.on('request', (request, reply) => paths.get(request.url ?? '')?.(reply));
    // It is not the server that gives them back.
    server.keepAliveTimeout = 600_000;
    await Promise.all([...paths.keys()].map((path) => provoke(here, host + path)));
    for (let turn = 0; sockets.size > 0 && turn < 2_000; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(sockets.size, 0);
    assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes of the stream were sent`);
    server.removeAllListeners('request');
    server.on('request', (request, reply) => {
      heard.push(request.headers);
      answer(reply);
    });
  });

  test('SSR-10 · no cookie, no credential, nothing of the request that led to it (RFC 8725 §3.10)', async () => {
    heard.length = 0;
    answer = (reply) => void reply.writeHead(200, { 'set-cookie': 'inside=1' }).end('{}');
    await provoke(here, `${host}/once`);
    await provoke(here, `${host}/twice`);
    assert.equal(heard.length, 6, 'each of them asked');
    for (const headers of heard)
      assert.deepEqual(headers, {
        accept: '*/*',
        'accept-encoding': 'identity',
        'user-agent': 'hufu',
        host: new URL(host).host,
        connection: 'close',
      });
  });

  test('SSR-10 · variables that name a proxy are not heard (RFC 8725 §3.10)', async () => {
    answer = (reply) => void reply.end('directly');
    const program = `import { fetchOutbound } from '@hufu/server/outbound/fetch-outbound';
      const reply = await fetchOutbound('${host}/', { timeoutMs: 2000, allow: [{ kind: 'host', host: '127.0.0.1' }] });
      console.log(reply.body.toString());`;
    const proxies = Object.fromEntries(
      ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [
        [name, here.outside],
        [name.toUpperCase(), here.outside],
      ]),
    );
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=source', '--input-type=module', '-e', program], {
      env: { ...process.env, ...proxies, NODE_USE_ENV_PROXY: '1' },
    });
    assert.equal(stdout.trim(), 'directly');
  });
});

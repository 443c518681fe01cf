import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { LONG } from '../support/seeds.ts';
import { arena } from './oracles.ts';
import { dial, exchangeRaw, FORM_TYPE, type RawAnswer, type RawReply, rawRequest, sendRaw } from './raw-http.ts';
import { MACHINE_BASIC, machineToken } from './sign-ins.ts';

const AUTHORIZATION = `Authorization: Basic ${Buffer.from(MACHINE_BASIC).toString('base64')}`;

describe('HTP: on the wire', () => {
  const here = arena();
  const send = (bytes: string | readonly string[], replies = 1): Promise<RawAnswer> => sendRaw(here.issuer, bytes, { replies });
  const request = (method: string, target: string, headers: readonly string[] = [], body = ''): string =>
    rawRequest(here.issuer, method, target, headers, body);

  /** An authorization request that is refused with its own state: what comes back says whose answer it is. */
  const marked = (marker: string): string =>
    request('GET', `/oauth/authorize?client_id=spa&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=${marker}`);
  const markerOf = (reply: RawReply | undefined): string | null =>
    new URL(reply?.headers.get('location')?.[0] ?? 'x:').searchParams.get('state');

  test('HTP-02 · slow headers, slow bodies and slow readers hold up nobody else (RFC 9112 §9.5)', async (t) => {
    const times = async (): Promise<number[]> => {
      const list: number[] = [];
      for (let i = 0; i < 60; i++) {
        const began = performance.now();
        await machineToken(here.issuer, 'read');
        list.push(performance.now() - began);
      }
      return list.toSorted((a, b) => a - b);
    };
    const idle = await times();
    const slow: readonly ((socket: Socket) => unknown)[] = [
      (socket) => socket.write('GET /oauth/jwks HTTP/1.1\r\nHost: x\r\nX-Slow: '),
      (socket) => socket.write(request('POST', '/oauth/token', [FORM_TYPE, AUTHORIZATION, 'Content-Length: 1000']) + 'grant_type='),
      (socket) => socket.write(request('POST', '/oauth/token', [FORM_TYPE, 'Transfer-Encoding: chunked']) + '1\r\ng'),
      (socket) => {
        socket.pause();
        socket.write(request('GET', '/oauth/jwks').repeat(200));
      },
      () => undefined,
    ];
    const sockets: Socket[] = [];
    for (let i = 0; i < (LONG ? 2_000 : 400); i++) {
      const socket = dial(here.issuer);
      socket.on('error', () => undefined);
      slow[i % slow.length]?.(socket);
      sockets.push(socket);
    }
    const attacked = await times();
    t.diagnostic(
      `median ${idle[30]?.toFixed(1)} ms idle, ${attacked[30]?.toFixed(1)} ms under ${sockets.length} slow connections; slowest ${idle[59]?.toFixed(1)} and ${attacked[59]?.toFixed(1)} ms`,
    );
    if (LONG) {
      // Headers are given 10 seconds, a whole request 30.
      const half = sockets.filter((_, i) => i % slow.length < 3);
      await Promise.all(
        half.map((socket) =>
          socket.closed
            ? undefined
            : new Promise((resolve) =>
                socket
                  .on('data', () => undefined)
                  .on('end', resolve)
                  .on('close', resolve),
              ),
        ),
      );
    }
    for (const socket of sockets) socket.destroy();
  });

  test('HTP-09 · CR, LF and NUL in a value never become a header, and never a failure (RFC 9110 §5.5, RFC 9112 §11.1)', async () => {
    const evil = [
      '%0d%0aSet-Cookie:%20evil=1',
      '%0aX-Evil:1',
      '%0dX-Evil:1',
      '%00',
      '%e2%80%a8X-Evil:1',
      '%c4%8d%c4%8aX-Evil:1',
      'a%0d%0a%0d%0a<script>',
    ];
    const spots: readonly ((value: string) => string)[] = [
      (value) => request('GET', `/oauth/authorize?client_id=spa&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=${value}`),
      (value) => request('GET', `/oauth/authorize?client_id=spa&redirect_uri=https%3A%2F%2Fapp.example%2Fcb${value}`),
      (value) => request('GET', `/oauth/authorize?client_id=spa${value}&redirect_uri=https%3A%2F%2Fapp.example%2Fcb`),
      (value) =>
        request(
          'GET',
          `/oauth/authorize?client_id=spa&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&ui_locales=en${value}&login_hint=${value}`,
        ),
      (value) => request('GET', `/signin?ui_locales=${value}`),
      (value) => request('GET', `/signin?request=${value}`),
      (value) =>
        request(
          'GET',
          `/oauth/logout?post_logout_redirect_uri=https://app.example/out${value}&client_id=spa&state=${value}&ui_locales=${value}`,
        ),
      (value) => request('GET', `/oauth/logout?post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fout&client_id=spa&state=${value}`),
      (value) => request('GET', `/logo/${value}`),
      (value) => request('GET', `/${value}`),
      (value) =>
        request('POST', '/oauth/token', [FORM_TYPE], `grant_type=${value}&client_id=${value}&client_secret=${value}&scope=${value}`),
      (value) =>
        request('POST', '/oauth/token', [FORM_TYPE, AUTHORIZATION], `grant_type=client_credentials&scope=${value}&resource=${value}`),
      (value) =>
        request('POST', '/signin', [FORM_TYPE, 'Sec-Fetch-Site: same-origin'], `username=${value}&password=${value}&csrf=${value}`),
    ];
    for (const value of evil) {
      for (const spot of spots) {
        const { replies, bytes } = await send(spot(value));
        assert.equal(replies.length, 1, bytes.slice(0, 300));
        for (const [name, lines] of replies[0]?.headers ?? []) {
          assert.doesNotMatch(name, /evil|script/i);
          for (const line of lines) assert.doesNotMatch(line, /[\r\n\0]/);
        }
        assert.doesNotMatch((replies[0]?.headers.get('set-cookie') ?? []).join('\n'), /^\s*evil=/im);
      }
    }
    const echoed = await send(marked('a%0d%0ab%00c'));
    assert.equal(markerOf(echoed.replies[0]), 'a\r\nb\0c', 'the state comes back as it went');
  });

  test('HTP-10 · a request has exactly one Host, and a target that agrees with it (RFC 9112 §3.2)', async () => {
    const { host } = new URL(here.issuer);
    const bad: readonly (readonly [string, string])[] = [
      ['none', 'GET /oauth/jwks HTTP/1.1\r\n\r\n'],
      ['two', `GET /oauth/jwks HTTP/1.1\r\nHost: ${host}\r\nHost: evil.test\r\n\r\n`],
      ['twice the same', `GET /oauth/jwks HTTP/1.1\r\nHost: ${host}\r\nHost: ${host}\r\n\r\n`],
      ['empty', 'GET /oauth/jwks HTTP/1.1\r\nHost: \r\n\r\n'],
      ['with a path', `GET /oauth/jwks HTTP/1.1\r\nHost: ${host}/evil\r\n\r\n`],
      ['with a name', `GET /oauth/jwks HTTP/1.1\r\nHost: a@${host}\r\n\r\n`],
      ['a list', `GET /oauth/jwks HTTP/1.1\r\nHost: ${host}, evil.test\r\n\r\n`],
      ['absolute, elsewhere', `GET http://evil.test/oauth/jwks HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
      ['absolute here, Host elsewhere', `GET http://${host}/oauth/jwks HTTP/1.1\r\nHost: evil.test\r\n\r\n`],
      ['elsewhere', 'GET /oauth/jwks HTTP/1.1\r\nHost: evil.test\r\n\r\n'],
      ['elsewhere, same port', `GET /oauth/jwks HTTP/1.1\r\nHost: evil.test:${new URL(here.issuer).port}\r\n\r\n`],
      ['ours as a part of another', `GET /oauth/jwks HTTP/1.1\r\nHost: ${host}.evil.test\r\n\r\n`],
      ['elsewhere, a page', 'GET /signin HTTP/1.1\r\nHost: evil.test\r\nAccept: text/html\r\n\r\n'],
      [
        'elsewhere, a token',
        `POST /oauth/token HTTP/1.1\r\nHost: evil.test\r\n${FORM_TYPE}\r\n${AUTHORIZATION}\r\nContent-Length: 29\r\n\r\ngrant_type=client_credentials`,
      ],
    ];
    for (const [what, bytes] of bad) {
      const { replies } = await send(bytes);
      assert.ok([400, 421].includes(replies[0]?.status ?? 0), `${what}: ${replies[0]?.status}`);
      assert.deepEqual(replies[0]?.headers.get('set-cookie'), undefined, what);
    }
    const good: readonly (readonly [string, string])[] = [
      ['ours', request('GET', '/oauth/jwks')],
      ['absolute', `GET http://${host}/oauth/jwks HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
      ['in capitals', `GET /oauth/jwks HTTP/1.1\r\nhOST: ${host.toUpperCase()}\r\n\r\n`],
      ['an address, as probes have it', 'GET /healthz HTTP/1.1\r\nHost: 10.0.0.7:8080\r\n\r\n'],
      ['a name on the inside', 'GET /healthz HTTP/1.1\r\nHost: hufu:4400\r\n\r\n'],
    ];
    for (const [what, bytes] of good) assert.equal((await send(bytes)).replies[0]?.status, 200, what);
  });

  test('HTP-10 · what a proxy or a client says of the host changes no link, no issuer and no cookie (RFC 8414 §3.3)', async () => {
    const { host } = new URL(here.issuer);
    const lies = [
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-Proto: https',
      'Forwarded: host=evil.test;proto=https',
      'X-Host: evil.test',
      'X-Forwarded-Server: evil.test',
      'X-Original-URL: /admin',
      'X-Rewrite-URL: /admin',
      'X-HTTP-Method-Override: DELETE',
    ];
    for (const [method, target] of [
      ['GET', '/.well-known/openid-configuration'],
      ['GET', '/.well-known/oauth-authorization-server'],
      ['GET', '/oauth/authorize?client_id=spa&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=x'],
      ['GET', '/signin'],
      ['GET', '/'],
      ['GET', '/oauth/logout'],
    ] as const) {
      const plain = (await send(request(method, target))).replies[0];
      for (const lie of [lies, ['Host: 127.0.0.2'], ...lies.map((line) => [line])]) {
        const told = (await send(request(method, target, lie))).replies[0];
        assert.equal(told?.status, plain?.status, lie.join());
        assert.equal(told?.headers.get('location')?.[0], plain?.headers.get('location')?.[0], lie.join());
        assert.equal(strip(told?.body), strip(plain?.body), lie.join());
        assert.doesNotMatch(JSON.stringify([...(told?.headers ?? [])]), /evil\.|127\.0\.0\.2/);
        assert.equal((told?.headers.get('set-cookie') ?? []).join().includes('Domain'), false);
      }
    }
    assert.ok(here.issuer.endsWith(host));
  });

  test('HTP-15 · 1 000 requests on one connection get 1 000 answers, each its own (RFC 9112 §9.3.2)', async () => {
    const markers = Array.from({ length: 1_000 }, (_, i) => `marker-${i}-${(i * 7919) % 1_000}`);
    const bodies = markers.map((marker, i) =>
      i % 3 === 0 ? marked(marker) + request('POST', '/oauth/token', [FORM_TYPE], `client_id=${marker}`) : marked(marker),
    );
    const { replies } = await sendRaw(here.issuer, bodies.join(''), { replies: 1_334, silenceMs: 10_000 });
    assert.equal(replies.length, 1_334);
    const answers = replies.filter((reply) => reply.status === 303);
    assert.deepEqual(answers.map(markerOf), markers);
  });

  test('HTP-15 · many connections at once keep their answers apart (RFC 9112 §9.3)', async () => {
    const connections = Array.from({ length: 50 }, (_, c) => Array.from({ length: 20 }, (_, i) => `c${c}-${i}`));
    const answers = await Promise.all(
      connections.map((markers) => sendRaw(here.issuer, markers.map(marked), { replies: markers.length, silenceMs: 10_000 })),
    );
    for (const [c, markers] of connections.entries()) assert.deepEqual(answers[c]?.replies.map(markerOf), markers);
  });

  test('HTP-15 · Expect, half-closed sockets, and a body where none is looked for (RFC 9110 §10.1.1, RFC 9112 §6.3, §9.6)', async () => {
    const body = 'grant_type=client_credentials&scope=read';
    const expecting = await send(request('POST', '/oauth/token', [FORM_TYPE, AUTHORIZATION, 'Expect: 100-continue'], body), 2);
    assert.deepEqual(
      expecting.replies.map((reply) => reply.status),
      [100, 200],
    );
    // Another expectation may be passed over; what is answered is answered by us, with everything that belongs to it.
    const strange = await send(request('POST', '/oauth/token', [FORM_TYPE, AUTHORIZATION, 'Expect: 200-maybe'], body));
    assert.equal(strange.replies[0]?.status, 200);
    const halfClosed = await sendRaw(here.issuer, request('POST', '/oauth/token', [FORM_TYPE, AUTHORIZATION], body), { halfClose: true });
    assert.deepEqual(
      halfClosed.replies.map((reply) => reply.status),
      [200],
    );
    const cut = await sendRaw(here.issuer, request('POST', '/oauth/token', [FORM_TYPE, AUTHORIZATION, 'Content-Length: 500'], body), {
      halfClose: true,
      silenceMs: 500,
    });
    assert.ok(!cut.replies.some((reply) => reply.status === 200), 'half a request is none');
    // The body of a GET is not the next request, nor is what follows a refusal.
    const smuggled = marked('smuggled');
    for (const [method, target] of [
      ['GET', '/oauth/jwks'],
      ['DELETE', '/oauth/token'],
      ['POST', '/nowhere'],
      ['OPTIONS', '/oauth/token'],
    ] as const) {
      const { replies } = await send(request(method, target, [], smuggled) + marked('next'), 2);
      assert.equal(markerOf(replies[1]), 'next', `${method} ${target}`);
    }
  });

  test('HTP-15 · what two parsers could read in two ways is refused, and the connection ends (RFC 9112 §6.3, §11.2)', async () => {
    const { host } = new URL(here.issuer);
    const tail = `\r\n\r\n0\r\n\r\n${marked('smuggled')}`;
    const twofold = [
      `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked${tail}`,
      `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nContent-Length: 6${tail}`,
      `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5, 6${tail}`,
      `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: +5${tail}`,
      `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: -5${tail}`,
      `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: xchunked${tail}`,
      `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding : chunked${tail}`,
      `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked, identity${tail}`,
      `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding:\x0bchunked${tail}`,
      `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n${marked('smuggled')}`,
      `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n5\n01234\r\n0\r\n\r\n${marked('smuggled')}`,
      `GET /oauth/jwks HTTP/1.1\r\nHost: ${host}\r\nX: a\nContent-Length: 5\r\n\r\n${marked('smuggled')}`,
      `GET /oauth/jwks HTTP/1.1\r\nHost: ${host}\r\nX: a\r\n folded${tail}`,
      `GET /oauth/jwks HTTP/1.1\r\nHost: ${host}\r\nX\0: a${tail}`,
      `GET /oauth/jwks HTTP/1.1\r\nHost: ${host}\r\nX: a\0b${tail}`,
      `GET /oauth/jwks\r\nHost: ${host}${tail}`,
      `GET /oauth/jwks HTTP/1.1 \r\nHost: ${host}${tail}`,
      `get /oauth/jwks HTTP/1.1\r\nHost: ${host}${tail}`,
      `GET /oauth/jwks HTTP/3.7\r\nHost: ${host}${tail}`,
      `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${marked('smuggled')}`,
      `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03`,
    ];
    for (const bytes of twofold) {
      const { replies, closed } = await sendRaw(here.issuer, bytes, { silenceMs: 500 });
      assert.ok(!replies.some((reply) => markerOf303(reply) === 'smuggled'), JSON.stringify(bytes.slice(0, 120)));
      assert.ok((replies[0]?.status ?? 400) >= 400, JSON.stringify(bytes.slice(0, 120)));
      assert.ok(closed, `not closed: ${JSON.stringify(bytes.slice(0, 120))}`);
    }
    function markerOf303(reply: RawReply): string | null {
      return reply.status === 303 ? markerOf(reply) : null;
    }
  });

  test('HTP-15 · idle connections cost nobody anything (RFC 9112 §9.5)', async () => {
    const sockets = Array.from({ length: LONG ? 9_000 : 500 }, () => dial(here.issuer));
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.on('data', () => undefined);
      socket.write(request('GET', '/healthz'));
    }
    for (let i = 0; i < 20; i++) assert.match(await machineToken(here.issuer, 'read'), /^eyJ/);
    const [one] = sockets;
    if (one === undefined) return;
    const { replies } = await exchangeRaw(one, [marked('still-mine')], { replies: 1 });
    assert.equal(markerOf(replies[0]), 'still-mine');
    for (const socket of sockets) socket.destroy();
  });
});

/** Without what is random in a page. */
function strip(body: string | undefined): string {
  return (body ?? '').replace(/value="[A-Za-z0-9_-]{43}"/g, '').replace(/[0-9A-HJKMNP-TV-Z]{18}/g, '');
}

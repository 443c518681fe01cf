import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { Agent, postForm } from '../support/agent.ts';
import { arena } from './oracles.ts';
import { dial, FORM_TYPE, parseReplies, rawRequest, sendRaw } from './raw-http.ts';
import { MACHINE_BASIC, machineToken } from './sign-ins.ts';

const AUTHORIZATION = `Authorization: Basic ${Buffer.from(MACHINE_BASIC).toString('base64')}`;
const POSTS = [
  '/oauth/token',
  '/oauth/introspect',
  '/oauth/revoke',
  '/oauth/userinfo',
  '/oauth/authorize',
  '/oauth/logout',
  '/signin',
  '/consent',
  '/account',
];
const KIB = 1_024;

describe('HTP: limits', () => {
  const here = arena();
  const send = (...parts: Parameters<typeof rawRequest> extends [string, ...infer Rest] ? Rest : never): ReturnType<typeof sendRaw> =>
    sendRaw(here.issuer, rawRequest(here.issuer, ...parts));

  test('HTP-01 · a body of more than 64 KiB is 413 on each route, and one below it is read (RFC 9126 §2.3, RFC 9110 §15.5.14)', async () => {
    for (const path of POSTS) {
      const body = `grant_type=client_credentials&x=${'a'.repeat(64 * KIB)}`;
      const answer = await sendRaw(here.issuer, rawRequest(here.issuer, 'POST', path, [FORM_TYPE, AUTHORIZATION], body), { replies: 1 });
      assert.equal(answer.replies[0]?.status, 413, path);
    }
    const body = `grant_type=client_credentials&scope=read&x=${'a'.repeat(64 * KIB - 60)}`;
    const fits = await sendRaw(here.issuer, rawRequest(here.issuer, 'POST', '/oauth/token', [FORM_TYPE, AUTHORIZATION], body), {
      replies: 1,
    });
    assert.equal(fits.replies[0]?.status, 200);
  });

  test('HTP-01 · the refusal comes while the body is still being sent, and the connection ends with it (RFC 9110 §15.5.14)', async () => {
    for (const framing of ['Transfer-Encoding: chunked', `Content-Length: ${10_000 * KIB}`]) {
      const socket = dial(here.issuer);
      socket.write(rawRequest(here.issuer, 'POST', '/oauth/token', [FORM_TYPE, AUTHORIZATION, framing]));
      const piece = framing.startsWith('T') ? `${(8 * KIB).toString(16)}\r\n${'a'.repeat(8 * KIB)}\r\n` : 'a'.repeat(8 * KIB);
      for (let i = 0; i < 12; i++) socket.write(piece);
      // 96 KiB of what was announced, and then nothing: whoever waits for the end waits for ever.
      const [bytes, ended] = await new Promise<readonly [string, boolean]>((resolve) => {
        let seen = '';
        socket.setTimeout(20_000, () => resolve([seen, false]));
        socket.on('data', (chunk) => {
          seen += chunk.toString('latin1');
        });
        socket.on('error', () => undefined);
        socket.on('close', () => resolve([seen, true]));
        socket.on('end', () => resolve([seen, true]));
      });
      socket.destroy();
      const [reply] = parseReplies(bytes);
      assert.equal(reply?.status, 413, framing);
      assert.equal(reply?.headers.get('connection')?.[0], 'close', `${framing}: nothing else is read on this connection`);
      assert.ok(ended, `${framing}: the server ends it`);
    }
    assert.match(await machineToken(here.issuer, 'read'), /^eyJ/);
  });

  test('HTP-01 · headers of more than 16 KiB are 431, an address of more than 8 KiB is 414 (RFC 6585 §5, RFC 9110 §15.5.15)', async () => {
    for (const lines of [
      [`X-Long: ${'a'.repeat(17 * KIB)}`],
      Array.from({ length: 900 }, (_, i) => `X-H${i}: ${'a'.repeat(16)}`),
      [`Cookie: ${'a=b; '.repeat(4 * KIB)}`],
    ]) {
      const { replies, closed } = await send('GET', '/oauth/jwks', lines);
      assert.equal(replies[0]?.status, 431, lines.join().slice(0, 20));
      assert.ok(closed);
    }
    for (const target of [
      `/oauth/authorize?state=${'a'.repeat(9 * KIB)}`,
      `/${'a'.repeat(9 * KIB)}`,
      `/signin?request=${'a'.repeat(12 * KIB)}`,
    ]) {
      const { replies } = await sendRaw(here.issuer, rawRequest(here.issuer, 'GET', target), { replies: 1 });
      assert.equal(replies[0]?.status, 414, target.slice(0, 20));
    }
    const fits = await sendRaw(
      here.issuer,
      rawRequest(here.issuer, 'GET', `/oauth/jwks?x=${'a'.repeat(8_000)}`, [`X-Long: ${'a'.repeat(7_000)}`]),
      { replies: 1 },
    );
    assert.equal(fits.replies[0]?.status, 200);
  });

  test('HTP-05 · a content type that only looks like a form is no form, and what is one is read as one (RFC 6749 §4.1.3)', async () => {
    const body = 'grant_type=client_credentials&scope=read';
    const good = [
      'application/x-www-form-urlencoded',
      'APPLICATION/X-WWW-FORM-URLENCODED',
      'application/x-www-form-urlencoded;charset=UTF-8',
      'application/x-www-form-urlencoded ; charset=utf-8',
    ];
    const bad = [
      'application/json',
      'application/json\t;x',
      'application/json;',
      'text/plain',
      'text/plain;application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded, application/json',
      'application/json, application/x-www-form-urlencoded',
      'application/x-www-form-urlencodedx',
      'application/x-www-form-urlencoded/x',
      'xapplication/x-www-form-urlencoded',
      'application/x-www-form-urlencoded;charset=utf-7',
      'application/x-www-form-urlencoded;charset=utf-16',
      'application/*',
      '*/*',
      '',
    ];
    for (const [types, status] of [
      [good, 200],
      [bad, 400],
    ] as const) {
      for (const type of types) {
        const { replies } = await sendRaw(
          here.issuer,
          rawRequest(here.issuer, 'POST', '/oauth/token', [`Content-Type: ${type}`, AUTHORIZATION], body),
          { replies: 1 },
        );
        assert.equal(replies[0]?.status, status, JSON.stringify(type));
      }
    }
    const none = await sendRaw(here.issuer, rawRequest(here.issuer, 'POST', '/oauth/token', [AUTHORIZATION], body), { replies: 1 });
    assert.equal(none.replies[0]?.status, 400, 'no content type');
    const two = await sendRaw(
      here.issuer,
      rawRequest(here.issuer, 'POST', '/oauth/token', ['Content-Type: application/json', FORM_TYPE, AUTHORIZATION], body),
      { replies: 1 },
    );
    assert.equal(two.replies[0]?.status, 400, 'two content types');
  });

  test('HTP-05 · the same holds for every endpoint and page that takes a form (RFC 6749 §3.1, OpenID Connect Core §3.1.2.1)', async () => {
    for (const path of POSTS) {
      const agent = new Agent(here.issuer);
      const body: Record<string, string> =
        path === '/oauth/userinfo' ? { access_token: 'x' } : { client_id: 'spa', redirect_uri: 'https://app.example/cb', token: 'x' };
      for (const type of [
        'text/plain',
        'application/json',
        'application/x-www-form-urlencoded;charset=utf-7',
        'multipart/form-data; boundary=x',
      ]) {
        const page = await agent.post(path, body, { 'content-type': type });
        assert.ok(page.status === 400 || page.status === 415, `${path} ${type}: ${page.status}`);
        assert.equal(page.location, '', path);
      }
    }
  });

  test('HTP-06 · 100 000 parameters, brackets and lists are refused and cost nothing to speak of (RFC 6749 §3.2)', async (t) => {
    const readers = ['/oauth/token', '/oauth/authorize'];
    const bombs: readonly (readonly [what: string, bomb: string, refusedAt: readonly string[]])[] = [
      [
        'names',
        Array.from({ length: 10_000 }, (_, i) => `p${i}=`)
          .join('&')
          .slice(0, 60_000),
        POSTS,
      ],
      ['one letter', 'a&'.repeat(30_000), POSTS],
      ['brackets', 'a[]=&'.repeat(12_000), POSTS],
      [
        'indices',
        Array.from({ length: 6_000 }, (_, i) => `a[${i}]=`)
          .join('&')
          .slice(0, 60_000),
        POSTS,
      ],
      ['escapes of brackets', 'a%5B%5D=1&'.repeat(6_000), POSTS],
      // What nobody asks for is not read (RFC 6749 §3.1): nothing between ampersands, and one parameter with a strange name.
      ['ampersands', '&'.repeat(60_000), []],
      ['equals', '='.repeat(60_000), []],
      ['depth', `a${'[b]'.repeat(5_000)}=1`, []],
      ['commas', `scope=${','.repeat(60_000)}`, readers],
      ['spaces', `scope=${'+'.repeat(60_000)}`, readers],
      ['escapes', `scope=${'%20'.repeat(20_000)}`, readers],
      ['scopes', `scope=${Array.from({ length: 8_000 }, (_, i) => `s${i}`).join('+')}`, readers],
      ['resources', 'resource=https://a.example/&'.repeat(60), readers],
    ];
    const good = 'grant_type=client_credentials&client_id=machine';
    for (const [what, bomb, refusedAt] of bombs) {
      for (const path of POSTS) {
        const began = performance.now();
        const { replies } = await sendRaw(
          here.issuer,
          rawRequest(here.issuer, 'POST', path, [FORM_TYPE, AUTHORIZATION], `${good}&${bomb}`),
          { replies: 1 },
        );
        const status = replies[0]?.status ?? 0;
        if (refusedAt.includes(path)) assert.ok(status === 400 || status === 413, `${what} at ${path}: ${status}`);
        else if (path === '/oauth/token') assert.equal(status, 200, what);
        if (performance.now() - began > 50) t.diagnostic(`${what} at ${path}: ${(performance.now() - began).toFixed(0)} ms`);
      }
      const { replies } = await sendRaw(here.issuer, rawRequest(here.issuer, 'GET', `/oauth/authorize?${bomb.slice(0, 8_000)}`), {
        replies: 1,
      });
      assert.equal(replies[0]?.status, 400, what);
    }
  });

  test('HTP-08 · JSON that is deep, wide, doubled or odd is a refusal where JSON is read (RFC 8259 §9)', async () => {
    const odd = [
      '['.repeat(10_000),
      `${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`,
      '1e400',
      '-0',
      '"\\ud800"',
      '\ufeff{"now":null}',
      'null',
      '[]',
      '""',
      '{"now":"x","now":null,"x":1}',
      '{"now":1e400}',
      `{${Array.from({ length: 6_000 }, (_, i) => `"k${i}":1`).join()}}`,
    ];
    for (const body of odd) {
      const reply = await fetch(`${here.issuer}/test/clock`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } });
      assert.equal(reply.status, 400, body.slice(0, 30));
      await reply.arrayBuffer();
      // A JWT is JSON too, three times over: as a hint, as an access token, as a token to introspect.
      const part = Buffer.from(body).toString('base64url');
      const head = Buffer.from('{"alg":"ES256","typ":"JWT","kid":"x"}').toString('base64url');
      for (const jwt of [`${part}.${part}.AAAA`, `${head}.${part}.AAAA`, `${part}.${head}.AAAA`]) {
        if (jwt.length > 7_000) continue;
        const page = await new Agent(here.issuer).get(`/oauth/logout?id_token_hint=${jwt}`);
        assert.equal(page.status, 400, body.slice(0, 30));
        const info = await fetch(`${here.issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${jwt}` } });
        assert.equal(info.status, 401);
        await info.arrayBuffer();
      }
      for (const jwt of [`${part}.${part}.AAAA`, `${head}.${part}.AAAA`]) {
        const seen = await postForm(`${here.issuer}/oauth/introspect`, { token: jwt.slice(0, 60_000) }, MACHINE_BASIC);
        assert.deepEqual(seen.body, { active: false });
      }
    }
  });

  test('HTP-11 · a compressed body is 415, and nobody unpacks it (RFC 9110 §15.5.16)', async () => {
    const bomb = Buffer.alloc(10_000 * KIB, 'a');
    const packed: readonly (readonly [string, Buffer])[] = [
      ['gzip', gzipSync(bomb)],
      ['x-gzip', gzipSync('grant_type=client_credentials')],
      ['deflate', deflateSync(bomb)],
      ['br', brotliCompressSync(Buffer.from('grant_type=client_credentials'))],
      ['gzip, gzip', gzipSync(gzipSync(bomb))],
      ['identity, gzip', gzipSync('x')],
      ['zstd', Buffer.from('x')],
      ['GZIP', gzipSync('x')],
      ['chunked', Buffer.from('x')],
    ];
    for (const [encoding, body] of packed) {
      for (const path of POSTS) {
        const head = rawRequest(here.issuer, 'POST', path, [
          FORM_TYPE,
          AUTHORIZATION,
          `Content-Encoding: ${encoding}`,
          `Content-Length: ${body.length}`,
        ]);
        const { replies } = await sendRaw(here.issuer, [head, body], { replies: 1 });
        assert.equal(replies[0]?.status, 415, `${encoding} at ${path}`);
      }
    }
    const plain = await sendRaw(
      here.issuer,
      rawRequest(
        here.issuer,
        'POST',
        '/oauth/token',
        [FORM_TYPE, AUTHORIZATION, 'Content-Encoding: identity'],
        'grant_type=client_credentials&scope=read',
      ),
      { replies: 1 },
    );
    assert.equal(plain.replies[0]?.status, 200);
  });
});

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { Agent, authorizeAs, postForm } from '../support/agent.ts';
import { USER } from '../support/hufu.ts';
import { arena } from './oracles.ts';
import { rawRequest, sendRaw } from './raw-http.ts';
import { API_BASIC, MACHINE_BASIC, machineToken, SPA, signedIn } from './sign-ins.ts';

const ROOT = join(import.meta.dirname, '../..');
const POLLUTION: readonly (readonly [string, string])[] = [
  ['__proto__[polluted]', '1'],
  ['__proto__.polluted', '1'],
  ['constructor[prototype][polluted]', '1'],
  ['constructor.prototype.polluted', '1'],
  ['__proto__', 'polluted'],
  ['constructor', 'polluted'],
  ['prototype', 'polluted'],
  ['toString', 'polluted'],
  ['hasOwnProperty', 'polluted'],
  ['valueOf', '1'],
  ['__defineGetter__', '1'],
];
/** Reads our own templates, once. */
const NOT_STRANGERS = /pages\/template-holes\.ts$|\/testing\//;
const JSON_POLLUTION = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"now":"x"}';

describe('HTP: values', () => {
  const here = arena();

  test('HTP-03 · names of prototypes as parameters change no answer and no object (CVE-2022-24999, RFC 6749 §3.1)', async () => {
    const api = await machineToken(here.issuer, 'opaque');
    const posts: readonly (readonly [string, Record<string, string>, string])[] = [
      ['/oauth/token', { grant_type: 'client_credentials', scope: 'opaque' }, MACHINE_BASIC],
      ['/oauth/introspect', { token: api }, API_BASIC],
      ['/oauth/revoke', { token: 'x' }, API_BASIC],
    ];
    for (const [name, value] of POLLUTION) {
      for (const [path, fields, basic] of posts) {
        const plain = await postForm(here.issuer + path, fields, basic);
        const polluted = await postForm(here.issuer + path, { ...fields, [name]: value }, basic);
        assert.equal(polluted.status, plain.status, `${name} at ${path}`);
        assert.deepEqual(Object.keys(polluted.body), Object.keys(plain.body), `${name} at ${path}`);
      }
      // The name where a known name is looked up: a grant type, a client, a scope, a resource, a language, a hint.
      const asked = await postForm(`${here.issuer}/oauth/token`, { grant_type: name }, MACHINE_BASIC);
      assert.equal(asked.body['error'], 'unsupported_grant_type', name);
      const scoped = await postForm(`${here.issuer}/oauth/token`, { grant_type: 'client_credentials', scope: name }, MACHINE_BASIC);
      assert.equal(scoped.body['error'], 'invalid_scope', name);
      const aimed = await postForm(`${here.issuer}/oauth/token`, { grant_type: 'client_credentials', resource: name }, MACHINE_BASIC);
      assert.equal(aimed.body['error'], 'invalid_target', name);
      assert.equal((await postForm(`${here.issuer}/oauth/token`, { grant_type: 'client_credentials', client_id: name })).status, 401, name);
      const agent = new Agent(here.issuer);
      const page = await agent.get(`/oauth/authorize?client_id=${encodeURIComponent(name)}&redirect_uri=https://app.example/cb`);
      assert.equal(page.status, 400, name);
      const parameters = { [name]: value, ui_locales: name, login_hint: name, prompt: 'login' };
      const answer = await authorizeAs(agent, { ...SPA, parameters }, USER);
      assert.ok(answer.page.answer.get('code') !== null, `${name}: ${answer.page.location}`);
      assert.equal((await agent.get(`/logo/${encodeURIComponent(name)}`)).status, 404);
      assert.equal((await agent.get(`/${encodeURIComponent(name)}`)).status, 404);
    }
  });

  test('HTP-03 · the same in JSON, in a JWT and in cookies (CVE-2022-24999)', async () => {
    const clock = await fetch(`${here.issuer}/test/clock`, { method: 'PUT', body: JSON_POLLUTION });
    assert.equal(clock.status, 400);
    await clock.arrayBuffer();
    const part = Buffer.from(JSON_POLLUTION).toString('base64url');
    const jwt = `${Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"__proto__"}').toString('base64url')}.${part}.AAAA`;
    assert.deepEqual((await postForm(`${here.issuer}/oauth/introspect`, { token: jwt }, API_BASIC)).body, { active: false });
    const agent = await signedIn(here.issuer);
    for (const [name, value] of POLLUTION) agent.cookies.set(name, value);
    agent.cookies.set('evil', encodeURIComponent(JSON_POLLUTION));
    agent.cookies.set('hufu_known', `__proto__.constructor.${'x'.repeat(22)}`);
    const answer = await authorizeAs(agent, SPA, USER);
    assert.ok(answer.page.answer.get('code') !== null, 'still signed in');
  });

  test('HTP-12 · every kind of reply has its security headers (RFC 6797 §6.1, Fetch §3.6)', async () => {
    const own = rawRequest.bind(undefined, here.issuer);
    const requests: readonly (readonly [string, string])[] = [
      ['a document', own('GET', '/oauth/jwks')],
      ['metadata', own('GET', '/.well-known/openid-configuration')],
      ['health', own('GET', '/healthz')],
      ['a page', own('GET', '/signin')],
      ['our own page', own('GET', '/')],
      ['a style sheet', own('GET', /href="(\/assets\/[^"]+\.css)"/.exec((await new Agent(here.issuer).get('/signin')).text)?.[1] ?? '/')],
      ['a redirect', own('GET', '/oauth/authorize?client_id=spa&redirect_uri=https%3A%2F%2Fapp.example%2Fcb')],
      ['an error page', own('GET', '/oauth/authorize', ['Accept: text/html'])],
      ['an error', own('POST', '/oauth/token')],
      ['no token', own('GET', '/oauth/userinfo')],
      ['nothing there', own('GET', '/nowhere')],
      ['nothing there, a page', own('GET', '/nowhere', ['Accept: text/html'])],
      ['no such method', own('DELETE', '/oauth/token')],
      ['a preflight', own('OPTIONS', '/oauth/token', ['Origin: https://app.example', 'Access-Control-Request-Method: POST'])],
      ['too long', own('GET', `/oauth/jwks?${'a'.repeat(9_000)}`)],
      ['too large', own('POST', '/oauth/token', [], 'a'.repeat(70_000))],
      ['elsewhere', own('GET', '/oauth/jwks', ['Host: evil.test'])],
      ['HEAD', own('HEAD', '/oauth/jwks')],
      ['unchanged', own('GET', '/oauth/jwks', [`If-None-Match: ${(await fetch(`${here.issuer}/oauth/jwks`)).headers.get('etag') ?? ''}`])],
    ];
    for (const [what, bytes] of requests) {
      const { replies } = await sendRaw(here.issuer, bytes, what === 'HEAD' ? { silenceMs: 300 } : { replies: 1 });
      const [reply] = what === 'HEAD' ? (await sendRaw(here.issuer, bytes.replace('HEAD', 'GET'), { replies: 1 })).replies : replies;
      const header = (name: string): string => reply?.headers.get(name)?.join() ?? '';
      assert.equal(header('x-content-type-options'), 'nosniff', what);
      assert.equal(header('referrer-policy'), 'no-referrer', what);
      assert.match(header('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/, what);
      assert.match(header('cross-origin-resource-policy'), /^same-origin$/, what);
      assert.match(header('cross-origin-opener-policy'), /^(?:same-origin|unsafe-none)$/, what);
      assert.doesNotMatch(header('content-security-policy'), /unsafe-inline|unsafe-eval|\*/, what);
      for (const [name, lines] of reply?.headers ?? [])
        assert.equal(lines.length === 1 || name === 'set-cookie', true, `${what}: ${name} stands twice`);
    }
  });

  test('HTP-07 · no pattern in the sources takes more than linear time, whatever 64 KiB it is fed (attacks HTP-07)', {
    timeout: 60_000,
  }, (t) => {
    const patterns = globSync('packages/{protocol,server,store,flow}/src/**/*.ts', { cwd: ROOT })
      .filter(
        (file) =>
          !file.endsWith('.test.ts') &&
          !file.includes('/dist/') &&
          !file.includes('/config/') &&
          !file.includes('/contract/') &&
          !NOT_STRANGERS.test(file),
      )
      .flatMap((file) => patternsOf(readFileSync(join(ROOT, file), 'utf8')).map((pattern) => [file, pattern] as const));
    assert.ok(patterns.length > 40, `${patterns.length} patterns found`);
    const context = createContext({ corpus: corpus() });
    const slow: string[] = [];
    let slowest = 0;
    for (const [file, pattern] of patterns) {
      const began = performance.now();
      try {
        // What is linear takes milliseconds for all of it; what is not takes minutes for one.
        const use = /g[a-z]*$/.test(pattern) ? `text.replace(${pattern}, '')` : `(${pattern}).test(text)`;
        runInContext(`for (const text of corpus) ${use};`, context, { timeout: 4_000 });
      } catch (error) {
        if (Object(error).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
        slow.push(`${file}: ${pattern}`);
      }
      slowest = Math.max(slowest, performance.now() - began);
    }
    t.diagnostic(`${patterns.length} patterns, ${corpus().length} texts; the slowest took ${slowest.toFixed(0)} ms for all of them`);
    assert.deepEqual(slow, []);
  });
});

/** Regular expression literals, told from divisions by what stands before them. */
function patternsOf(source: string): readonly string[] {
  const code = source.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  return [
    ...code.matchAll(/(?<=[=(,:?[!&|{};\s]|return )\/(?![*/ ])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*(?=[.,;)\]\s}])/g),
  ].map(([match]) => match);
}

function corpus(): readonly string[] {
  const units = [
    'a',
    'A',
    '0',
    ' ',
    '\t',
    '\n',
    '.',
    '-',
    '_',
    '/',
    ':',
    '@',
    '&',
    '=',
    '%',
    '%41',
    '%ff',
    '+',
    ',',
    ';',
    '"',
    "'",
    '\\',
    '"\\',
    '\\"',
    '[',
    ']',
    '<',
    '>',
    'a.',
    'a-',
    'a=',
    'a&',
    ' a',
    'a ',
    ';q=',
    '; ',
    ':]',
    '\0',
    'é',
    '。',
    '😀',
    '\ud800',
    '\u202e',
    '::',
    '//',
    '..',
    '&#',
    '&amp;',
  ];
  const starts = [
    '',
    'https://',
    'http://127.0.0.1:',
    'Basic ',
    'Bearer ',
    'application/x-www-form-urlencoded',
    'hfa_',
    'P1D',
    '$argon2id$',
    'a@',
    '&#x',
  ];
  const ends = ['', '!', '\n', '\0', 'a'];
  const length = 65_536;
  return units.flatMap((unit) => {
    const middle = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
    return [...starts.map((start) => start + middle), ...ends.map((end) => middle + end)];
  });
}

/** The oracles, seen to notice what they are there for: an oracle that overlooks is worse than none. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent, authorizeAs, exchange, postForm } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { Canaries } from './canaries.ts';
import { arena, faultsOf } from './oracles.ts';
import type { Exchange } from './traffic.ts';

const ISSUER = 'https://auth.example';
const ID = '0123456789ABCDEFGH';

function reply(status: number, headers: Readonly<Record<string, string | readonly string[]>>, body = ''): Exchange {
  const all = { 'x-content-type-options': 'nosniff', ...headers };
  const entries = Object.entries(all).map(([name, value]) => [name, typeof value === 'string' ? [value] : value] as const);
  return { method: 'GET', path: '/p', query: '', requestHeaders: {}, requestBody: '', status, headers: new Map(entries), body };
}

const REFUSAL = { 'hufu-decision': ID, 'cache-control': 'no-store' } as const;
const COOKIE = '__Host-hufu_session=x; Path=/; Max-Age=1; HttpOnly; SameSite=Lax; Secure';

describe('the judgement of a reply', () => {
  test('what is as it should be has no fault', () => {
    assert.deepEqual(faultsOf(reply(200, { 'set-cookie': COOKIE }, 'fine'), ISSUER), []);
    assert.deepEqual(faultsOf(reply(400, REFUSAL, '{"error":"invalid_request"}'), ISSUER), []);
    assert.deepEqual(faultsOf(reply(503, { ...REFUSAL, 'retry-after': '1' }), ISSUER), []);
    assert.deepEqual(
      faultsOf(reply(303, { location: `https://app.example/cb?code=1&iss=${ISSUER}`, 'cache-control': 'no-store' }), ISSUER),
      [],
    );
    assert.deepEqual(faultsOf(reply(303, { location: '/signin?request=1' }), ISSUER), []);
  });

  const bad: readonly (readonly [string, Exchange, RegExp])[] = [
    ['a 500', reply(500, REFUSAL), /O1/],
    ['a 503 that does not say when to come back', reply(503, REFUSAL), /O1/],
    ['a cookie that scripts can read', reply(200, { 'set-cookie': COOKIE.replace('; HttpOnly', '') }), /O6/],
    ['a cookie that goes over http', reply(200, { 'set-cookie': COOKIE.replace('; Secure', '') }), /O6/],
    ['a cookie that other sites send', reply(200, { 'set-cookie': COOKIE.replace('SameSite=Lax', 'SameSite=None') }), /O6/],
    ['a cookie of a whole domain', reply(200, { 'set-cookie': [COOKIE, `${COOKIE}; Domain=example`] }), /O6/],
    ['a stack trace', reply(200, {}, 'Error: x\n    at f (file:///srv/a.ts:1:2)'), /O7/],
    ['the name of an error of the runtime', reply(200, {}, 'TypeError: x is undefined'), /O7/],
    ['SQL', reply(400, REFUSAL, 'SELECT id FROM grants'), /O7/],
    ['a path of this machine', reply(400, REFUSAL, `${process.cwd()}/packages`), /O7/],
    ['a refusal without its decision', reply(400, { 'cache-control': 'no-store' }), /Hufu-Decision/],
    ['a refusal that may be cached', reply(404, { 'hufu-decision': ID }), /cached/],
    ['a reply that may be sniffed', reply(200, { 'x-content-type-options': '' }), /nosniff/],
    ['a redirect that keeps the method', reply(307, { location: '/x' }), /303/],
    ['an answer without iss', reply(303, { location: 'https://app.example/cb?code=1', 'cache-control': 'no-store' }), /iss/],
    [
      'an answer with two of them',
      reply(303, { location: `https://app.example/cb?error=x&iss=${ISSUER}&iss=${ISSUER}`, 'cache-control': 'no-store' }),
      /iss/,
    ],
    ['a code that may be cached', reply(303, { location: `https://app.example/cb?code=1&iss=${ISSUER}` }), /cached/],
    ['a form_post without iss', reply(200, {}, '<body data-page="form-post">'), /iss/],
    ['CORS with credentials', reply(200, { 'access-control-allow-credentials': 'true' }), /CORS/],
    ['a reply that names its software', reply(200, { server: 'x' }), /made it/],
  ];
  for (const [what, given, expected] of bad) {
    test(`${what} is a fault`, () => assert.match(faultsOf(given, ISSUER).join('\n'), expected));
  }
});

describe('the canaries', () => {
  test('secrets of a request and its reply are found again wherever they stand', () => {
    const canaries = new Canaries();
    const code = `hfc_${'s'.repeat(24)}${'a'.repeat(40)}`;
    canaries.harvest({
      ...reply(200, { 'set-cookie': COOKIE.replace('=x', '=cookie-value-1'), location: `https://app.example/cb?code=${code}` }),
      requestBody: 'client_secret=secret-in-body&code_verifier=verifier-in-body&scope=not-a-secret-at-all',
      requestHeaders: { authorization: `Basic ${btoa('id:secret-in-header')}`, cookie: 'other=cookie-value-2' },
    });
    for (const text of [
      'secret-in-body',
      'verifier-in-body',
      'cookie-value-1',
      'cookie-value-2',
      'secret-in-header',
      code,
      's'.repeat(24),
    ]) {
      assert.equal(canaries.find(`{"detail":"${text}"}`).length > 0, true, text);
    }
    assert.deepEqual(canaries.find('not-a-secret-at-all'), []);
  });

  test('a secret is found in the spellings of forms, addresses and JSON', () => {
    const canaries = new Canaries();
    canaries.add('a password', 'correct "horse" & staple');
    for (const text of [
      'x=correct+%22horse%22+%26+staple',
      'correct%20%22horse%22%20%26%20staple',
      JSON.stringify('correct "horse" & staple'),
    ]) {
      assert.equal(canaries.find(text).length, 1, text);
    }
    canaries.forgive('correct "horse" & staple');
    assert.deepEqual(canaries.find('x=correct+%22horse%22+%26+staple'), []);
  });

  test('a credential that never crossed the wire is found by its shape', () => {
    assert.equal(new Canaries().find(`x hfr_${'b'.repeat(64)} y`).length, 1);
    assert.equal(new Canaries().find('x eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln y').length, 1);
  });
});

describe('the arena', () => {
  const here = arena({ yaml: BASIC_YAML });

  test('the traffic of a whole flow is seen, and its secrets are canaries', async () => {
    const agent = new Agent(here.issuer);
    const request = { clientId: 'web', redirectUri: 'https://web.example/cb', scope: 'openid' };
    const tokens = await exchange(agent, request, await authorizeAs(agent, request, USER), 'web:web-secret-0123456789abcdef0123456789');
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    const refused = await postForm(`${here.issuer}/oauth/token`, { grant_type: 'x' }, 'web:wrong-secret-0123456789');
    assert.equal(refused.status, 401);
  });
});

import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { describe, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { Agent, authorizeAs, type Page } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { assertPage, assertRedirect, attempt, authorizePath, CHALLENGE, postQuery } from './expect.ts';
import { arena } from './oracles.ts';
import { rawRequest, sendRaw } from './raw-http.ts';

const EXTRA = `
  - { client_id: nocode, client_secret: nocode-secret-0123456789abcdef012345678, redirect_uris: [https://app.example/cb], grant_types: [client_credentials] }
  - { client_id: formonly, token_endpoint_auth_method: none, redirect_uris: [https://app.example/cb], response_modes: [form_post], hufu: { first_party: true } }
`;
const YAML = BASIC_YAML.replace('\nresources:', `${EXTRA}resources:`);

describe('AUT: the request', () => {
  const here = arena({ yaml: YAML });

  /** Refused towards the client, by GET and by POST, whether or not somebody is signed in. */
  async function assertRefused(error: string, overrides: Readonly<Record<string, string | undefined>>, more = ''): Promise<void> {
    const agent = new Agent(here.issuer);
    const about = `${error} ${JSON.stringify(overrides)} ${more}`.slice(0, 200);
    assertRedirect(await attempt(agent, overrides, more), error, here, about);
    const [, query = ''] = authorizePath(overrides, more).split('?', 2);
    assertRedirect(await postQuery(agent, query), error, here, `POST ${about}`);
  }

  test('AUT-01 · no response_type (RFC 6749 §4.1.2.1)', async () => {
    await assertRefused('invalid_request', { response_type: undefined });
    await assertRefused('invalid_request', { response_type: '' });
  });

  for (const type of ['token', 'id_token token', 'code token', 'code id_token', 'id_token', 'none', 'code code', 'CODE', 'code ', 'foo']) {
    test(`AUT-02 · response_type=${type} is not had, and no token comes through the browser (RFC 6749 §4.1.2.1, RFC 9700 §2.1.2)`, () =>
      assertRefused('unsupported_response_type', { response_type: type, nonce: 'n-1' }));
  }

  const once = [
    'response_type',
    'scope',
    'state',
    'nonce',
    'code_challenge',
    'code_challenge_method',
    'prompt',
    'max_age',
    'response_mode',
    'request',
    'request_uri',
    'acr_values',
  ];
  for (const name of once) {
    test(`AUT-04 · ${name} stands twice (RFC 6749 §3.1)`, async () => {
      const agent = new Agent(here.issuer);
      const value = VALUES[name] ?? '1';
      for (const more of [`${name}=${value}&${name}=${value}`, `${name}=${value}&${name}=other`]) {
        const page = await attempt(agent, { [name]: undefined }, more);
        assertRedirect(page, 'invalid_request', { issuer: here.issuer, state: name === 'state' ? null : 'st-1' }, more);
      }
    });
  }

  test('AUT-04 · client_id or redirect_uri stands twice: nobody is redirected (RFC 6749 §3.1)', async () => {
    const agent = new Agent(here.issuer);
    for (const more of ['client_id=spa', 'client_id=third', 'redirect_uri=https%3A%2F%2Fapp.example%2Fcb']) {
      assertPage(await attempt(agent, {}, more), more);
      assertPage(await postQuery(agent, authorizePath({}, more).split('?')[1] ?? ''), `POST ${more}`);
    }
  });

  test('AUT-04 · once in the address and once in the body is twice (RFC 6749 §3.1)', async () => {
    const agent = new Agent(here.issuer);
    const [, query = ''] = authorizePath().split('?', 2);
    assertRedirect(await postQuery(agent, query, '/oauth/authorize?nonce=1&nonce=2'), 'invalid_request', here);
    assertRedirect(await postQuery(agent, query, '/oauth/authorize?scope=read'), 'invalid_request', here);
    assertRedirect(await postQuery(agent, query, '/oauth/authorize?state=other'), 'invalid_request', { issuer: here.issuer, state: null });
    assertPage(await postQuery(agent, query, '/oauth/authorize?client_id=third'));
    assert.equal((await postQuery(agent, query, '/oauth/authorize?nonce=1')).status, 303);
  });

  test('AUT-04 · resource alone may stand more than once (RFC 8707 §2)', async () => {
    const page = await attempt(
      new Agent(here.issuer),
      {},
      'resource=https%3A%2F%2Fapi.example%2F&resource=https%3A%2F%2Fopaque.example%2F',
    );
    assert.match(page.location, /^\/signin\?/);
    await assertRefused('invalid_request', {}, 'audience=a&audience=b');
  });

  test('AUT-06 · an empty scope is none, and unknown parameters are nothing (RFC 6749 §3.1)', async () => {
    const agent = new Agent(here.issuer);
    for (const [scope, more] of [
      ['', ''],
      ['openid', 'foo=bar&device_code=x&__proto__=1&constructor[prototype][x]=1&claims_locales=de'],
    ] as const) {
      const answer = await authorizeAs(
        agent,
        { clientId: 'spa', redirectUri: 'https://app.example/cb', scope, parameters: Object.fromEntries(new URLSearchParams(more)) },
        USER,
      );
      assert.match(answer.page.answer.get('code') ?? '', /^hfc_/);
    }
  });

  test('AUT-17 · scopes that the grammar does not have, or nobody has (RFC 6749 §3.3)', async () => {
    for (const scope of [
      'openid  profile',
      ' openid',
      'openid ',
      '"',
      'open\\id',
      'a\tb',
      'a\nb',
      'a\0b',
      'ö',
      '日本',
      '\u00a0',
      'unknown',
      'openid unknown',
      'x'.repeat(3_000),
      'openid,profile',
    ]) {
      await assertRefused('invalid_scope', { scope });
    }
  });

  test('AUT-17 · bytes that are no text (RFC 6749 §3.3, appendix B)', async () => {
    for (const scope of ['%E9', '%ff%fe', 'openid%C0%AF', '%ED%A0%80', '%zz', '%']) {
      const page = await new Agent(here.issuer).get(authorizePath({ scope: undefined }, `scope=${scope}`));
      assertRedirect(page, 'invalid_scope', here, scope);
    }
  });

  test('AUT-17 · raw bytes in the address (RFC 3986 §2, RFC 6749 §3.3)', async () => {
    for (const [raw, error] of [
      ['scope=openid\xe9', 'invalid_scope'],
      ['nonce=\xff', 'invalid_request'],
      ['scope=open"id', 'invalid_scope'],
    ] as const) {
      const { replies } = await sendRaw(here.issuer, rawRequest(here.issuer, 'GET', authorizePath({ scope: undefined }, raw)), {
        replies: 1,
      });
      const [reply] = replies;
      // Node's parser may refuse some bytes by itself: then nobody was redirected.
      if (reply?.status === 400) continue;
      assert.equal(new URL(reply?.headers.get('location')?.[0] ?? '').searchParams.get('error'), error, raw);
    }
    const { replies } = await sendRaw(
      here.issuer,
      rawRequest(here.issuer, 'GET', authorizePath({ redirect_uri: undefined }, 'redirect_uri=https://app.example/cb\xe9')),
      { replies: 1 },
    );
    assert.equal(replies[0]?.status, 400);
    assert.equal(replies[0]?.headers.get('location'), undefined);
  });

  test('AUT-21 · unknown, disabled and another tenant’s client look alike (RFC 6749 §4.1.2.1)', async () => {
    const { store, context } = here.hufu;
    const now = Math.floor(context.clock.nowMs() / 1000);
    const spa = await store.findClient(context.tenant, clientId('spa2'));
    assert.ok(spa);
    const other = await store.ensureTenant('other');
    assert.notEqual(other.id, context.tenant);
    await store.putClient(other.id, { ...spa, clientId: clientId('spa2x'), secrets: [], source: 'registered', enabled: true }, now);
    await store.putClient(context.tenant, { ...spa, enabled: false }, now);
    const agent = new Agent(here.issuer);
    const pages: Page[] = [];
    for (const client of ['nobody', 'spa2', 'spa2x', 'x'.repeat(300), '../spa', 'spa\0', 'SPA'])
      pages.push(await attempt(agent, { client_id: client, redirect_uri: 'https://app2.example/cb' }));
    const bodies = pages.map((page) => {
      assertPage(page);
      return page.text.replaceAll(page.headers.get('hufu-decision') ?? '-', '[decision]');
    });
    assert.equal(new Set(bodies).size, 1);
    const headers = pages.map((page) => [...page.headers].filter(([name]) => !['date', 'hufu-decision'].includes(name)).join('\n'));
    assert.equal(new Set(headers).size, 1);
  });

  test('AUT-22 · a client that has no code grant (RFC 6749 §4.1.2.1)', () => assertRefused('unauthorized_client', { client_id: 'nocode' }));

  test('AUT-40 · resources that are no resource of ours (RFC 8707 §2)', async () => {
    for (const resource of [
      'api.example',
      '/api',
      'https://api.example/#x',
      'https://api.example',
      'https://API.example/',
      'https://unknown.example/',
      'urn:x',
      '*',
    ]) {
      await assertRefused('invalid_target', { resource });
      await assertRefused('invalid_target', {}, `resource=https%3A%2F%2Fapi.example%2F&resource=${encodeURIComponent(resource)}`);
    }
    await assertRefused('invalid_target', {}, Array.from({ length: 20 }, () => 'resource=https%3A%2F%2Fapi.example%2F').join('&'));
  });

  test('AUT-40 · scopes that the named resource does not offer (RFC 8707 §2)', () =>
    assertRefused('invalid_scope', { scope: 'opaque', resource: 'https://api.example/' }));

  test('AUT-44 · POST is as GET (OpenID Connect Core §3.1.2, §3.1.2.1)', async () => {
    const agent = new Agent(here.issuer);
    const [, query = ''] = authorizePath().split('?', 2);
    const posted = await postQuery(agent, query);
    assert.equal(posted.status, 303);
    assert.match((await agent.get(posted.location)).location, /^\/signin\?/);
  });

  test('AUT-44 · other methods are 405 and say which are not (OpenID Connect Core §3.1.2.1, RFC 9110 §15.5.6)', async () => {
    for (const method of ['PUT', 'DELETE', 'TRACE', 'PATCH', 'HEAD', 'OPTIONS', 'PROPFIND', 'SEARCH']) {
      const reply = await send(here.issuer, method, authorizePath());
      assert.equal(reply.status, 405, method);
      assert.equal(reply.allow, 'GET, POST', method);
    }
  });

  test('AUT-14 · no script of another origin reads what the authorization endpoint says (RFC 9700 §2.6)', async () => {
    const agent = new Agent(here.issuer);
    for (const origin of ['https://app.example', 'null', here.issuer]) {
      for (const overrides of [{}, { client_id: 'nobody' }, { scope: 'unknown' }]) {
        const page = await agent.get(authorizePath(overrides), { origin });
        for (const [name] of page.headers) assert.doesNotMatch(name, /^access-control-/, origin);
      }
      const preflight = await fetch(here.issuer + authorizePath(), {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET' },
      });
      for (const [name] of preflight.headers) assert.doesNotMatch(name, /^access-control-/, origin);
    }
  });

  test('AUT-31 · AUT-32 · request objects are refused by name, never half heard (RFC 9101 §5, OpenID Connect Core §3.1.2.6)', async () => {
    const none = `${btoa('{"alg":"none"}')}.${btoa('{"scope":"openid"}')}.`;
    await assertRefused('invalid_request', { request: none, request_uri: 'urn:x' });
    await assertRefused('invalid_request_object', { request: none });
    for (const uri of [`${here.outside}/r`, 'https://client.example/request.jwt', 'file:///etc/passwd']) {
      await assertRefused('request_uri_not_supported', { request_uri: uri });
    }
    const agent = new Agent(here.issuer);
    assertPage(await attempt(agent, { request_uri: 'urn:ietf:params:oauth:request_uri:x' }));
    await assertRefused('registration_not_supported', { registration: '{}' });
  });
});

const VALUES: Readonly<Record<string, string>> = {
  response_type: 'code',
  scope: 'openid',
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
  prompt: 'login',
  response_mode: 'query',
};

/** fetch knows no TRACE. */
function send(issuer: string, method: string, path: string): Promise<{ readonly status: number; readonly allow: string | undefined }> {
  const { hostname, port } = new URL(issuer);
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: hostname, port, path, method }, (reply) => {
      reply.resume();
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, allow: reply.headers.allow }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

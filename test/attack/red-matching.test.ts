import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent, pkce } from '../support/agent.ts';
import { assertPage, attempt, authorizePath } from './expect.ts';
import { arena } from './oracles.ts';

const NATIVE = 'com.example.app';
const YAML = `
policies: { brute_force: off }
clients:
  - client_id: spa
    token_endpoint_auth_method: none
    redirect_uris: [https://app.example/cb, https://app.example/other]
    hufu: { first_party: true }
  - { client_id: dotted, token_endpoint_auth_method: none, redirect_uris: [https://foo.example.com/cb] }
  - { client_id: native, application_type: native, token_endpoint_auth_method: none, redirect_uris: ['http://127.0.0.1/cb', '${NATIVE}:/cb', 'https://claimed.example/cb', 'http://localhost/cb'] }
  - { client_id: native6, application_type: native, token_endpoint_auth_method: none, redirect_uris: ['http://[::1]/cb'] }
  - { client_id: webloop, token_endpoint_auth_method: none, redirect_uris: ['http://127.0.0.1/cb'] }
  - client_id: many
    token_endpoint_auth_method: none
    redirect_uris: [${Array.from({ length: 100 }, (_, i) => `https://app.example/cb/${i}`).join(', ')}]
`;

describe('RED: matching', () => {
  const here = arena({ yaml: YAML });

  /** Refused, on a page; and the registered one still works, so that the refusal did nothing. */
  async function assertNotMatched(redirectUri: string, client = 'spa'): Promise<void> {
    const agent = new Agent(here.issuer);
    for (const path of [authorizePath({ client_id: client, redirect_uri: redirectUri })]) {
      assertPage(await agent.get(path), JSON.stringify(redirectUri));
      const [, query = ''] = path.split('?', 2);
      assertPage(
        await agent.post('/oauth/authorize', Object.fromEntries(new URLSearchParams(query))),
        `POST ${JSON.stringify(redirectUri)}`,
      );
    }
  }

  async function assertMatched(redirectUri: string, client: string): Promise<void> {
    const page = await attempt(new Agent(here.issuer), { client_id: client, redirect_uri: redirectUri });
    assert.equal(page.status, 303, redirectUri);
    assert.match(page.location, /^\/signin\?/, redirectUri);
  }

  test('RED-01 · a redirect URI of another site is answered by a page (RFC 6749 §4.1.2.1, RFC 9700 §2.1)', async () => {
    await assertNotMatched('https://evil.test/cb');
    await assertMatched('https://app.example/cb', 'spa');
  });

  const spelled = [
    'https://app.example/cb/',
    'https://app.example/CB',
    'https://app.example/%63b',
    'https://app.example:443/cb',
    'https://app.example/cb?x=1',
    'https://app.example/cb?',
    'https://app.example/cb&',
    'https://app.example/cb#',
    'https://app.example/cb#x',
    'https://APP.example/cb',
    'HTTPS://app.example/cb',
    'http://app.example/cb',
    'https://app.example//cb',
    'https://app.example/./cb',
    'https://app.example./cb',
    ' https://app.example/cb',
    'https://app.example/cb ',
    'https://app.example/cb\n',
    'https://app.example/cb\0',
    'https://app.example/cb;x',
    'https://app.example/c',
  ];
  for (const uri of spelled) {
    test(`RED-02 · ${JSON.stringify(uri)} is not what is registered (RFC 9700 §2.1, RFC 3986 §6.2.1)`, () => assertNotMatched(uri));
  }

  for (const uri of [
    'https://app.example.evil.test/cb',
    'https://evilapp.example/cb',
    'https://app.example-evil.test/cb',
    'https://xapp.example/cb',
  ]) {
    test(`RED-03 · ${uri} is another host (RFC 9700 §4.1)`, () => assertNotMatched(uri));
  }

  test('RED-04 · a registered value is no pattern (RFC 9700 §2.1)', async () => {
    for (const uri of ['https://fooaexample.com/cb', 'https://foo.exampleacom/cb', 'https://foo.example.com/cbb', '.*', '^https'])
      await assertNotMatched(uri, 'dotted');
    await assertMatched('https://foo.example.com/cb', 'dotted');
  });

  test('RED-05 · user information in the asked URI (RFC 9700 §4.1)', async () => {
    for (const uri of ['https://app.example@evil.test/cb', 'https://app.example:pw@evil.test/cb', 'https://user@app.example/cb'])
      await assertNotMatched(uri);
  });

  test('RED-07 · a path that leads elsewhere (RFC 9700 §4.1)', async () => {
    for (const tail of ['/../evil', '/..;/evil', '%2f..%2fevil', '/%2e%2e/evil', '/../cb', '\\..\\evil'])
      await assertNotMatched(`https://app.example/cb${tail}`);
  });

  test('RED-10 · a fragment in the asked URI, an empty one too (RFC 6749 §3.1.2)', async () => {
    for (const uri of ['https://app.example/cb#', 'https://app.example/cb#a', '#', 'https://app.example/#/cb']) await assertNotMatched(uri);
  });

  test('RED-11 · what is not absolute or not a URI (RFC 6749 §3.1.2)', async () => {
    for (const uri of [
      '//evil.test/cb',
      '/cb',
      'cb',
      'https:evil.test',
      'https:/evil.test',
      'http:///evil.test',
      '',
      '://',
      'https://',
      '\\\\evil.test',
    ])
      await assertNotMatched(uri);
  });

  test('RED-12 · a native application on loopback may take any port (RFC 8252 §7.3)', async () => {
    await assertMatched('http://127.0.0.1:51234/cb', 'native');
    await assertMatched('http://127.0.0.1/cb', 'native');
    await assertMatched('http://[::1]:51234/cb', 'native6');
    await assertNotMatched('http://[::1]:51234/cb', 'native');
    await assertNotMatched('http://127.0.0.1:51234/cb', 'native6');
  });

  const ports: readonly (readonly [string, string])[] = [
    ['webloop', 'http://127.0.0.1:51234/cb'],
    ['native', 'https://claimed.example:8443/cb'],
    ['native', 'http://localhost:51234/cb'],
    ['native', 'http://127.0.0.2:51234/cb'],
    ['native', 'http://127.0.0.1:51234/other'],
    ['native', 'http://127.0.0.1:51234@evil.test/cb'],
    ['native', 'http://127.0.0.1.evil.test:51234/cb'],
    ['native', 'http://127.0.0.1:0/cb'],
    ['native', 'http://127.0.0.1:65536/cb'],
    ['native', 'http://127.0.0.1:051234/cb'],
    ['native', 'http://127.0.0.1:/cb'],
    ['native', 'http://127.1:51234/cb'],
    ['native', `${NATIVE}:51234/cb`],
    ['native', `${NATIVE}://cb`],
    ['spa', 'https://app.example:8443/cb'],
  ];
  for (const [client, uri] of ports) {
    test(`RED-14 · no free port for ${client}: ${uri} (RFC 8252 §7.3, §8.3)`, () => assertNotMatched(uri, client));
  }

  test('RED-16 · hosts in other scripts are other texts (RFC 3986 §6.2.1)', async () => {
    const hosts = [
      'äpp.example',
      'app。example',
      'ａｐｐ.example',
      'app\u200d.example',
      'ⓔvil.example',
      '\u202eapp.example',
      'app.example\u00ad',
      'xn--pp-xka.example',
    ];
    for (const host of hosts) await assertNotMatched(`https://${host}/cb`);
  });

  test('RED-17 · without a redirect_uri nobody is redirected, whatever is registered (OpenID Connect Core §3.1.2.1)', async () => {
    const agent = new Agent(here.issuer);
    for (const client of ['spa', 'dotted']) {
      assertPage(await attempt(agent, { client_id: client, redirect_uri: undefined }), 'openid');
      assertPage(await attempt(agent, { client_id: client, redirect_uri: undefined, scope: undefined }), 'OAuth');
      assertPage(await attempt(agent, { client_id: client, redirect_uri: '', scope: undefined }), 'empty');
    }
  });

  test('RED-18 · a redirect_uri that stands twice is answered by a page (RFC 6749 §3.1)', async () => {
    const agent = new Agent(here.issuer);
    for (const second of ['https://app.example/cb', 'https://app.example/other', 'https://evil.test/cb']) {
      const again = `redirect_uri=${encodeURIComponent(second)}`;
      assertPage(await attempt(agent, {}, again), second);
      assertPage(await agent.get(`/oauth/authorize?${again}&${authorizePath().split('?')[1] ?? ''}`), `first ${second}`);
      const fields = Object.fromEntries(new URLSearchParams(authorizePath().split('?')[1]));
      assertPage(await agent.post(`/oauth/authorize?${again}`, fields), `query and body ${second}`);
    }
  });

  test('RED-27 · a long URI, and a client with as many as may be registered (RFC 6749 §3.1.2)', async () => {
    const agent = new Agent(here.issuer);
    const long = `https://app.example/cb?${'a'.repeat(16_384)}`;
    const fields = Object.fromEntries(new URLSearchParams(authorizePath({ redirect_uri: long }).split('?')[1]));
    assertPage(await agent.post('/oauth/authorize', fields), 'POST');
    const got = await attempt(agent, { redirect_uri: long });
    assert.equal([400, 414, 431].includes(got.status), true);
    assert.equal(got.location, '');
    assertPage(await attempt(agent, { redirect_uri: `https://app.example/cb?${'a'.repeat(6_000)}` }), 'GET');
    await assertNotMatched('https://app.example/cb/100', 'many');
    await assertMatched('https://app.example/cb/99', 'many');
  });

  test('RED-22 · what follows a POST is 303, at a sign-in page and at the authorization endpoint (RFC 9700 §4.12)', async () => {
    const agent = new Agent(here.issuer);
    const fields = Object.fromEntries(new URLSearchParams(authorizePath({ code_challenge: pkce().challenge }).split('?')[1]));
    assert.equal((await agent.post('/oauth/authorize', fields)).status, 303);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent, authorizeAs, type JsonReply, type Page, pkce, postForm } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { assertClientRefused, assertPage, assertRedirect, assertTokenError, attempt, CHALLENGE } from './expect.ts';
import { arena } from './oracles.ts';

const WEB = 'web:web-secret-0123456789abcdef0123456789';
const EXTRA = `
  - { client_id: pushes, token_endpoint_auth_method: none, redirect_uris: [https://app.example/cb], require_pushed_authorization_requests: true, hufu: { first_party: true } }
`;
const POLICY = `policies:
  brute_force: off
  authorization_details: [{ type: payment, description: { en: Pay }, fields: [{ name: amount, required: true }] }]`;
const YAML = BASIC_YAML.replace('\nresources:', `${EXTRA}resources:`).replace('policies: { brute_force: off }', POLICY);

const REQUEST = {
  response_type: 'code',
  client_id: 'web',
  redirect_uri: 'https://web.example/cb',
  scope: 'openid',
  state: 'st-1',
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
};

describe('AUT: pushed requests', () => {
  const here = arena({ yaml: YAML });

  function push(fields: Readonly<Record<string, string>> = {}, basic: string | undefined = WEB): Promise<JsonReply> {
    return postForm(`${here.issuer}/oauth/par`, { ...REQUEST, ...fields }, basic);
  }

  async function uriOf(fields: Readonly<Record<string, string>> = {}): Promise<string> {
    return String((await push(fields)).body['request_uri']);
  }

  function come(agent: Agent, uri: string, clientId = 'web'): Promise<Page> {
    return agent.get(`/oauth/authorize?${new URLSearchParams({ client_id: clientId, request_uri: uri }).toString()}`);
  }

  async function signedIn(): Promise<Agent> {
    const agent = new Agent(here.issuer);
    await authorizeAs(agent, { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid' }, USER);
    return agent;
  }

  test('AUT-33 · what a pushed request brings is not to be guessed (RFC 9126 §2.2)', async () => {
    const reply = await push();
    assert.equal(reply.status, 201);
    assert.equal(reply.headers.get('cache-control'), 'no-store');
    assert.match(reply.headers.get('content-type') ?? '', /^application\/json/);
    assert.deepEqual(Object.keys(reply.body).toSorted(), ['expires_in', 'request_uri']);
    assert.ok(Number(reply.body['expires_in']) >= 5 && Number(reply.body['expires_in']) <= 600);
    const uris = new Set(await Promise.all(Array.from({ length: 50 }, () => uriOf())));
    assert.equal(uris.size, 50);
    // 144 random bits and the seal stand in front of and behind what can be counted.
    for (const uri of uris) assert.match(uri, /^urn:ietf:params:oauth:request_uri:hfp_[\w-]{64}$/);
    assert.equal(new Set([...uris].map((uri) => uri.slice(-64, -40))).size, 50);
  });

  test('AUT-34 · a request_uri inside, another method, a body without end (RFC 9126 §2.1, §2.3)', async () => {
    for (const inner of ['https://web.example/r.jwt', await uriOf(), 'x'])
      assertTokenError(await push({ request_uri: inner }), 'invalid_request');
    const got = await fetch(`${here.issuer}/oauth/par`);
    assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST, OPTIONS']);
    const large = await fetch(`${here.issuer}/oauth/par`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `state=${'x'.repeat(2_000_000)}`,
    });
    assert.equal(large.status, 413);
  });

  test('AUT-35 · another client comes with it: nobody is redirected, and the owner loses nothing (RFC 9126 §2.2)', async () => {
    const agent = await signedIn();
    const uri = await uriOf();
    for (const other of ['spa', 'third', 'nobody']) assertPage(await come(agent, uri, other), other);
    assertPage(await agent.get(`/oauth/authorize?${new URLSearchParams({ request_uri: uri }).toString()}`));
    assert.ok((await come(agent, uri)).answer.has('code'));
  });

  test('AUT-36 · expired, unknown, changed, already answered (RFC 9126 §4)', async () => {
    const agent = await signedIn();
    const uri = await uriOf();
    for (const bad of [
      'urn:ietf:params:oauth:request_uri:',
      'urn:ietf:params:oauth:request_uri:x',
      `${uri}A`,
      uri.slice(0, -1),
      uri.toUpperCase(),
    ])
      assert.ok(!(await come(agent, bad)).location.includes('code='), bad);
    assertPage(await come(agent, `${uri.slice(0, -2)}${uri.endsWith('AA') ? 'BB' : 'AA'}`));
    assert.ok((await come(agent, uri)).answer.has('code'));
    const again = await come(agent, uri);
    assert.deepEqual([again.location, again.name], ['', 'completed'], 'neither a code nor a second answer');
    const late = await uriOf();
    await here.hufu.advance('PT60S');
    assertPage(await come(agent, late));
  });

  test('AUT-36 · 8 browsers come with it at once: one answer (RFC 9126 §4)', async () => {
    const agent = await signedIn();
    const uri = await uriOf();
    const pages = await Promise.all(Array.from({ length: 8 }, () => come(agent, uri)));
    assert.equal(pages.filter((page) => page.location !== '').length, 1);
    assert.equal(pages.filter((page) => page.name === 'completed').length, 7);
  });

  test('AUT-38 · a client that has to push goes straight there (RFC 9126 §5)', async () => {
    const agent = await signedIn();
    assertRedirect(await attempt(agent, { client_id: 'pushes' }), 'invalid_request', here);
    assertRedirect(await attempt(agent, { client_id: 'pushes', request_uri: 'https://app.example/r' }), 'request_uri_not_supported', here);
    const { challenge } = pkce();
    const fields = { client_id: 'pushes', redirect_uri: 'https://app.example/cb', code_challenge: challenge };
    const reply = await postForm(`${here.issuer}/oauth/par`, { ...REQUEST, ...fields });
    assert.ok((await come(agent, String(reply.body['request_uri']), 'pushes')).answer.has('code'));
  });

  test('AUT-39 · whoever does not prove who they are pushes nothing (RFC 9126 §2.1)', async () => {
    for (const basic of ['web:wrong', 'third:third-secret-0123456789abcdef01234567', 'nobody:x'])
      assertClientRefused(await push({}, basic), basic);
    assertClientRefused(await postForm(`${here.issuer}/oauth/par`, REQUEST));
    assertTokenError(await push({ client_secret: 'x' }), 'invalid_request');
  });

  test('AUT-41 · authorization_details that nobody can agree to (RFC 9396 §5)', async () => {
    const agent = new Agent(here.issuer);
    const deep = `${'[{"type":'.repeat(500)}1${'}]'.repeat(500)}`;
    const bad = [
      '{',
      '[]',
      'null',
      '{"type":"payment","amount":"1"}',
      '[{"type":"unknown"}]',
      '[{"type":"payment"}]',
      '[{"type":"payment","amount":1}]',
      '[{"type":"payment","amount":"1","more":1}]',
      '[{"type":"payment","amount":"1","__proto__":{"x":1}}]',
      '[{"type":"payment","amount":"1","constructor":{}}]',
      '[{"type":"payment","amount":"\\u202e1"}]',
      '[{"type":"payment","amount":"1","locations":["https://evil.example/"]}]',
      deep,
    ];
    for (const details of bad) {
      assertTokenError(await push({ authorization_details: details }), 'invalid_authorization_details', details.slice(0, 80));
      if (details !== deep) assertRedirect(await attempt(agent, { authorization_details: details }), 'invalid_authorization_details', here);
    }
  });
});

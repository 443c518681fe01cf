import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { issueInitialAccessToken } from '@hufu/server/registration/initial-access-token';
import { Agent, authorizeAs, type CodeRequest, exchange, postForm } from '../support/agent.ts';
import { USER } from '../support/hufu.ts';
import { arena } from './oracles.ts';
import { GOOD, manage, register, sendJson, withPolicies } from './registering.ts';
import { refresh, signedIn } from './sign-ins.ts';

const KEY = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

describe('REG: nobody may register', () => {
  const here = arena();

  test('REG-01 · registration is off by default: 401 for everybody, and discovery names no endpoint (RFC 7591 §3)', async () => {
    for (const headers of [{}, { authorization: 'Bearer x' }, { authorization: 'Basic eDp5' }]) {
      const reply = await register(here.issuer, GOOD, headers);
      assert.deepEqual([reply.status, reply.body['error']], [401, 'invalid_token']);
      assert.match(reply.headers.get('www-authenticate') ?? '', /^Bearer /);
      assert.match(String(reply.body['error_description']), /switched off/);
    }
    for (const path of ['openid-configuration', 'oauth-authorization-server']) {
      const metadata = Object(await (await fetch(`${here.issuer}/.well-known/${path}`)).json());
      assert.equal('registration_endpoint' in metadata || 'client_id_metadata_document_supported' in metadata, false);
    }
    assert.equal((await fetch(`${here.issuer}/oauth/register`)).status, 405);
  });
});

describe('REG: who was invited may register', () => {
  const here = arena({ yaml: withPolicies('registration: token') });

  test('REG-01 · an initial access token is good for as many registrations as it says, also for fifty at once (RFC 7591 §3)', async () => {
    const { context } = here.hufu;
    const expiresAt = Math.floor(context.clock.nowMs() / 1000) + 60;
    const token = issueInitialAccessToken(context, { uses: 2, expiresAt });
    const all = await Promise.all(Array.from({ length: 50 }, () => register(here.issuer, GOOD, { authorization: `Bearer ${token}` })));
    assert.deepEqual(all.map(({ status }) => status).toSorted(), [201, 201, ...Array.from({ length: 48 }, () => 401)]);
    assert.equal((await register(here.issuer)).status, 401);
    const late = issueInitialAccessToken(context, { uses: 2, expiresAt });
    await here.hufu.advance('PT1M');
    assert.equal((await register(here.issuer, GOOD, { authorization: `Bearer ${late}` })).status, 401);
  });
});

describe('REG: anybody may register', () => {
  const here = arena({ yaml: withPolicies('brute_force: off, registration: open, registered_clients: { max: 400 }') });

  test('REG-02 · a bad URI is invalid_redirect_uri, bad metadata invalid_client_metadata, success 201 (RFC 7591 §3.2)', async () => {
    const good = await register(here.issuer);
    assert.equal(good.status, 201);
    assert.equal(good.headers.get('cache-control'), 'no-store');
    const bad = await register(here.issuer, { redirect_uris: ['javascript:alert(1)'] });
    assert.deepEqual([bad.status, bad.body['error']], [400, 'invalid_redirect_uri']);
    const worse = await register(here.issuer, { ...GOOD, grant_types: ['password'] });
    assert.deepEqual([worse.status, worse.body['error']], [400, 'invalid_client_metadata']);
  });

  test('RED-05 · RED-08 · RED-10 · RED-15 · RED-25 · the endpoint takes no redirect URI that the reader does not (RFC 7591 §3.2.2)', async () => {
    for (const uri of [
      'https://app.example@evil.test/cb',
      'javascript:alert(1)',
      'data:text/html,x',
      'https://app.example/cb#x',
      'https://app.example/cb#',
      'myapp:/cb',
      'com.example.app://evil/cb',
      'https://*.example.com/cb',
    ]) {
      for (const [member, error] of [
        ['redirect_uris', 'invalid_redirect_uri'],
        ['post_logout_redirect_uris', 'invalid_client_metadata'],
      ] as const) {
        const reply = await register(here.issuer, { ...GOOD, application_type: 'native', [member]: [uri] });
        assert.deepEqual([reply.status, reply.body['error']], [400, error], `${member} ${uri}`);
      }
    }
  });

  test('REG-03 · HTP-03 · CON-12 · what a stranger may not decide is ignored or refused, and never stored (RFC 7591 §5)', async () => {
    const wanted = {
      client_id: 'admin',
      client_secret: 'chosen-by-a-stranger-0123456789',
      client_id_issued_at: 1,
      registration_access_token: 'mine',
      scope: 'openid admin',
      service_account: true,
      skip_consent: true,
      is_first_party: true,
      first_party: true,
      tenant_id: 2,
      enabled: false,
      source: 'config',
      ssf: { enabled: true },
      hufu: { first_party: true, pkce: 'optional', resource_server_of: ['https://api.example/'] },
    };
    const body = JSON.stringify({ ...GOOD, ...wanted }).replace('{', '{"__proto__":{"hufu":{"first_party":true}},');
    const reply = await register(here.issuer, body);
    assert.equal(reply.status, 201);
    assert.notEqual(reply.body['client_id'], 'admin');
    assert.notEqual(reply.body['client_secret'], wanted.client_secret);
    assert.equal(reply.body['scope'], 'openid');
    const row = here.database.prepare('SELECT * FROM clients WHERE client_id = ?').get(String(reply.body['client_id']));
    for (const word of [
      'first_party',
      'hufu',
      'admin',
      'skip_consent',
      'service_account',
      'tenant_id',
      'resource_server',
      'proto',
      'chosen',
    ])
      assert.equal(JSON.stringify(row).includes(word), false, word);
    for (const grant of ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange', 'password'])
      assert.equal((await register(here.issuer, { ...GOOD, grant_types: [grant] })).status, 400, grant);
    // Nor afterwards.
    const put = await manage('PUT', reply, { ...GOOD, client_id: reply.body['client_id'], hufu: { first_party: true } });
    assert.equal(put.status, 200);
    const asked = await (await signedIn(here.issuer)).get(authorizeUrl(String(reply.body['client_id'])));
    assert.match(asked.location, /^\/consent\?/);
  });

  test('REG-05 · a registration access token is of one client, and dies with it (RFC 7592 §2, §3)', async () => {
    const [a, b] = [await register(here.issuer), await register(here.issuer)];
    const refusals = [
      await manage('GET', b, undefined, a.body['registration_access_token']),
      await manage('DELETE', b, undefined, a.body['registration_access_token']),
      await manage('PUT', b, { ...GOOD, client_id: b.body['client_id'] }, a.body['registration_access_token']),
      await manage('GET', b, undefined, b.body['client_secret']),
      await sendJson('GET', `${here.issuer}/oauth/register/web`, undefined, {
        authorization: 'Bearer web-secret-0123456789abcdef0123456789',
      }),
      await sendJson('GET', `${here.issuer}/oauth/register/nobody`, undefined, { authorization: 'Bearer x' }),
      await sendJson('GET', `${here.issuer}/oauth/register/%00`, undefined, { authorization: 'Bearer x' }),
      await sendJson('GET', `${here.issuer}/oauth/register/`, undefined, { authorization: 'Bearer x' }),
    ];
    for (const { status, body } of refusals) {
      assert.equal(status, 401);
      assert.deepEqual(body, { error: 'invalid_token', error_description: 'the registration access token is not the one of this client' });
    }
    assert.equal((await manage('GET', b)).status, 200);
    assert.equal((await manage('DELETE', b)).status, 204);
    for (const method of ['GET', 'DELETE'] as const) assert.equal((await manage(method, b)).status, 401);
    assert.equal((await manage('GET', a)).status, 200);
    assert.equal((await sendJson('PATCH', String(a.body['registration_client_uri']), {})).status, 405);
  });

  test('REG-05 · with a client everything dies that was granted to it (RFC 7592 §2.3)', async () => {
    const own = await register(here.issuer, { ...GOOD, grant_types: ['authorization_code', 'refresh_token'] });
    const request: CodeRequest = { clientId: String(own.body['client_id']), redirectUri: GOOD.redirect_uris[0], scope: 'openid' };
    const basic = `${request.clientId}:${String(own.body['client_secret'])}`;
    const agent = new Agent(here.issuer);
    const tokens = await exchange(agent, request, await authorizeAs(agent, request, USER), basic);
    assert.equal(tokens.status, 200);
    const renewed = await refresh(here.issuer, String(tokens.body['refresh_token']), request, basic);
    assert.equal(renewed.status, 200);
    await manage('DELETE', own);
    assert.equal((await refresh(here.issuer, String(renewed.body['refresh_token']), request, basic)).body['error'], 'invalid_client');
    const info = await fetch(`${here.issuer}/oauth/userinfo`, {
      headers: { authorization: `Bearer ${String(renewed.body['access_token'])}` },
    });
    assert.equal(info.status, 401);
  });

  test('REG-06 · a secret is told once: neither read nor replaced metadata has it, nor the store in the clear (RFC 7591 §5)', async () => {
    const own = await register(here.issuer);
    const secret = String(own.body['client_secret']);
    const read = await manage('GET', own);
    const put = await manage('PUT', own, { ...GOOD, client_id: own.body['client_id'], client_secret: secret });
    for (const reply of [read, put]) {
      assert.equal(reply.status, 200);
      assert.equal(JSON.stringify(reply.body).includes(secret), false);
      assert.equal('client_secret' in reply.body, false);
    }
    const code = { grant_type: 'authorization_code', code: 'x', redirect_uri: GOOD.redirect_uris[0] };
    assert.equal(
      (await postForm(`${here.issuer}/oauth/token`, code, `${String(own.body['client_id'])}:${secret}`)).body['error'],
      'invalid_grant',
    );
  });

  test('REG-07 · every address is judged by the same rules: no scheme that acts, no host of the inside (RFC 7591 §5)', async () => {
    const before = here.database.prepare('SELECT count(*) AS n FROM clients').get();
    for (const member of MEMBERS) {
      for (const uri of [
        'javascript:alert(1)',
        'data:text/html,x',
        'file:///etc/passwd',
        '//evil.test',
        'http://stranger.example/',
        ...INSIDE,
        here.outside,
      ]) {
        const value = member.endsWith('s') ? [uri] : uri;
        const reply = await register(here.issuer, {
          ...GOOD,
          ...(member === 'sector_identifier_uri' ? { subject_type: 'pairwise' } : {}),
          [member]: value,
        });
        assert.deepEqual([reply.status, reply.body['error']], [400, 'invalid_client_metadata'], `${member} ${uri}`);
      }
    }
    for (const uri of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '//evil.test', 'http://stranger.example/'])
      assert.equal((await register(here.issuer, { ...GOOD, post_logout_redirect_uris: [uri] })).status, 400, uri);
    assert.deepEqual(here.database.prepare('SELECT count(*) AS n FROM clients').get(), before);
  });

  test('REG-08 · a name can be copied or spoiled; where the answer goes to cannot, and is shown (RFC 7591 §5, ASVS 10.7.2)', async () => {
    for (const name of ['a\nb', 'a\u0000b', '\u202eelpmaxe', 'x'.repeat(10_000), '\ud800', 5]) {
      const reply = await register(here.issuer, { ...GOOD, client_name: name });
      assert.deepEqual([reply.status, reply.body['error']], [400, 'invalid_client_metadata'], String(name).slice(0, 20));
    }
    for (const name of ['<script>alert(1)</script>', 'Gооgle', '"><img src=x>']) {
      const own = await register(here.issuer, { ...GOOD, client_name: name });
      assert.equal(own.status, 201, name);
      const agent = await signedIn(here.issuer);
      const page = await agent.get((await agent.get(authorizeUrl(String(own.body['client_id'])))).location);
      assert.equal(page.name, 'consent');
      assert.match(page.text, /stranger\.example/);
      assert.doesNotMatch(page.text, /<script>alert|<img src=x/);
    }
  });

  test('REG-18 · an id is never the address of a document, and never one that was asked for (RFC 7591 §3.2.1)', async () => {
    const ids = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { body } = await register(here.issuer, { ...GOOD, client_id: 'https://stranger.example/client' });
      ids.add(String(body['client_id']));
    }
    assert.equal(ids.size, 20);
    for (const id of ids) assert.match(id, /^client_[\w-]{24}$/);
  });

  test('CON-07 · a newcomer whose answers go to the device is asked about each time (RFC 8252 §8.6)', async () => {
    for (const metadata of [
      { application_type: 'native', redirect_uris: ['http://127.0.0.1/cb'] },
      { application_type: 'native', redirect_uris: ['com.example.app:/cb'] },
      { redirect_uris: ['http://localhost:3000/cb'] },
    ]) {
      const own = await register(here.issuer, { ...metadata, token_endpoint_auth_method: 'none' });
      const [redirectUri = ''] = metadata.redirect_uris;
      const agent = await signedIn(here.issuer);
      const first = await authorizeAs(agent, { clientId: String(own.body['client_id']), redirectUri, scope: 'openid' }, USER);
      assert.match(first.page.location, /[?&]code=/);
      const again = await agent.get(authorizeUrl(String(own.body['client_id']), redirectUri));
      assert.match(again.location, /^\/consent\?/, redirectUri);
    }
  });

  test('HTP-05 · the content type is JSON and nothing that resembles it (Fastify CVE-2026-25223)', async () => {
    for (const type of [
      'application/json\t;x',
      'application/json;charset=utf-7',
      'application/json;',
      'text/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/json,text/plain',
    ]) {
      const reply = await register(here.issuer, GOOD, { 'content-type': type });
      assert.deepEqual([reply.status, reply.body['error']], [400, 'invalid_request'], type);
    }
    for (const type of ['APPLICATION/JSON', 'application/json; charset=UTF-8', 'application/json\t; charset=utf-8'])
      assert.equal((await register(here.issuer, GOOD, { 'content-type': type })).status, 201, type);
  });

  test('HTP-08 · JSON that is deep, long, ambiguous or out of range (RFC 8259 §4, §6)', async () => {
    const deep = (open: string, close: string): string => `{"jwks":${open.repeat(10_000)}${close.repeat(10_000)}}`;
    const many = `{${Array.from({ length: 6_000 }, (_, i) => `"k${i}":1`).join(',')},"redirect_uris":["https://stranger.example/cb"]}`;
    const bodies: readonly string[] = [deep('[', ']'), deep('{"a":', '}'), '{"client_name":"a","client_name":"b"}', '\ufeff{}', 'x', ''];
    for (const body of bodies) assert.equal((await register(here.issuer, body)).body['error'], 'invalid_request', body.slice(0, 30));
    for (const number of ['1e400', '-1e400', '1.5', '-1', '9007199254740993'])
      assert.equal(
        (await register(here.issuer, `{"redirect_uris":["https://stranger.example/cb"],"default_max_age":${number}}`)).status,
        400,
        number,
      );
    assert.equal((await register(here.issuer, '{"redirect_uris":["https://stranger.example/cb"],"default_max_age":-0}')).status, 201);
    assert.equal((await register(here.issuer, many)).status, 201, 'many unknown members are only ignored');
    assert.equal((await register(here.issuer, { ...GOOD, x: 'x'.repeat(70_000) })).status, 413);
  });

  test('REG-10 · there is an end to how many there are (RFC 7591 §5)', async () => {
    let last = await register(here.issuer);
    for (let i = 0; i < 400 && last.status === 201; i++) last = await register(here.issuer);
    assert.equal(last.status, 429);
    assert.equal(last.headers.get('retry-after'), '3600');
    const count = here.database.prepare("SELECT count(*) AS n FROM clients WHERE source = 'registered'").get();
    assert.deepEqual({ ...count }, { n: 400 });
  });
});

describe('REG: one source', () => {
  const here = arena({ yaml: withPolicies('registration: open') });

  test('REG-10 · a thousand registrations from one address are twenty, and 429 (RFC 6585 §4)', async () => {
    const all = await Promise.all(Array.from({ length: 1_000 }, () => register(here.issuer)));
    assert.equal(all.filter(({ status }) => status === 201).length, 20);
    const others = all.filter(({ status }) => status !== 201);
    for (const reply of others) assert.equal(reply.status, 429);
    assert.ok(others.every(({ headers }) => Number(headers.get('retry-after')) > 0));
  });
});

describe('REG: software statements', () => {
  const here = arena({
    yaml: withPolicies(
      `brute_force: off, registration: open, software_statements: [{ issuer: 'https://vouch.example', jwks: { keys: [${JSON.stringify(KEY)}] } }]`,
    ),
  });

  test('REG-09 · a bad signature is invalid_software_statement, an untrusted issuer unapproved_software_statement (RFC 7591 §3.2.2)', async () => {
    const text = (iss: string, alg = 'EdDSA', signature = 'A'.repeat(86)): string =>
      `${[{ alg }, { iss, client_name: 'Vouched' }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.${signature}`;
    for (const [statement, error] of [
      [text('https://vouch.example'), 'invalid_software_statement'],
      [text('https://vouch.example', 'none', ''), 'invalid_software_statement'],
      [text('https://vouch.example', 'HS256'), 'invalid_software_statement'],
      ['x', 'invalid_software_statement'],
      [text('https://else.example'), 'unapproved_software_statement'],
    ] as const) {
      const reply = await register(here.issuer, { ...GOOD, software_statement: statement });
      assert.deepEqual([reply.status, reply.body['error']], [400, error]);
    }
  });
});

const MEMBERS = [
  'jwks_uri',
  'logo_uri',
  'client_uri',
  'policy_uri',
  'tos_uri',
  'sector_identifier_uri',
  'backchannel_logout_uri',
  'frontchannel_logout_uri',
  'initiate_login_uri',
  'request_uris',
];
const INSIDE = [
  'https://127.0.0.1/',
  'https://[::1]/',
  'https://10.1.2.3/',
  'https://169.254.169.254/',
  'https://localhost/',
  'https://[::ffff:7f00:1]/',
  'https://intranet/',
  'https://2130706433/',
];

function authorizeUrl(clientId: string, redirectUri: string = GOOD.redirect_uris[0]): string {
  const query = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'openid',
    state: 'st',
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
  };
  return `/oauth/authorize?${new URLSearchParams(query).toString()}`;
}

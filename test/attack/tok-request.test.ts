import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent, authorizeAs, exchange, postForm } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { assertClientRefused, assertTokenError, attempt, DESCRIPTION } from './expect.ts';
import { arena } from './oracles.ts';
import { MACHINE_BASIC, signedIn, SPA, WEB, WEB_BASIC } from './sign-ins.ts';
import { codeOf, exchanged, refreshed, token } from './token-requests.ts';

describe('TOK: the request', () => {
  const here = arena({ yaml: BASIC_YAML });
  const GOOD = { grant_type: 'client_credentials', scope: 'read' };

  /** POST with the body and the type as given. */
  async function post(
    body: string,
    type: string | undefined,
    headers: Readonly<Record<string, string>> = {},
    path = '/oauth/token',
  ): Promise<Parameters<typeof assertTokenError>[0]> {
    const reply = await fetch(here.issuer + path, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(MACHINE_BASIC)}`, ...(type === undefined ? {} : { 'content-type': type }), ...headers },
      // Bytes bring no content type of their own.
      body: new TextEncoder().encode(body),
    });
    return { status: reply.status, headers: reply.headers, body: Object(await reply.json()) };
  }

  test('TOK-01 · other methods are 405, and credentials in the address are nobody’s (RFC 6749 §3.2, §2.3.1)', async () => {
    const query = new URLSearchParams({ ...GOOD, client_id: 'machine', client_secret: MACHINE_BASIC.slice(8) }).toString();
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH']) {
      const reply = await fetch(`${here.issuer}/oauth/token?${query}`, { method });
      assert.equal(reply.status, 405, method);
      assert.match(reply.headers.get('allow') ?? '', /^POST\b/);
      assert.doesNotMatch(await reply.text(), /access_token/);
    }
    assertClientRefused(await postForm(`${here.issuer}/oauth/token?${query}`, GOOD));
    assertTokenError(await postForm(`${here.issuer}/oauth/token?${query}`, {}, MACHINE_BASIC), 'invalid_request');
  });

  test('TOK-02 · bodies that are no form (RFC 6749 §4.1.3, appendix B)', async () => {
    const form = new URLSearchParams(GOOD).toString();
    const json = JSON.stringify(GOOD);
    const multipart = '--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--x--\r\n';
    for (const [body, type] of [
      [json, 'application/json'],
      [multipart, 'multipart/form-data; boundary=x'],
      [form, 'text/plain'],
      [form, undefined],
      [form, ''],
      [form, 'application/x-www-form-urlencodedx'],
      [form, 'text/plain; application/x-www-form-urlencoded'],
      ['', undefined],
    ] as const) {
      assertTokenError(await post(body, type), 'invalid_request', String(type));
    }
    assert.equal((await post(form, 'Application/X-WWW-Form-Urlencoded; charset=UTF-8')).status, 200);
  });

  const once: readonly (readonly [string, string])[] = [
    ['grant_type', 'client_credentials'],
    ['scope', 'read'],
    ['client_id', 'machine'],
    ['client_secret', 'x'],
    ['code', 'x'],
    ['redirect_uri', 'https://app.example/cb'],
    ['code_verifier', 'x'],
    ['refresh_token', 'x'],
    ['client_assertion', 'x'],
    ['foo', 'x'],
  ];
  for (const [name, value] of once) {
    test(`TOK-03 · ${name} stands twice (RFC 6749 §3.2)`, async () => {
      for (const second of [value, 'other']) {
        const fields = new URLSearchParams(GOOD);
        fields.delete(name);
        fields.append(name, value);
        fields.append(name, second);
        assertTokenError(await token(here, fields, MACHINE_BASIC), 'invalid_request', `${name} ${second}`);
      }
    });
  }

  test('TOK-03 · neither escapes nor case make a repetition another name (RFC 6749 §3.2)', async () => {
    for (const more of ['%67rant_type=client_credentials', 'grant%5Ftype=password', '&&grant_type=x']) {
      assertTokenError(
        await post(`${new URLSearchParams(GOOD).toString()}&${more}`, 'application/x-www-form-urlencoded'),
        'invalid_request',
        more,
      );
    }
  });

  test('TOK-16 · a grant type that is missing, unknown, or not this client’s (RFC 6749 §5.2)', async () => {
    assertTokenError(await token(here, { scope: 'read' }, MACHINE_BASIC), 'invalid_request');
    assertTokenError(await token(here, { grant_type: '' }, MACHINE_BASIC), 'invalid_request');
    for (const grant_type of [
      'foo',
      'CLIENT_CREDENTIALS',
      'client_credentials ',
      'implicit',
      'urn:ietf:params:oauth:grant-type:unknown',
      '__proto__',
      'constructor',
      'toString',
      'x'.repeat(5_000),
    ]) {
      assertTokenError(await token(here, { grant_type }, MACHINE_BASIC), 'unsupported_grant_type', grant_type.slice(0, 40));
    }
    for (const grant_type of ['authorization_code', 'refresh_token'])
      assertTokenError(await token(here, { grant_type, code: 'x', refresh_token: 'x' }, MACHINE_BASIC), 'unauthorized_client');
    assertTokenError(await token(here, GOOD, WEB_BASIC), 'unauthorized_client');
  });

  test('TOK-17 · the password grant is not there, for anybody (RFC 9700 §2.4)', async () => {
    for (const basic of [MACHINE_BASIC, WEB_BASIC])
      assertTokenError(await token(here, { grant_type: 'password', ...USER }, basic), 'unsupported_grant_type');
    assertTokenError(await token(here, { grant_type: 'password', client_id: 'spa', ...USER }), 'unsupported_grant_type');
    const metadata: { readonly grant_types_supported: readonly string[] } = await (
      await fetch(`${here.issuer}/.well-known/oauth-authorization-server`)
    ).json();
    assert.equal(metadata.grant_types_supported.includes('password'), false);
  });

  test('TOK-18 · client_credentials is for clients that authenticate, and brings no refresh token (RFC 6749 §4.4, §4.4.3)', async () => {
    assertTokenError(await token(here, { ...GOOD, client_id: 'spa' }), 'unauthorized_client');
    assertClientRefused(await token(here, { ...GOOD, client_id: 'machine' }));
    const reply = await token(here, GOOD, MACHINE_BASIC);
    assert.deepEqual(Object.keys(reply.body).toSorted(), ['access_token', 'expires_in', 'scope', 'token_type']);
  });

  test('TOK-19 · a client gets no scope that is not its own (RFC 6749 §5.2)', async () => {
    const api = 'api:api-secret-0123456789abcdef0123456789';
    for (const scope of [
      'write',
      'read write',
      'unknown',
      'openid',
      'profile',
      'offline_access',
      'read openid',
      'read  read',
      '"',
      'Read',
      'read\0',
    ]) {
      assertTokenError(await token(here, { grant_type: 'client_credentials', scope }, api), 'invalid_scope', scope);
    }
    assert.equal((await token(here, { grant_type: 'client_credentials', scope: 'read' }, api)).body['scope'], 'read');
    assert.equal((await token(here, { grant_type: 'client_credentials' }, api)).body['scope'], 'read');
  });

  test('TOK-22 · nothing of a token endpoint is kept or sniffed (RFC 6749 §5.1)', async () => {
    const agent = await signedIn(here.issuer);
    const tokens = await exchanged(agent);
    const replies = [
      tokens,
      await refreshed(here, tokens.body['refresh_token']),
      await token(here, GOOD, MACHINE_BASIC),
      await token(here, {}, MACHINE_BASIC),
      await token(here, GOOD, 'machine:wrong'),
      await token(here, { grant_type: 'foo' }, MACHINE_BASIC),
      await post('{}', 'application/json'),
      await post(`a=${'x'.repeat(70_000)}`, 'application/x-www-form-urlencoded'),
      await post('a=1', 'application/x-www-form-urlencoded', { 'content-encoding': 'gzip' }),
      await post('a=1', 'application/x-www-form-urlencoded', {}, '/oauth/token/'),
      await post('a=1', 'application/x-www-form-urlencoded', {}, `/oauth/token?${'x'.repeat(9_000)}`),
    ];
    assert.deepEqual(
      replies.map((reply) => reply.status),
      [200, 200, 200, 400, 401, 400, 400, 413, 415, 404, 414],
    );
    for (const { status, headers } of replies) {
      assert.equal(headers.get('cache-control'), 'no-store', String(status));
      assert.equal(headers.get('content-type'), 'application/json', String(status));
      assert.equal(headers.get('x-content-type-options'), 'nosniff', String(status));
      assert.equal(headers.get('etag'), null, String(status));
      assert.equal(headers.get('set-cookie'), null, String(status));
    }
  });

  test('TOK-23 · error_description has the grammar’s characters, and never the caller’s words (RFC 6749 §5.2)', async () => {
    const marks = ['MARKER"\\', '<script>MARKER', '日本MARKER', 'MARKER\r\nX: y', '\0MARKER', 'MARKER{{7*7}}'];
    for (const mark of marks) {
      here.notSecret(mark);
      const replies = [
        await token(here, { grant_type: mark }, MACHINE_BASIC),
        await token(here, { ...GOOD, scope: mark }, MACHINE_BASIC),
        await token(here, { ...GOOD, resource: mark }, MACHINE_BASIC),
        await token(here, { ...GOOD, client_id: mark }),
        await token(here, { ...GOOD, client_id: mark }, MACHINE_BASIC),
        await token(here, { grant_type: 'authorization_code', code: mark, redirect_uri: mark, code_verifier: mark, client_id: 'spa' }),
        await token(here, { grant_type: 'refresh_token', refresh_token: mark, scope: mark, client_id: 'spa' }),
        await token(
          here,
          new URLSearchParams([
            [mark, '1'],
            [mark, '2'],
          ]),
          MACHINE_BASIC,
        ),
      ];
      for (const { status, body, headers } of replies) {
        assert.ok(status >= 400);
        assert.match(String(body['error_description']), DESCRIPTION);
        assert.doesNotMatch(JSON.stringify(body) + (headers.get('www-authenticate') ?? ''), /MARKER/);
      }
    }
  });

  test('TOK-16 · a credential in the wrong parameter is not kept for it (RFC 6749 §10.3)', async () => {
    const agent = await signedIn(here.issuer);
    const tokens = await exchanged(agent);
    const code = codeOf(await authorizeAs(agent, SPA, USER));
    for (const secret of [
      String(tokens.body['refresh_token']),
      String(tokens.body['access_token']),
      String(tokens.body['id_token']),
      code,
    ]) {
      const tries: readonly Record<string, string>[] = [
        { grant_type: secret },
        { scope: secret },
        { resource: secret },
        { grant_type: `x ${secret}` },
      ];
      for (const more of tries) await token(here, { ...GOOD, ...more }, MACHINE_BASIC);
      await token(here, { ...GOOD, client_id: secret.slice(0, 255) });
      await token(here, { ...GOOD, client_id: secret.slice(0, 255) }, MACHINE_BASIC);
      for (const name of [
        'scope',
        'resource',
        'prompt',
        'response_type',
        'response_mode',
        'max_age',
        'client_id',
        'redirect_uri',
        'code_challenge',
        secret.slice(0, 255),
      ]) {
        await attempt(agent, { [name]: secret });
      }
      for (const path of [`/oauth/token/${secret}`, `/${secret}`, `/oauth/revoke;${secret}`]) await agent.get(path);
    }
    // What no decision record and no log line has of it is for the oracles to say (O5).
  });

  test('TOK-25 · what belongs to another grant is nothing here (RFC 6749 §3.2)', async () => {
    const agent = await signedIn(here.issuer);
    const strange = {
      device_code: 'x',
      username: 'bob',
      assertion: 'x',
      subject_token: 'x',
      auth_req_id: 'x',
      audience: 'https://opaque.example/',
    };
    const answer = await authorizeAs(agent, WEB, USER);
    const fields = {
      grant_type: 'authorization_code',
      code: codeOf(answer),
      redirect_uri: WEB.redirectUri,
      code_verifier: answer.verifier,
      ...strange,
    };
    const reply = await token(here, { ...fields, refresh_token: 'x', scope: 'openid write opaque' }, WEB_BASIC);
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    assert.equal(reply.body['scope'], WEB.scope);
    const next = await refreshed(
      here,
      reply.body['refresh_token'],
      { ...strange, code: 'x', code_verifier: 'x', redirect_uri: 'https://evil.test/' },
      WEB_BASIC,
    );
    assert.equal(next.status, 200);
    assert.equal((await token(here, { ...GOOD, ...strange, code: 'x', refresh_token: 'x' }, MACHINE_BASIC)).status, 200);
  });

  test('TOK-24 · only the origin of a public client’s own pages reads its answers, and never with credentials (Fetch §3.2)', async () => {
    const agent = await signedIn(here.issuer);
    const asked = async (origin: string, fields: Record<string, string>, basic?: string, path = '/oauth/token'): Promise<string | null> => {
      const headers = {
        origin,
        'content-type': 'application/x-www-form-urlencoded',
        ...(basic === undefined ? {} : { authorization: `Basic ${btoa(basic)}` }),
      };
      const reply = await fetch(here.issuer + path, { method: 'POST', headers, body: new URLSearchParams(fields).toString() });
      assert.equal(reply.headers.get('access-control-allow-credentials'), null);
      assert.match(reply.headers.get('vary') ?? '', /\bOrigin\b/i);
      return reply.headers.get('access-control-allow-origin');
    };
    const spa = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: 'x' };
    assert.equal(await asked('https://app.example', spa), 'https://app.example');
    const foreign = [
      'null',
      'https://evil.test',
      'https://app2.example',
      'https://app.example.evil.test',
      'http://app.example',
      'https://app.example:8443',
      'https://APP.example',
      'https://app.example/',
      '*',
      '',
    ];
    for (const origin of foreign) assert.equal(await asked(origin, spa), null, origin);
    // A secret never stands in a script.
    assert.equal(await asked('https://web.example', { grant_type: 'refresh_token', refresh_token: 'x' }, WEB_BASIC), null);
    assert.equal(await asked('https://web.example', { token: 'x' }, WEB_BASIC, '/oauth/revoke'), null);
    assert.equal(await asked('https://app.example', { token: 'x', client_id: 'spa' }, undefined, '/oauth/revoke'), 'https://app.example');
    const tokens = await exchange(agent, SPA, await authorizeAs(new Agent(here.issuer), SPA, USER));
    const userinfo = async (origin: string): Promise<string | null> =>
      (
        await fetch(`${here.issuer}/oauth/userinfo`, {
          headers: { origin, authorization: `Bearer ${String(tokens.body['access_token'])}` },
        })
      ).headers.get('access-control-allow-origin');
    assert.equal(await userinfo('https://app.example'), 'https://app.example');
    for (const origin of foreign) assert.equal(await userinfo(origin), null, origin);
    for (const [origin, allowed] of [
      ['https://app.example', true],
      ['https://app2.example', true],
      ['https://web.example', false],
      ['null', false],
      ['https://evil.test', false],
    ] as const) {
      const reply = await fetch(`${here.issuer}/oauth/token`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      assert.equal(reply.headers.get('access-control-allow-origin'), allowed ? origin : null, origin);
      assert.equal(reply.headers.get('access-control-allow-credentials'), null);
    }
    for (const path of ['/oauth/introspect', '/oauth/authorize', '/oauth/logout', '/signin']) {
      const reply = await fetch(here.issuer + path, {
        method: 'OPTIONS',
        headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
      });
      assert.equal(reply.headers.get('access-control-allow-origin'), null, path);
    }
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent, authorizeAs, exchange } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { attempt, DESCRIPTION } from './expect.ts';
import { arena } from './oracles.ts';
import { MACHINE_BASIC, SPA, signedIn, WEB, WEB_BASIC } from './sign-ins.ts';
import { codeOf, exchanged, postAs, refreshed, token } from './token-requests.ts';

describe('TOK: the reply', () => {
  const here = arena({ yaml: BASIC_YAML });
  const GOOD = { grant_type: 'client_credentials', scope: 'read' };

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
      await postAs(here, '{}', 'application/json'),
      await postAs(here, `a=${'x'.repeat(70_000)}`, 'application/x-www-form-urlencoded'),
      await postAs(here, 'a=1', 'application/x-www-form-urlencoded', { 'content-encoding': 'gzip' }),
      await postAs(here, 'a=1', 'application/x-www-form-urlencoded', {}, '/oauth/token/'),
      await postAs(here, 'a=1', 'application/x-www-form-urlencoded', {}, `/oauth/token?${'x'.repeat(9_000)}`),
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

  test('TOK-24 · only the origin of a public client’s own pages reads its answers, and never with credentials (Fetch §3.2, §4.8)', async () => {
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

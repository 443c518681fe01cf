import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { postForm } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { assertClientRefused, assertTokenError } from './expect.ts';
import { arena } from './oracles.ts';
import { MACHINE_BASIC, WEB_BASIC } from './sign-ins.ts';
import { postAs, token } from './token-requests.ts';

describe('TOK: the request', () => {
  const here = arena({ yaml: BASIC_YAML });
  const GOOD = { grant_type: 'client_credentials', scope: 'read' };

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
      assertTokenError(await postAs(here, body, type), 'invalid_request', String(type));
    }
    assert.equal((await postAs(here, form, 'Application/X-WWW-Form-Urlencoded; charset=UTF-8')).status, 200);
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
        await postAs(here, `${new URLSearchParams(GOOD).toString()}&${more}`, 'application/x-www-form-urlencoded'),
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

  test('TOK-18 · client_credentials is for clients that authenticate, and brings no refresh token (RFC 6749 §2.1, §4.4, §4.4.3)', async () => {
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
});

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { Agent } from '../support/agent.ts';
import { BASIC_YAML } from '../support/hufu.ts';
import { assertRedirect, attempt } from './expect.ts';
import { arena } from './oracles.ts';
import { signedIn } from './sign-ins.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const JWK = JSON.stringify({ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k' });
const CB = 'https://hybrid.example/cb';
const EXTRA = `
  - client_id: hybrid
    client_secret: hybrid-secret-0123456789abcdef0123456
    redirect_uris: [${CB}]
    response_types: [code, id_token, id_token token, code id_token, code token, code id_token token]
    grant_types: [authorization_code, implicit]
    jwks: { keys: [${JWK}] }
    hufu: { first_party: true }
`;
const HYBRID = { client_id: 'hybrid', redirect_uri: CB, nonce: 'n-1', scope: 'openid' };

describe('AUT: what comes through the browser, and what was signed', () => {
  const here = arena({ yaml: BASIC_YAML.replace('\nresources:', `${EXTRA}resources:`) });

  function jwt(claims: object, header: object = { alg: 'ES256', kid: 'k' }, key: KeyObject = pair.privateKey): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${part(header)}.${part(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  const claims = (part: object = {}): object => ({
    iss: 'hybrid',
    aud: here.issuer,
    client_id: 'hybrid',
    response_type: 'code',
    redirect_uri: CB,
    scope: 'openid',
    state: 'st-1',
    ...part,
  });

  test('AUT-13 · iss stands in every answer by fragment too (RFC 9207 §2)', async () => {
    const agent = await signedIn(here.issuer);
    for (const response_type of ['id_token', 'code token', 'code id_token token']) {
      for (const more of [{}, { scope: 'unknown openid' }, { prompt: 'none login' }, { nonce: undefined, max_age: '-1' }]) {
        const page = await attempt(agent, { ...HYBRID, response_type, ...more });
        assert.ok(page.location.startsWith(`${CB}#`), page.location);
        assert.deepEqual(page.answer.getAll('iss'), [here.issuer]);
        assert.equal(page.answer.get('state'), 'st-1');
      }
    }
  });

  test('AUT-15 · a token by query is refused, and the refusal is not by query (OAuth Multiple Response Types §3)', async () => {
    const agent = await signedIn(here.issuer);
    for (const response_type of ['id_token', 'id_token token', 'code token', 'code id_token']) {
      const page = await attempt(agent, { ...HYBRID, response_type, response_mode: 'query' });
      assertRedirect(page, 'invalid_request', { issuer: here.issuer, to: CB });
      assert.ok(page.location.startsWith(`${CB}#`));
    }
  });

  test('AUT-28 · claims of a wrong shape (OpenID Connect Core §5.5)', async () => {
    const bad = ['{', '[]', '{"id_token":[]}', '['.repeat(4_000), '{"__proto__":{"x":1}}', '{"userinfo":{"__proto__":null}}'];
    for (const text of bad)
      assertRedirect(await attempt(new Agent(here.issuer), { claims: text }), 'invalid_request', here, text.slice(0, 40));
  });

  test('AUT-29 · a request object that is unsigned, forged, for another, over or of another kind (RFC 9101 §6, §10.8)', async () => {
    const agent = await signedIn(here.issuer);
    const good = await attempt(agent, { ...HYBRID, request: jwt(claims()) });
    assert.ok(good.answer.has('code'), good.location);
    const now = Math.floor(Date.now() / 1000);
    const hmac = (key: string): string => {
      const input = jwt(claims(), { alg: 'HS256', kid: 'k' }).split('.').slice(0, 2).join('.');
      return `${input}.${createHash('sha256')
        .update(input + key)
        .digest('base64url')}`;
    };
    const bad: readonly string[] = [
      `${jwt(claims(), { alg: 'none' }).split('.').slice(0, 2).join('.')}.`,
      jwt(claims(), { alg: 'none' }),
      jwt(claims(), undefined, stranger.privateKey),
      jwt(claims({ aud: 'https://other.example' })),
      jwt(claims({ aud: undefined, iss: undefined, client_id: undefined })),
      jwt(claims({ client_id: 'spa' })),
      jwt(claims({ iss: 'spa' })),
      jwt(claims({ exp: now - 1 })),
      jwt(claims({ nbf: now + 600 })),
      jwt(claims({ sub: 'hybrid' })),
      jwt(claims(), { alg: 'ES256', kid: 'k', typ: 'at+jwt' }),
      jwt(claims(), { alg: 'ES256', kid: 'k', typ: 'logout+jwt' }),
      jwt(claims(), { alg: 'ES256', kid: 'other' }),
      jwt(claims(), { alg: 'RS256', kid: 'k' }),
      hmac(JWK),
      'x.y.z',
      'a.b.c.d.e',
    ];
    for (const request of bad) {
      const page = await attempt(agent, { ...HYBRID, request });
      assertRedirect(page, 'invalid_request_object', { issuer: here.issuer, to: CB }, request.slice(0, 80));
    }
  });

  test('AUT-31 · both at once, and one inside the other (RFC 9101 §4, §5)', async () => {
    const agent = await signedIn(here.issuer);
    const both = await attempt(agent, { ...HYBRID, request: jwt(claims()), request_uri: 'https://hybrid.example/r' });
    assertRedirect(both, 'invalid_request', { issuer: here.issuer, to: CB });
    for (const inner of [{ request: jwt(claims()) }, { request_uri: 'https://hybrid.example/r' }])
      assertRedirect(await attempt(agent, { ...HYBRID, request: jwt(claims(inner)) }), 'invalid_request_object', {
        issuer: here.issuer,
        to: CB,
      });
  });

  test('AUT-31 · whoever changes the link adds no right to what was signed (RFC 9101 §6.3, OpenID Connect Core §6.1)', async () => {
    const agent = await signedIn(here.issuer);
    const page = await attempt(agent, {
      ...HYBRID,
      response_type: 'code token',
      scope: 'openid read email',
      request: jwt(claims({ response_type: 'code token', scope: undefined, nonce: 'n' })),
    });
    const token = page.answer.get('access_token') ?? assert.fail(page.location);
    const heard = await fetch(`${here.issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual(Object.keys(Object(await heard.json())), ['sub']);
  });

  test('AUT-45 · an essential acr that cannot be had; a voluntary one brings the true one (OpenID Connect Unmet Authentication Requirements §2)', async () => {
    const agent = await signedIn(here.issuer);
    const ask = (rule: object) =>
      attempt(agent, { ...HYBRID, response_type: 'id_token', claims: JSON.stringify({ id_token: { acr: rule } }) });
    assertRedirect(await ask({ essential: true, value: 'gold' }), 'unmet_authentication_requirements', { issuer: here.issuer, to: CB });
    const page = await ask({ values: ['gold'] });
    const [, payload = ''] = (page.answer.get('id_token') ?? '').split('.');
    assert.equal(JSON.parse(Buffer.from(payload, 'base64url').toString()).acr, 'urn:hufu:acr:1');
  });
});

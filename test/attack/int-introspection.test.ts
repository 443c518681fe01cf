import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { writeAccess } from '@hufu/protocol/tally';
import { postForm } from '../support/agent.ts';
import { BASIC_YAML, OPAQUE_RESOURCE, RESOURCE, startHufu } from '../support/hufu.ts';
import { assertClientRefused, assertInactive, assertTokenError } from './expect.ts';
import { arena } from './oracles.ts';
import {
  API_BASIC,
  introspect,
  MACHINE_BASIC,
  machineToken,
  refresh,
  revoke,
  SPA,
  THIRD,
  THIRD_BASIC,
  tokensOf,
  WEB,
  WEB_BASIC,
} from './sign-ins.ts';

/** Beside `api`, a resource server that is responsible for the opaque resource alone. */
const YAML = BASIC_YAML.replace(
  '  - client_id: native\n',
  `  - client_id: other-api
    client_secret: other-api-secret-0123456789abcdef0123
    grant_types: [client_credentials]
    hufu: { resource_server_of: ['${OPAQUE_RESOURCE}'] }
  - client_id: native
`,
);
const OTHER_API = 'other-api:other-api-secret-0123456789abcdef0123';
const OPAQUE = { ...SPA, scope: 'openid opaque' };

describe('INT: introspection', () => {
  const here = arena({ yaml: YAML });
  const ask = (token: string, basic = API_BASIC, more: Readonly<Record<string, string>> = {}): ReturnType<typeof postForm> =>
    introspect(here.issuer, token, basic, more);
  const send = (fields: Readonly<Record<string, string>>, basic?: string): ReturnType<typeof postForm> =>
    postForm(`${here.issuer}/oauth/introspect`, { ...fields }, basic);

  test('INT-01 · whoever does not authenticate, or cannot, is refused before the token is looked at (RFC 7662 §2.1, §2.3)', async () => {
    const token = await machineToken(here.issuer, 'read');
    const callers: readonly (readonly [string, Readonly<Record<string, string>>, string?])[] = [
      ['nobody', {}],
      ['a name alone', { client_id: 'api' }],
      ['a public client', { client_id: 'spa' }],
      ['a public client with a secret', { client_id: 'spa', client_secret: 'anything-at-all-0123456789' }],
      ['a wrong secret', {}, 'api:wrong'],
      ['an empty secret', {}, 'api:'],
      ['a secret in the other place', { client_id: 'api', client_secret: API_BASIC.slice(4) }],
      ["another client's secret", {}, `api:${WEB_BASIC.slice(4)}`],
      ['an unknown client', {}, 'nobody:nobody-secret-0123456789abcdef0123'],
    ];
    for (const [who, fields, basic] of callers) assertClientRefused(await send({ token, ...fields }, basic), who);
    const bearer = await fetch(`${here.issuer}/oauth/introspect`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token }),
    });
    assert.equal(bearer.status, 401, 'an access token is no client authentication');
    await bearer.arrayBuffer();
    assert.equal((await ask(token)).body['active'], true);
  });

  test('INT-02 · a caller outside the audience learns nothing, not even that the token lives (RFC 7662 §4)', async () => {
    const jwt = await tokensOf(here.issuer, SPA);
    const opaque = await tokensOf(here.issuer, OPAQUE);
    const own = await tokensOf(here.issuer, WEB, WEB_BASIC);
    const allowed: readonly (readonly [string, string, string])[] = [
      [jwt.access, API_BASIC, RESOURCE],
      [opaque.access, API_BASIC, OPAQUE_RESOURCE],
      [opaque.access, OTHER_API, OPAQUE_RESOURCE],
      [own.access, WEB_BASIC, RESOURCE],
    ];
    for (const [token, basic, audience] of allowed) assert.equal((await ask(token, basic)).body['aud'], audience);
    for (const [token, basic] of [
      [jwt.access, OTHER_API],
      [own.access, OTHER_API],
      [jwt.access, WEB_BASIC],
      [opaque.access, WEB_BASIC],
      [own.access, THIRD_BASIC],
      [jwt.access, MACHINE_BASIC],
    ] as const)
      assertInactive(await ask(token, basic), basic);
    // A refresh token is nobody's business but its client's: no resource server is its audience.
    for (const basic of [API_BASIC, OTHER_API, THIRD_BASIC]) assertInactive(await ask(own.refresh, basic), basic);
    assert.equal((await ask(own.refresh, WEB_BASIC)).body['active'], true);
  });

  test("INT-04 · expired, revoked, consumed, unknown, another tenant's and another issuer's token look alike (RFC 7662 §2.2)", async () => {
    const { tally, sealKeyId } = here.hufu.context.keys;
    const live = await tokensOf(here.issuer, WEB, WEB_BASIC);
    const machine = await machineToken(here.issuer, 'opaque');
    const revoked = await machineToken(here.issuer, 'opaque');
    await revoke(here.issuer, revoked, MACHINE_BASIC);
    const consumed = await tokensOf(here.issuer, WEB, WEB_BASIC);
    const successor = await refresh(here.issuer, consumed.refresh, WEB, WEB_BASIC);
    const elsewhere = await startHufu({ yaml: YAML });
    const foreign = [await machineToken(elsewhere.issuer, 'opaque'), await machineToken(elsewhere.issuer, 'read')];
    await elsewhere.stop();
    const now = Math.floor(here.hufu.context.clock.nowMs() / 1000);
    const part = { issuedAt: now, lifetime: 600, resource: 0, number: 'AAAAAAAAAAAA', mask: 'AAAA' };
    const head = { keyId: sealKeyId, id: 1, generation: 1 };
    const neighbour = { ...tally, tenant: tally.tenant + 1, permutation: tally.permutation, mac: tally.mac };
    const signer = here.hufu.context.keys.signerFor('ES256', now) ?? assert.fail('no key');
    const claims = Object(JSON.parse(Buffer.from(live.access.split('.')[1] ?? '', 'base64url').toString()));
    const dead: readonly (readonly [string, string])[] = [
      ['revoked', revoked],
      ['consumed', consumed.refresh],
      ['unknown', writeAccess(tally, 'machine', { ...head, id: 2 ** 40 }, part, '')],
      ['of a key that is not there', machine.slice(0, 4) + 'zzzz' + machine.slice(8)],
      ["another tenant's", writeAccess(neighbour, 'machine', head, part, '')],
      ["another installation's", foreign[0] ?? ''],
      ["another installation's JWT", foreign[1] ?? ''],
      ["another issuer's, with our key", signer.sign('at+jwt', { ...claims, iss: 'https://evil.test' })],
      ['an ID token', live.id],
      ["an access token's claims in an ID token's type", signer.sign('JWT', claims)],
      ['a JWT of our key with another jti', signer.sign('at+jwt', { ...claims, jti: 'x' })],
      ['a truncated one', machine.slice(0, -1)],
      ['a changed one', machine.slice(0, -1) + (machine.endsWith('A') ? 'B' : 'A')],
      ['a longer one', `${machine}A`],
      ['garbage', 'x'],
      ['a JWT without a signature', `${live.access.split('.').slice(0, 2).join('.')}.`],
      ['the prefix alone', 'hfm_'],
      ['something huge', `hfa_${'A'.repeat(40_000)}`],
    ];
    for (const [what, token] of dead)
      for (const basic of [API_BASIC, WEB_BASIC, MACHINE_BASIC]) assertInactive(await ask(token, basic), what);
    assert.equal((await ask(live.access)).body['active'], true);
    assert.equal((await ask(machine)).body['active'], true);
    assert.equal(
      (await ask(String(successor.body['refresh_token']), WEB_BASIC)).body['active'],
      true,
      'asking about the old one killed nothing',
    );
    await here.hufu.advance('PT2H');
    for (const token of [live.access, machine]) assertInactive(await ask(token), 'expired');
    await here.hufu.advance('P400D');
    assertInactive(await ask(live.refresh, WEB_BASIC), 'expired refresh token');
  });

  test('INT-04 · what refuses a token costs the same whatever is wrong with it; printed, not judged (RFC 7662 §2.2)', async (t) => {
    const revoked = await machineToken(here.issuer, 'opaque');
    await revoke(here.issuer, revoked, MACHINE_BASIC);
    const notOurs = await machineToken(here.issuer, 'opaque');
    const cases = {
      revoked,
      "not the caller's": notOurs,
      forged: `${notOurs.slice(0, -1)}${notOurs.endsWith('A') ? 'B' : 'A'}`,
      garbage: 'x',
    };
    const times = new Map<string, number[]>(Object.keys(cases).map((name) => [name, []]));
    for (let round = 0; round < 60; round++) {
      for (const [name, token] of Object.entries(cases)) {
        const began = performance.now();
        assertInactive(await ask(token, WEB_BASIC), name);
        times.get(name)?.push(performance.now() - began);
      }
    }
    for (const [name, list] of times) t.diagnostic(`${name}: median ${list.toSorted((a, b) => a - b)[30]?.toFixed(3)} ms`);
  });

  test('INT-05 · a wrong or unknown token_type_hint changes nothing (RFC 7009 §2.1, RFC 7662 §2.1)', async () => {
    for (const hint of ['access_token', 'refresh_token', 'id_token', 'nonsense', '\u0000', 'x'.repeat(2_000)]) {
      const one = await tokensOf(here.issuer, WEB, WEB_BASIC);
      for (const token of [one.access, one.refresh])
        assert.equal((await ask(token, WEB_BASIC, { token_type_hint: hint })).body['active'], true, hint);
      for (const token of [one.access, one.refresh]) {
        assert.equal((await revoke(here.issuer, token, WEB_BASIC, { token_type_hint: hint })).status, 200);
        assertInactive(await ask(token, WEB_BASIC), hint);
      }
    }
  });

  test('INT-06 · only POST, and the token only in its body (RFC 7662 §2.1)', async () => {
    const token = await machineToken(here.issuer, 'read');
    const authorization = `Basic ${Buffer.from(API_BASIC).toString('base64')}`;
    const url = `${here.issuer}/oauth/introspect?token=${token}`;
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const reply = await fetch(url, { method, headers: { authorization } });
      assert.equal(reply.status, 405, method);
      assert.equal(reply.headers.get('allow'), 'POST', method);
      assert.doesNotMatch(await reply.text(), /"active"/);
    }
    const reply = await postForm(url, {}, API_BASIC);
    assertTokenError(reply, 'invalid_request', 'the query is not read');
    // Nor does a good token in the query help a bad one in the body.
    assertInactive(await postForm(url, { token: 'x' }, API_BASIC));
    for (const [type, body] of [
      ['application/json', JSON.stringify({ token })],
      ['text/plain', `token=${token}`],
      ['multipart/form-data; boundary=x', `--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n${token}\r\n--x--`],
    ] as const) {
      const other = await fetch(`${here.issuer}/oauth/introspect`, {
        method: 'POST',
        headers: { authorization, 'content-type': type },
        body,
      });
      assert.equal(other.status, 400, type);
      assert.equal(Object(await other.json()).error, 'invalid_request', type);
    }
    const twice = await fetch(`${here.issuer}/oauth/introspect`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${token}&token=${token}`,
    });
    assert.equal(Object(await twice.json()).error, 'invalid_request', 'a repeated parameter');
  });

  test('INT-14 · a token for one API says nothing to the resource server of another (RFC 9068 §4, RFC 9700 §2.3)', async () => {
    const forOpaque = await tokensOf(here.issuer, OPAQUE);
    const forJwt = await tokensOf(here.issuer, THIRD, THIRD_BASIC);
    assertInactive(await ask(forJwt.access, OTHER_API));
    assert.equal((await ask(forJwt.access, API_BASIC)).body['aud'], RESOURCE, 'one audience, as text');
    assert.equal((await ask(forOpaque.access, OTHER_API)).body['aud'], OPAQUE_RESOURCE);
    const claims = Object(JSON.parse(Buffer.from(forJwt.access.split('.')[1] ?? '', 'base64url').toString()));
    assert.equal(claims.aud, RESOURCE);
  });
});

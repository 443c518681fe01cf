import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { attest, attestationHeaders, proveInstance } from '@hufu/server/testing/attestations';
import { assertionForm, clientKeyPair, signWithSecret } from '@hufu/server/testing/client-assertions';
import { openJwksHost } from '@hufu/server/testing/jwks-host';
import { prover } from '@hufu/server/testing/proofs';
import type { JsonReply } from '../support/agent.ts';
import { BASIC_YAML } from '../support/hufu.ts';
import { assertion, GRANT, putClient, withAssertion } from './client-assertions.ts';
import { assertClientRefused, assertTokenError } from './expect.ts';
import { arena } from './oracles.ts';
import { now, token } from './token-requests.ts';

const pair = await clientKeyPair('a');
const rsa = await clientKeyPair('r', 'RS256');
const stranger = await clientKeyPair('a');
const SECRET = 'mac-secret-0123456789abcdef0123456789';
const keys = (...pairs: readonly { readonly jwk: object }[]): string => JSON.stringify({ keys: pairs.map(({ jwk }) => jwk) });
const EXTRA = `
  - { client_id: pair, token_endpoint_auth_method: private_key_jwt, grant_types: [client_credentials], scope: read, jwks: ${keys(pair, rsa)} }
  - { client_id: strict, token_endpoint_auth_method: private_key_jwt, token_endpoint_auth_signing_alg: ES256, grant_types: [client_credentials], scope: read, jwks: ${keys(pair, rsa)} }
  - { client_id: mac, client_secret: ${SECRET}, token_endpoint_auth_method: client_secret_jwt, grant_types: [client_credentials], scope: read }
  - { client_id: bank, token_endpoint_auth_method: private_key_jwt, id_token_signed_response_alg: ES256, dpop_bound_access_tokens: true, redirect_uris: [https://bank.example/cb], grant_types: [authorization_code, client_credentials], scope: read, jwks: ${keys(pair)}, hufu: { profile: fapi2_security } }
  - { client_id: wallet, token_endpoint_auth_method: attest_jwt_client_auth, grant_types: [client_credentials], scope: read }
`;
const YAML = BASIC_YAML.replace('\nresources:', `${EXTRA}resources:`).replace(
  'policies: { brute_force: off }',
  `policies: { brute_force: off, outbound: { allow_hosts: [127.0.0.1] }, trusted_attesters: [{ issuer: maker, jwks: ${keys(pair)}, clients: [wallet] }] }`,
);

/** Endpoints that authenticate clients, each with what it needs beside. */
const ENDPOINTS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['/oauth/token', GRANT],
  ['/oauth/introspect', { token: 'x' }],
  ['/oauth/revoke', { token: 'x' }],
];

describe('TOK: client assertions', () => {
  const here = arena({ yaml: YAML });

  test('TOK-08 · who registered a key pair is not let in by a secret or by its name, nor by a MAC (RFC 7591 §2)', async () => {
    assert.equal((await withAssertion(here, assertion(here, 'pair', pair))).status, 200);
    for (const [path, fields] of ENDPOINTS) {
      const refused = (more: Readonly<Record<string, string>>, basic?: string): Promise<void> =>
        token(here, { ...fields, ...more }, basic).then((reply) => assertClientRefused(reply, path));
      await refused({ client_id: 'pair' });
      await refused({ client_id: 'pair', client_secret: SECRET });
      await refused({}, `pair:${SECRET}`);
      await refused({ client_id: 'mac' });
      await refused({ client_id: 'mac', client_secret: SECRET });
      await refused({}, `mac:${SECRET}`);
      const claims = { iss: 'pair', sub: 'pair', aud: here.issuer, exp: now(here) + 60, jti: `${path} mac` };
      for (const secret of [SECRET, JSON.stringify(pair.jwk), String(pair.jwk['x'])])
        assertClientRefused(await withAssertion(here, signWithSecret(secret, claims, { kid: 'a' }), fields, path), path);
      assertClientRefused(await withAssertion(here, assertion(here, 'mac', pair), fields, path), path);
    }
  });

  const wrong: readonly (readonly [string, object, object?])[] = [
    ['no iss', { iss: undefined }],
    ['another iss', { iss: 'strict' }],
    ['no sub', { sub: undefined }],
    ['another sub', { sub: 'strict' }],
    ['no aud', { aud: undefined }],
    ['another aud', { aud: 'https://other.example' }],
    ['no exp', { exp: undefined }],
    ['exp over', { exp: -1 }],
    ['exp a day ahead', { exp: 86_400 }],
    ['no jti', { jti: undefined }],
    ['nbf a minute ahead', { nbf: 61 }],
    ['iat a minute ahead', { iat: 61 }],
    ['exp as text', { exp: '1' }],
    ['the typ of an access token', {}, { typ: 'at+jwt' }],
  ];
  for (const [what, part, header] of wrong) {
    test(`TOK-10 · ${what} (RFC 7523 §3)`, async () => {
      // Times are told from now on.
      const claims = Object.fromEntries(
        Object.entries(part).map(([name, value]) => [name, typeof value === 'number' ? now(here) + value : value]),
      );
      for (const [path, fields] of ENDPOINTS)
        assertClientRefused(await withAssertion(here, assertion(here, 'pair', pair, claims, header), fields, path), path);
    });
  }

  test('TOK-10 · eight seconds ahead are a clock that is a little fast (RFC 7523 §3)', async () => {
    for (const name of ['nbf', 'iat'])
      assert.equal((await withAssertion(here, assertion(here, 'pair', pair, { [name]: now(here) + 8 }))).status, 200, name);
  });

  test('TOK-10 · a key that is not the client’s, and an algorithm that it did not register (OpenID Connect Core §9)', async () => {
    assertClientRefused(await withAssertion(here, assertion(here, 'pair', stranger)));
    assertClientRefused(await withAssertion(here, assertion(here, 'strict', rsa)));
    assert.equal((await withAssertion(here, assertion(here, 'strict', pair))).status, 200);
    const cut = assertion(here, 'pair', pair).replace(/[^.]*$/, '');
    for (const text of [cut, cut.slice(0, -1), `${cut}AA`, '', 'x', '{}', 'a.b.c.d.e']) {
      const reply = await withAssertion(here, text);
      assertClientRefused(reply, text);
    }
  });

  test('TOK-11 · who else is meant could show it to us (RFC 7523 §3)', async () => {
    for (const [path, fields] of ENDPOINTS) {
      for (const aud of [
        [here.issuer, 'https://evil.example'],
        ['https://evil.example/oauth/token', `${here.issuer}/oauth/token`],
        'https://evil.example',
        'https://evil.example/oauth/token',
        `${here.issuer}/`,
        [],
        [here.issuer, { x: 1 }],
        [here.issuer, 1],
      ])
        assertClientRefused(
          await withAssertion(here, assertion(here, 'pair', pair, { aud }), fields, path),
          `${path} ${JSON.stringify(aud)}`,
        );
      const good = await withAssertion(here, assertion(here, 'pair', pair, { aud: [here.issuer, here.issuer + path] }), fields, path);
      assert.equal(good.status, 200, path);
    }
  });

  test('TOK-11 · a client of a FAPI profile says our issuer, as one text, and no endpoint of ours (FAPI 2.0 Security Profile §5.3.2.1)', async () => {
    const holder = await prover();
    const request = new URLSearchParams({ response_type: 'code', redirect_uri: 'https://bank.example/cb', scope: 'read' });
    const pushed = { ...Object.fromEntries(request), code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' };
    for (const [path, fields] of [...ENDPOINTS, ['/oauth/par', pushed]] as const) {
      const send = (aud: unknown): Promise<JsonReply> => {
        const proof = holder.prove({ htm: 'POST', htu: here.issuer + path, iat: now(here) });
        const headers = { dpop: proof, 'content-type': 'application/x-www-form-urlencoded' };
        const form = { ...fields, ...assertionForm(assertion(here, 'bank', pair, { aud })) };
        return sendForm(here.issuer + path, headers, form);
      };
      const token = `${here.issuer}/oauth/token`;
      for (const aud of [token, here.issuer + path, [here.issuer], [here.issuer, token], [here.issuer, 'https://evil.example'], []])
        assertClientRefused(await send(aud), `${path} ${JSON.stringify(aud)}`);
      assert.ok((await send(here.issuer)).status < 300, path);
    }
  });

  test('TOK-12 · once, wherever it is shown (RFC 7523 §3)', async () => {
    const text = assertion(here, 'pair', pair);
    assert.equal((await withAssertion(here, text)).status, 200);
    for (const [path, fields] of ENDPOINTS) assertClientRefused(await withAssertion(here, text, fields, path), path);
    const raced = assertion(here, 'pair', pair);
    const replies = await Promise.all(Array.from({ length: 20 }, () => withAssertion(here, raced)));
    assert.equal(replies.filter(({ status }) => status === 200).length, 1);
    for (const reply of replies) if (reply.status !== 200) assertClientRefused(reply);
  });

  test('TOK-12 · after a refusal for something else it is used up as well, and two ways at once leave it (RFC 6749 §2.3)', async () => {
    const text = assertion(here, 'pair', pair);
    assertTokenError(await withAssertion(here, text, { ...GRANT, client_secret: 'x' }), 'invalid_request');
    assertTokenError(await withAssertion(here, text, { ...GRANT, scope: 'nobody has this' }), 'invalid_scope');
    assertClientRefused(await withAssertion(here, text));
  });

  test('TOK-12 · what an instance proves is proved once, by itself, and not by its attestation alone (Attestation-Based Client Authentication §7.2)', async () => {
    const send = (path: string, fields: Record<string, string>, headers: Readonly<Record<string, string>>): Promise<JsonReply> =>
      sendForm(here.issuer + path, { 'content-type': 'application/x-www-form-urlencoded', ...headers }, fields);
    const times = { iat: now(here), exp: now(here) + 60 };
    const attestation = attest(pair, 'wallet', rsa, { ...times, cnf: { jwk: stranger.jwk } });
    const by = (instance = stranger): Readonly<Record<string, string>> =>
      attestationHeaders(attestation, proveInstance(instance, { aud: here.issuer, iat: now(here) }));
    const once = by();
    assert.equal((await send('/oauth/token', GRANT, once)).status, 200);
    for (const [path, fields] of ENDPOINTS) {
      assertClientRefused(await send(path, fields, once), path);
      assertClientRefused(await send(path, fields, by(pair)), path);
      assertClientRefused(await send(path, { ...fields, client_id: 'wallet' }, {}), path);
      assertClientRefused(await send(path, fields, { 'oauth-client-attestation': attestation }), path);
      assert.equal((await send(path, fields, by())).status, 200, path);
    }
    const raced = by();
    const replies = await Promise.all(Array.from({ length: 20 }, () => send('/oauth/token', GRANT, raced)));
    assert.equal(replies.filter(({ status }) => status === 200).length, 1);
  });

  test('TOK-14 · a key that its owner has removed is refused after five minutes at the latest (OpenID Connect Core §10.1.1)', async (t) => {
    const host = await openJwksHost([pair.jwk, rsa.jwk]);
    after(() => host.close());
    await putClient(here, 'remote', { jwks_uri: `${host.url}/jwks` });
    const status = async (by = pair): Promise<number> => (await withAssertion(here, assertion(here, 'remote', by))).status;
    assert.equal(await status(), 200);
    host.keys = [rsa.jwk];
    assert.equal(await status(), 200, 'within the time of the copy');
    await here.hufu.advance('PT300S');
    assertClientRefused(await withAssertion(here, assertion(here, 'remote', pair)));
    assert.equal(await status(rsa), 200);
    t.diagnostic(`its keys were asked for ${host.asked.length} times`);
  });
});

async function sendForm(url: string, headers: Record<string, string>, form: Record<string, string>): Promise<JsonReply> {
  const reply = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(form).toString() });
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, body: Object(text === '' ? {} : JSON.parse(text)) };
}

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readClientMetadata } from '@hufu/protocol/client-metadata';
import { OAuthError } from '@hufu/protocol/errors';
import { readForm } from '@hufu/protocol/form';
import { type Outage, withOutages } from '@hufu/store/slow';
import { Trail } from '../decisions/trail.ts';
import { assertionClaims, assertionForm, clientKeyPair, encodeJson, signWith, signWithSecret } from '../testing/client-assertions.ts';
import { ISSUER, openWorld, START, type World } from '../testing/world.ts';
import { authenticateClient } from './authenticate-client.ts';

const pair = await clientKeyPair('a');
const rsa = await clientKeyPair('r', 'RS256');
const stranger = await clientKeyPair('a');
const SECRET = 'a-secret-of-the-client-0123456789abcdef';
const YAML = `policies: { brute_force: off }
clients:
  - { client_id: pair, token_endpoint_auth_method: private_key_jwt, grant_types: [client_credentials], jwks: ${JSON.stringify({ keys: [pair.jwk, rsa.jwk] })} }
  - { client_id: only, token_endpoint_auth_method: private_key_jwt, token_endpoint_auth_signing_alg: ES256, grant_types: [client_credentials], jwks: ${JSON.stringify({ keys: [pair.jwk, rsa.jwk] })} }
  - { client_id: mac, client_secret: ${SECRET}, token_endpoint_auth_method: client_secret_jwt, grant_types: [client_credentials] }
  - { client_id: mac512, client_secret: ${SECRET}, token_endpoint_auth_method: client_secret_jwt, token_endpoint_auth_signing_alg: HS512, grant_types: [client_credentials] }
  - { client_id: basic, client_secret: ${SECRET}, grant_types: [client_credentials] }
  - { client_id: spa, token_endpoint_auth_method: none, redirect_uris: ['https://app.example/cb'] }`;
const world = await openWorld({ yaml: YAML });
after(() => world.close());

/** 'ok', or the check that failed and why. */
async function attempt(form: Readonly<Record<string, string>>, at: World = world, path = '/oauth/token'): Promise<string> {
  const trail = new Trail();
  try {
    const request = at.http({ method: 'POST', path });
    const client = await authenticateClient(at.ctx, request, readForm(new URLSearchParams(form).toString()), trail, START);
    assert.equal(trail.reached.at(-1), 'client_authentication');
    assert.equal(client.confidential, true);
    return 'ok';
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    if (error.code === 'invalid_client') assert.equal(error.description, 'client authentication failed', 'always the same words');
    return `${trail.reached.at(-1)}: ${error.code === 'invalid_client' ? error.detail : error.code}`;
  }
}

/** With an assertion of `pair`; some claims and header members changed, those that are undefined left out. */
function byPair(part: object, header: object = {}): Promise<string> {
  return attempt(assertionForm(signWith(pair, assertionClaims('pair', part), header)));
}

test('a client proves itself with its key, or with its secret, and says its client_id or not (RFC 7521 §4.2, RFC 7523 §2.2, OpenID Connect Core §9)', async () => {
  assert.equal(await byPair({}), 'ok');
  assert.equal(await attempt({ client_id: 'pair', ...assertionForm(signWith(rsa, assertionClaims('pair'))) }), 'ok');
  for (const alg of ['HS256', 'HS384', 'HS512'])
    assert.equal(await attempt(assertionForm(signWithSecret(SECRET, assertionClaims('mac'), {}, alg))), 'ok', alg);
});

test('who says another client_id beside it, or brings no such assertion, is nobody (RFC 7521 §4.2)', async () => {
  const form = assertionForm(signWith(pair, assertionClaims('pair')));
  assert.equal(
    await attempt({ client_id: 'only', ...form }),
    'client_authentication: client_id in the body is not the sub of the client assertion',
  );
  for (const type of [
    'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'URN:ietf:params:oauth:client-assertion-type:jwt-bearer',
    `${form.client_assertion_type} `,
  ])
    assert.equal(
      await attempt({ ...form, client_assertion_type: type }),
      'client_authentication: client_assertion_type is not one that is supported',
    );
  for (const text of [
    'x',
    'a.b.c',
    signWith(pair, { iss: 'pair' }),
    signWith(pair, { sub: 7 }),
    `${encodeJson({ alg: 'none' })}.${encodeJson({ sub: 'pair' })}.`,
  ])
    assert.equal(
      await attempt({ client_id: 'pair', ...form, client_assertion: text }),
      'client_authentication: the client assertion does not read as a signed JWT with a sub',
    );
  assert.equal(await attempt(form), 'ok', 'it is still unused');
});

test('each client by the method that it registered, also where the assertion is right (RFC 7591 §2, attacks TOK-08)', async () => {
  const used = (id: string): string => `client_authentication: the client is registered for ${id}`;
  assert.equal(await attempt({ client_id: 'pair' }), `${used('private_key_jwt')} and used none`);
  assert.equal(await attempt({ client_id: 'mac', client_secret: SECRET }), `${used('client_secret_jwt')} and used client_secret_post`);
  assert.equal(
    await attempt(assertionForm(signWithSecret(SECRET, assertionClaims('basic')))),
    `${used('client_secret_basic')} and used client_assertion`,
  );
  assert.equal(await attempt(assertionForm(signWith(pair, assertionClaims('spa')))), `${used('none')} and used client_assertion`);
  assert.match(await attempt(assertionForm(signWith(pair, assertionClaims('mac')))), /^assertion_key: its alg "ES256" is not one of HS256/);
  assert.match(
    await attempt(assertionForm(signWithSecret(SECRET, assertionClaims('pair')))),
    /^assertion_key: its alg "HS256" is not one of ES256/,
  );
  assert.equal(await attempt(assertionForm(signWith(pair, assertionClaims('nobody')))), 'client_known: there is no such client');
});

test('two ways at once are invalid_request, also when both are right (RFC 6749 §2.3, attacks TOK-04)', async () => {
  const form = assertionForm(signWithSecret(SECRET, assertionClaims('mac')));
  assert.equal(await attempt({ ...form, client_secret: SECRET }), 'client_authentication: invalid_request');
  assert.equal(await attempt(form), 'ok');
});

test('token_endpoint_auth_signing_alg leaves one algorithm (OpenID Connect Registration §2)', async () => {
  assert.equal(await attempt(assertionForm(signWith(pair, assertionClaims('only')))), 'ok');
  assert.equal(await attempt(assertionForm(signWith(rsa, assertionClaims('only')))), 'assertion_key: its alg "RS256" is not one of ES256');
  assert.equal(await attempt(assertionForm(signWithSecret(SECRET, assertionClaims('mac512'), {}, 'HS512'))), 'ok');
  assert.equal(
    await attempt(assertionForm(signWithSecret(SECRET, assertionClaims('mac512')))),
    'assertion_key: its alg "HS256" is not one of HS512',
  );
});

test('an algorithm that the method cannot be done with is not registered (OpenID Connect Core §9)', () => {
  const faults = (method: string, alg: string): readonly string[] => {
    const keys = method === 'private_key_jwt' ? { jwks: { keys: [pair.jwk] } } : {};
    const read = readClientMetadata(
      { token_endpoint_auth_method: method, token_endpoint_auth_signing_alg: alg, grant_types: ['client_credentials'], ...keys },
      { source: 'registration' },
    );
    return read.kind === 'read' ? [] : read.faults.map(({ path, message }) => `${path.join('.')} ${message}`);
  };
  for (const [method, alg] of [
    ['private_key_jwt', 'ES256'],
    ['client_secret_jwt', 'HS256'],
    ['client_secret_basic', 'ES256'],
  ] as const)
    assert.deepEqual(faults(method, alg), [], method);
  for (const [method, alg] of [
    ['private_key_jwt', 'HS256'],
    ['client_secret_jwt', 'ES256'],
  ] as const)
    assert.deepEqual(faults(method, alg), [`token_endpoint_auth_signing_alg is ${alg}, which ${method} cannot be done with`]);
});

test('a signature that is not the client’s is refused before anything that it says is looked at (RFC 7523 §3)', async () => {
  const claims = assertionClaims('pair', { aud: 'https://other.example' });
  assert.equal(await attempt(assertionForm(signWith(stranger, claims))), 'assertion_key: its signature is wrong');
  assert.equal(
    await attempt(assertionForm(signWith({ ...pair, kid: 'b' }, claims))),
    'assertion_key: the client has no key for ES256 with the kid "b"',
  );
  assert.equal(await attempt(assertionForm(signWithSecret(`${SECRET}x`, assertionClaims('mac')))), 'assertion_key: its signature is wrong');
});

test('iss and sub are the client (RFC 7523 §3, attacks TOK-10)', async () => {
  for (const iss of [undefined, 'only', 'Pair', 'pair ', ISSUER, 7, ['pair']])
    assert.equal(await byPair({ iss }), 'assertion_claims: its iss is not the client');
  const mine = { client_id: 'pair', ...assertionForm(signWith(pair, assertionClaims('pair', { sub: 'only' }))) };
  assert.match(await attempt(mine), /is not the sub of the client assertion$/);
  assert.equal(
    await byPair({ sub: 'only' }),
    'assertion_claims: its iss is not the client',
    'a client of the same key is not the other one',
  );
});

test('aud is this server, whole and alone (RFC 7523 §3, OpenID Connect Core §9, attacks JWT-17, TOK-11)', async () => {
  const token = `${ISSUER}/oauth/token`;
  for (const aud of [ISSUER, token, [ISSUER], [token, ISSUER], [ISSUER, token, token]])
    assert.equal(await byPair({ aud }), 'ok', JSON.stringify(aud));
  for (const aud of [
    undefined,
    null,
    '',
    [],
    'https://other.example',
    [ISSUER, 'https://other.example'],
    ['https://other.example/oauth/token', token],
    [ISSUER, 7],
    [ISSUER, null],
    [[ISSUER]],
    [{ 0: ISSUER }],
    { 0: ISSUER },
    7,
    `${ISSUER}/`,
    `${token}/`,
    ISSUER.toUpperCase(),
    ISSUER.replace('https', 'http'),
    `${ISSUER}/oauth/revoke`,
    `${ISSUER} `,
    Array.from({ length: 6 }, () => ISSUER),
  ])
    assert.equal(await byPair({ aud }), 'assertion_claims: its aud is not this server, or not this server alone', JSON.stringify(aud));
});

test('the endpoint that is called is an audience as well (RFC 7523 §3)', async () => {
  const form = (aud: unknown): Readonly<Record<string, string>> => assertionForm(signWith(pair, assertionClaims('pair', { aud })));
  for (const aud of [ISSUER, `${ISSUER}/oauth/token`, `${ISSUER}/oauth/revoke`])
    assert.equal(await attempt(form(aud), world, '/oauth/revoke'), 'ok', aud);
  assert.match(await attempt(form(`${ISSUER}/oauth/introspect`), world, '/oauth/revoke'), /its aud is not this server/);
});

test('exp is there, to come, and an hour ahead at most (RFC 7523 §3, attacks TOK-10)', async () => {
  for (const exp of [undefined, null, '1', Number.NaN, [START + 60], `${START + 60}`])
    assert.equal(await byPair({ exp }), 'assertion_claims: it has no exp');
  for (const exp of [START, START - 1, 0, -1]) assert.equal(await byPair({ exp }), `assertion_claims: it has expired at ${exp}`);
  for (const exp of [START + 1, START + 0.5, START + 3_600, START + 3_610]) assert.equal(await byPair({ exp }), 'ok', String(exp));
  for (const exp of [START + 3_611, START + 86_400, 1e300])
    assert.equal(await byPair({ exp }), 'assertion_claims: its exp is more than 3600 seconds ahead');
});

test('nbf and iat may be ten seconds ahead, as clocks are, and no more (RFC 7523 §3, attacks TOK-10)', async () => {
  for (const name of ['nbf', 'iat']) {
    for (const time of [undefined, START, START + 8, START + 10, START - 86_400])
      assert.equal(await byPair({ [name]: time }), 'ok', `${name} ${time}`);
    for (const ahead of [11, 61, 3_600])
      assert.equal(await byPair({ [name]: START + ahead }), `assertion_claims: its ${name} is ${ahead} seconds ahead`);
    for (const time of ['x', null, {}, `${START}`])
      assert.equal(await byPair({ [name]: time }), `assertion_claims: its ${name} is not a time`);
  }
});

test('jti is there, and used once (RFC 7523 §3, attacks TOK-10, TOK-12)', async () => {
  for (const jti of [undefined, null, '', 7, ['x']]) assert.equal(await byPair({ jti }), 'assertion_claims: it has no jti');
  for (const jti of ['x', 'x'.repeat(5_000), "'; --", '\0\n']) assert.equal(await byPair({ jti }), 'ok');
  for (const text of [signWith(pair, assertionClaims('pair')), signWithSecret(SECRET, assertionClaims('mac'))]) {
    assert.equal(await attempt(assertionForm(text)), 'ok');
    assert.equal(await attempt(assertionForm(text)), 'assertion_unused: its jti has been used before');
    assert.equal(
      await attempt(assertionForm(text), world, '/oauth/introspect'),
      'assertion_unused: its jti has been used before',
      'anywhere',
    );
  }
  const shared = { jti: 'the same', exp: START + 60 };
  assert.equal(await attempt(assertionForm(signWith(pair, assertionClaims('only', shared)))), 'ok');
  assert.equal(await byPair(shared), 'ok', 'another client may have the same');
});

test('whatever else is wrong leaves it unused (RFC 7523 §3)', async () => {
  const claims = assertionClaims('pair');
  const signed = signWith(pair, claims);
  const own = await openWorld({ yaml: YAML });
  assert.match(await attempt(assertionForm(signWith(stranger, claims)), own), /signature/);
  assert.match(await attempt(assertionForm(signWith(pair, { ...claims, aud: 'x' })), own), /aud/);
  assert.match(await attempt({ client_secret: 'x', ...assertionForm(signed) }, own), /invalid_request/);
  assert.match(await attempt({ client_id: 'only', ...assertionForm(signed) }, own), /client_id/);
  assert.equal(await attempt(assertionForm(signed), own), 'ok');
  await own.close();
});

test('a JWT that says it is of another kind is none of ours (RFC 8725 §3.11, RFC 7515 §4.1.9, attacks JWT-18)', async () => {
  for (const typ of [undefined, 'JWT', 'jwt', 'client-authentication+jwt', 'application/client-authentication+jwt'])
    assert.equal(await byPair({}, { typ }), 'ok', String(typ));
  for (const typ of [
    'at+jwt',
    'application/at+jwt',
    'logout+jwt',
    'dpop+jwt',
    'oauth-authz-req+jwt',
    'token-introspection+jwt',
    'secevent+jwt',
    'JOSE',
    '',
    7,
    null,
  ])
    assert.equal(await byPair({}, { typ }), 'assertion_claims: its typ is another kind of JWT', String(typ));
});

test('a store that is away is no reason to call a client a stranger (RFC 6749 §5.2)', async () => {
  let outage: Outage = 'none';
  const own = await openWorld({ yaml: YAML, wrap: (store) => withOutages(store, (verb) => (verb === 'takeOnce' ? outage : 'none')) });
  outage = 'before';
  const form = assertionForm(signWith(pair, assertionClaims('pair')));
  await assert.rejects(attempt(form, own), { name: 'StoreUnavailable' });
  outage = 'none';
  assert.equal(await attempt(form, own), 'ok');
  await own.close();
});

test('whoever fails too often with assertions waits; whoever has the key never does (attacks TOK-26)', async () => {
  const own = await openWorld({ yaml: YAML.replace('policies: { brute_force: off }\n', '') });
  const wrong = (): Promise<string> => attempt(assertionForm(signWith(stranger, assertionClaims('pair'))), own);
  for (let i = 0; i < 20; i++) assert.equal(await wrong(), 'assertion_key: its signature is wrong');
  assert.equal(await wrong(), 'assertion_key: slow_down');
  assert.equal(await attempt(assertionForm(signWith(pair, assertionClaims('pair'))), own), 'ok');
  await own.close();
});

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, test } from 'node:test';
import { readJwt, readJwtPart } from '@hufu/protocol/jwt';
import { decryptCompact } from '../jose/decrypt.ts';
import { answerOf, ask as authorize, claimsOf, post, signedIn, tokensOf, VERIFIER } from '../testing/visits.ts';
import { API, BASIC_YAML, ISSUER, openWorld, SECRETS, START, START_MS } from '../testing/world.ts';
import { introspect } from './introspect.ts';
import { token } from './token.ts';

const world = await openWorld();
after(() => world.close());

const API_SERVER = { basic: `api:${SECRETS.api}` };
const MACHINE = { basic: `machine:${SECRETS.machine}` };

async function ask(text: unknown, headers: Record<string, string> = API_SERVER, at = world): Promise<Readonly<Record<string, unknown>>> {
  const reply = await post(at, introspect, { token: String(text), token_type_hint: 'nonsense' }, headers);
  assert.equal(reply.status, 200);
  assert.equal(reply.headers['cache-control'], 'no-store');
  return reply.json;
}

test('a live token is told to the server of its resource: whose, for whom, which, until when, and how they signed in (RFC 7662 §2.2, RFC 9470 §6.2)', async () => {
  const text = (await tokensOf(world))['access_token'];
  assert.deepEqual(await ask(text), {
    active: true,
    scope: 'openid read',
    client_id: 'spa',
    token_type: 'Bearer',
    exp: START + 600,
    iat: START,
    sub: 'alice-sub',
    aud: API,
    iss: ISSUER,
    jti: claimsOf(text)['jti'],
    auth_time: START,
    acr: 'urn:hufu:acr:1',
    status: claimsOf(text)['status'],
  });
});

test('everybody else learns that it is not active, and no more (RFC 7662 §2.2, §4)', async () => {
  const text = (await tokensOf(world))['access_token'];
  assert.deepEqual(await ask(text, MACHINE), { active: false });
  const vault = (await tokensOf(world, { scope: 'unlock' }))['access_token'];
  assert.deepEqual(await ask(vault), { active: false }, 'not a resource of this server');
  for (const bad of ['x', 'hfa_x', String(text).slice(0, -2), 'hfr_x']) assert.deepEqual(await ask(bad), { active: false });
  const own = (await post(world, token, { grant_type: 'client_credentials', scope: 'unlock' }, MACHINE)).json['access_token'];
  assert.equal((await ask(own, MACHINE))['active'], true, 'a client may ask about its own');
});

test('what is over, revoked or asleep is not active, on the second (RFC 7662 §2.2)', async () => {
  const own = await openWorld();
  const text = (await tokensOf(own))['access_token'];
  own.clock.freeze(START_MS + 599_999);
  assert.equal((await ask(text, API_SERVER, own))['active'], true);
  own.clock.freeze(START_MS + 600_000);
  assert.deepEqual(await ask(text, API_SERVER, own), { active: false });
  await own.close();
});

test('a refresh token is the business of its own client, as long as it is the current one (RFC 7662 §2.2)', async () => {
  const own = await openWorld();
  const web = { basic: `web:${SECRETS.web}` };

  const code =
    answerOf(await authorize(own, await signedIn(own), { client_id: 'web', redirect_uri: 'https://web.example/cb' })).get('code') ?? '';
  const exchanged = await post(
    own,
    token,
    { grant_type: 'authorization_code', code, redirect_uri: 'https://web.example/cb', code_verifier: VERIFIER },
    web,
  );
  const one = String(exchanged.json['refresh_token']);
  const seen = await ask(one, web, own);
  assert.deepEqual(
    [seen['active'], seen['client_id'], seen['sub'], seen['scope'], 'token_type' in seen],
    [true, 'web', 'alice-sub', 'openid read', false],
  );
  assert.deepEqual(await ask(one, API_SERVER, own), { active: false });
  await post(own, token, { grant_type: 'refresh_token', refresh_token: one }, web);
  assert.deepEqual(await ask(one, web, own), { active: false }, 'consumed, even while it would still be forgiven');
  await own.close();
});

test('the caller authenticates, and a public client cannot (RFC 7662 §2.1)', async () => {
  for (const headers of [{}, { basic: 'api:wrong' }]) {
    const reply = await post(world, introspect, { token: 'x', ...('basic' in headers ? {} : { client_id: 'spa' }) }, headers);
    assert.deepEqual([reply.status, reply.json['error'], (await world.why(reply)).row.endpoint], [401, 'invalid_client', 'introspect']);
  }
  const missing = await post(world, introspect, {}, API_SERVER);
  assert.deepEqual([missing.status, missing.json['error']], [400, 'invalid_request']);
});

test('whoever asks for a JWT gets the same answer signed, for itself alone (RFC 9701 §4, §5)', async () => {
  const text = (await tokensOf(world))['access_token'];
  const plain = await ask(text);
  for (const accept of ['application/token-introspection+jwt', 'application/json;q=0.5, Application/Token-Introspection+JWT;q=0.9']) {
    const reply = await post(world, introspect, { token: String(text) }, { ...API_SERVER, accept });
    assert.deepEqual([reply.status, reply.headers['content-type']], [200, 'application/token-introspection+jwt']);
    assert.equal(reply.headers['cache-control'], 'no-store');
    const jwt = readJwt(reply.body.toString()) ?? assert.fail();
    assert.deepEqual(jwt.payload, { iss: ISSUER, aud: 'api', iat: START, token_introspection: plain });
    assert.deepEqual([jwt.header['typ'], jwt.header.alg], ['token-introspection+jwt', 'ES256']);
    assert.ok(world.ctx.keys.verifierFor(String(jwt.header['kid']), START)?.verify(jwt.signingInput, jwt.signature));
  }
  const dead = await post(world, introspect, { token: 'hfa_x' }, { ...API_SERVER, accept: 'application/token-introspection+jwt' });
  assert.deepEqual(claimsOf(dead.body.toString())['token_introspection'], { active: false });
  for (const accept of ['*/*', 'application/*', 'application/jwt', 'application/json', ''])
    assert.match((await post(world, introspect, { token: String(text) }, { ...API_SERVER, accept })).body.toString(), /^\{/, accept);
});

test('and encrypted, with the algorithms that it registered (RFC 9701 §6)', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'enc', kid: 'e1' }] };
  const own = await openWorld({
    yaml: BASIC_YAML.replace(
      '    scope: read\n    hufu:',
      `    scope: read\n    introspection_signed_response_alg: HS256\n    introspection_encrypted_response_alg: ECDH-ES\n    introspection_encrypted_response_enc: A256GCM\n    jwks: ${JSON.stringify(jwks)}\n    hufu:`,
    ),
  });
  const text = (await tokensOf(own))['access_token'];
  const reply = await post(own, introspect, { token: String(text) }, { ...API_SERVER, accept: 'application/token-introspection+jwt' });
  const opened = await decryptCompact(reply.body.toString(), { pairs: [{ kid: 'e1', key: privateKey }], secrets: [] });
  assert.deepEqual(opened?.header, { alg: 'ECDH-ES', enc: 'A256GCM' });
  assert.equal(readJwtPart(reply.body.toString().split('.', 1)[0] ?? '')?.['cty'], 'JWT');
  const jwt = readJwt(opened?.plaintext ?? '') ?? assert.fail();
  assert.deepEqual([jwt.header.alg, jwt.header['typ']], ['HS256', 'token-introspection+jwt']);
  assert.equal(Object(jwt.payload['token_introspection']).sub, 'alice-sub');
  await own.close();
});

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, test } from 'node:test';
import { readJwt } from '@hufu/protocol/jwt';
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import type { HttpReply } from '../http.ts';
import { ask, claimsOf, signedIn } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, SECRETS, START } from '../testing/world.ts';

const key = await generateKeyPair('ECDH-ES', { extractable: true });
const TYPES = 'response_types: [code, code id_token token]\n    grant_types: [authorization_code, implicit]';
const CLIENTS = `
  - { client_id: hs, client_secret: ${SECRETS.third}, redirect_uris: [https://hs.example/cb], authorization_signed_response_alg: HS256, hufu: { first_party: true } }
  - client_id: enc
    client_secret: ${SECRETS.api}
    redirect_uris: [https://enc.example/cb]
    ${TYPES}
    authorization_signed_response_alg: ES256
    authorization_encrypted_response_alg: ECDH-ES
    authorization_encrypted_response_enc: A256GCM
    jwks: { keys: [${JSON.stringify({ ...(await exportJWK(key.publicKey)), use: 'enc' })}] }
    hufu: { first_party: true }
  - client_id: one
    token_endpoint_auth_method: none
    redirect_uris: [https://one.example/cb]
    response_modes: [jwt]
    hufu: { first_party: true }
`;
const world = await openWorld({
  yaml: BASIC_YAML.replace('algorithms: [ES256]', 'algorithms: [ES256, RS256]').replace('\nresources:', `${CLIENTS}resources:`),
});
const alice = await signedIn(world);
after(() => world.close());

const ENC = { client_id: 'enc', redirect_uri: 'https://enc.example/cb' };

/** The one parameter of a redirect, and where it stands. */
function responseOf(reply: HttpReply, where: 'query' | 'fragment'): string {
  const url = new URL(String(reply.headers['location']));
  const [here, there] = where === 'query' ? [url.search, url.hash] : [url.hash, url.search];
  assert.equal(there, '');
  const parameters = new URLSearchParams(here.slice(1));
  assert.deepEqual([...parameters.keys()], ['response'], 'nothing stands beside the JWT');
  return parameters.get('response') ?? '';
}

test('an answer comes as one signed JWT, and nothing beside it (JARM §2.1, §2.3, §2.3.1, §2.3.4)', async () => {
  for (const mode of ['jwt', 'query.jwt']) {
    const jwt = readJwt(responseOf(await ask(world, alice, { response_mode: mode }), 'query')) ?? assert.fail();
    assert.equal(jwt.header.alg, 'RS256', 'the default of JARM §3');
    const own = world.ctx.keys.verifierFor(String(jwt.header['kid']), START) ?? assert.fail();
    assert.ok(own.verify(jwt.signingInput, jwt.signature));
    const { code, session_state: _, ...claims } = jwt.payload;
    assert.match(String(code), /^hfc_/);
    assert.deepEqual(claims, { iss: ISSUER, aud: 'spa', exp: START + 600, state: 's-1' });
  }
});

test('in the fragment, and in a form (JARM §2.3.2, §2.3.3)', async () => {
  assert.equal(claimsOf(responseOf(await ask(world, alice, { response_mode: 'fragment.jwt' }), 'fragment'))['state'], 's-1');
  const page = await ask(world, alice, { response_mode: 'form_post.jwt' });
  const fields = [...page.body.toString().matchAll(/name="([a-z_]+)" value="([^"]*)"/g)];
  assert.deepEqual(
    fields.map(([, name]) => name),
    ['response'],
  );
  assert.equal(claimsOf(fields[0]?.[2])['aud'], 'spa');
});

test('an error comes the same way, as soon as it is certain whose it is (JARM §2.1)', async () => {
  const reply = await ask(world, alice, { response_mode: 'jwt', scope: 'nonsense' });
  const claims = claimsOf(responseOf(reply, 'query'));
  assert.deepEqual([claims['error'], claims['state'], claims['iss'], claims['aud']], ['invalid_scope', 's-1', ISSUER, 'spa']);
  assert.ok('hufu-decision' in reply.headers);
  const silent = claimsOf(responseOf(await ask(world, undefined, { response_mode: 'jwt', prompt: 'none' }), 'query'));
  assert.equal(silent['error'], 'login_required');
});

test('it is signed with the algorithm that the client registered, the secret too (JARM §3)', async () => {
  const text = responseOf(
    await ask(world, alice, { client_id: 'hs', redirect_uri: 'https://hs.example/cb', response_mode: 'jwt' }),
    'query',
  );
  const jwt = readJwt(text) ?? assert.fail();
  assert.equal(jwt.header.alg, 'HS256');
  assert.equal(text.split('.')[2], createHmac('sha256', SECRETS.third).update(jwt.signingInput).digest('base64url'));
});

test('it is signed and then encrypted to whoever registered that, errors as well (JARM §2.2)', async () => {
  for (const part of [{}, { scope: 'nonsense' }]) {
    const text = responseOf(await ask(world, alice, { ...ENC, ...part, response_mode: 'jwt' }), 'query');
    const { plaintext, protectedHeader } = await compactDecrypt(text, key.privateKey);
    assert.deepEqual([protectedHeader.alg, protectedHeader.enc, protectedHeader.cty], ['ECDH-ES', 'A256GCM', 'JWT']);
    const jwt = readJwt(plaintext.toString()) ?? readJwt(new TextDecoder().decode(plaintext)) ?? assert.fail();
    assert.equal(jwt.header.alg, 'ES256');
    assert.equal(jwt.payload['aud'], 'enc');
  }
});

test('tokens come by fragment, and in a query only where nobody can read them (JARM §2.3.1, §2.3.4)', async () => {
  const type = { response_type: 'code id_token token', nonce: 'n', scope: 'openid' };
  const text = responseOf(await ask(world, alice, { ...ENC, ...type, response_mode: 'jwt' }), 'fragment');
  const { plaintext } = await compactDecrypt(text, key.privateKey);
  const claims = claimsOf(new TextDecoder().decode(plaintext));
  assert.deepEqual([typeof claims['access_token'], claims['expires_in'], typeof claims['id_token']], ['string', 600, 'string']);
  responseOf(await ask(world, alice, { ...ENC, ...type, response_mode: 'query.jwt' }), 'query');
  const refused = new URL(String((await ask(world, alice, { ...type, response_mode: 'query.jwt' })).headers['location']));
  assert.equal(new URLSearchParams(refused.hash.slice(1)).get('error'), 'invalid_request');
});

test('a client that registered response modes has those alone; jwt stands for the one it means (JARM §2.3.4)', async () => {
  const one = { client_id: 'one', redirect_uri: 'https://one.example/cb' };
  responseOf(await ask(world, alice, { ...one, response_mode: 'jwt' }), 'query');
  const plain = new URL(String((await ask(world, alice, one)).headers['location']));
  assert.equal(plain.searchParams.get('error'), 'invalid_request');
});

test('an answer is no ID token: as a hint it is refused (RFC 8725 §3.12, attacks JWT-18)', async () => {
  const text = responseOf(await ask(world, alice, { response_mode: 'jwt' }), 'query');
  const hinted = new URL(String((await ask(world, alice, { id_token_hint: text })).headers['location']));
  assert.equal(hinted.searchParams.get('error'), 'invalid_request');
});

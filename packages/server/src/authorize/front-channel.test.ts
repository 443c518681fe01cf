import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import type { HttpReply } from '../http.ts';
import { ask, askUserinfo, claimsOf, postToken, signedIn, VERIFIER } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, SECRETS, START } from '../testing/world.ts';

const TYPES = ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'];
const world = await openWorld({
  yaml: BASIC_YAML.replace(
    'redirect_uris: [https://web.example/cb]\n',
    `redirect_uris: [https://web.example/cb]\n    response_types: [${TYPES.join(', ')}]\n`,
  ).replace(
    'grant_types: [authorization_code, refresh_token]\n    hufu: { first_party: true }\n  - client_id: third',
    'grant_types: [authorization_code, refresh_token, implicit]\n    hufu: { first_party: true, pkce: optional }\n  - client_id: third',
  ),
});
const alice = await signedIn(world);
after(() => world.close());

const WEB = { client_id: 'web', redirect_uri: 'https://web.example/cb', nonce: 'n-1', scope: 'openid email' };

/** Parameters behind the #. */
function fragmentOf(reply: HttpReply): URLSearchParams {
  return new URLSearchParams(new URL(String(reply.headers['location'])).hash.slice(1));
}

function half(text: string | null): string {
  return createHash('sha256').update(String(text)).digest().subarray(0, 16).toString('base64url');
}

for (const type of TYPES.slice(1)) {
  const [code, idToken, token] = ['code', 'id_token', 'token'].map((word) => type.split(' ').includes(word));
  test(`${type}: what it promises comes in the fragment, and nothing else (OpenID Connect Core §3.2.2.5, §3.3.2.5)`, async () => {
    const answer = fragmentOf(await ask(world, alice, { ...WEB, response_type: type }));
    const expected = [
      ...(token ? ['access_token', 'token_type', 'expires_in'] : []),
      ...(idToken ? ['id_token'] : []),
      ...(code ? ['code'] : []),
      'state',
      'iss',
    ];
    assert.deepEqual(
      [...answer.keys()].filter((name) => name !== 'session_state'),
      expected,
    );
    assert.deepEqual([answer.get('state'), answer.get('iss')], ['s-1', ISSUER]);
    if (idToken) {
      const claims = claimsOf(answer.get('id_token'));
      assert.deepEqual([claims['nonce'], claims['aud'], claims['sub'], claims['auth_time']], ['n-1', 'web', 'alice-sub', START]);
      assert.equal(claims['at_hash'], token ? half(answer.get('access_token')) : undefined);
      assert.equal(claims['c_hash'], code ? half(answer.get('code')) : undefined);
      assert.equal(claims['s_hash'], half('s-1'));
      // Claims of scopes stand where no access token will ever ask for them (OpenID Connect Core §5.4).
      assert.equal(claims['email'], type === 'id_token' ? 'alice@example.com' : undefined);
    }
    if (token) {
      const reply = await askUserinfo(world, answer.get('access_token'));
      assert.deepEqual(JSON.parse(reply.body.toString()), { sub: 'alice-sub', email: 'alice@example.com', email_verified: true });
    }
    if (code) {
      const form = {
        grant_type: 'authorization_code',
        code: answer.get('code') ?? '',
        redirect_uri: WEB.redirect_uri,
        code_verifier: VERIFIER,
      };
      const reply = await postToken(world, form, { basic: `web:${SECRETS.web}` });
      assert.equal(reply.status, 200, reply.body.toString());
      assert.equal(claimsOf(reply.json['id_token'])['sub'], 'alice-sub');
      assert.equal(claimsOf(reply.json['id_token'])['nonce'], 'n-1');
    }
  });
}

test('a token from the front channel dies with the session, and is no refresh token of anything (OpenID Connect Core §3.2.2.5)', async () => {
  const visitor = await signedIn(world);
  const answer = fragmentOf(await ask(world, visitor, { ...WEB, response_type: 'id_token token' }));
  assert.equal((await askUserinfo(world, answer.get('access_token'))).status, 200);
  await world.store.endSession(world.tenant, visitor.session.id, 'signed_out', START);
  assert.equal((await askUserinfo(world, answer.get('access_token'))).status, 401);
});

test('an ID token through the browser needs a nonce and openid (OpenID Connect Core §3.2.2.1, §3.3.2.11)', async () => {
  for (const response_type of ['id_token', 'id_token token', 'code id_token', 'code id_token token']) {
    const bare = fragmentOf(await ask(world, alice, { ...WEB, response_type, nonce: undefined }));
    assert.deepEqual([bare.get('error'), bare.get('state'), bare.get('iss')], ['invalid_request', 's-1', ISSUER]);
    const plain = fragmentOf(await ask(world, alice, { ...WEB, response_type, scope: 'read' }));
    assert.equal(plain.get('error'), 'invalid_request');
  }
  assert.ok(fragmentOf(await ask(world, alice, { ...WEB, response_type: 'code token', nonce: undefined })).has('code'));
});

test('a token never travels by query, and the refusal of it does not either (OAuth Multiple Response Types §3, attacks AUT-15)', async () => {
  const answer = fragmentOf(await ask(world, alice, { ...WEB, response_type: 'code token', response_mode: 'query' }));
  assert.equal(answer.get('error'), 'invalid_request');
  const post = await ask(world, alice, { ...WEB, response_type: 'id_token', response_mode: 'form_post' });
  assert.match(post.body.toString(), /name="id_token" value="[\w-]+\.[\w-]+\.[\w-]+"/);
});

test('whoever did not register a front-channel type does not get one, and hears it in the fragment (RFC 9700 §2.1.2, attacks AUT-02)', async () => {
  for (const response_type of ['id_token', 'id_token token', 'code token', 'token']) {
    const answer = fragmentOf(await ask(world, alice, { response_type, nonce: 'n' }));
    assert.deepEqual([answer.get('error'), answer.has('access_token')], ['unsupported_response_type', false], response_type);
  }
});

test('a client that need not has no code challenge, and then no verifier either (OAuth 2.1 §7.5.1, RFC 9700 §4.8.2, attacks COD-10)', async () => {
  const bare = { ...WEB, code_challenge: undefined, code_challenge_method: undefined };
  const exchange = async (verifier: string | undefined): Promise<number> => {
    const answer = new URL(String((await ask(world, alice, bare)).headers['location'])).searchParams;
    const form = { grant_type: 'authorization_code', code: answer.get('code') ?? '', redirect_uri: WEB.redirect_uri };
    return (await postToken(world, verifier === undefined ? form : { ...form, code_verifier: verifier }, { basic: `web:${SECRETS.web}` }))
      .status;
  };
  assert.equal(await exchange(undefined), 200);
  assert.equal(await exchange(VERIFIER), 400);
});

test('the world is looked at again for an ID token alone too (RFC 6749 §4.1.2.1)', async () => {
  const visitor = await signedIn(world);
  const third = { ...WEB, client_id: 'web', response_type: 'id_token' };
  await world.store.setUserEnabled(world.tenant, visitor.user.id, false, START);
  const answer = await ask(world, visitor, { ...third, prompt: 'none' });
  assert.equal(fragmentOf(answer).get('error'), 'login_required');
  await world.store.setUserEnabled(world.tenant, visitor.user.id, true, START);
});

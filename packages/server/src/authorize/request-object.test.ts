import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readTicket } from '../interaction/ticket.ts';
import { answerOf, ask, CHALLENGE, signedIn } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, START } from '../testing/world.ts';

const world = await openWorld({
  yaml: BASIC_YAML.replace(
    '- client_id: spa\n',
    "- client_id: spa\n    request_object_signing_alg: none\n    request_uris: ['https://app.example/r.jwt']\n",
  ),
});
const alice = await signedIn(world);
after(() => world.close());

function unsigned(claims: object, header: object = { alg: 'none' }): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.`;
}

const INNER = { iss: 'spa', aud: ISSUER, client_id: 'spa', response_type: 'code', state: 'inner', nonce: 'n', scope: 'openid' };

async function answer(claims: object, outer: Readonly<Record<string, string | undefined>> = {}, header?: object): Promise<URLSearchParams> {
  return answerOf(await ask(world, alice, { ...outer, request: unsigned(claims, header) }));
}

test('what the request object says counts, and the rest comes from beside it in an OpenID request (OpenID Connect Core §6.1)', async () => {
  const heard = await answer(INNER);
  assert.deepEqual([heard.get('state'), heard.has('code')], ['inner', true]);
  assert.equal((await answer({ ...INNER, max_age: 'x' })).get('error'), 'invalid_request');
  const claims = { id_token: { acr: { essential: true, values: ['gold'] } } };
  assert.equal((await answer({ ...INNER, claims })).get('error'), 'unmet_authentication_requirements');
});

test('in a plain OAuth request only the object is heard (RFC 9101 §6.3)', async () => {
  const plain = { ...INNER, scope: 'read', redirect_uri: 'https://app.example/cb' };
  const missing = await answer(plain, { scope: undefined });
  assert.deepEqual([missing.get('error'), missing.get('state')], ['invalid_request', 'inner'], 'the challenge beside it is not heard');
  assert.ok((await answer({ ...plain, code_challenge: CHALLENGE, code_challenge_method: 'S256' }, { scope: undefined })).has('code'));
  const marked = await ask(world, alice, { request: unsigned(INNER, { alg: 'none', typ: 'oauth-authz-req+jwt' }) });
  assert.match(marked.body.toString(), /redirect_uri is missing/, 'who follows RFC 9101 says everything inside');
});

test('an object that is not for us, not by the client, not for now or of another kind is refused (RFC 9101 §6, §10.8, attacks AUT-29)', async () => {
  const bad: readonly object[] = [
    { ...INNER, aud: 'https://other.example' },
    { ...INNER, aud: [] },
    { ...INNER, aud: `${ISSUER}/` },
    { ...INNER, iss: 'web' },
    { ...INNER, client_id: 'web' },
    { ...INNER, sub: 'spa' },
    { ...INNER, exp: START },
    { ...INNER, exp: 'never' },
    { ...INNER, nbf: START + 61 },
    { ...INNER, request: 'x' },
    { ...INNER, request_uri: 'x' },
    { ...INNER, response_type: 'code token' },
    { ...INNER, scope: ['openid'] },
  ];
  for (const claims of bad) {
    const refused = await answer(claims);
    assert.deepEqual([refused.get('error'), refused.get('state')], ['invalid_request_object', 's-1'], JSON.stringify(claims));
  }
  for (const typ of ['at+jwt', 'logout+jwt', 'dpop+jwt'])
    assert.equal((await answer(INNER, {}, { alg: 'none', typ })).get('error'), 'invalid_request_object', typ);
  for (const header of [{ alg: 'None' }, { alg: 'none', crit: ['x'] }, { alg: 'RS256' }, {}])
    assert.equal((await answer(INNER, {}, header)).get('error'), 'invalid_request_object', JSON.stringify(header));
});

test('without an administrator’s word a request object is signed (RFC 7519 §6, RFC 9101 §7, §10.8, attacks AUT-29)', async () => {
  const web = { client_id: 'web', redirect_uri: 'https://web.example/cb' };
  const refused = answerOf(await ask(world, alice, { ...web, request: unsigned({ ...INNER, iss: 'web', client_id: 'web' }) }));
  assert.equal(refused.get('error'), 'invalid_request_object');
});

test('where nobody can be told, a page says it (RFC 6749 §4.1.2.1)', async () => {
  const reply = await ask(world, alice, { redirect_uri: 'https://evil.test/', request: 'x' });
  assert.equal(reply.status, 400);
  assert.match(reply.body.toString(), /request object is not valid/);
});

test('the redirect URI of the object is the one that counts, and is looked at as any (OpenID Connect Core §6, §6.1, attacks RED-01)', async () => {
  const reply = await ask(world, alice, { request: unsigned({ ...INNER, redirect_uri: 'https://evil.test/' }) });
  assert.equal(reply.status, 400);
  assert.match(reply.body.toString(), /redirect_uri is not registered/);
});

test('request_uri is fetched from where the client registered, and nowhere else (OpenID Connect Core §6.2, attacks AUT-32)', async () => {
  for (const uri of ['https://app.example/other.jwt', 'https://evil.test/r.jwt', 'https://app.example/r.jwt/'])
    assert.equal(answerOf(await ask(world, alice, { request_uri: uri })).get('error'), 'invalid_request_uri', uri);
  const both = await ask(world, alice, { request: 'x', request_uri: 'https://app.example/r.jwt' });
  assert.equal(answerOf(both).get('error'), 'invalid_request');
});

test('a page that is shown on the way keeps what the object said (OpenID Connect Core §6.1)', async () => {
  const reply = await ask(world, undefined, { request: unsigned({ ...INNER, login_hint: 'bob' }) });
  const text = new URL(String(reply.headers['location']), ISSUER).searchParams.get('request') ?? '';
  const parameters = new URLSearchParams(readTicket(world.ctx, text)?.query);
  assert.deepEqual([parameters.get('state'), parameters.get('login_hint'), parameters.has('request')], ['inner', 'bob', false]);
});

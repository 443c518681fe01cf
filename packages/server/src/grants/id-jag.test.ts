import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PARTNER_SECRET, TOKEN_EXCHANGE } from '../testing/exchange-world.ts';
import { answerOf, ask, claimsOf, postToken, signedIn, tokensOf, VERIFIER } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, START, START_MS, type World } from '../testing/world.ts';

const CHAT = 'https://chat.example';
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const YAML = BASIC_YAML.replace(
  '\nresources:',
  `
  - client_id: wiki
    client_secret: ${PARTNER_SECRET}
    redirect_uris: [https://wiki.example/cb]
    grant_types: [authorization_code, '${TOKEN_EXCHANGE}']
    hufu: { first_party: true, token_exchange: { id_jag: [{ audience: '${CHAT}', client_id: wiki-at-chat, scopes: [chat.read, chat.write] }] } }
  - client_id: keyed
    client_secret: ${PARTNER_SECRET}
    redirect_uris: [https://keyed.example/cb]
    grant_types: [authorization_code, '${TOKEN_EXCHANGE}']
    id_token_signed_response_alg: HS256
    hufu: { first_party: true, token_exchange: { id_jag: [{ audience: '${CHAT}', client_id: keyed }] } }
resources:`,
);
const world = await openWorld({ yaml: YAML });
const alice = await signedIn(world);
after(() => world.close());

type Reply = Awaited<ReturnType<typeof postToken>>;

async function idTokenOf(client: string, at: World = world, visitor = alice): Promise<string> {
  const redirect = `https://${client}.example/cb`;
  const code =
    answerOf(await ask(at, visitor, { client_id: client, redirect_uri: redirect, scope: 'openid' })).get('code') ?? assert.fail();
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: VERIFIER };
  return String((await postToken(at, form, { basic: `${client}:${PARTNER_SECRET}` })).json['id_token']);
}

const jag = (token: string, part: Readonly<Record<string, string>> = {}, client = 'wiki', at: World = world): Promise<Reply> =>
  postToken(
    at,
    {
      grant_type: TOKEN_EXCHANGE,
      requested_token_type: ID_JAG,
      subject_token: token,
      subject_token_type: ID_TOKEN,
      audience: CHAT,
      ...part,
    },
    { basic: `${client}:${PARTNER_SECRET}` },
  );

async function refused(reply: Reply, check: string, detail: RegExp, error = 'invalid_request', at: World = world): Promise<void> {
  const why = await at.why(reply);
  assert.deepEqual([reply.status, reply.json['error'], why.failed], [400, error, check], why.detail ?? '');
  assert.match(why.detail ?? '', detail);
}

test('an ID token of somebody who is signed in brings our word for them to a foreign server (ID-JAG §4, RFC 8693 §2.2.1)', async () => {
  const token = await idTokenOf('wiki');
  const reply = await jag(token, { scope: 'chat.read', resource: 'https://chat.example/api' });
  assert.equal(reply.status, 200, reply.body.toString());
  assert.deepEqual(
    [reply.json['issued_token_type'], reply.json['token_type'], reply.json['expires_in'], reply.json['scope']],
    [ID_JAG, 'N_A', 300, 'chat.read'],
  );
  const text = String(reply.json['access_token']);
  assert.equal(JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()).typ, 'oauth-id-jag+jwt');
  const { jti, ...claims } = claimsOf(text);
  assert.match(String(jti), /^[\w-]{20,}$/);
  assert.deepEqual(claims, {
    iss: ISSUER,
    sub: 'alice-sub',
    aud: CHAT,
    client_id: 'wiki-at-chat',
    iat: START,
    exp: START + 300,
    auth_time: START,
    amr: ['pwd'],
    acr: 'urn:hufu:acr:1',
    resource: 'https://chat.example/api',
    scope: 'chat.read',
  });
});

test('it is refused for a server or a scope that the client is not configured with (attacks EXC-04, EXC-05)', async () => {
  const token = await idTokenOf('wiki');
  await refused(await jag(token, { audience: 'https://other.example' }), 'exchange_target', /other/, 'invalid_target');
  await refused(await jag(token, { scope: 'chat.admin' }), 'exchange_scope', /admin/, 'invalid_scope');
  await refused(await jag(token, { actor_token: 'x' }), 'client_grant_type', /nobody acts/);
  await refused(await jag(token, { subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' }), 'subject_token', /ID token/);
});

test('an ID token of another client, or one that the client could have written, proves nobody (attacks EXC-03)', async () => {
  const spa = await tokensOf(world, { scope: 'openid' }, alice);
  await refused(await jag(String(spa['id_token'])), 'subject_token', /another client/);
  await refused(await jag(String(spa['access_token'])), 'subject_token', /no ID token/);
  await refused(await jag(await idTokenOf('keyed'), {}, 'keyed'), 'subject_token', /could have written/);
});

test('it ends with the session, after ten minutes, and with the user (attacks EXC-10)', async () => {
  const own = await openWorld({ yaml: YAML });
  const visitor = await signedIn(own);
  const token = await idTokenOf('wiki', own, visitor);
  own.clock.freeze(START_MS + 599_000);
  assert.equal((await jag(token, {}, 'wiki', own)).status, 200);
  own.clock.freeze(START_MS + 600_000);
  await refused(await jag(token, {}, 'wiki', own), 'subject_token', /600 seconds ago/, 'invalid_request', own);
  const other = await idTokenOf('wiki', own, visitor);
  await own.store.endSession(own.tenant, visitor.session.id, 'signed_out', own.now());
  await refused(await jag(other, {}, 'wiki', own), 'subject_token', /session has ended/, 'invalid_request', own);
  const bob = await signedIn(own, 'bob');
  const ofBob = await idTokenOf('wiki', own, bob);
  await own.store.setUserEnabled(own.tenant, bob.user.id, false, own.now());
  await refused(await jag(ofBob, {}, 'wiki', own), 'subject_token', /ended|disabled/, 'invalid_request', own);
  await own.close();
});

test('a client that takes two factors gets our word for nobody who has shown less (ID-JAG §4, product M15)', async () => {
  const own = await openWorld({ yaml: YAML });
  const weak = await idTokenOf('wiki', own, await signedIn(own));
  const strict = await openWorld({
    yaml: YAML.replace(
      "hufu: { first_party: true, token_exchange: { id_jag: [{ audience: 'https://chat.example', client_id: wiki-at-chat",
      "hufu: { sign_in: { acr: 'urn:hufu:acr:2' }, first_party: true, token_exchange: { id_jag: [{ audience: 'https://chat.example', client_id: wiki-at-chat",
    ),
    store: own.store,
  });
  await refused(await jag(weak, {}, 'wiki', strict), 'sign_in_level', /wants level 2, and it is 1/, 'invalid_grant', strict);
  const strong = await idTokenOf('wiki', strict, await signedIn(strict, 'alice', 'password', 'totp'));
  assert.equal((await jag(strong, {}, 'wiki', strict)).status, 200);
  for (const one of [strict, own]) await one.close();
});

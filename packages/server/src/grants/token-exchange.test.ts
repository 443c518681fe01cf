import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientId, grantId } from '@hufu/protocol/ids';
import { signWith } from '../testing/client-assertions.ts';
import {
  ACCESS_TOKEN,
  EXCHANGE_YAML,
  GATE_SECRET,
  idpAssertion,
  introspected,
  PAYMENTS,
  revoked,
  robotKey,
  TOKEN_EXCHANGE,
} from '../testing/exchange-world.ts';
import { answerOf, ask, claimsOf, postToken, signedIn, tokensOf, VERIFIER } from '../testing/visits.ts';
import { API, openWorld, SECRETS, START, START_MS, VAULT, type World } from '../testing/world.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';

const world = await openWorld({ yaml: EXCHANGE_YAML });
const alice = await signedIn(world);
after(() => world.close());

type Reply = Awaited<ReturnType<typeof postToken>>;
const GATE = `gate:${GATE_SECRET}`;
const JWT = 'urn:ietf:params:oauth:token-type:jwt';

/** An exchange by `gate` of a user's token for the API. */
function exchange(token: unknown, part: Readonly<Record<string, string>> = {}, basic = GATE, at: World = world): Promise<Reply> {
  const fields = {
    grant_type: TOKEN_EXCHANGE,
    subject_token: String(token),
    subject_token_type: ACCESS_TOKEN,
    audience: PAYMENTS,
    ...part,
  };
  return postToken(at, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')), { basic });
}

/** Tokens of alice at the public client, for the API. */
const shown = async (part: Readonly<Record<string, string>> = {}, at: World = world): Promise<Readonly<Record<string, unknown>>> =>
  tokensOf(at, { scope: 'openid read write', resource: API, ...part }, at === world ? alice : undefined);

async function refused(reply: Reply, check: string, detail: RegExp, error = 'invalid_request', at: World = world): Promise<void> {
  const why = await at.why(reply);
  assert.deepEqual([reply.status, reply.json['error'], why.failed], [400, error, check], why.detail ?? '');
  assert.match(why.detail ?? '', detail);
}

const isLive = async (token: unknown, at: World = world): Promise<boolean> =>
  (await readAccessToken(at.ctx, String(token), at.now())).kind === 'live';

test('a resource server gets a token for the next one, in which it acts for the user (RFC 8693 §2, §2.2.1, §4.1)', async () => {
  const { access_token: token } = await shown();
  const reply = await exchange(token);
  assert.equal(reply.status, 200, reply.body.toString());
  assert.deepEqual(Object.keys(reply.json), ['access_token', 'token_type', 'expires_in', 'scope', 'issued_token_type']);
  assert.deepEqual([reply.json['issued_token_type'], reply.json['token_type'], reply.json['scope']], [ACCESS_TOKEN, 'Bearer', 'read']);
  const claims = claimsOf(reply.json['access_token']);
  assert.deepEqual([claims['sub'], claims['client_id'], claims['aud']], ['alice-sub', 'gate', PAYMENTS]);
  assert.deepEqual(claims['act'], { sub: 'gate', client_id: 'gate' });
  assert.equal(claims['auth_time'], claimsOf(token)['auth_time']);
});

test('who has acted before stays, four deep at most (RFC 8693 §4.1)', async () => {
  const own = await openWorld({
    yaml: EXCHANGE_YAML.replace(`resource_server_of: ['${API}'],`, `resource_server_of: ['${API}', '${PAYMENTS}', ${VAULT}],`),
  });
  let { access_token: token } = await tokensOf(own, { scope: 'openid read', resource: API });
  for (let depth = 1; depth <= 4; depth++) {
    const reply = await exchange(token, { scope: 'read', audience: PAYMENTS }, GATE, own);
    assert.equal(reply.status, 200, String(depth));
    token = reply.json['access_token'];
  }
  const { act } = claimsOf(token);
  assert.deepEqual(act, {
    sub: 'gate',
    client_id: 'gate',
    act: { sub: 'gate', client_id: 'gate', act: { sub: 'gate', client_id: 'gate', act: { sub: 'gate', client_id: 'gate' } } },
  });
  await refused(await exchange(token, { audience: PAYMENTS }, GATE, own), 'exchange_actor', /more than 4/, 'invalid_request', own);
  const ghost = await exchange(token, {}, `ghost:${GATE_SECRET}`, own);
  assert.deepEqual(claimsOf(ghost.json['access_token'])['act'], act, 'impersonation hides nobody who has acted before');
  await own.close();
});

test('the client may name an actor by a token of its own, and of nobody else (RFC 8693 §2.1, attacks EXC-09)', async () => {
  const { access_token: token } = await shown();
  const mine = (await postToken(world, { grant_type: 'client_credentials' }, { basic: GATE })).json['access_token'];
  const actor = { actor_token: String(mine), actor_token_type: ACCESS_TOKEN };
  assert.deepEqual(claimsOf((await exchange(token, actor)).json['access_token'])['act'], { sub: 'gate', client_id: 'gate' });
  const theirs = (await postToken(world, { grant_type: 'client_credentials', scope: 'read' }, { basic: `machine:${SECRETS.machine}` }))
    .json;
  await refused(
    await exchange(token, { ...actor, actor_token: String(theirs['access_token']) }),
    'actor_token',
    /not issued to the client/,
  );
  await refused(await exchange(token, { ...actor, actor_token: 'x' }), 'actor_token', /not an access token/);
  await refused(await exchange(token, { ...actor, actor_token_type: '' }), 'actor_token', /type is missing/);
  await refused(await exchange(token, { ...actor, actor_token: '' }), 'actor_token', /without actor_token/);
});

test('introspection says who acts, too (RFC 8693 §4.1)', async () => {
  const { access_token: token } = await shown();
  const vault = (await exchange((await shown({ scope: 'openid read' }))['access_token'], { audience: VAULT, scope: 'read' })).json[
    'access_token'
  ];
  const seen = (text: unknown): Promise<Reply> => introspected(world, text, GATE);
  assert.deepEqual((await seen(vault)).json['act'], { sub: 'gate', client_id: 'gate' });
  assert.equal('act' in (await seen(token)).json, false);
});

test('a client with impersonation is not in the token (RFC 8693 §1.1)', async () => {
  const { access_token: token } = await shown();
  const reply = await exchange(token, {}, `ghost:${GATE_SECRET}`);
  const claims = claimsOf(reply.json['access_token']);
  assert.deepEqual([claims['sub'], 'act' in claims], ['alice-sub', false]);
});

test('a subject token that is missing, not ours, over, revoked or of another type is invalid_request (RFC 8693 §2.2.2, attacks EXC-01, EXC-03)', async () => {
  const own = await openWorld({ yaml: EXCHANGE_YAML });
  const tokens = await tokensOf(own, { scope: 'openid read', resource: API });
  const { access_token: token, refresh_token: refresh, id_token: idToken } = tokens;
  const no = (reply: Reply, detail: RegExp): Promise<void> => refused(reply, 'subject_token', detail, 'invalid_request', own);
  await no(await exchange('', {}, GATE, own), /subject_token is missing/);
  await no(await exchange('   ', {}, GATE, own), /not an access token/);
  await no(await exchange(token, { subject_token_type: '' }, GATE, own), /subject_token_type is missing/);
  for (const type of ['refresh_token', 'id_token', 'saml2', 'nonsense'])
    await no(await exchange(token, { subject_token_type: `urn:ietf:params:oauth:token-type:${type}` }, GATE, own), new RegExp(type));
  for (const other of [refresh, idToken]) await no(await exchange(other, {}, GATE, own), /not an access token/);
  const forged = signWith(robotKey, claimsOf(token), { typ: 'at+jwt' });
  await no(await exchange(forged, {}, GATE, own), /not an access token/);
  await revoked(own, refresh);
  await no(await exchange(token, {}, GATE, own), /revoked_by_client/);
  const late = (await tokensOf(own, { scope: 'openid read', resource: API }))['access_token'];
  own.clock.freeze(START_MS + 600_000);
  await no(await exchange(late, {}, GATE, own), /expired 0 seconds ago/);
  await own.close();
});

test('only whom a token was issued to, or for, may exchange it; a client’s own token stands for nobody (RFC 8693 §2.1)', async () => {
  const vault = (await shown({ scope: 'openid unlock', resource: VAULT }))['access_token'];
  await refused(await exchange(vault), 'subject_token', /neither issued to the client/);
  const machine = (
    await postToken(world, { grant_type: 'client_credentials', scope: 'read', resource: API }, { basic: `machine:${SECRETS.machine}` })
  ).json;
  await refused(await exchange(machine['access_token']), 'subject_token', /stands for nobody/);
  const spa = await postToken(world, {
    grant_type: TOKEN_EXCHANGE,
    client_id: 'spa',
    subject_token: 'x',
    subject_token_type: ACCESS_TOKEN,
  });
  assert.equal(spa.json['error'], 'unauthorized_client');
});

test('nor does a client’s own token that was asked for in detail (RFC 8693 §2.1, RFC 9396 §6.1)', async () => {
  const own = await openWorld({
    yaml: EXCHANGE_YAML.replace('policies:\n', 'policies:\n  authorization_details: [{ type: job, description: { en: A job } }]\n').replace(
      '  - client_id: gate\n',
      `  - { client_id: worker, client_secret: ${GATE_SECRET}, grant_types: [client_credentials], scope: read, authorization_details_types: [job] }\n  - client_id: gate\n`,
    ),
  });
  const fields = { grant_type: 'client_credentials', scope: 'read', resource: API, authorization_details: '[{"type":"job"}]' };
  const token = await postToken(own, fields, { basic: `worker:${GATE_SECRET}` });
  assert.equal(token.status, 200, token.body.toString());
  await refused(await exchange(token.json['access_token'], {}, GATE, own), 'subject_token', /stands for nobody/, 'invalid_request', own);
  await own.close();
});

test('the audience is one of the policy’s, named in either way (RFC 8693 §2.1, attacks EXC-04)', async () => {
  const { access_token: token } = await shown();
  for (const part of [{ audience: '', resource: PAYMENTS }, { resource: PAYMENTS }])
    assert.equal((await exchange(token, part)).status, 200);
  for (const audience of [API, 'https://nowhere.example/', 'payments'])
    await refused(await exchange(token, { audience }), 'exchange_target', /./, 'invalid_target');
  await refused(await exchange(token, { resource: VAULT }), 'exchange_target', /one audience/, 'invalid_target');
  await refused(await exchange(token, { audience: '' }), 'exchange_target', /needed/, 'invalid_target');
  const body = new URLSearchParams({ grant_type: TOKEN_EXCHANGE, subject_token: String(token), subject_token_type: ACCESS_TOKEN });
  body.append('audience', PAYMENTS);
  body.append('audience', PAYMENTS);
  assert.equal((await postToken(world, body.toString(), { basic: GATE })).status, 200);
  body.append('audience', VAULT);
  assert.equal((await postToken(world, body.toString(), { basic: GATE })).json['error'], 'invalid_target');
});

test('a scope is the subject token’s, the policy’s and the audience’s, or it is refused (RFC 8693 §2.2.2, attacks EXC-05, TOK-19)', async () => {
  const { access_token: token } = await shown();
  for (const scope of ['pay', 'write', 'openid', 'nonsense'])
    await refused(await exchange(token, { scope }), 'exchange_scope', new RegExp(scope), 'invalid_scope');
  const { access_token: other } = await shown({ scope: 'openid write' });
  await refused(await exchange(other), 'exchange_scope', /nothing is left/, 'invalid_scope');
  await refused(await exchange(token, { authorization_details: '[]' }), 'client_grant_type', /not supported/);
});

test('the type that is wanted is an access token, or a JWT where the audience has JWTs (RFC 8693 §2.1, §3)', async () => {
  const { access_token: token } = await shown();
  assert.equal((await exchange(token, { requested_token_type: JWT })).json['issued_token_type'], JWT);
  const { access_token: both } = await shown({ scope: 'openid read', resource: API });
  await refused(await exchange(both, { requested_token_type: JWT, audience: VAULT }), 'exchange_scope', /no JWTs/);
  await refused(
    await exchange(token, { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }),
    'client_grant_type',
    /refresh_token/,
  );
});

test('what is exchanged lives no longer than the subject token, and dies with its grant, however far away (attacks EXC-06)', async () => {
  const own = await openWorld({
    yaml: EXCHANGE_YAML.replace(`resource_server_of: ['${API}'],`, `resource_server_of: ['${API}', '${PAYMENTS}'],`),
  });
  const { access_token: token, refresh_token: refresh } = await tokensOf(own, { scope: 'openid read', resource: API });
  own.clock.freeze(START_MS + 500_000);
  const child = (await exchange(token, {}, GATE, own)).json;
  assert.equal(child['expires_in'], 100);
  const grandchild = (await exchange(child['access_token'], { audience: VAULT }, GATE, own)).json;
  assert.match(String(grandchild['access_token']), /^hfa_/);
  assert.ok(Number(grandchild['expires_in']) <= 100);
  const again = await postToken(own, { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(refresh) });
  assert.equal(again.status, 200, 'the subject’s own grant is as it was');
  assert.deepEqual([await isLive(child['access_token'], own), await isLive(grandchild['access_token'], own)], [true, true]);
  await revoked(own, again.json['refresh_token']);
  assert.deepEqual([await isLive(child['access_token'], own), await isLive(grandchild['access_token'], own)], [false, false]);
  const seen = await introspected(own, grandchild['access_token'], GATE);
  assert.deepEqual(seen.json, { active: false });
  await own.close();
});

test('a client that exchanges more than it may have signs nobody out: the oldest exchanges fall (attacks EXC-06)', async () => {
  const own = await openWorld({
    yaml: EXCHANGE_YAML.replace(
      '  - client_id: spa\n',
      `  - client_id: both
    client_secret: ${GATE_SECRET}
    redirect_uris: [https://both.example/cb]
    grant_types: [authorization_code, refresh_token, '${TOKEN_EXCHANGE}']
    hufu: { first_party: true, max_grants_per_user: 2, token_exchange: { audiences: ['${PAYMENTS}'], scopes: [read] } }
  - client_id: spa\n`,
    ),
  });
  const basic = `both:${GATE_SECRET}`;
  const code = answerOf(
    await ask(own, await signedIn(own), {
      client_id: 'both',
      redirect_uri: 'https://both.example/cb',
      scope: 'openid read',
      resource: API,
    }),
  ).get('code');
  const fields = { grant_type: 'authorization_code', code: code ?? '', redirect_uri: 'https://both.example/cb', code_verifier: VERIFIER };
  const { access_token: token, refresh_token: refreshToken } = (await postToken(own, fields, { basic })).json;
  const children: unknown[] = [];
  for (let i = 0; i < 4; i++) children.push((await exchange(token, {}, basic, own)).json['access_token']);
  assert.deepEqual(await Promise.all([token, ...children].map((text) => isLive(text, own))), [true, false, false, true, true]);
  const renewed = await postToken(own, { grant_type: 'refresh_token', refresh_token: String(refreshToken) }, { basic });
  assert.equal(renewed.status, 200, renewed.body.toString());
  await own.close();
});

test('to give the exchanged token back leaves the subject signed in (attacks EXC-06)', async () => {
  const { access_token: token, refresh_token: refresh } = await shown();
  const child = (await exchange(token)).json['access_token'];
  await revoked(world, child, GATE);
  assert.deepEqual([await isLive(child), await isLive(token)], [false, true]);
  assert.equal((await postToken(world, { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(refresh) })).status, 200);
});

test('a disabled user or client is no subject, and what was exchanged ends with them (attacks EXC-10)', async () => {
  const own = await openWorld({ yaml: EXCHANGE_YAML });
  const bob = (await own.store.findUserByName(own.tenant, 'bob')) ?? assert.fail();
  const ofBob = (await tokensOf(own, { scope: 'openid read', resource: API }, await signedIn(own, 'bob')))['access_token'];
  const ofAlice = (await tokensOf(own, { scope: 'openid read', resource: API }))['access_token'];
  const [bobs, alices] = [
    (await exchange(ofBob, {}, GATE, own)).json['access_token'],
    (await exchange(ofAlice, {}, GATE, own)).json['access_token'],
  ];
  await own.store.setUserEnabled(own.tenant, bob.id, false, START);
  await refused(await exchange(ofBob, {}, GATE, own), 'subject_token', /user_disabled/, 'invalid_request', own);
  assert.equal(await isLive(bobs, own), false);
  const row = (await own.store.findClient(own.tenant, clientId('spa'))) ?? assert.fail();
  const { metadata, secrets, source } = row;
  await own.store.putClient(own.tenant, { clientId: row.clientId, metadata, secrets, source, enabled: false }, START);
  await refused(await exchange(ofAlice, {}, GATE, own), 'subject_token', /client_disabled/, 'invalid_request', own);
  assert.equal(await isLive(alices, own), false);
  await own.close();
});

test('a pairwise client exchanges for a sub of its own sector (OpenID Connect Core §8.1)', async () => {
  const own = await openWorld({
    yaml: EXCHANGE_YAML.replace(
      `grant_types: ['${TOKEN_EXCHANGE}', client_credentials]`,
      `subject_type: pairwise\n    grant_types: ['${TOKEN_EXCHANGE}', client_credentials]`,
    ).replace('- client_id: gate', '- client_id: gate\n    sector_identifier_uri: https://gate.example/sector'),
  });
  const { access_token: token } = await tokensOf(own, { scope: 'openid read', resource: API });
  const { sub } = claimsOf((await exchange(token, {}, GATE, own)).json['access_token']);
  assert.match(String(sub), /^[\w-]{43}$/);
  await own.close();
});

test('a JWT of a trusted issuer is exchanged once, within its scopes and until its end (RFC 8693 §2.1)', async () => {
  const about = { exp: START + 120 };
  const token = idpAssertion(about);
  const reply = await exchange(token, { subject_token_type: JWT });
  assert.equal(reply.status, 200, reply.body.toString());
  assert.deepEqual([reply.json['expires_in'], claimsOf(reply.json['access_token'])['sub']], [120, 'alice-sub']);
  await refused(await exchange(token, { subject_token_type: JWT }), 'grant_assertion_unused', /used before/);
  await refused(
    await exchange(idpAssertion({ aud: 'https://other.example' }), { subject_token_type: JWT }),
    'grant_assertion_claims',
    /aud/,
  );
  await refused(await exchange(idpAssertion({ sub: 'carol' }), { subject_token_type: JWT }), 'grant_assertion_subject', /no user/);
  await refused(
    await exchange(idpAssertion({ scope: 'unlock' }), { subject_token_type: JWT }),
    'exchange_scope',
    /nothing is left/,
    'invalid_scope',
  );
  const foreign = await exchange(idpAssertion({ iss: 'https://evil.example' }), { subject_token_type: JWT });
  await refused(foreign, 'trusted_issuer', /not trusted/);
});

test('may_act names the only one who may act (RFC 8693 §4.4, attacks EXC-09)', async () => {
  const by = (mayAct: unknown): Promise<Reply> => exchange(idpAssertion({ may_act: mayAct }), { subject_token_type: JWT });
  assert.equal((await by({ sub: 'gate' })).status, 200);
  assert.equal((await by({ sub: 'gate', iss: 'https://id.example' })).status, 200);
  const before = world.events('exchange.refused').length;
  for (const other of [{ sub: 'ghost' }, { sub: 'gate', iss: 'https://other.example' }, {}, null, 'gate', { sub: ['gate'] }])
    await refused(await by(other), 'exchange_actor', /may_act/);
  assert.equal(world.events('exchange.refused').length, before + 6);
  const acted = await exchange(idpAssertion({ act: { sub: 'robot', extra: 1, act: { sub: 'x', iss: 'https://x.example' } } }), {
    subject_token_type: JWT,
  });
  assert.deepEqual(claimsOf(acted.json['access_token'])['act'], {
    sub: 'gate',
    client_id: 'gate',
    act: { sub: 'robot', iss: 'https://idp.example', act: { sub: 'x', iss: 'https://x.example' } },
  });
  for (const act of [{}, 'x', { sub: 'a', act: { sub: 'b', act: { sub: 'c', act: { sub: 'd', act: { sub: 'e' } } } } }])
    assert.equal(
      (await exchange(idpAssertion({ act }), { subject_token_type: JWT })).json['error'],
      'invalid_request',
      JSON.stringify(act),
    );
});

test('the row of an exchanged token knows where it comes from (product M28)', async () => {
  const { access_token: token } = await shown();
  const { access_token: child } = (await exchange(token)).json;
  const [parent, live] = [await readAccessToken(world.ctx, String(token), START), await readAccessToken(world.ctx, String(child), START)];
  if (parent.kind !== 'live' || live.kind !== 'live') assert.fail();
  const row = (await world.store.findGrant(world.tenant, grantId(live.grant.id))) ?? assert.fail();
  assert.deepEqual(
    [row.parentId, row.actor, row.idleSeconds, row.sessionId],
    [parent.grant.id, { sub: 'gate', client_id: 'gate' }, 0, undefined],
  );
});

test('a code of somebody else is no subject either, and nothing was spent by all that (RFC 8693 §2.2.2)', async () => {
  const code = answerOf(await ask(world, alice, {})).get('code') ?? assert.fail();
  await refused(await exchange(code), 'subject_token', /not an access token/);
  const form = {
    grant_type: 'authorization_code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    code,
    code_verifier: VERIFIER,
  };
  assert.equal((await postToken(world, form)).status, 200);
});

test('a client that takes two factors gets nobody who has shown less, nor one whom an issuer speaks for (RFC 8693 §2.2.2, product M15)', async () => {
  const gate = `resource_server_of: ['${API}'], token_exchange`;
  const own = await openWorld({ yaml: EXCHANGE_YAML.replace(gate, `sign_in: { acr: 'urn:hufu:acr:2' }, ${gate}`) });
  const weak = await exchange((await shown({}, own))['access_token'], {}, GATE, own);
  await refused(weak, 'sign_in_level', /wants level 2, and it is 1/, 'invalid_grant', own);
  const token = idpAssertion();
  await refused(await exchange(token, { subject_token_type: JWT }, GATE, own), 'sign_in_level', /it is 0/, 'invalid_grant', own);
  const strong = await tokensOf(own, { scope: 'read', resource: API }, await signedIn(own, 'alice', 'password', 'totp'));
  assert.equal((await exchange(strong['access_token'], {}, GATE, own)).status, 200);
  const lax = await openWorld({ yaml: EXCHANGE_YAML, store: own.store });
  assert.equal((await exchange(token, { subject_token_type: JWT }, GATE, lax)).status, 200, 'what was refused was not used up');
  for (const one of [lax, own]) await one.close();
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { clientKeyPair, signWith } from '@hufu/server/testing/client-assertions';
import { type JsonReply, postForm } from '../support/agent.ts';
import { BASIC_YAML, OPAQUE_RESOURCE, RESOURCE } from '../support/hufu.ts';
import { assertTokenError } from './expect.ts';
import { arena } from './oracles.ts';
import { BOB, machineToken, refresh, SPA, signedIn, tokensOf } from './sign-ins.ts';
import { introspected, now, token } from './token-requests.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const GATE = 'gate:gate-secret-0123456789abcdef0123456789';
const idp = await clientKeyPair('i');
const YAML = BASIC_YAML.replace(
  '\nresources:',
  `
  - client_id: gate
    client_secret: gate-secret-0123456789abcdef0123456789
    grant_types: ['${EXCHANGE}', client_credentials]
    scope: read next
    hufu: { resource_server_of: ['${RESOURCE}'], token_exchange: { audiences: ['https://next.example/'], scopes: [read, next] } }
resources:`,
)
  .replace('\nusers:', "\n  - { identifier: 'https://next.example/', scopes: [read, write, next], token_format: opaque }\nusers:")
  .replace(
    'policies: { brute_force: off }',
    `policies: { brute_force: off, trusted_issuers: [{ issuer: 'https://idp.example', accepts: [token-exchange], jwks: ${JSON.stringify({ keys: [idp.jwk] })}, subject: username, clients: [gate], scopes: [read] }] }`,
  );

describe('EXC: token exchange', () => {
  const here = arena({ yaml: YAML });
  const exchange = (subject: string, more: Readonly<Record<string, string>> = {}, basic = GATE): Promise<JsonReply> =>
    token(
      here,
      { grant_type: EXCHANGE, subject_token: subject, subject_token_type: ACCESS_TOKEN, audience: 'https://next.example/', ...more },
      basic,
    );
  const isActive = async (text: unknown): Promise<unknown> => (await introspected(here, text, GATE)).body['active'];

  test('EXC-01 · a subject token that is missing, empty or blank (RFC 8693 §2.2.2)', async () => {
    const { access } = await tokensOf(here.issuer, SPA);
    assert.equal((await exchange(access)).status, 200);
    for (const subject of ['', ' ', '\t\n', '+', '%20'])
      assertTokenError(await exchange(subject), 'invalid_request', JSON.stringify(subject));
    assertTokenError(await token(here, { grant_type: EXCHANGE, audience: 'https://next.example/' }, GATE), 'invalid_request');
    assertTokenError(await exchange(access, { subject_token_type: '' }), 'invalid_request');
    const twice = new URLSearchParams({ grant_type: EXCHANGE, subject_token: access, subject_token_type: ACCESS_TOKEN });
    twice.append('subject_token', access);
    assertTokenError(await token(here, twice, GATE), 'invalid_request');
  });

  test('EXC-03 · a subject token that is over, revoked, of somebody else, or not what it is called (RFC 8693 §2.2.2)', async () => {
    const { access, refresh: refreshToken, id } = await tokensOf(here.issuer, SPA);
    for (const other of [refreshToken, id, 'x', access.slice(0, -2), `${access}x`])
      assertTokenError(await exchange(other), 'invalid_request', other.slice(0, 4));
    for (const type of ['refresh_token', 'id_token', 'jwt', 'saml1', 'saml2', 'constructor'])
      assertTokenError(await exchange(access, { subject_token_type: `urn:ietf:params:oauth:token-type:${type}` }), 'invalid_request', type);
    const payload = Object(JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString()));
    for (const claims of [payload, { ...payload, iss: 'https://idp.example' }])
      assertTokenError(await exchange(signWith(idp, claims, { typ: 'at+jwt' })), 'invalid_request', 'another issuer');
    assertTokenError(await exchange(await machineToken(here.issuer, 'read')), 'invalid_request', 'a client’s own');
    await postForm(`${here.issuer}/oauth/revoke`, { token: access, client_id: 'spa' });
    assertTokenError(await exchange(access), 'invalid_request', 'revoked');
    const opaque = await tokensOf(here.issuer, { ...SPA, scope: 'openid opaque', parameters: { resource: OPAQUE_RESOURCE } });
    assertTokenError(await exchange(opaque.access), 'invalid_request', 'of a resource that the client does not serve');
    const late = await tokensOf(here.issuer, SPA);
    await here.hufu.advance('PT15M');
    assertTokenError(await exchange(late.access), 'invalid_request', 'expired');
  });

  test('EXC-04 · an audience that the client may not have (RFC 8693 §2.2.2)', async () => {
    const { access } = await tokensOf(here.issuer, SPA);
    for (const audience of [
      RESOURCE,
      OPAQUE_RESOURCE,
      here.issuer,
      'https://next.example',
      'https://next.example/x',
      'next',
      '*',
      '__proto__',
    ])
      assertTokenError(await exchange(access, { audience }), 'invalid_target', audience);
    for (const resource of [RESOURCE, 'https://nowhere.example/'])
      assertTokenError(await exchange(access, { resource }), 'invalid_target', resource);
    assertTokenError(await exchange(access, { audience: '', resource: RESOURCE }), 'invalid_target');
  });

  test('EXC-05 · TOK-19 · a scope beyond the subject token, the policy or the audience (RFC 8693 §2.2.2)', async () => {
    const { access } = await tokensOf(here.issuer, { ...SPA, scope: 'openid read write' });
    assert.equal((await exchange(access, { scope: 'read' })).body['scope'], 'read');
    for (const scope of ['write', 'next', 'read next', 'openid', 'offline_access', 'opaque', 'admin'])
      assertTokenError(await exchange(access, { scope }), 'invalid_scope', scope);
    const narrow = await tokensOf(here.issuer, { ...SPA, scope: 'openid write' });
    assertTokenError(await exchange(narrow.access), 'invalid_scope');
  });

  test('EXC-06 · the subject’s session, refresh token and scopes stay as they are, and what was exchanged ends with them', async () => {
    const agent = await signedIn(here.issuer);
    const before = await tokensOf(here.issuer, SPA, undefined, agent);
    const children = await Promise.all(Array.from({ length: 5 }, () => exchange(before.access)));
    const texts = children.map(({ body }) => String(body['access_token']));
    assert.equal(new Set(texts).size, 5);
    for (const { body } of children) assert.deepEqual([body['refresh_token'], body['id_token']], [undefined, undefined]);
    await postForm(`${here.issuer}/oauth/revoke`, { token: texts[0] ?? '' }, GATE);
    assert.equal((await agent.get('/account')).status, 200);
    const renewed = await refresh(here.issuer, before.refresh, SPA);
    assert.deepEqual([renewed.status, renewed.body['scope']], [200, before.reply.body['scope']]);
    assert.deepEqual(await Promise.all(texts.map(isActive)), [false, true, true, true, true]);
    await postForm(`${here.issuer}/oauth/revoke`, { token: String(renewed.body['refresh_token']), client_id: 'spa' });
    assert.deepEqual(await Promise.all(texts.map(isActive)), [false, false, false, false, false]);
  });

  test('EXC-09 · an actor that is not the client’s own, or that may_act does not name; a client without impersonation is always named (RFC 8693 §4.4)', async () => {
    const { access } = await tokensOf(here.issuer, SPA);
    const actor = { actor_token_type: ACCESS_TOKEN };
    for (const text of [access, await machineToken(here.issuer, 'read'), 'x'])
      assertTokenError(await exchange(access, { ...actor, actor_token: text }), 'invalid_request');
    assertTokenError(await exchange(access, actor), 'invalid_request');
    const plain = await exchange(access);
    assert.deepEqual((await introspected(here, plain.body['access_token'], GATE)).body['act'], { sub: 'gate', client_id: 'gate' });
    const seconds = now(here);
    const claims = { iss: 'https://idp.example', sub: 'alice', aud: here.issuer, iat: seconds, exp: seconds + 60 };
    const subject = (mayAct: unknown, jti: string): string => signWith(idp, { ...claims, jti, may_act: mayAct });
    assert.equal((await exchange(subject({ sub: 'gate' }, 'a'), { subject_token_type: JWT })).status, 200);
    const audited = (): number => here.hufu.logLines.filter((line) => line.includes('"exchange.refused"')).length;
    const logged = audited();
    assertTokenError(await exchange(subject({ sub: 'spa' }, 'b'), { subject_token_type: JWT }), 'invalid_request');
    assertTokenError(
      await exchange(subject({ sub: 'gate', iss: 'https://idp.example' }, 'c'), { subject_token_type: JWT }),
      'invalid_request',
    );
    assert.equal(audited(), logged + 2);
  });

  test('EXC-10 · somebody disabled, and a client disabled, are no subjects (RFC 8693 §2.2.2)', async () => {
    const { store, context } = here.hufu;
    const bobs = await tokensOf(here.issuer, SPA, undefined, undefined, BOB);
    const alices = await tokensOf(here.issuer, SPA);
    const [ofBob, ofAlice] = [(await exchange(bobs.access)).body['access_token'], (await exchange(alices.access)).body['access_token']];
    const bob = (await store.findUserByName(context.tenant, 'bob')) ?? assert.fail();
    await store.setUserEnabled(context.tenant, bob.id, false, now(here));
    assertTokenError(await exchange(bobs.access), 'invalid_request');
    assert.deepEqual([await isActive(ofBob), await isActive(ofAlice)], [false, true]);
    const seconds = now(here);
    const claims = { iss: 'https://idp.example', sub: 'bob', aud: here.issuer, iat: seconds, exp: seconds + 60, jti: 'bob' };
    assertTokenError(await exchange(signWith(idp, claims), { subject_token_type: JWT }), 'invalid_request');
    const row = (await store.findClient(context.tenant, clientId('spa'))) ?? assert.fail();
    const { metadata, secrets, source } = row;
    await store.putClient(context.tenant, { clientId: row.clientId, metadata, secrets, source, enabled: false }, now(here));
    assertTokenError(await exchange(alices.access), 'invalid_request');
    assert.equal(await isActive(ofAlice), false);
  });
});

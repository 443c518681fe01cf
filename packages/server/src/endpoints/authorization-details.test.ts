import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { findClient } from '../clients.ts';
import { consentGet, consentPost } from '../interaction/consent.ts';
import { csrfToken } from '../interaction/csrf.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { answerOf, ask, claimsOf, post, postToken, signedIn, VERIFIER } from '../testing/visits.ts';
import { API, BASIC_YAML, ISSUER, openWorld, SECRETS, VAULT } from '../testing/world.ts';
import { allowedTypes } from '../tokens/authorization-details.ts';
import { introspect } from './introspect.ts';

const POLICY = `
policies:
  authorization_details:
    - type: payment
      description: { en: Pay from your account, zh-CN: 从你的账户付款 }
      fields:
        - { name: creditor, label: { en: To, zh-CN: 收款人 }, required: true }
        - { name: amount, label: { en: Amount, zh-CN: 金额 }, kind: object, fields: [{ name: currency, max: 3 }, { name: value }] }
        - { name: instant, kind: flag }
        - { name: actions, kind: texts, values: [initiate, status] }
    - type: report
      description: { en: Read reports }
`;
const CLIENTS = `
  - client_id: robot
    client_secret: ${SECRETS.machine}
    grant_types: [client_credentials]
    scope: read unlock
    authorization_details_types: [report]
  - client_id: gate
    client_secret: ${SECRETS.api}
    grant_types: [client_credentials]
    hufu: { resource_server_of: ['${API}', '${VAULT}'] }
`;
const world = await openWorld({ yaml: `${BASIC_YAML.replace('\nresources:', `${CLIENTS}resources:`)}${POLICY}` });
const alice = await signedIn(world);
after(() => world.close());

const PAY = {
  type: 'payment',
  creditor: 'Müller <b>',
  amount: { currency: 'EUR', value: '12.50' },
  instant: false,
  actions: ['initiate', 'status'],
};
const AT_VAULT = { type: 'report', locations: [VAULT] };
const AT_API = { type: 'report', locations: [API] };
const WEB = { client_id: 'web', redirect_uri: 'https://web.example/cb', scope: 'openid read' };
const WEB_BASIC = { basic: `web:${SECRETS.web}` };

function details(...entries: readonly object[]): { authorization_details: string } {
  return { authorization_details: JSON.stringify(entries) };
}

/** The token response of the house's own application, which asks nobody. */
async function tokensFor(
  asked: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): ReturnType<typeof postToken> {
  const code = answerOf(await ask(world, alice, { ...WEB, ...asked })).get('code') ?? assert.fail('no code');
  const fields = { grant_type: 'authorization_code', redirect_uri: WEB.redirect_uri, code, code_verifier: VERIFIER, ...more };
  return await postToken(world, fields, WEB_BASIC);
}

async function introspected(token: unknown): Promise<Readonly<Record<string, unknown>>> {
  return (await post(world, introspect, { token: String(token) }, { basic: `gate:${SECRETS.api}` })).json;
}

test('what was granted stands in the token response, in a JWT and in introspection (RFC 9396 §7, §9.1, §9.2)', async () => {
  const { json } = await tokensFor(details(PAY));
  assert.deepEqual(json['authorization_details'], [PAY]);
  assert.deepEqual(claimsOf(json['access_token'])['authorization_details'], [PAY]);
  assert.deepEqual((await introspected(json['access_token']))['authorization_details'], [PAY]);
});

test('a token carries what is for its resource alone (RFC 9396 §6.1, §9)', async () => {
  const { json } = await tokensFor({ ...details(PAY, AT_VAULT, AT_API), scope: 'openid read unlock' }, { resource: VAULT });
  assert.deepEqual(json['authorization_details'], [PAY, AT_VAULT]);
  assert.match(String(json['access_token']), /^hfa_/);
  assert.deepEqual((await introspected(json['access_token']))['authorization_details'], [PAY, AT_VAULT]);
  const other = await postToken(
    world,
    { grant_type: 'refresh_token', refresh_token: String(json['refresh_token']), resource: API },
    WEB_BASIC,
  );
  assert.deepEqual(other.json['authorization_details'], [PAY, AT_API]);
});

test('a token request asks for less, entry by entry, and never for more (RFC 9396 §6, attacks AUT-41)', async () => {
  const { json } = await tokensFor(details(PAY, AT_API), details(AT_API));
  assert.deepEqual(json['authorization_details'], [AT_API]);
  assert.deepEqual((await introspected(json['access_token']))['authorization_details'], [AT_API]);
  const refresh = (more: Record<string, string>): ReturnType<typeof postToken> =>
    postToken(world, { grant_type: 'refresh_token', refresh_token: String(json['refresh_token']), ...more }, WEB_BASIC);
  for (const more of [
    details({ ...PAY, amount: { currency: 'EUR', value: '99.00' } }),
    details({ type: 'report' }),
    details(AT_VAULT),
    { authorization_details: 'x' },
  ]) {
    const refused = await refresh(more);
    assert.deepEqual([refused.status, refused.json['error']], [400, 'invalid_authorization_details'], JSON.stringify(more));
  }
  const reordered = {
    ...details({
      actions: PAY.actions,
      instant: false,
      amount: { value: '12.50', currency: 'EUR' },
      creditor: PAY.creditor,
      type: 'payment',
    }),
  };
  assert.deepEqual((await refresh(reordered)).json['authorization_details'], [PAY]);
});

test('a narrowed opaque token says no more than it was given (RFC 9396 §9.2)', async () => {
  const { json } = await tokensFor({ ...details(PAY, AT_VAULT), scope: 'openid unlock' }, { resource: VAULT, ...details(AT_VAULT) });
  assert.deepEqual((await introspected(json['access_token']))['authorization_details'], [AT_VAULT]);
});

test('a code is not spent by details that were not granted (RFC 9396 §6)', async () => {
  const code = answerOf(await ask(world, alice, { ...WEB, ...details(PAY) })).get('code') ?? assert.fail();
  const fields = { grant_type: 'authorization_code', redirect_uri: WEB.redirect_uri, code, code_verifier: VERIFIER };
  assert.equal((await postToken(world, { ...fields, ...details(AT_API) }, WEB_BASIC)).json['error'], 'invalid_authorization_details');
  assert.equal((await postToken(world, fields, WEB_BASIC)).status, 200);
});

test('locations choose the resources where none is named, and fit those that are (RFC 9396 §2.2, RFC 8707 §2)', async () => {
  const alone = await tokensFor({ ...details(AT_VAULT), scope: 'openid' });
  assert.equal((await introspected(alone.json['access_token']))['aud'], VAULT);
  const nowhere = answerOf(await ask(world, alice, { ...WEB, ...details(AT_VAULT), resource: API }));
  assert.equal(nowhere.get('error'), 'invalid_authorization_details');
});

test('what is wrong with them is said to the client, to each in its own way (RFC 9396 §5, attacks AUT-41)', async () => {
  for (const text of ['x', '[{"type":"unknown"}]', '[{"type":"payment"}]', JSON.stringify([{ ...PAY, more: 1 }])]) {
    const answer = answerOf(await ask(world, alice, { ...WEB, authorization_details: text }));
    assert.equal(answer.get('error'), 'invalid_authorization_details', text);
  }
});

const THIRD = { client_id: 'third', redirect_uri: 'https://third.example/cb', scope: 'openid read' };

test('the consent page shows every member in its language, and asks each time (RFC 9396 §12, attacks AUT-41)', async () => {
  for (const [locale, words] of [
    ['en', ['Pay from your account', 'To', 'Amount › currency', 'EUR', '12.50', 'No', 'initiate', 'Only at', API, 'this time only']],
    ['zh-CN', ['从你的账户付款', '收款人', '金额 › currency', 'EUR', '12.50', '否', 'initiate', '仅限用于', API, '仅限本次']],
  ] as const) {
    const reply = await ask(world, alice, { ...THIRD, ...details({ ...PAY, locations: [API] }), ui_locales: locale });
    const page = new URL(String(reply.headers['location']), ISSUER);
    assert.equal(page.pathname, '/consent', 'though it was allowed before');
    const shown = await consentGet(
      world.ctx,
      world.http({ path: '/consent', query: page.search.slice(1), headers: { cookie: alice.cookie } }),
    );
    const text = shown.body.toString();
    for (const word of words) assert.ok(text.includes(word), `${locale}: ${word}`);
    assert.ok(text.includes('Müller &lt;b&gt;'), 'escaped');
    const cookie = `${alice.cookie}; ${String(shown.headers['set-cookie']).split(';', 1)[0] ?? ''}`;
    const http = world.http({ method: 'POST', headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' } });
    const csrf = csrfToken(world.ctx, browserOf(world.ctx, http).id, `/consent ${alice.session.id}`);
    const body = new URLSearchParams({ request: page.searchParams.get('request') ?? '', csrf, decision: 'allow' }).toString();
    assert.ok(answerOf(await consentPost(world.ctx, { ...http, body })).has('code'));
  }
  const silent = await ask(world, alice, { ...THIRD, ...details(PAY), prompt: 'none' });
  assert.equal(answerOf(silent).get('error'), 'consent_required');
});

test('whoever registered themselves has the types that they registered, and none otherwise (RFC 9396 §10)', async () => {
  const client = (await findClient(world.ctx, 'web')) ?? assert.fail();
  assert.equal(allowedTypes(client), undefined);
  for (const source of ['registered', 'document'] as const) {
    const stranger = { ...client, record: { ...client.record, source } };
    assert.deepEqual(allowedTypes(stranger), []);
    assert.deepEqual(allowedTypes({ ...stranger, metadata: { ...client.metadata, authorizationDetailsTypes: ['payment'] } }), ['payment']);
  }
});

test('a client asks for itself only for types that an administrator named (RFC 9396 §6.1, §10)', async () => {
  const basic = { basic: `robot:${SECRETS.machine}` };
  const own = (fields: Record<string, string>, by = basic): ReturnType<typeof postToken> =>
    postToken(world, { grant_type: 'client_credentials', ...fields }, by);
  for (const [resource, entry] of [
    [API, AT_API],
    [VAULT, { type: 'report' }],
  ] as const) {
    const granted = await own({ scope: 'read', resource, ...details(entry) });
    assert.deepEqual([granted.status, granted.json['authorization_details'], granted.json['scope']], [200, [entry], 'read']);
    const facts = await introspected(granted.json['access_token']);
    assert.deepEqual(
      [facts['active'], facts['sub'], facts['authorization_details'], facts['auth_time']],
      [true, 'robot', [entry], undefined],
    );
  }
  assert.equal((await own({ scope: 'read', resource: API, ...details(AT_VAULT) })).json['error'], 'invalid_authorization_details');
  assert.equal((await own(details(PAY))).json['error'], 'invalid_authorization_details');
  assert.equal(
    (await own(details({ type: 'report' }), { basic: `machine:${SECRETS.machine}` })).json['error'],
    'invalid_authorization_details',
  );
  const plain = await own({ scope: 'read', resource: API });
  assert.equal((await introspected(plain.json['access_token']))['authorization_details'], undefined);
});

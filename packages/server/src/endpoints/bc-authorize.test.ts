import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { Form } from '@hufu/protocol/form';
import { CIBA } from '@hufu/protocol/grant-type';
import { PROFILES } from '@hufu/protocol/profiles/registry';
import { readHolder } from '@hufu/protocol/tally';
import { readParameters } from '../backchannel/parameters.ts';
import { type Client, findClient } from '../clients.ts';
import { Trail } from '../decisions/trail.ts';
import { type ClientKeyPair, clientKeyPair, signWith, signWithSecret } from '../testing/client-assertions.ts';
import { askUser, BANK_SECRET, PENDING_YAML, pollUser } from '../testing/pending.ts';
import { claimsOf, postToken, signedIn, tokensOf } from '../testing/visits.ts';
import { ISSUER, openWorld, START, START_MS, type World } from '../testing/world.ts';
import { testCiba } from './test-ciba.ts';

const world = await openWorld({ yaml: PENDING_YAML });
after(() => world.close());

type Asked = Awaited<ReturnType<typeof askUser>>;

function decide(at: World, asked: Asked, action: string): ReturnType<typeof testCiba> {
  const query = new URLSearchParams({ auth_req_id: String(asked.json['auth_req_id']), action }).toString();
  return testCiba(at.ctx, at.http({ method: 'POST', path: '/test/ciba', query }));
}

async function refused(reply: Asked, error: string, failed: string, status = 400): Promise<void> {
  assert.deepEqual([reply.status, reply.json['error'], (await world.why(reply)).failed], [status, error, failed], reply.body.toString());
}

test('a client asks about a user and polls until they have decided (OpenID Connect CIBA §7.3, §10.1, §11)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const asked = await askUser(own, { binding_message: 'Table 7, 42,00 €', scope: 'openid read offline_access' });
  assert.equal(asked.status, 200, asked.body.toString());
  assert.match(String(asked.json['auth_req_id']), /^hfb_[\w-]{64}$/);
  assert.deepEqual([asked.json['expires_in'], asked.json['interval']], [300, 5]);
  assert.equal((await pollUser(own, asked)).json['error'], 'authorization_pending');
  assert.equal((await pollUser(own, asked)).json['error'], 'slow_down');
  assert.deepEqual(JSON.parse((await decide(own, asked, 'allow')).body.toString()), { decision: 'allowed' });
  const tokens = await pollUser(own, asked);
  assert.equal(tokens.status, 200, tokens.body.toString());
  const claims = claimsOf(tokens.json['id_token']);
  assert.deepEqual([claims['sub'], claims['aud'], claims['auth_time'], claims['amr']], ['alice-sub', 'bank', START, ['user']]);
  assert.equal('urn:openid:params:jwt:claim:auth_req_id' in claims, false, 'that is for what is pushed');
  assert.match(String(tokens.json['refresh_token']), /^hfr_/);
  assert.equal((await pollUser(own, asked)).json['error'], 'invalid_grant');
  assert.equal((await decide(own, asked, 'deny')).status, 409);
  await own.close();
});

test('a user who says no, and one who says nothing (OpenID Connect CIBA §11)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const [no, nothing] = [await askUser(own), await askUser(own, { requested_expiry: '60' })];
  assert.equal(nothing.json['expires_in'], 60);
  assert.equal((await decide(own, no, 'deny')).status, 200);
  const denied = await pollUser(own, no);
  assert.deepEqual([denied.status, denied.json['error']], [400, 'access_denied']);
  own.clock.freeze(START_MS + 60_000);
  assert.equal((await pollUser(own, nothing)).json['error'], 'expired_token');
  assert.equal((await decide(own, nothing, 'allow')).status, 409);
  await own.close();
});

test('exactly one hint names the user, and nobody learns more of others than that they are not here (OpenID Connect CIBA §7.1, §13, attacks DEV-22)', async () => {
  await refused(await askUser(world, { login_hint: '' }), 'invalid_request', 'login_hint');
  await refused(await askUser(world, { id_token_hint: 'x' }), 'invalid_request', 'login_hint');
  await refused(await askUser(world, { login_hint: '', login_hint_token: 'x' }), 'invalid_request', 'login_hint');
  await refused(await askUser(world, { login_hint: 'nobody' }), 'unknown_user_id', 'login_hint');
  await refused(await askUser(world, { login_hint: 'x'.repeat(300) }), 'unknown_user_id', 'login_hint');
  const own = await openWorld({ yaml: PENDING_YAML });
  const bob = (await own.store.findUserByName(own.tenant, 'bob')) ?? assert.fail();
  await own.store.setUserEnabled(own.tenant, bob.id, false, own.now());
  const disabled = await askUser(own, { login_hint: 'bob' });
  const missing = await askUser(own, { login_hint: 'nobody' });
  assert.equal(disabled.body, missing.body);
  for (let i = 0; i < 28; i++) assert.equal((await askUser(own, { login_hint: `n${i}` })).status, 400);
  assert.equal((await askUser(own, { login_hint: 'nobody' })).status, 429);
  assert.equal((await askUser(own)).status, 200, 'whom it knows it may ask');
  await own.close();
});

test('an ID token of this very client names its user, by session or by grant; another one does not (OpenID Connect CIBA §7.1)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const first = await askUser(own);
  await decide(own, first, 'allow');
  const tokens = await pollUser(own, first);
  const hinted = await askUser(own, { login_hint: '', id_token_hint: String(tokens.json['id_token']) });
  assert.equal(hinted.status, 200, hinted.body.toString());
  const foreign = await tokensOf(own, { scope: 'openid' }, await signedIn(own));
  const other = await askUser(own, { login_hint: '', id_token_hint: String(foreign['id_token']) });
  assert.deepEqual([other.json['error'], (await own.why(other)).failed], ['invalid_request', 'login_hint']);
  await own.close();
});

test('a binding message is one printable line of 128 characters (OpenID Connect CIBA §7.1, §13, attacks DEV-22)', async () => {
  for (const message of ['x'.repeat(129), 'a\nb', 'a\u202eb', 'a\u0000b', 'zero\u200bwidth'])
    await refused(await askUser(world, { binding_message: message }), 'invalid_binding_message', 'backchannel_request');
  assert.equal((await askUser(world, { binding_message: '转账 42,00 € 👍 — W4SCT' })).status, 200);
});

test('what a request needs beside the hint (OpenID Connect CIBA §7.1, §13, RFC 9396 §5)', async () => {
  await refused(await askUser(world, { scope: 'read' }), 'invalid_scope', 'scope');
  await refused(await askUser(world, { scope: '' }), 'invalid_scope', 'scope');
  await refused(await askUser(world, { scope: 'openid write' }), 'invalid_scope', 'scope');
  for (const requested_expiry of ['0', '-1', '1.5', 'soon', '01'])
    await refused(await askUser(world, { requested_expiry }), 'invalid_request', 'backchannel_request');
  await refused(await askUser(world, { authorization_details: '[]' }), 'invalid_request', 'parameters');
  await refused(await askUser(world, { request_uri: 'https://x.example/' }), 'invalid_request', 'backchannel_request');
  const bad = await askUser(world, {}, 'box');
  assert.equal(bad.status, 401);
  assert.equal((await askUser(world, { requested_expiry: '86400', login_hint: 'bob' })).json['expires_in'], 600, 'clamped');
});

test('where no limits are kept, requests that nobody decides do not stand in the way of others (product 2.2)', async () => {
  const own = await openWorld({ yaml: `limits: off\n${PENDING_YAML}` });
  const statuses = [];
  for (let count = 0; count < 8; count += 1) statuses.push((await askUser(own)).status);
  assert.deepEqual(new Set(statuses), new Set([200]));
  await own.close();
});

test('a user is asked at most twice by one client and five times by all, and the client hears 429 (OpenID Connect CIBA §14, attacks DEV-22)', async () => {
  const more = ['c3', 'c4'].map(
    (id) =>
      `  - { client_id: ${id}, client_secret: ${BANK_SECRET}, grant_types: ['${CIBA}'], backchannel_token_delivery_mode: poll, scope: openid read }\n`,
  );
  const own = await openWorld({ yaml: PENDING_YAML.replace('resources:', `${more.join('')}resources:`) });
  const statuses = async (client: string): Promise<number[]> => [
    (await askUser(own, {}, client)).status,
    (await askUser(own, {}, client)).status,
  ];
  assert.deepEqual(await statuses('bank'), [200, 200]);
  const third = await askUser(own);
  assert.deepEqual([third.status, third.json['error'], third.headers['retry-after']], [429, 'temporarily_unavailable', '5']);
  assert.deepEqual(await statuses('shop'), [200, 200]);
  assert.deepEqual(await statuses('c3'), [200, 429]);
  assert.deepEqual(await statuses('c4'), [429, 429]);
  own.clock.freeze(START_MS + 300_000);
  assert.deepEqual(await statuses('c4'), [200, 200], 'what is over counts no more');
  await own.close();
});

test('another client’s auth_req_id is refused and stays good (OpenID Connect CIBA §11, attacks DEV-03)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const asked = await askUser(own);
  await decide(own, asked, 'allow');
  assert.equal((await pollUser(own, asked, 'shop')).json['error'], 'invalid_grant');
  assert.equal((await pollUser(own, asked)).status, 200);
  await own.close();
});

const SIGNED_YAML = (jwk: object, alg: string): string =>
  PENDING_YAML.replace(
    'backchannel_token_delivery_mode: poll',
    `backchannel_token_delivery_mode: poll\n    jwks: ${JSON.stringify({ keys: [jwk] })}${alg === '' ? '' : `\n    backchannel_authentication_request_signing_alg: ${alg}`}`,
  );

let requests = 0;
function claims(part: object = {}): object {
  const times = { iat: START, nbf: START, exp: START + 300 };
  return {
    iss: 'bank',
    aud: ISSUER,
    ...times,
    jti: `r-${requests++}`,
    scope: 'openid read',
    login_hint: 'alice',
    requested_expiry: 90,
    ...part,
  };
}

function askSigned(at: World, request: string, part: Record<string, string> = {}): ReturnType<typeof askUser> {
  return askUser(at, { scope: '', login_hint: '', request, ...part });
}

async function signedWorld(alg = 'ES256'): Promise<{ readonly own: World; readonly key: ClientKeyPair }> {
  const key = await clientKeyPair('k1');
  return { own: await openWorld({ yaml: SIGNED_YAML(key.jwk, alg) }), key };
}

test('a signed request is the client’s own, for this server, now and once, and nothing stands beside it (OpenID Connect CIBA §7.1.1)', async () => {
  const { own, key } = await signedWorld();
  const request = signWith(key, claims());
  const first = await askSigned(own, request);
  assert.deepEqual([first.status, first.json['expires_in']], [200, 90], first.body.toString());
  const again = await askSigned(own, request);
  assert.deepEqual([again.status, again.json['error'], (await own.why(again)).failed], [400, 'invalid_request', 'request_object']);
  const plain = await askUser(own);
  assert.deepEqual([plain.status, plain.json['error']], [400, 'invalid_request'], 'whoever registered an algorithm signs');
  const beside = await askSigned(own, signWith(key, claims()), { scope: 'openid' });
  assert.deepEqual([beside.status, beside.json['error']], [400, 'invalid_request']);
  const other = await clientKeyPair('k1');
  for (const [what, bad] of [
    ['another key', signWith(other, claims())],
    ['the secret', signWithSecret(BANK_SECRET, claims())],
    ['iss', signWith(key, claims({ iss: 'shop' }))],
    ['sub', signWith(key, claims({ sub: 'bank' }))],
    ['aud', signWith(key, claims({ aud: 'https://else.example' }))],
    ['no jti', signWith(key, claims({ jti: undefined }))],
    ['no nbf', signWith(key, claims({ nbf: undefined }))],
    ['no iat', signWith(key, claims({ iat: undefined }))],
    ['no exp', signWith(key, claims({ exp: undefined }))],
    ['expired', signWith(key, claims({ exp: START }))],
    ['too long', signWith(key, claims({ exp: START + 3_601 }))],
    ['old', signWith(key, claims({ nbf: START - 3_601, exp: START + 10 }))],
    ['future', signWith(key, claims({ nbf: START + 61, exp: START + 100 }))],
    ['typ', signWith(key, claims(), { typ: 'client-authentication+jwt' })],
  ] as const) {
    const reply = await askSigned(own, bad);
    assert.deepEqual([reply.status, reply.json['error'], (await own.why(reply)).failed], [400, 'invalid_request', 'request_object'], what);
  }
  assert.equal((await askSigned(own, signWith(key, claims({ login_hint: undefined, scope: 'openid' })))).json['error'], 'invalid_request');
  await own.close();
});

test('a mistake in a signed request does not use it up, and 50 at once open one (OpenID Connect CIBA §7.1.1)', async () => {
  const { own, key } = await signedWorld('');
  const request = signWith(key, claims());
  const replies = await Promise.all(Array.from({ length: 50 }, () => askSigned(own, request)));
  assert.equal(replies.filter(({ status }) => status === 200).length, 1);
  assert.equal((await askUser(own, { login_hint: 'bob' })).status, 200, 'without a registered algorithm it may be plain');
  await own.close();
});

test('a profile that wants requests signed wants these signed, and with its algorithms (OpenID Connect CIBA §7.1.1, FAPI 1.0 Advanced §8.6)', async () => {
  const [key, rsa] = [await clientKeyPair('k1'), await clientKeyPair('k2', 'RS256')];
  const own = await openWorld({ yaml: SIGNED_YAML(key.jwk, '').replace('keys":[', `keys":[${JSON.stringify(rsa.jwk)},`) });
  const bank = (await findClient(own.ctx, 'bank')) ?? assert.fail();
  const under = (profile: string): Client => ({
    ...bank,
    metadata: { ...bank.metadata, rules: PROFILES.get(profile)?.rules ?? assert.fail() },
  });
  const why = async (profile: string, fields: readonly (readonly [string, string])[]): Promise<string> => {
    const form = new Form(
      fields.map(([name]) => name),
      fields.map(([, value]) => value),
      [],
      [],
    );
    const read = readParameters(own.ctx, under(profile), form, new Trail(), START);
    return read.then(
      () => '',
      (error: unknown) => (error instanceof OAuthError ? (error.detail ?? '') : String(error)),
    );
  };
  assert.equal(await why('fapi1_advanced', [['scope', 'openid']]), 'its profile wants that');
  assert.equal(await why('fapi2_security', [['scope', 'openid']]), '');
  for (const profile of ['fapi1_advanced', 'fapi2_security']) {
    assert.equal(await why(profile, [['request', signWith(key, claims())]]), '');
    assert.match(await why(profile, [['request', signWith(rsa, claims())]]), /alg "RS256" is not one of/);
  }
  assert.equal(await why('oauth21', [['request', signWith(rsa, claims())]]), '');
  await own.close();
});

test('the test hook knows what it is told of and nothing else (product 2.2)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const asked = await askUser(own);
  assert.equal((await decide(own, asked, 'maybe')).status, 400);
  const credential = readHolder(own.ctx.keys.tally, 'backchannel', String(asked.json['auth_req_id'])) ?? assert.fail();
  assert.equal((await testCiba(own.ctx, own.http({ method: 'POST', query: `auth_req_id=${credential.id}&action=allow` }))).status, 404);
  assert.equal((await pollUser(own, asked)).json['error'], 'authorization_pending');
  assert.equal((await postToken(own, { grant_type: CIBA }, { basic: `bank:${BANK_SECRET}` })).json['error'], 'invalid_request');
  await own.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byClientCredentials, byServiceAccount } from './grants.ts';
import { createRenewer, type Validated } from './renewer.ts';
import { isFault } from './testing/fault.ts';
import { json, newIssuerKey, openIssuer } from './testing/issuer.ts';

const signal = new AbortController().signal;
const ANSWER = { access_token: 'at', token_type: 'Bearer' };
const BEFORE = { sub: 'mei', nonce: 'n', auth_time: 5 };

test('a refresh is one request, and its answer comes unchecked, so that nothing of it is lost (RFC 6749 §6)', async () => {
  const world = await openIssuer();
  world.answers.set('/token', () => json(200, { refresh_token: 'rt-2', token_type: 'nonsense' }));
  const answer = await createRenewer(world.client()).refresh('rt-1', { signal, scope: 'a' });
  assert.deepEqual(answer, { refresh_token: 'rt-2', token_type: 'nonsense' });
  assert.deepEqual(
    [...(world.asked[0]?.form ?? [])],
    [
      ['grant_type', 'refresh_token'],
      ['refresh_token', 'rt-1'],
      ['scope', 'a'],
      ['client_id', 'app'],
    ],
  );
  assert.equal(world.asked.length, 1);
});

test('an ID token that comes with a refresh is of the same person and sign-in (OpenID Connect Core §12.2, attacks SDK-04)', async () => {
  const world = await openIssuer();
  const renewer = createRenewer(world.client());
  const validate = async (claims: Record<string, unknown>): Promise<Validated> =>
    renewer.validate({ ...ANSWER, id_token: await world.idToken(claims) }, { claims: BEFORE });
  for (const [code, claims] of [
    ['sub', { sub: 'eve' }],
    ['sub', { sub: 'eve', exp: 1 }],
    ['iss', { iss: 'https://evil.example' }],
    ['aud', { aud: 'other' }],
    ['azp', { azp: 'other' }],
    ['at_hash', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }],
  ] as const)
    await assert.rejects(validate(claims), isFault('mismatch', code));
  const kept = await renewer.validate({ ...ANSWER, id_token: await world.idToken() }, { claims: BEFORE });
  assert.deepEqual(
    [kept.claims?.['nonce'], kept.claims?.['auth_time']],
    ['n', 5],
    'what the first one said is compared with the next ones',
  );
  const { idToken, claims, accessToken } = await renewer.validate(ANSWER, { claims: BEFORE });
  assert.deepEqual([idToken, claims, accessToken], [undefined, undefined, 'at']);
});

test('an ID token of a refresh that is not to be relied on is as one that has not come (OpenID Connect Core §12.2, attacks SDK-10)', async () => {
  const world = await openIssuer();
  const renewer = createRenewer(world.client());
  const validate = async (idToken: Promise<string>): Promise<Validated> =>
    renewer.validate({ ...ANSWER, id_token: await idToken }, { claims: BEFORE });
  for (const claims of [{}, { nonce: 'n' }, { auth_time: 5 }])
    assert.equal((await validate(world.idToken(claims))).claims?.['sub'], 'mei', JSON.stringify(claims));
  for (const idToken of [
    ...[{ exp: 1 }, { iat: 1_800_000_031 }, { nbf: 1_800_000_031 }, { nonce: 'x' }, { auth_time: 6 }].map((claims) =>
      world.idToken(claims),
    ),
    world.idToken({}, {}, await newIssuerKey('k1')),
    world.idToken({}, {}, await newIssuerKey('k9')),
    world.idToken({}, { typ: 'at+jwt' }),
    Promise.resolve('none'),
  ])
    assert.deepEqual(await validate(idToken), { accessToken: 'at', tokenType: 'Bearer' });
});

test('an ID token is held to what the first one said, however many in between said nothing (OpenID Connect Core §12.2, attacks SDK-04)', async () => {
  const world = await openIssuer();
  const renewer = createRenewer(world.client());
  const validate = async (idToken: Record<string, unknown>, claims: Validated['claims']): Promise<Validated['claims']> =>
    (await renewer.validate({ ...ANSWER, id_token: await world.idToken(idToken) }, { claims })).claims;
  const second = await validate({ name: 'Mei' }, BEFORE);
  assert.deepEqual([second?.['nonce'], second?.['auth_time'], second?.['name']], ['n', 5, 'Mei']);
  const third = await validate({ nonce: 'n', auth_time: 5 }, second);
  assert.deepEqual([third?.['nonce'], third?.['auth_time'], third?.['name']], ['n', 5, undefined]);
  assert.equal(await validate({ auth_time: 999 }, second), undefined);
  assert.equal(await validate({ nonce: 'x' }, third), undefined);
});

test('keys that cannot be fetched now say nothing about the answer (OpenID Connect Core §12.2)', async () => {
  const world = await openIssuer();
  world.answers.set('/jwks', () => json(503, {}));
  const renewer = createRenewer(world.client());
  const answer = { ...ANSWER, id_token: await world.idToken() };
  await assert.rejects(renewer.validate(answer, { claims: BEFORE }), isFault('unavailable', 'status_503'));
  world.answers.delete('/jwks');
  world.nowMs += 5_000;
  assert.equal((await renewer.validate(answer, { claims: BEFORE })).claims?.['sub'], 'mei');
});

test('a client that is there for itself gets its tokens anew (RFC 6749 §4.4.3, RFC 7523 §2.1)', async () => {
  const world = await openIssuer();
  world.answers.set('/token', () => json(200, ANSWER));
  const { alg, privateKey: key } = await newIssuerKey('robot');
  for (const obtain of [byClientCredentials, byServiceAccount({ name: 'robot', key: { alg, kid: 'robot', key } })]) {
    const answer = await createRenewer(world.client(), obtain).obtain?.({ signal, scope: 'a', resource: 'https://api.example/' });
    assert.deepEqual(answer, ANSWER);
    const form = world.asked.at(-1)?.form;
    assert.deepEqual([form?.get('scope'), form?.get('resource')], ['a', 'https://api.example/']);
  }
  assert.deepEqual(
    world.asked.map(({ form }) => form.get('grant_type')),
    ['client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
  );
  assert.equal(createRenewer(world.client()).obtain, undefined);
});

test('a client of its own right that binds all its tokens has a key for them (RFC 9449 §5)', async () => {
  const world = await openIssuer();
  const renewer = createRenewer(world.client({ dpop: 'always', dpopKeys: 'extractable' }), byClientCredentials);
  const dpopKey = (await renewer.newKey?.()) ?? assert.fail();
  assert.equal(dpopKey.privateKey.extractable, true);
  world.answers.set('/token', () => json(200, { ...ANSWER, token_type: 'DPoP' }));
  const answer = (await renewer.obtain?.({ signal, dpopKey })) ?? assert.fail();
  assert.equal((await renewer.validate(answer, { dpopKey })).tokenType, 'DPoP');
  assert.notEqual(world.asked.at(-1)?.headers.get('dpop'), null);
  for (const dpop of ['auto', 'never'] as const) assert.equal(createRenewer(world.client({ dpop }), byClientCredentials).newKey, undefined);
  assert.equal(createRenewer(world.client({ dpop: 'always' })).newKey, undefined);
});

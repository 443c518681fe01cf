import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from './bytes.ts';
import { ClientError } from './client-error.ts';
import { finishSignIn } from './finish-sign-in.ts';
import { PENDING_MS } from './pending-sign-in.ts';
import { prepareSignIn, readReturnTo } from './sign-in.ts';
import { isFault } from './testing/fault.ts';
import { json, newIssuerKey, openIssuer, type TestIssuer } from './testing/issuer.ts';
import { CALLBACK, type Course, signInWith } from './testing/signing-in.ts';

test('a sign-in sends the code with its verifier and ends with claims that were verified (OpenID Connect Core §2, §3.1.3, RFC 6749 §4.1.3, RFC 7636 §4.5)', async () => {
  const world = await openIssuer();
  let challenge = '';
  const course: Course = { request: { returnTo: '/notes?page=2#end' }, claims: { name: 'Mei' } };
  const { claims, returnTo, ...tokens } = await signInWith(world, world.client(), {
    ...course,
    pending: (pending) => {
      void sha256(pending.verifier).then((hash) => {
        challenge = hash;
      });
      return pending;
    },
  });
  assert.deepEqual(
    [tokens.accessToken, tokens.tokenType, claims?.sub, claims?.['name'], returnTo],
    ['at', 'Bearer', 'mei', 'Mei', '/notes?page=2#end'],
  );
  assert.deepEqual([tokens.sentAt, tokens.expiresIn], [world.nowMs, 600]);
  const form = world.asked[0]?.form;
  assert.deepEqual(
    ['grant_type', 'code', 'redirect_uri', 'client_id'].map((name) => form?.get(name)),
    ['authorization_code', 'c0de', CALLBACK, 'app'],
  );
  assert.equal(await sha256(form?.get('code_verifier') ?? ''), challenge);
});

test('an answer with another state, none, or two sends nothing to anybody (RFC 6749 §10.12, attacks SDK-01)', async () => {
  const world = await openIssuer();
  for (const answer of [
    (one: URLSearchParams) => one.set('state', 'x'.repeat(43)),
    (one: URLSearchParams) => one.delete('state'),
    (one: URLSearchParams) => one.append('state', one.get('state') ?? ''),
  ]) {
    await assert.rejects(signInWith(world, world.client(), { answer }), isFault('mismatch', 'state'));
  }
  const late: Course = {
    meanwhile: () => {
      world.nowMs += PENDING_MS;
    },
  };
  await assert.rejects(signInWith(world, world.client(), late), isFault('mismatch', 'expired'));
  const foreign: Course = { pending: (pending) => ({ ...pending, issuer: 'https://other.example' }) };
  await assert.rejects(signInWith(world, world.client(), foreign), isFault('mismatch', 'client'));
  assert.deepEqual(world.asked, []);
});

test('an answer of another issuer, or of nobody where the issuer names itself, is refused (RFC 9207 §2.4, attacks SDK-02, SDK-12)', async () => {
  const world = await openIssuer();
  await assert.rejects(
    signInWith(world, world.client(), { answer: (one) => one.set('iss', 'https://evil.example') }),
    isFault('mismatch', 'iss'),
  );
  await assert.rejects(signInWith(world, world.client(), { answer: (one) => one.delete('iss') }), isFault('mismatch', 'iss'));
  world.metadata['authorization_response_iss_parameter_supported'] = false;
  await signInWith(world, world.client(), { answer: (one) => one.delete('iss') });
  // Compared whenever it is there, whether it is advertised or not.
  await assert.rejects(
    signInWith(world, world.client(), { answer: (one) => one.set('iss', 'https://evil.example') }),
    isFault('mismatch', 'iss'),
  );
  assert.equal(world.asked.length, 1);
});

test('no code is spent while the keys cannot be had, and they are asked for again (OpenID Connect Core §3.1.3.7)', async () => {
  const waits: number[] = [];
  const inNoTime = (world: TestIssuer) => ({
    wait: async (ms: number) => {
      waits.push(ms);
      world.nowMs += ms;
    },
  });
  const away = await openIssuer();
  away.answers.set('/jwks', () => json(503, {}));
  await assert.rejects(signInWith(away, away.client(), inNoTime(away)), isFault('unavailable', 'status_503'));
  assert.deepEqual(waits, [1_000, 2_000, 4_000]);
  assert.deepEqual([away.asked, away.fetched.get('/jwks')], [[], 4]);
  const back = await openIssuer();
  let asked = 0;
  const keys = back.keys.map(({ jwk }) => jwk);
  back.answers.set('/jwks', () => (asked++ < 2 ? json(503, {}) : json(200, { keys })));
  const { claims } = await signInWith(back, back.client(), inNoTime(back));
  assert.deepEqual([claims?.sub, back.asked.length, asked], ['mei', 1, 3]);
});

test('tokens that nobody will have are given back (RFC 7009 §2.1)', async () => {
  const world = await openIssuer();
  const given = (): unknown => [...(world.asked.at(-1)?.form ?? [])].slice(0, 2);
  for (const [tokens, token, hint] of [
    [{ refresh_token: 'rt' }, 'rt', 'refresh_token'],
    [{}, 'at', 'access_token'],
  ] as const) {
    await assert.rejects(signInWith(world, world.client(), { tokens, claims: { aud: 'other' } }), isFault('mismatch', 'aud'));
    assert.deepEqual(given(), [
      ['token', token],
      ['token_type_hint', hint],
    ]);
  }
});

test('tokens that are none of those that were asked for are given back, as far as there is anything to give (RFC 6749 §5.1, RFC 7009 §2.1)', async () => {
  for (const [tokens, given] of [
    [{ token_type: 'mac', refresh_token: 'rt' }, 'rt'],
    [{ token_type: 'mac' }, 'at'],
    [{ access_token: undefined, refresh_token: 'rt' }, 'rt'],
    [{ refresh_token: 'a b' }, 'at'],
    [{ access_token: ['at'], refresh_token: 7 }, undefined],
  ] as const) {
    const world = await openIssuer();
    await assert.rejects(signInWith(world, world.client(), { tokens }), isFault('malformed', 'malformed'));
    const revoked = world.asked.filter(({ url }) => url.endsWith('/revoke')).map(({ form }) => form.get('token'));
    assert.deepEqual(revoked, given === undefined ? [] : [given]);
  }
});

test('what the server says instead of a code is told, without what a terminal would obey (RFC 6749 §4.1.2.1)', async () => {
  const world = await openIssuer();
  const answer = (one: URLSearchParams): void => {
    one.delete('code');
    one.set('error', 'access_denied');
    one.set('error_description', `no\u001b[2J${'x'.repeat(1_000)}`);
  };
  await assert.rejects(signInWith(world, world.client(), { answer }), (error) => {
    assert.ok(error instanceof ClientError);
    assert.deepEqual([error.kind, error.code, error.description?.length], ['refused', 'access_denied', 300]);
    assert.equal(error.message.includes('\u001b'), false);
    return true;
  });
  await assert.rejects(signInWith(world, world.client(), { answer: (one) => one.delete('code') }), isFault('mismatch', 'code'));
});

const NOW = 1_800_000_000;
const NEGATIVE: readonly (readonly [name: string, claims: Record<string, unknown>, code: string])[] = [
  ['another iss', { iss: 'https://evil.example' }, 'iss'],
  ['the issuer with a slash', { iss: 'https://id.example/' }, 'iss'],
  ['no iss', { iss: undefined }, 'iss'],
  ['another aud', { aud: 'other' }, 'aud'],
  ['no aud', { aud: undefined }, 'aud'],
  ['a further aud', { aud: ['app', 'other'] }, 'aud'],
  ['an empty list of aud', { aud: [] }, 'aud'],
  ['another azp', { azp: 'other' }, 'azp'],
  ['no sub', { sub: undefined }, 'sub'],
  ['an empty sub', { sub: '' }, 'sub'],
  ['a sub that is a number', { sub: 7 }, 'sub'],
  ['no iat', { iat: undefined }, 'iat'],
  ['an iat in the future', { iat: NOW + 31 }, 'iat'],
  ['no exp', { exp: undefined }, 'exp'],
  ['an exp that has passed', { exp: NOW - 30 }, 'exp'],
  ['an exp as text', { exp: '4000000000' }, 'exp'],
  ['an nbf in the future', { nbf: NOW + 31 }, 'nbf'],
  ['another nonce', { nonce: 'x' }, 'nonce'],
  ['no nonce', { nonce: undefined }, 'nonce'],
  ['the at_hash of another token', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }, 'at_hash'],
];

for (const [name, claims, code] of NEGATIVE) {
  test(`an ID token with ${name} signs nobody in (OpenID Connect Core §3.1.3.7, attacks SDK-04)`, async () => {
    const world = await openIssuer();
    await assert.rejects(signInWith(world, world.client(), { claims }), isFault('mismatch', code));
  });
}

test('an ID token within the tolerance of the clocks is taken (OpenID Connect Core §3.1.3.7, attacks SDK-10)', async () => {
  const world = await openIssuer();
  await signInWith(world, world.client(), { claims: { exp: NOW - 29 } });
  await signInWith(world, world.client(), { claims: { iat: NOW + 30, nbf: NOW + 30 } });
  await signInWith(world, world.client(), { claims: { aud: ['app'], azp: 'app' } });
  const strict = world.client({ clockToleranceSeconds: 0 });
  await assert.rejects(signInWith(world, strict, { claims: { exp: NOW } }), isFault('mismatch', 'exp'));
  assert.throws(() => world.client({ clockToleranceSeconds: 301 }), TypeError);
});

test('an ID token whose signature is wrong, missing, or of a kind nobody agreed on signs nobody in (OpenID Connect Core §3.1.3.7, attacks SDK-04)', async () => {
  const world = await openIssuer();
  const stranger = await newIssuerKey('k1');
  const unpublished = await newIssuerKey('k9');
  const good = (nonce: string | undefined): Promise<string> => world.idToken({ nonce });
  const forged: readonly (readonly [string, (nonce: string | undefined) => Promise<unknown>])[] = [
    ['signature', (nonce) => world.idToken({ nonce }, {}, stranger)],
    ['kid', (nonce) => world.idToken({ nonce }, {}, unpublished)],
    ['kid', (nonce) => world.idToken({ nonce }, { kid: 7 })],
    ['signature', async (nonce) => (await good(nonce)).replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))],
    ['jwt', async (nonce) => (await good(nonce)).replace(/[^.]+$/, '')],
    ['jwt', async (nonce) => (await good(nonce)).replace(/^[^.]+/, btoa('{"alg":"none"}').replaceAll('=', ''))],
    ['alg', (nonce) => world.idToken({ nonce }, { alg: 'ES384' }, { ...stranger, alg: 'ES384' }).catch(() => es384(nonce))],
    ['typ', (nonce) => world.idToken({ nonce }, { typ: 'at+jwt' })],
    ['typ', (nonce) => world.idToken({ nonce }, { typ: 'logout+jwt' })],
    ['jwt', (nonce) => world.idToken({ nonce }, { crit: ['exp'], exp: 1 })],
    ['jwt', async () => undefined],
    ['jwt', async () => 'a.b'],
  ];
  async function es384(nonce: string | undefined): Promise<string> {
    const key = await newIssuerKey('k384', 'ES384');
    world.keys.push(key);
    return world.idToken({ nonce }, {}, key);
  }
  for (const [code, make] of forged) {
    const { pending } = await prepareSignIn(world.client(), { redirectUri: CALLBACK, scope: 'openid' });
    const id_token = await make(pending.nonce);
    world.answers.set('/token', () => json(200, { access_token: 'at', token_type: 'Bearer', expires_in: 600, id_token }));
    const answer = new URLSearchParams({ code: 'c', state: pending.state, iss: world.issuer });
    await assert.rejects(finishSignIn(world.client(), answer, pending), isFault('mismatch', code), code);
  }
});

test('an RSA and an Ed25519 signature are verified, and the alg of the registration is held to (OpenID Connect Core §3.1.3.7)', async () => {
  const world = await openIssuer();
  for (const alg of ['RS256', 'EdDSA']) {
    const key = await newIssuerKey(alg, alg === 'EdDSA' ? 'EdDSA' : alg);
    world.keys.unshift(key);
    await signInWith(world, world.client({ idTokenAlg: alg }));
    await assert.rejects(signInWith(world, world.client({ idTokenAlg: 'ES256' })), isFault('mismatch', 'alg'));
  }
});

test('an ID token without a kid is taken where one key alone fits, and nothing is tried out (OpenID Connect Core §10.1)', async () => {
  const world = await openIssuer();
  const { pending } = await prepareSignIn(world.client(), { redirectUri: CALLBACK, scope: 'openid' });
  const id_token = await world.idToken({ nonce: pending.nonce }, { kid: undefined });
  world.answers.set('/token', () => json(200, { access_token: 'at', token_type: 'Bearer', id_token }));
  const answer = new URLSearchParams({ code: 'c', state: pending.state, iss: world.issuer });
  assert.equal((await finishSignIn(world.client(), answer, pending)).claims?.sub, 'mei');
  world.keys.push(await newIssuerKey('k2'));
  await assert.rejects(finishSignIn(world.client(), answer, pending), isFault('mismatch', 'kid'));
});

test('how old the sign-in may be is held to (OpenID Connect Core §3.1.2.1)', async () => {
  const world = await openIssuer();
  const request = { maxAge: 60 };
  await signInWith(world, world.client(), { request, claims: { auth_time: NOW - 60 } });
  await assert.rejects(signInWith(world, world.client(), { request, claims: { auth_time: NOW - 91 } }), isFault('mismatch', 'auth_time'));
  await assert.rejects(signInWith(world, world.client(), { request }), isFault('mismatch', 'auth_time'));
});

test('without openid nobody is signed in by an ID token that comes all the same (OpenID Connect Core §3.1.2.1)', async () => {
  const world = await openIssuer();
  const signedIn = await signInWith(world, world.client(), { request: { scope: 'notes' }, claims: { iss: 'https://evil.example' } });
  assert.deepEqual([signedIn.claims, signedIn.idToken], [undefined, undefined]);
});

test('an app is sent on to its own addresses alone (RFC 9700 §4.11.1, attacks SDK-08)', () => {
  const origin = 'https://app.example';
  for (const [text, there] of [
    ['/notes?a=b#c', '/notes?a=b#c'],
    ['https://app.example/notes', '/notes'],
    ['notes', '/notes'],
    ['?a', '/?a'],
    ['/a/../b', '/b'],
    ['//evil.example', undefined],
    ['/\\evil.example', undefined],
    ['\\\\evil.example', undefined],
    ['https://evil.example', undefined],
    ['https://app.example@evil.example', undefined],
    ['https://app.example.evil.example', undefined],
    ['http://app.example/', undefined],
    ['https://app.example:444/', undefined],
    ['javascript:alert(1)', undefined],
    ['data:text/html,x', undefined],
    ['blob:https://app.example/x', undefined],
    ['blob:https://app.example/https://evil.example', undefined],
    ['/\t/evil.example', undefined],
    ['\n//evil.example', undefined],
    ['/.//evil.example', undefined],
    ['https://app.example//evil.example', undefined],
    [`/${'x'.repeat(3_000)}`, undefined],
  ] as const)
    assert.equal(readReturnTo(text, origin), there, text);
});

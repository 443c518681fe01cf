import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeviceInstructions, signInByDevice } from './device-login.ts';
import type { SignedIn } from './finish-sign-in.ts';
import { isFault } from './testing/fault.ts';
import { json, openIssuer, type TestIssuer } from './testing/issuer.ts';

const DEVICE = { device_code: 'dc', user_code: 'WDJB-MJHT', verification_uri: 'https://id.example/go', expires_in: 600, interval: 5 };

async function openDevice(changes: object = {}): Promise<TestIssuer> {
  const world = await openIssuer();
  world.answers.set('/device', () => json(200, { ...DEVICE, ...changes }));
  return world;
}

/** Time that passes only by waiting; each answer is given once, the last one again and again. */
async function login(
  world: TestIssuer,
  answers: readonly (() => Response | Promise<Response>)[],
  scope = 'openid',
): Promise<{
  readonly waits: readonly number[];
  readonly shown: readonly DeviceInstructions[];
  readonly signedIn: SignedIn;
}> {
  const waits: number[] = [];
  const shown: DeviceInstructions[] = [];
  let turn = 0;
  world.answers.set('/token', () => answers[Math.min(turn++, answers.length - 1)]?.() ?? json(500, {}));
  const signedIn = await signInByDevice(world.client(), {
    scope,
    resource: 'https://api.example/',
    show: (instructions) => void shown.push(instructions),
    async wait(ms) {
      world.nowMs += ms;
      waits.push(ms);
    },
  });
  return { waits, shown, signedIn };
}

const refused =
  (error: string, status = 400) =>
  () =>
    json(status, { error });

test('it shows the code, asks as often as it may, and slower when it is told or the line fails (RFC 8628 §3.3, §3.5)', async () => {
  const world = await openDevice();
  const { waits, shown, signedIn } = await login(world, [
    refused('authorization_pending'),
    refused('slow_down'),
    () => Promise.reject(new TypeError('reset')),
    () => json(503, {}),
    refused('slow_down', 429),
    async () => json(200, { access_token: 'at', token_type: 'Bearer', refresh_token: 'rt', id_token: await world.idToken() }),
  ]);
  assert.deepEqual(waits, [5_000, 5_000, 10_000, 15_000, 20_000, 25_000]);
  assert.deepEqual(shown, [
    {
      userCode: 'WDJB-MJHT',
      verificationUri: DEVICE.verification_uri,
      verificationUriComplete: DEVICE.verification_uri,
      expiresInSeconds: 600,
    },
  ]);
  assert.deepEqual([signedIn.refreshToken, signedIn.claims?.sub], ['rt', 'mei']);
  const [first, last] = [world.asked[0], world.asked.at(-1)];
  assert.deepEqual(
    [first?.form.get('scope'), first?.form.get('resource'), first?.form.get('client_id')],
    ['openid', 'https://api.example/', 'app'],
  );
  assert.equal(last?.form.get('device_code'), 'dc');
});

test('no, too late, and what is no answer end it (RFC 8628 §3.5)', async () => {
  await assert.rejects(login(await openDevice(), [refused('access_denied')]), isFault('refused', 'access_denied'));
  await assert.rejects(login(await openDevice(), [refused('expired_token')]), isFault('refused', 'expired_token'));
  await assert.rejects(login(await openDevice(), [refused('invalid_client', 401)]), isFault('refused', 'invalid_client'));
  await assert.rejects(login(await openDevice(), [() => json(200, {})]), isFault('malformed', 'malformed'));
  const silent = await openDevice({ expires_in: 60 });
  await assert.rejects(login(silent, [refused('authorization_pending')]), isFault('refused', 'expired_token'));
  assert.equal(silent.nowMs, 1_800_000_060_000);
});

test('keys that cannot be fetched at once are asked for again, and the code is not (RFC 8628 §3.5, RFC 7009 §2.1)', async () => {
  const tokens = (world: TestIssuer) => async () =>
    json(200, { access_token: 'at', token_type: 'Bearer', refresh_token: 'rt', id_token: await world.idToken({}, { kid: 'k2' }) });
  const path = (world: TestIssuer): unknown =>
    world.asked.map(({ url, form }) => `${new URL(url).pathname} ${form.get('token') ?? ''}`.trim());
  const away = async (failures: number): Promise<TestIssuer> => {
    const world = await openDevice();
    let asked = 0;
    const keys = world.keys.map(({ jwk }) => ({ ...jwk, kid: 'k2' }));
    // First the set from before the key: it is asked for again when the tokens have come.
    world.answers.set('/jwks', () =>
      asked++ === 0 ? json(200, { keys: [] }) : asked <= failures + 1 ? json(503, {}) : json(200, { keys }),
    );
    return world;
  };
  const passing = await away(2);
  const { waits, signedIn } = await login(passing, [tokens(passing)]);
  assert.deepEqual([waits, signedIn.claims?.sub], [[5_000, 1_000, 2_000], 'mei']);
  assert.deepEqual(path(passing), ['/device', '/token']);
  const lasting = await away(9);
  await assert.rejects(login(lasting, [tokens(lasting)]), isFault('unavailable', 'status_503'));
  assert.deepEqual(path(lasting), ['/device', '/token', '/revoke rt']);
  const from = await openDevice();
  from.answers.set('/jwks', () => json(503, {}));
  await assert.rejects(login(from, []), isFault('unavailable', 'status_503'));
  assert.deepEqual(path(from), [], 'nobody is asked for what could not be verified');
  const plain = await openDevice();
  delete plain.metadata['jwks_uri'];
  const { claims } = (await login(plain, [() => json(200, { access_token: 'at', token_type: 'Bearer' })])).signedIn;
  assert.equal(claims, undefined, 'a server without keys signs in without an ID token');
});

test('a code that cannot be shown is not shown, and an ID token of somebody else signs nobody in (RFC 8628 §3.2)', async () => {
  for (const changes of [
    { device_code: undefined },
    { user_code: '' },
    { verification_uri: 'javascript:alert(1)' },
    { verification_uri: 'http://id.example/' },
    { verification_uri: 'https://id.example/\u001b[2J' },
  ])
    await assert.rejects(login(await openDevice(changes), []), isFault('malformed', 'malformed'));
  const world = await openDevice({ user_code: 'A\u001bB', interval: -1, expires_in: 'x' });
  const id_token = await world.idToken({ aud: 'other' });
  await assert.rejects(login(world, [() => json(200, { access_token: 'at', token_type: 'Bearer', id_token })]), isFault('mismatch', 'aud'));
});

test('without openid nobody is signed in by an ID token that comes all the same, nor refused because of it (RFC 8628 §3.4)', async () => {
  const world = await openDevice();
  const id_token = await world.idToken({ iss: 'https://evil.example' });
  const { signedIn } = await login(world, [() => json(200, { access_token: 'at', token_type: 'Bearer', id_token })], 'notes');
  assert.deepEqual([signedIn.accessToken, signedIn.claims, signedIn.idToken], ['at', undefined, undefined]);
  assert.deepEqual([world.fetched.get('/jwks'), world.asked.length], [undefined, 2]);
});

test('tokens of another kind than was asked for are given back (RFC 8628 §3.5, RFC 7009 §2.1)', async () => {
  const world = await openDevice();
  await assert.rejects(
    login(world, [() => json(200, { access_token: 'at', token_type: 'DPoP', refresh_token: 'rt' })]),
    isFault('malformed', 'malformed'),
  );
  assert.equal(world.asked.at(-1)?.form.get('token'), 'rt');
});

test('whoever stops waiting is not asked again (RFC 8628 §3.5)', async () => {
  const world = await openDevice();
  const controller = new AbortController();
  const request = { show: () => controller.abort(new Error('enough')), signal: controller.signal };
  await assert.rejects(signInByDevice(world.client(), request), /enough/);
  assert.equal(world.asked.length, 1);
});

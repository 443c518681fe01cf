/** A token session as apps have it: over `createRenewer`, with ID tokens that are really verified. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRenewer } from './renewer.ts';
import { SessionError } from './session/session-error.ts';
import { TokenSession } from './session/token-session.ts';
import { memoryPlace } from './storage/memory.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { json, newIssuerKey, openIssuer, type TestIssuer } from './testing/issuer.ts';

interface World {
  readonly issuer: TestIssuer;
  readonly clock: FakeClock;
  readonly session: TokenSession;
  readonly events: readonly string[];
  /** What went to the server, in order: the refresh tokens that were sent, and the tokens that were revoked. */
  sent(): readonly string[];
}

/** Mei has signed in, and her access token is about to end. `claims`: of the ID tokens that come with a refresh. */
async function open(claims: (seconds: number) => Record<string, unknown> = () => ({})): Promise<World> {
  const clock = new FakeClock();
  const issuer = await openIssuer();
  issuer.nowMs = clock.nowMs();
  let count = 1;
  issuer.answers.set('/token', async () => {
    const seconds = Math.floor(clock.nowMs() / 1_000);
    const id_token = await issuer.idToken({ iat: seconds, exp: seconds + 300, ...claims(seconds) });
    count += 1;
    return json(200, { access_token: `at${count}`, token_type: 'Bearer', expires_in: 300, refresh_token: `rt${count}`, id_token });
  });
  issuer.answers.set('/revoke', () => json(200, {}));
  const renewer = createRenewer(issuer.client({ nowMs: () => clock.nowMs() }));
  const session = new TokenSession({ issuer: issuer.issuer, clientId: 'app', place: memoryPlace(), renewer, clock });
  const events: string[] = [];
  for (const name of ['expired', 'signed_out', 'replaced', 'delayed'] as const) session.on(name, () => events.push(name));
  await session.signedIn({
    accessToken: 'at1',
    tokenType: 'Bearer',
    expiresIn: 300,
    refreshToken: 'rt1',
    idToken: 'a.b.c',
    claims: { sub: 'mei', nonce: 'n', auth_time: 5, name: 'Mei' },
  });
  await clock.advance(295_000);
  const sent = (): readonly string[] => issuer.asked.map(({ form }) => form.get('refresh_token') ?? `revoked ${form.get('token')}`);
  return { issuer, clock, session, events, sent };
}

test('a refresh brings an ID token that is verified, and its claims are those of the session (OpenID Connect Core §12.2)', async () => {
  const { session, clock, sent, events } = await open(() => ({ name: 'Mei Lin' }));
  assert.equal((await session.accessToken()).token, 'at2');
  await clock.advance(295_000);
  assert.equal((await session.accessToken()).token, 'at3');
  const { claims, idToken } = await session.current();
  assert.deepEqual([claims?.['name'], claims?.['sub'], idToken?.split('.').length], ['Mei Lin', 'mei', 3]);
  assert.deepEqual([sent(), events], [['rt1', 'rt2'], []]);
});

for (const [what, claims] of [
  ['40 seconds slow', (now: number) => ({ iat: now + 40, exp: now + 340 })],
  ['seven minutes fast', (now: number) => ({ iat: now - 420, exp: now - 120 })],
] as const) {
  test(`a clock that is ${what} signs nobody out (OpenID Connect Core §12.2, attacks SDK-10)`, async () => {
    const { session, sent, events } = await open(claims);
    assert.equal((await session.accessToken()).token, 'at2');
    assert.deepEqual([sent(), events], [['rt1'], []]);
    assert.equal((await session.current()).claims?.['name'], 'Mei');
  });
}

test('keys that come a rotation late from a cache sign nobody out (OpenID Connect Core §10.1.1, §12.2)', async () => {
  const { issuer, session, clock, sent, events } = await open();
  const late = issuer.keys.map(({ jwk }) => jwk);
  issuer.answers.set('/jwks', () => json(200, { keys: late }));
  issuer.keys.unshift(await newIssuerKey('k2'));
  assert.equal((await session.accessToken()).token, 'at2');
  issuer.answers.delete('/jwks');
  await clock.advance(295_000);
  assert.equal((await session.accessToken()).token, 'at3');
  assert.deepEqual([sent(), events], [['rt1', 'rt2'], []]);
  assert.equal((await session.current()).claims?.['name'], undefined, 'claims of the ID token that could be verified');
});

test('keys that cannot be had now are asked for again, without another refresh (OpenID Connect Core §12.2)', async () => {
  const { issuer, session, clock, sent, events } = await open();
  issuer.answers.set('/jwks', () => json(503, {}));
  const asked = session.accessToken();
  await clock.advance(100);
  issuer.answers.delete('/jwks');
  await clock.advance(10_000);
  assert.equal((await asked).token, 'at2');
  assert.deepEqual([sent(), events], [['rt1'], []]);
});

for (const [what, claims] of [
  ['somebody else', { sub: 'eve' }],
  ['somebody else, with a time that has passed', { sub: 'eve', exp: 1 }],
  ['another client', { aud: 'other' }],
  ['another issuer', { iss: 'https://evil.example' }],
  ['another party', { azp: 'other' }],
] as const) {
  test(`an answer for ${what} ends the session, and its refresh token is given back (OpenID Connect Core §12.2, attacks SDK-04)`, async () => {
    const { session, sent, events } = await open(() => claims);
    await assert.rejects(session.accessToken(), (error) => error instanceof SessionError && error.code === 'expired');
    assert.deepEqual([sent(), events], [['rt1', 'revoked rt2'], ['expired']]);
  });
}

test('an access token that the ID token disowns is not handed out, and nobody is signed out (OpenID Connect Core §3.1.3.6)', async () => {
  let at_hash: string | undefined = 'AAAAAAAAAAAAAAAAAAAAAA';
  const { session, clock, sent, events } = await open(() => ({ at_hash }));
  // Until it ends, the token from before serves.
  assert.equal((await session.accessToken()).token, 'at1');
  at_hash = undefined;
  await clock.advance(60_000);
  assert.equal((await session.accessToken()).token, 'at3');
  assert.deepEqual([sent(), events.includes('expired')], [['rt1', 'rt2'], false]);
});

test('metadata that hangs an hour later keeps no renewal waiting (RFC 8414 §3)', async () => {
  const { issuer, session, clock, sent, events } = await open();
  assert.equal((await session.accessToken()).token, 'at2');
  issuer.answers.set('/.well-known/openid-configuration', () => new Promise(() => undefined));
  await clock.advance(3_600_000);
  assert.equal((await session.accessToken()).token, 'at3');
  assert.deepEqual([sent(), events], [['rt1', 'rt2'], []]);
});

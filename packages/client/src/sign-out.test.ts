import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLogoutToken } from './logout-token.ts';
import { revokeToken } from './revoke-token.ts';
import { signOutUrl } from './sign-out.ts';
import { isFault } from './testing/fault.ts';
import { json, newIssuerKey, openIssuer } from './testing/issuer.ts';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

test('a token is revoked by its client, and a no is told (RFC 7009 §2.1)', async () => {
  const world = await openIssuer();
  world.answers.set('/revoke', () => new Response('', { status: 200 }));
  await revokeToken(world.client(), 'rt', 'refresh_token');
  assert.deepEqual(
    [...(world.asked[0]?.form ?? [])],
    [
      ['token', 'rt'],
      ['token_type_hint', 'refresh_token'],
      ['client_id', 'app'],
    ],
  );
  world.answers.set('/revoke', () => json(503, {}, { 'retry-after': '3' }));
  await assert.rejects(revokeToken(world.client(), 'rt'), isFault('unavailable', 'status_503'));
});

test('the way out names the client, who is signed out, and where to go (RP-Initiated Logout §2)', async () => {
  const world = await openIssuer();
  const url = new URL(await signOutUrl(world.client(), { idToken: 'a.b.c', postLogoutRedirectUri: 'https://app.example/bye', state: 's' }));
  assert.equal(url.origin + url.pathname, 'https://id.example/logout');
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    client_id: 'app',
    id_token_hint: 'a.b.c',
    post_logout_redirect_uri: 'https://app.example/bye',
    state: 's',
  });
});

test('a logout token signs out whom it names (Back-Channel Logout §2.4, §2.6)', async () => {
  const world = await openIssuer();
  const client = world.client();
  for (const typ of ['logout+jwt', 'application/logout+jwt', 'JWT', undefined]) {
    const token = await world.idToken({ events: EVENTS, jti: 'j', sid: 's' }, { typ });
    assert.deepEqual(await readLogoutToken(client, token), { sub: 'mei', sid: 's', jti: 'j', issuedAt: world.nowMs / 1_000 });
  }
  const one = await world.idToken({ events: EVENTS, jti: 'j', sid: 's', sub: undefined });
  assert.deepEqual(await readLogoutToken(client, one), { sub: undefined, sid: 's', jti: 'j', issuedAt: world.nowMs / 1_000 });
});

test('what is no logout token signs nobody out (Back-Channel Logout §2.6)', async () => {
  const world = await openIssuer();
  const client = world.client();
  const good = { events: EVENTS, jti: 'j', sid: 's' };
  for (const [code, claims, header] of [
    ['events', {}, {}],
    ['events', { ...good, events: { other: {} } }, {}],
    ['events', { ...good, events: 'http://schemas.openid.net/event/backchannel-logout' }, {}],
    ['nonce', { ...good, nonce: 'n' }, {}],
    ['jti', { ...good, jti: undefined }, {}],
    ['sub', { ...good, sub: undefined, sid: undefined }, {}],
    ['sub', { ...good, sub: 7 }, {}],
    ['iss', { ...good, iss: 'https://evil.example' }, {}],
    ['aud', { ...good, aud: 'other' }, {}],
    ['exp', { ...good, exp: undefined }, {}],
    ['exp', { ...good, exp: 1 }, {}],
    ['iat', { ...good, iat: 1_800_000_031 }, {}],
    ['typ', good, { typ: 'at+jwt' }],
    ['kid', good, { kid: 'k9' }],
  ] as const)
    await assert.rejects(readLogoutToken(client, await world.idToken(claims, header)), isFault('mismatch', code));
  await assert.rejects(readLogoutToken(client, await world.idToken(good, {}, await newIssuerKey('k1'))), isFault('mismatch', 'signature'));
  await assert.rejects(readLogoutToken(client, undefined), isFault('mismatch', 'jwt'));
  await assert.rejects(readLogoutToken(client, 'e30.e30.'), isFault('mismatch', 'jwt'));
});

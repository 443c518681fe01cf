import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { grantId } from '@hufu/protocol/ids';
import { readHolder } from '@hufu/protocol/tally';
import { post, tokensOf } from '../testing/visits.ts';
import { openWorld, SECRETS, START } from '../testing/world.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';
import { revoke } from './revoke.ts';
import { token } from './token.ts';

const world = await openWorld();
after(() => world.close());

async function isLive(text: unknown): Promise<boolean> {
  return (await readAccessToken(world.ctx, String(text), START)).kind === 'live';
}

async function refreshes(text: unknown): Promise<boolean> {
  return (await post(world, token, { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(text) })).status === 200;
}

async function send(
  text: unknown,
  fields: Record<string, string> = { client_id: 'spa' },
  headers: Record<string, string> = {},
): Promise<void> {
  const reply = await post(world, revoke, { token: String(text), ...fields }, headers);
  assert.deepEqual([reply.status, reply.body, reply.headers['cache-control']], [200, '', 'no-store']);
}

test('a refresh token takes its grant along, with the access tokens (RFC 7009 §2.1)', async () => {
  const tokens = await tokensOf(world);
  await send(tokens['refresh_token']);
  assert.deepEqual([await isLive(tokens['access_token']), await refreshes(tokens['refresh_token'])], [false, false]);
  const { id } = readHolder(world.ctx.keys.tally, 'refresh', String(tokens['refresh_token'])) ?? assert.fail();
  assert.deepEqual((await world.store.findGrant(world.tenant, grantId(id)))?.dead, { reason: 'revoked_by_client', at: START });
});

test('any generation will do: a client that lost a reply signs out with what it has (RFC 7009 §2.1)', async () => {
  const tokens = await tokensOf(world);
  const next = await post(world, token, { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(tokens['refresh_token']) });
  await send(tokens['refresh_token']);
  assert.equal(await refreshes(next.json['refresh_token']), false);
});

test('an access token dies alone, whatever the hint says (RFC 7009 §2.1)', async () => {
  for (const scope of ['openid read', 'unlock']) {
    const tokens = await tokensOf(world, { scope });
    await send(tokens['access_token'], { client_id: 'spa', token_type_hint: 'refresh_token' });
    assert.equal(await isLive(tokens['access_token']), false);
    assert.equal(await refreshes(tokens['refresh_token']), true);
  }
});

test('what is unknown, changed or dead is answered 200 without effect, twice as well (RFC 7009 §2.2)', async () => {
  const tokens = await tokensOf(world);
  for (const bad of ['x', 'hfr_x', 'hfa_x', `${String(tokens['refresh_token'])}A`, String(tokens['access_token']).slice(0, -3)])
    await send(bad);
  assert.deepEqual([await isLive(tokens['access_token']), await refreshes(tokens['refresh_token'])], [true, true]);
  await send(tokens['access_token']);
  await send(tokens['access_token']);
});

test("another client's token stays as it is, and nobody learns that it was one (RFC 7009 §2.1)", async () => {
  const tokens = await tokensOf(world);
  for (const text of [tokens['refresh_token'], tokens['access_token']]) await send(text, {}, { basic: `web:${SECRETS.web}` });
  assert.deepEqual([await isLive(tokens['access_token']), await refreshes(tokens['refresh_token'])], [true, true]);
});

test('the caller authenticates, and says which token (RFC 7009 §2.1, §2.2.1)', async () => {
  const stranger = await post(world, revoke, { token: 'x' }, { basic: 'web:wrong' });
  assert.deepEqual([stranger.status, stranger.json['error'], (await world.why(stranger)).row.endpoint], [401, 'invalid_client', 'revoke']);
  const empty = await post(world, revoke, { client_id: 'spa' });
  assert.deepEqual([empty.status, empty.json['error']], [400, 'invalid_request']);
  const origins = (await post(world, revoke, { client_id: 'spa', token: 'x' }, { origin: 'https://app.example' })).origins;
  assert.deepEqual(origins, ['https://app.example']);
});

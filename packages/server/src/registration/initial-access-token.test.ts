import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { GOOD_METADATA, registerAt, registrationYaml } from '../testing/registrations.ts';
import { openWorld, START, type World } from '../testing/world.ts';
import { issueInitialAccessToken, readInitialAccessToken } from './initial-access-token.ts';

const world = await openWorld({ yaml: registrationYaml('registration: token') });
after(() => world.close());

const statusOf = async (token: string | undefined, at: World = world, metadata: object = GOOD_METADATA): Promise<number> =>
  (await registerAt(at, metadata, token === undefined ? {} : { authorization: `Bearer ${token}` })).status;

test('who has an initial access token registers, as often as it says (RFC 7591 §3, attacks REG-01)', async () => {
  const token = issueInitialAccessToken(world.ctx, { uses: 3, expiresAt: START + 60 });
  assert.match(token, /^hfi_[\w-]{71}$/);
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) statuses.push(await statusOf(token));
  assert.deepEqual(statuses, [201, 201, 201, 401, 401]);
  const reply = await registerAt(world, GOOD_METADATA, { authorization: `Bearer ${token}` });
  assert.deepEqual(reply.json, { error: 'invalid_token', error_description: 'a valid initial access token is needed' });
  assert.match(String(reply.headers['www-authenticate']), /^Bearer error="invalid_token"/);
  assert.deepEqual((await world.why(reply)).failed, 'registration_open');
});

test('of fifty at once with one use, one registers (attacks REG-01)', async () => {
  const token = issueInitialAccessToken(world.ctx, { uses: 1, expiresAt: START + 60 });
  const statuses = await Promise.all(Array.from({ length: 50 }, () => statusOf(token)));
  assert.deepEqual(statuses.filter((status) => status === 201).length, 1);
});

test('another node counts the same uses, and every use is to be had', async () => {
  const other = await openWorld({ store: world.store, yaml: registrationYaml('registration: token') });
  const token = issueInitialAccessToken(world.ctx, { uses: 25, expiresAt: START + 60 });
  let registered = 0;
  for (let i = 0; i < 30; i++) if ((await statusOf(token, i % 2 === 0 ? world : other)) === 201) registered++;
  assert.equal(registered, 25);
  await other.close();
});

test('metadata that is refused costs no use (RFC 7591 §3.2.2)', async () => {
  const token = issueInitialAccessToken(world.ctx, { uses: 1, expiresAt: START + 60 });
  assert.equal(await statusOf(token, world, {}), 400);
  assert.equal(await statusOf(token), 201);
});

test('a token is over on the second, and nobody but this server makes one (attacks REG-01)', async () => {
  const token = issueInitialAccessToken(world.ctx, { uses: 7, expiresAt: START + 60 });
  assert.deepEqual({ ...readInitialAccessToken(world.ctx, token, START + 59), name: '' }, { uses: 7, expiresAt: START + 60, name: '' });
  assert.equal(readInitialAccessToken(world.ctx, token, START + 60), undefined);
  const foreign = await openWorld({ yaml: '' });
  assert.equal(readInitialAccessToken(foreign.ctx, token, START), undefined);
  await foreign.close();
  for (let at = 0; at < token.length; at++) {
    const other = token.slice(0, at) + (token[at] === 'B' ? 'C' : 'B') + token.slice(at + 1);
    assert.equal(readInitialAccessToken(world.ctx, other, START), undefined, String(at));
  }
  for (const bad of [undefined, '', 'x', `${token}A`, token.slice(0, -1)]) assert.equal(await statusOf(bad), 401, String(bad));
});

test('it says when it ends in seconds beyond 2038', () => {
  const expiresAt = 2 ** 33 + 5;
  const token = issueInitialAccessToken(world.ctx, { uses: 1000, expiresAt });
  assert.equal(readInitialAccessToken(world.ctx, token, START)?.expiresAt, expiresAt);
  assert.throws(() => issueInitialAccessToken(world.ctx, { uses: 1001, expiresAt }), TypeError);
  assert.throws(() => issueInitialAccessToken(world.ctx, { uses: 0, expiresAt }), TypeError);
});

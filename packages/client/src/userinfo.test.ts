import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDpopProof } from '@hufu/protocol/dpop';
import { newDpopKey } from './dpop.ts';
import { isFault } from './testing/fault.ts';
import { json, openIssuer } from './testing/issuer.ts';
import { fetchUserinfo } from './userinfo.ts';

test('the answer has to be about whoever signed in (OpenID Connect Core §5.3.2, attacks SDK-04)', async () => {
  const world = await openIssuer();
  world.answers.set('/userinfo', () => json(200, { sub: 'mei', name: 'Mei' }));
  const request = { accessToken: 'at', sub: 'mei' };
  assert.equal((await fetchUserinfo(world.client(), request))['name'], 'Mei');
  assert.equal(world.asked[0]?.headers.get('authorization'), 'Bearer at');
  for (const body of [{ sub: 'eve' }, { name: 'Mei' }, { sub: ['mei'] }]) {
    world.answers.set('/userinfo', () => json(200, body));
    await assert.rejects(fetchUserinfo(world.client(), request), isFault('mismatch', 'sub'));
  }
  world.answers.set('/userinfo', () => new Response('x'));
  await assert.rejects(fetchUserinfo(world.client(), request), isFault('malformed', 'malformed'));
  world.answers.set('/userinfo', () => json(401, {}));
  await assert.rejects(fetchUserinfo(world.client(), request), isFault('malformed', 'status_401'));
});

test('two requests side by side that carried no nonce are both sent again with it, and none for ever (RFC 9449 §9)', async () => {
  const world = await openIssuer();
  const first: (() => void)[] = [];
  world.answers.set('/userinfo', async ({ headers }) => {
    const reading = readDpopProof(headers.get('dpop') ?? '');
    if (reading.kind === 'read' && reading.proof.nonce === 'n') return json(200, { sub: 'mei' });
    await new Promise<void>((resolve) => first.push(resolve) === 2 && first.forEach((go) => void go()));
    return json(401, {}, { 'dpop-nonce': 'n' });
  });
  const client = world.client();
  const request = { accessToken: 'at', sub: 'mei', dpopKey: await newDpopKey() };
  await Promise.all([fetchUserinfo(client, request), fetchUserinfo(client, request)]);
  assert.equal(world.asked.length, 4);
  world.answers.set('/userinfo', () => json(401, {}, { 'dpop-nonce': 'n' }));
  await assert.rejects(fetchUserinfo(client, request), isFault('malformed', 'status_401'));
  assert.equal(world.asked.length, 5);
});

test('a bound token comes with a proof for it, and once more with the nonce that is asked for (RFC 9449 §7.1, §9)', async () => {
  const world = await openIssuer();
  world.answers.set('/userinfo', ({ headers }) => {
    const reading = readDpopProof(headers.get('dpop') ?? '');
    assert.ok(reading.kind === 'read' && reading.proof.ath !== undefined);
    return reading.proof.nonce === 'n' ? json(200, { sub: 'mei' }) : json(401, {}, { 'dpop-nonce': 'n' });
  });
  await fetchUserinfo(world.client(), { accessToken: 'at', sub: 'mei', dpopKey: await newDpopKey() });
  assert.deepEqual(
    world.asked.map(({ headers }) => headers.get('authorization')),
    ['DPoP at', 'DPoP at'],
  );
});

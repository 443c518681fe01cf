import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientId, grantId } from '@hufu/protocol/ids';
import { readHolder, writeHolder } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import { wireEntry } from '../revocation/wire-entry.ts';
import { answerOf, ask, claimsOf, postToken, signedIn, tokensOf, VERIFIER } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, SECRETS, START, START_MS, VAULT } from '../testing/world.ts';

const world = await openWorld();
after(() => world.close());

type Reply = Awaited<ReturnType<typeof postToken>>;

function refresh(text: unknown, part: Record<string, string> = {}, at = world): Promise<Reply> {
  return postToken(at, { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(text), ...part });
}

async function first(part: Record<string, string> = {}, at = world): Promise<string> {
  return String((await tokensOf(at, part))['refresh_token']);
}

async function rowOf(text: string, at = world): Promise<GrantRecord> {
  const { id } = readHolder(at.ctx.keys.tally, 'refresh', text) ?? assert.fail();
  return (await at.store.findGrant(at.tenant, grantId(id))) ?? assert.fail();
}

async function refused(reply: Reply, check: string, detail: string, at = world, error = 'invalid_grant'): Promise<void> {
  const why = await at.why(reply);
  assert.deepEqual([reply.status, reply.json['error'], why.failed, why.detail], [400, error, check, detail]);
}

for (const [name, rest] of [
  [
    'a lock of its user',
    async (own: typeof world, isOver: boolean) => {
      const alice = (await own.store.findUserByName(own.tenant, 'alice')) ?? assert.fail();
      await own.store.lockUser(own.tenant, alice.id, isOver ? undefined : own.now() + 3_600, own.now());
    },
  ],
  [
    'the time that its client was disabled',
    async (own: typeof world, isOver: boolean) => {
      const web = (await own.store.findClient(own.tenant, clientId('web'))) ?? assert.fail();
      await own.store.putClient(own.tenant, { ...web, enabled: isOver }, own.now());
    },
  ],
] as const)
  for (const rotation of ['on', 'off'] as const)
    test(`what a refresh token gives after ${name} is named by no entry of the revocation log (rotation ${rotation})`, async () => {
      const settings = `hufu: { first_party: true, refresh_token: { rotation: ${rotation}, absolute: 30d, idle: 1h } }`;
      const own = await openWorld({ yaml: BASIC_YAML.replace(/(client_id: web\n[\s\S]*?)hufu: \{ first_party: true \}/, `$1${settings}`) });
      const basic = `web:${SECRETS.web}`;
      const web = { client_id: 'web', redirect_uri: 'https://web.example/cb', scope: 'openid read' };
      const code = answerOf(await ask(own, await signedIn(own), web)).get('code') ?? assert.fail();
      const fields = { grant_type: 'authorization_code', redirect_uri: web.redirect_uri, code_verifier: VERIFIER, code };
      const one = (await postToken(own, fields, { basic })).json['refresh_token'];
      const renew = (): Promise<Reply> => postToken(own, { grant_type: 'refresh_token', refresh_token: String(one) }, { basic });
      own.clock.freeze(START_MS + 5_000);
      assert.equal((await renew()).status, 200);
      own.clock.freeze(START_MS + 10_000);
      await rest(own, false);
      own.clock.freeze(START_MS + 60_000);
      await rest(own, true);
      own.clock.freeze(START_MS + 120_000);
      // The same once more: where it is rotated, its successor was lost.
      const reply = await renew();
      assert.equal(reply.status, 200);
      const issuedAt = Number(claimsOf(reply.json['access_token'])['iat']);
      assert.ok(issuedAt <= START + 120);
      const entries = (await own.store.readRevocations(own.tenant, 0, 100)).map((row) => wireEntry(own.ctx, row));
      assert.ok(entries.length > 0);
      for (const { kind, before } of entries) assert.ok((before ?? Number.POSITIVE_INFINITY) < issuedAt, `${kind} ${before}`);
      await own.close();
    });

test('a refresh moves the generation on by one, once, and keeps secret and scope (RFC 6749 §6)', async () => {
  const one = await first();
  const reply = await refresh(one);
  assert.equal(reply.status, 200);
  const two = String(reply.json['refresh_token']);
  const [a, b] = [readHolder(world.ctx.keys.tally, 'refresh', one), readHolder(world.ctx.keys.tally, 'refresh', two)];
  assert.deepEqual([a?.generation, b?.generation, a?.secret], [1, 2, b?.secret]);
  assert.equal((await rowOf(one)).generation, 2);
  assert.equal(reply.json['scope'], 'openid read');
});

test('a refreshed ID token has no nonce, and the auth_time of the sign-in (OpenID Connect Core §12.2)', async () => {
  const own = await openWorld();
  const one = await first({ nonce: 'n' }, own);
  own.clock.advance(100_000);
  const claims = claimsOf((await refresh(one, {}, own)).json['id_token']);
  assert.equal('nonce' in claims, false);
  assert.deepEqual([claims['auth_time'], claims['iat'], claims['sub'], claims['aud']], [START, START + 100, 'alice-sub', 'spa']);
  await own.close();
});

test('the one just before gets the same successor, for sixty seconds from a public client (product 3.2)', async () => {
  const own = await openWorld();
  const [one, other] = [await first({}, own), await first({}, own)];
  const two = (await refresh(one, {}, own)).json['refresh_token'];
  await refresh(other, {}, own);
  own.clock.freeze(START_MS + 60_999);
  const again = await refresh(one, {}, own);
  assert.deepEqual([again.status, again.json['refresh_token']], [200, two]);
  assert.equal((await rowOf(one, own)).generation, 2, 'nothing was rotated');
  own.clock.freeze(START_MS + 61_000);
  await refused(await refresh(other, {}, own), 'generation', 'it was used before and its successor is in use; the grant is revoked', own);
  assert.equal((await rowOf(other, own)).dead?.reason, 'refresh_token_replayed');
  await own.close();
});

test('a client that authenticates may come back for it until the successor is used (product 3.2)', async () => {
  const own = await openWorld();
  const basic = `web:${SECRETS.web}`;
  const web = { client_id: 'web', redirect_uri: 'https://web.example/cb' };
  const code = answerOf(await ask(own, await signedIn(own), web)).get('code') ?? assert.fail();
  const exchanged = await postToken(
    own,
    { grant_type: 'authorization_code', code, redirect_uri: web.redirect_uri, code_verifier: VERIFIER },
    { basic },
  );
  const send = (text: unknown): Promise<Reply> => postToken(own, { grant_type: 'refresh_token', refresh_token: String(text) }, { basic });
  const one = exchanged.json['refresh_token'];
  const two = (await send(one)).json['refresh_token'];
  own.clock.advance(7 * 86_400_000);
  assert.equal((await send(one)).json['refresh_token'], two);
  assert.equal((await send(two)).status, 200);
  await refused(await send(one), 'generation', 'it was used before and its successor is in use; the grant is revoked', own);
  const [event] = own.events('refresh_token.replayed');
  assert.deepEqual([event?.['presented'], event?.['current'], event?.['client'], event?.['level']], [1, 3, 'web', 'warn']);
  await own.close();
});

test('an older one is theft at any time, and takes all of its grant along (RFC 9700 §4.14.2)', async () => {
  const one = await first();
  const two = String((await refresh(one)).json['refresh_token']);
  const three = String((await refresh(two)).json['refresh_token']);
  await refused(await refresh(one), 'generation', 'it was used before and its successor is in use; the grant is revoked');
  await refused(await refresh(three), 'grant_live', `the grant is dead since ${START}: refresh_token_replayed`);
});

test('changed, guessed and future ones are refused without effect (RFC 6749 §5.2)', async () => {
  const one = await first();
  const { keyId, id, secret } = readHolder(world.ctx.keys.tally, 'refresh', one) ?? assert.fail();
  const write = (generation: number, by = secret, of = id): string =>
    writeHolder(world.ctx.keys.tally, 'refresh', { keyId, id: of, generation }, by);
  await refused(await refresh(`${one}A`), 'credential_form', 'the refresh token is not one of ours, or was changed');
  await refused(await refresh(one.replace('hfr_', 'hfc_')), 'credential_form', 'the refresh token is not one of ours, or was changed');
  await refused(await refresh(write(0)), 'credential_form', 'the refresh token is not one of ours, or was changed');
  await refused(await refresh(write(1, secret, 99_999)), 'grant_known', 'no grant has this refresh token; it may have expired long ago');
  await refused(await refresh(write(1, 'x'.repeat(24))), 'secret', 'its secret is not the one the row knows');
  await refused(await refresh(write(2)), 'generation', 'a generation that has not been issued');
  await refused(await refresh(''), 'client_grant_type', 'refresh_token is missing', world, 'invalid_request');
  assert.equal((await refresh(one)).status, 200);
});

test("another client's refresh token is refused without effect on the grant, and noted (RFC 6749 §6)", async () => {
  const one = await first();
  const before = world.events('grant.foreign_client').length;
  const reply = await postToken(world, { grant_type: 'refresh_token', refresh_token: one }, { basic: `web:${SECRETS.web}` });
  await refused(reply, 'grant_owner', 'issued to spa');
  assert.equal(world.events('grant.foreign_client').length, before + 1);
  assert.equal((await refresh(one)).status, 200);
});

test('scope may be narrowed for the access token; the refresh token keeps what it had (RFC 6749 §6)', async () => {
  const one = await first({ scope: 'openid read write' });
  const narrow = await refresh(one, { scope: 'read' });
  assert.deepEqual(
    [narrow.json['scope'], 'id_token' in narrow.json, claimsOf(narrow.json['access_token'])['scope']],
    ['read', false, 'read'],
  );
  const again = await refresh(narrow.json['refresh_token']);
  assert.equal(again.json['scope'], 'openid read write');
  await refused(await refresh(again.json['refresh_token'], { scope: 'read unlock' }), 'scope', 'unlock', world, 'invalid_scope');
  assert.equal((await refresh(again.json['refresh_token'])).status, 200, 'asking for too much spends nothing');
});

test('a resource of the grant may be chosen for the access token (RFC 8707 §2.2)', async () => {
  const one = await first({ scope: 'openid write unlock' });
  const vault = await refresh(one, { resource: VAULT });
  assert.match(String(vault.json['access_token']), /^hfa_/);
  assert.equal(vault.json['scope'], 'openid unlock');
  await refused(
    await refresh(vault.json['refresh_token'], { resource: 'https://id.example' }),
    'resource',
    'https://id.example',
    world,
    'invalid_target',
  );
});

test('a grant ends on its second: of its session, of idleness (RFC 6749 §6)', async () => {
  const own = await openWorld({
    yaml: BASIC_YAML.replace('hufu: { first_party: true }', 'hufu: { first_party: true, refresh_token: { absolute: 1h, idle: 10m } }'),
  });
  const [idle, absolute] = [await first({}, own), await first({}, own)];
  own.clock.freeze(START_MS + 599_000);
  let text = String((await refresh(absolute, {}, own)).json['refresh_token']);
  own.clock.freeze(START_MS + 600_000);
  await refused(await refresh(idle, {}, own), 'grant_fresh', 'not used for 600 seconds', own);
  for (const minute of [15, 24, 33, 42, 51, 59]) {
    own.clock.freeze(START_MS + minute * 60_000);
    const reply = await refresh(text, {}, own);
    assert.equal(reply.status, 200);
    text = String(reply.json['refresh_token']);
  }
  assert.equal((await refresh(text, {}, own)).json['expires_in'], 60, 'the access token ends with the grant');
  own.clock.freeze(START_MS + 3_600_000);
  await refused(await refresh(text, {}, own), 'grant_fresh', 'the grant ended 0 seconds ago', own);
  await own.close();
});

test('a client that lost the refresh grant has no refresh tokens any more (RFC 7591 §2)', async () => {
  const own = await openWorld();
  const one = await first({}, own);
  const row = (await own.store.listClients(own.tenant, '', 20)).find(({ clientId }) => clientId === 'spa') ?? assert.fail();
  const { clientId, secrets, source, enabled } = row;
  await own.store.putClient(
    own.tenant,
    { clientId, secrets, source, enabled, metadata: { ...row.metadata, grant_types: ['authorization_code'] } },
    START,
  );
  const reply = await refresh(one, {}, own);
  assert.equal(reply.json['error'], 'unauthorized_client');
  await own.close();
});

test('a client that proves itself may do without rotation: the same token until the end, whatever its idle time (FAPI 2.0 Security Profile §5.3.2.1)', async () => {
  const settings = 'hufu: { first_party: true, refresh_token: { rotation: off, absolute: 30d, idle: 1h } }';
  const own = await openWorld({ yaml: BASIC_YAML.replace(/(client_id: web\n[\s\S]*?)hufu: \{ first_party: true \}/, `$1${settings}`) });
  const basic = `web:${SECRETS.web}`;
  const web = { client_id: 'web', redirect_uri: 'https://web.example/cb', scope: 'openid offline_access read', prompt: 'consent' };
  const visitor = await signedIn(own);
  const form = { grant_type: 'authorization_code', redirect_uri: web.redirect_uri, code_verifier: VERIFIER };
  const code = answerOf(await ask(own, visitor, { ...web, scope: 'openid read', prompt: undefined })).get('code') ?? assert.fail();
  const exchanged = await postToken(own, { ...form, code }, { basic });
  const one = String(exchanged.json['refresh_token']);
  const send = (): Promise<Reply> => postToken(own, { grant_type: 'refresh_token', refresh_token: one }, { basic });
  for (const day of [1, 6, 13]) {
    own.clock.freeze(START_MS + day * 86_400_000);
    const reply = await send();
    assert.deepEqual([reply.status, reply.json['refresh_token']], [200, one]);
    assert.ok(Number(reply.json['expires_in']) >= 300, 'and the access token is a fresh one');
  }
  assert.equal((await rowOf(one, own)).generation, 1);
  own.clock.freeze(START_MS + 14 * 86_400_000);
  await refused(await send(), 'grant_fresh', 'the grant ended 0 seconds ago', own);
  await own.close();
});

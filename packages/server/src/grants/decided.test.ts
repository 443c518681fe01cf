import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { DEVICE_CODE } from '@hufu/protocol/grant-type';
import { grantId } from '@hufu/protocol/ids';
import { readHolder, writeHolder } from '@hufu/protocol/tally';
import { overviewGet, overviewPost } from '../interaction/account/overview.ts';
import { hashPendingSecret } from '../pending/pending-request.ts';
import { getOf, hiddenOf, postOf } from '../testing/pages.ts';
import { askDevice, BANK_SECRET, cookiesOf, decideDevice, PENDING_YAML, poll } from '../testing/pending.ts';
import { claimsOf, postToken, signedIn } from '../testing/visits.ts';
import { openWorld, START, START_MS } from '../testing/world.ts';
import { sha256 } from '../tokens/secrets.ts';

const world = await openWorld({ yaml: PENDING_YAML });
const alice = await signedIn(world);
after(() => world.close());

test('a device polls until its user has agreed, and gets tokens once (RFC 8628 §3.4, §3.5, attacks DEV-01, DEV-02)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const visitor = await signedIn(own);
  const asked = await askDevice(own);
  const waiting = await poll(own, asked);
  assert.deepEqual([waiting.status, waiting.json['error']], [400, 'authorization_pending']);
  assert.equal((await own.why(waiting)).failed, 'decided');
  assert.equal((await decideDevice(own, visitor, asked.json['user_code'], 'allow')).status, 200);
  const tokens = await poll(own, asked, { scope: 'openid read profile write' });
  assert.equal(tokens.status, 200, tokens.body.toString());
  assert.equal(tokens.json['scope'], 'openid read', 'the scopes are those that were shown (attacks DEV-14)');
  assert.match(String(tokens.json['refresh_token']), /^hfr_/);
  const { sub, aud, auth_time: authTime, sid, nonce } = claimsOf(tokens.json['id_token']);
  assert.deepEqual([sub, aud, authTime, sid, nonce], ['alice-sub', 'tv', START, undefined, undefined]);
  const again = await poll(own, asked);
  assert.deepEqual([again.status, again.json['error'], (await own.why(again)).failed], [400, 'invalid_grant', 'generation']);
  const refreshed = await postToken(own, {
    grant_type: 'refresh_token',
    client_id: 'tv',
    refresh_token: String(tokens.json['refresh_token']),
  });
  assert.equal(refreshed.status, 200, 'a second use of the device code takes nothing away');
  await own.close();
});

test('asking too soon is slow_down, and five seconds more from then on (RFC 8628 §3.5, attacks DEV-01)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const asked = await askDevice(own);
  const at = async (seconds: number): Promise<unknown> => {
    own.clock.freeze(START_MS + seconds * 1000);
    const reply = await poll(own, asked);
    assert.equal(reply.status, 400);
    return reply.json['error'];
  };
  assert.equal(await at(5), 'authorization_pending');
  assert.equal(await at(9), 'slow_down');
  assert.equal(await at(18), 'slow_down', 'ten seconds after the last one');
  assert.equal(await at(33), 'authorization_pending', 'fifteen by then');
  await own.close();
});

test('all devices of a client that wait are told one decision for ten minutes, so that they push no other out of the records', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const [one, other] = [await askDevice(own), await askDevice(own)];
  const told = async (asked: typeof one, seconds: number): Promise<string | undefined> => {
    own.clock.freeze((Math.ceil(START / 600) * 600 + seconds) * 1000);
    const reply = await poll(own, asked);
    assert.equal(reply.json['error'], 'authorization_pending');
    return String(reply.headers['hufu-decision']);
  };
  const first = await told(one, 0);
  assert.equal(await told(other, 0), first);
  assert.equal(await told(one, 300), first);
  const tooSoon = await poll(own, one);
  assert.deepEqual([tooSoon.json['error'], (await own.why(tooSoon)).failed], ['slow_down', 'poll_interval']);
  const late = await askDevice(own);
  assert.notEqual(await told(late, 600), first);
  await own.close();
});

test('no means no, and late is too late, but for the minute in which somebody pressed the button last (RFC 8628 §3.5, attacks DEV-02)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const visitor = await signedIn(own);
  const [denied, expired, last] = [await askDevice(own), await askDevice(own), await askDevice(own)];
  await decideDevice(own, visitor, denied.json['user_code'], 'deny');
  const no = await poll(own, denied);
  assert.deepEqual([no.status, no.json['error']], [400, 'access_denied']);
  own.clock.freeze(START_MS + 599_000);
  assert.equal((await poll(own, expired)).json['error'], 'authorization_pending');
  await decideDevice(own, visitor, last.json['user_code'], 'allow');
  own.clock.freeze(START_MS + 600_000);
  assert.equal((await poll(own, expired)).json['error'], 'expired_token');
  own.clock.freeze(START_MS + 659_000);
  assert.equal((await poll(own, last)).status, 200);
  assert.equal((await poll(own, denied)).json['error'], 'access_denied');
  await own.close();
});

test('what was approved and never fetched is over a minute after its time (RFC 8628 §3.5)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const asked = await askDevice(own);
  await decideDevice(own, await signedIn(own), asked.json['user_code'], 'allow');
  own.clock.freeze(START_MS + 660_000);
  assert.equal((await poll(own, asked)).json['error'], 'expired_token');
  await own.close();
});

test('another client’s device code is refused, is told of, and stays good (RFC 6749 §5.2, attacks DEV-03)', async () => {
  const asked = await askDevice(world);
  await decideDevice(world, alice, asked.json['user_code'], 'allow');
  const foreign = await poll(world, asked, { client_id: 'box', client_secret: BANK_SECRET });
  assert.deepEqual([foreign.json['error'], (await world.why(foreign)).failed], ['invalid_grant', 'grant_owner']);
  assert.equal(world.events('grant.foreign_client').length, 1);
  assert.equal((await poll(world, asked)).status, 200);
});

test('what is no device code of ours is refused by its form, and one kind of code is never another (RFC 8628 §3.4)', async () => {
  const asked = await askDevice(world);
  const code = String(asked.json['device_code']);
  const { keyId, id, secret } = { ...(readHolder(world.ctx.keys.tally, 'device', code) ?? assert.fail()) };
  const other = writeHolder(world.ctx.keys.tally, 'backchannel', { keyId, id, generation: 0 }, secret);
  for (const bad of [`${code}A`, 'x', other, code.replace('hfd_', 'hfc_'), other.replace('hfb_', 'hfd_')]) {
    const reply = await poll(world, asked, { device_code: bad });
    assert.deepEqual([reply.json['error'], (await world.why(reply)).failed], ['invalid_grant', 'credential_form']);
  }
  const guessed = writeHolder(world.ctx.keys.tally, 'device', { keyId, id, generation: 0 }, 'x'.repeat(24));
  assert.equal((await world.why(await poll(world, asked, { device_code: guessed }))).failed, 'secret');
  const unknown = writeHolder(world.ctx.keys.tally, 'device', { keyId, id: 99_999, generation: 0 }, secret);
  assert.equal((await world.why(await poll(world, asked, { device_code: unknown }))).failed, 'grant_known');
  assert.equal((await postToken(world, { grant_type: DEVICE_CODE, client_id: 'tv' })).json['error'], 'invalid_request');
});

test('its grant belongs to no session and dies with its user (RFC 8628 §3.3)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const visitor = await signedIn(own);
  const asked = await askDevice(own);
  await decideDevice(own, visitor, asked.json['user_code'], 'allow');
  const tokens = await poll(own, asked);
  const { id } = readHolder(own.ctx.keys.tally, 'refresh', String(tokens.json['refresh_token'])) ?? assert.fail();
  const refresh = (): ReturnType<typeof postToken> =>
    postToken(own, { grant_type: 'refresh_token', client_id: 'tv', refresh_token: String(tokens.json['refresh_token']) });
  const grant = (await own.store.findGrant(own.tenant, grantId(id))) ?? assert.fail();
  assert.deepEqual([grant.sessionId, grant.offline, grant.codeRequest], [undefined, true, undefined]);
  assert.equal(
    await own.store.findConsent(own.tenant, visitor.user.id, grant.clientId),
    undefined,
    'nothing is remembered (attacks DEV-16)',
  );
  await own.store.endSession(own.tenant, visitor.session.id, 'signed_out', own.now());
  assert.equal((await refresh()).status, 200, 'signing out here ends nothing there');
  await own.store.setUserEnabled(own.tenant, visitor.user.id, false, own.now());
  assert.equal((await refresh()).status, 400);
  await own.close();
});

test('whoever removes the app on the account page ends the device’s access, though no consent was remembered (attacks CON-08)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const visitor = await signedIn(own);
  const [fetched, waiting] = [await askDevice(own), await askDevice(own)];
  await decideDevice(own, visitor, fetched.json['user_code'], 'allow');
  await decideDevice(own, visitor, waiting.json['user_code'], 'allow');
  const tokens = await poll(own, fetched);
  const page = await overviewGet(own.ctx, getOf(own, '/account', cookiesOf(visitor)));
  assert.match(page.body.toString(), /Big Screen/);
  await overviewPost(own.ctx, postOf(own, '/account', hiddenOf(page), { cookie: cookiesOf(visitor) }));
  const refreshed = await postToken(own, {
    grant_type: 'refresh_token',
    client_id: 'tv',
    refresh_token: String(tokens.json['refresh_token']),
  });
  assert.equal(refreshed.status, 400);
  const late = await poll(own, waiting);
  assert.deepEqual(
    [late.json['error'], (await own.why(late)).failed],
    ['invalid_grant', 'grant_live'],
    'nor does what was not fetched yet',
  );
  await own.close();
});

test('what a row knows a pending secret by is no hash of an authorization code (RFC 8628 §5.2)', () => {
  const secret = 'x'.repeat(24);
  assert.equal(new Set([sha256(secret), hashPendingSecret('device', secret), hashPendingSecret('backchannel', secret)]).size, 3);
});

test('fifty polls at once after the approval bring one token response (RFC 8628 §3.5)', async () => {
  const asked = await askDevice(world);
  await decideDevice(world, alice, asked.json['user_code'], 'allow');
  const replies = await Promise.all(Array.from({ length: 50 }, () => poll(world, asked)));
  assert.equal(replies.filter(({ status }) => status === 200).length, 1);
  for (const reply of replies) if (reply.status !== 200) assert.equal(reply.json['error'], 'invalid_grant');
});

test('authorization_details are refused at the poll, and not passed over (RFC 9396 §5)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const asked = await askDevice(own);
  await decideDevice(own, await signedIn(own), asked.json['user_code'], 'allow');
  const detailed = await poll(own, asked, { authorization_details: '[{"type":"payment"}]' });
  assert.deepEqual([detailed.status, detailed.json['error']], [400, 'invalid_request']);
  assert.equal((await poll(own, asked)).status, 200, 'nothing was spent by that');
  await own.close();
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { grantId } from '@hufu/protocol/ids';
import { readHolder, writeHolder } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import { answerOf, ask, claimsOf, postToken, signedIn, VERIFIER } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, SECRETS, START, START_MS, VAULT } from '../testing/world.ts';
import { derivedSecret, sha256 } from '../tokens/secrets.ts';

const world = await openWorld();
const alice = await signedIn(world);
after(() => world.close());

async function newCode(part: Record<string, string> = {}, at = world, visitor = alice): Promise<string> {
  return answerOf(await ask(at, visitor, part)).get('code') ?? assert.fail();
}

function exchange(code: string, part: Record<string, string> = {}, at = world): ReturnType<typeof postToken> {
  const fields = {
    grant_type: 'authorization_code',
    client_id: 'spa',
    code,
    redirect_uri: 'https://app.example/cb',
    code_verifier: VERIFIER,
    ...part,
  };
  return postToken(at, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')));
}

async function rowOf(code: string, at = world): Promise<GrantRecord> {
  const { id } = readHolder(at.ctx.keys.tally, 'code', code) ?? assert.fail();
  return (await at.store.findGrant(at.tenant, grantId(id))) ?? assert.fail();
}

/** Status, error, and the failing check with its detail. */
async function refused(
  reply: Awaited<ReturnType<typeof postToken>>,
  check: string,
  detail: string,
  error = 'invalid_grant',
): Promise<void> {
  const why = await world.why(reply);
  assert.deepEqual([reply.status, reply.json['error'], why.failed, why.detail], [400, error, check, detail]);
  if (error === 'invalid_grant') assert.equal('access_token' in reply.json, false);
}

test('the exchange makes generation 1, with a secret of its own of which the row keeps hashes (RFC 6749 §4.1.3, §4.1.4)', async () => {
  const code = await newCode({ nonce: 'n' });
  const reply = await exchange(code);
  assert.equal(reply.status, 200);
  assert.equal(reply.headers['cache-control'], 'no-store');
  const row = await rowOf(code);
  const refresh = readHolder(world.ctx.keys.tally, 'refresh', String(reply.json['refresh_token'])) ?? assert.fail();
  assert.deepEqual([row.generation, refresh.generation, row.rotatedAt], [1, 1, START]);
  assert.equal(row.secretHash, sha256(refresh.secret));
  assert.equal(row.accessHash, sha256(derivedSecret(refresh.secret)));
  assert.notEqual(
    refresh.secret,
    readHolder(world.ctx.keys.tally, 'code', code)?.secret,
    'what went through the browser is worth nothing any more',
  );
  assert.equal(row.codeRequest, undefined);
  assert.equal(claimsOf(reply.json['id_token'])['nonce'], 'n');
});

test("without offline_access a grant ends with its session; idle and absolute lifetimes are the policy's (OpenID Connect Core §11)", async () => {
  const code = await newCode();
  await exchange(code);
  const row = await rowOf(code);
  assert.deepEqual([row.expiresAt, row.idleSeconds, row.offline], [alice.session.expiresAt, 180 * 86_400, false]);
  const own = await openWorld({
    yaml: BASIC_YAML.replace('hufu: { first_party: true }', 'hufu: { first_party: true, refresh_token: { absolute: 1h, idle: 10m } }'),
  });
  const there = await newCode({ prompt: 'consent', scope: 'openid offline_access' }, own, await signedIn(own)).catch(() => undefined);
  assert.equal(there, undefined, 'prompt=consent shows the page');
  const short = await newCode({}, own, await signedIn(own));
  await exchange(short, {}, own);
  const shortRow = await rowOf(short, own);
  assert.deepEqual([shortRow.expiresAt, shortRow.idleSeconds], [START + 3_600, 600]);
  await own.close();
});

test('a code that was changed, or is a credential of another kind, is refused by arithmetic (RFC 6749 §5.2)', async () => {
  const code = await newCode();
  const { keyId, id, secret } = { ...(readHolder(world.ctx.keys.tally, 'code', code) ?? assert.fail()) };
  const other = writeHolder(world.ctx.keys.tally, 'refresh', { keyId, id, generation: 0 }, secret);
  for (const bad of [
    `${code}A`,
    code.slice(0, -1),
    'x',
    other,
    code.replace('hfc_', 'hfr_'),
    `${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`,
  ]) {
    await refused(await exchange(bad), 'credential_form', 'the code is not one of ours, or was changed');
  }
  await refused(await exchange(''), 'client_grant_type', 'code is missing', 'invalid_request');
  const unknown = writeHolder(world.ctx.keys.tally, 'code', { keyId, id: 99_999, generation: 0 }, secret);
  await refused(await exchange(unknown), 'grant_known', 'no grant has this code; it may have expired long ago');
  const guessed = writeHolder(world.ctx.keys.tally, 'code', { keyId, id, generation: 0 }, 'x'.repeat(24));
  await refused(await exchange(guessed), 'secret', 'its secret is not the one the row knows');
  assert.equal((await exchange(code)).status, 200, 'none of that has done anything to it');
});

test("another client's code is refused without effect on the grant, and noted (RFC 6749 §4.1.3)", async () => {
  const code = await newCode();
  const before = world.events('grant.foreign_client').length;
  const reply = await postToken(
    world,
    { grant_type: 'authorization_code', code, redirect_uri: 'https://app.example/cb', code_verifier: VERIFIER },
    { basic: `web:${SECRETS.web}` },
  );
  await refused(reply, 'grant_owner', 'issued to spa');
  const [event] = world.events('grant.foreign_client').slice(before);
  assert.deepEqual([event?.['level'], event?.['client']], ['warn', 'web']);
  assert.equal((await exchange(code)).status, 200);
});

test('a code shown twice takes its grant along, for ten minutes after its end; later it is only refused (RFC 6749 §4.1.2, RFC 9700 §4.5)', async () => {
  const own = await openWorld();
  const visitor = await signedIn(own);
  const [one, other] = [await newCode({}, own, visitor), await newCode({}, own, visitor)];
  assert.equal((await exchange(one, {}, own)).status, 200);
  assert.equal((await exchange(other, {}, own)).status, 200);
  own.clock.freeze(START_MS + 660_000);
  const why = await own.why(await exchange(one, {}, own));
  assert.deepEqual([why.failed, why.detail], ['generation', 'the code was used before; its grant is revoked']);
  assert.equal((await rowOf(one, own)).dead?.reason, 'code_replayed');
  assert.equal(own.events('code.replayed').length, 1);
  own.clock.freeze(START_MS + 661_000);
  assert.equal((await exchange(other, {}, own)).status, 400);
  assert.equal((await rowOf(other, own)).dead, undefined, 'an old address bar signs nobody out');
  await own.close();
});

test('a code ends on its second, and with its grant (RFC 6749 §4.1.2)', async () => {
  const own = await openWorld();
  const visitor = await signedIn(own);
  const [early, late] = [await newCode({}, own, visitor), await newCode({}, own, visitor)];
  own.clock.freeze(START_MS + 59_999);
  assert.equal((await exchange(early, {}, own)).status, 200);
  own.clock.freeze(START_MS + 60_000);
  const why = await own.why(await exchange(late, {}, own));
  assert.deepEqual([why.failed, why.detail], ['grant_fresh', 'expired 0 seconds ago']);
  const third = await newCode({}, own, visitor);
  await own.store.endSession(own.tenant, visitor.session.id, 'signed_out', own.now());
  assert.equal((await own.why(await exchange(third, {}, own))).detail, `its grant is dead since ${own.now()}: signed_out`);
  await own.close();
});

test('redirect_uri is the one of the authorization request, to the character (RFC 6749 §4.1.3)', async () => {
  const code = await newCode();
  for (const uri of ['', 'https://app.example/cb/', 'https://web.example/cb']) {
    await refused(
      await exchange(code, { redirect_uri: uri }),
      'same_redirect_uri',
      'redirect_uri is not the one of the authorization request',
    );
  }
  assert.equal((await exchange(code)).status, 200, 'a mistake there spends nothing');
});

test('a verifier that does not match, or none, spends the code (RFC 7636 §4.5, §4.6)', async () => {
  for (const [verifier, detail] of [
    ['w'.repeat(43), 'another value'],
    ['', 'none was sent'],
    ['short', 'another value'],
    [`${VERIFIER}v`, 'another value'],
  ] as const) {
    const code = await newCode();
    await refused(await exchange(code, { code_verifier: verifier }), 'code_verifier', detail);
    assert.equal((await rowOf(code)).dead?.reason, 'code_misused');
    assert.equal((await exchange(code)).status, 400);
  }
});

test('a resource of the request may be chosen at the exchange, another may not (RFC 8707 §2.2)', async () => {
  const scope = 'openid read unlock';
  const code = await newCode({ scope, resource: VAULT });
  const wrong = await exchange(code, { resource: 'https://api.example/' });
  await refused(wrong, 'resource', 'https://api.example/', 'invalid_target');
  const right = await exchange(code, { resource: VAULT });
  assert.equal(right.status, 200);
  assert.match(String(right.json['access_token']), /^hfa_/);
});

test('a user sees that the oldest grant of an app fell for a new one, once a day for each app, and the tokens do not wait for it (hufu.max_grants_per_user)', async () => {
  let away = false;
  const few = await openWorld({
    yaml: BASIC_YAML.replaceAll('hufu: { first_party: true }', 'hufu: { first_party: true, max_grants_per_user: 2 }'),
    wrap: (store) => ({
      ...store,
      addUserEvent: async (...named) => (away ? assert.fail('away') : await store.addUserEvent(...named)),
      takeTry: async (...named) => (away ? assert.fail('away') : await store.takeTry(...named)),
    }),
  });
  const visitor = await signedIn(few);
  const again = async (part: Record<string, string> = {}): Promise<void> => {
    const reply = await exchange(await newCode(part, few, visitor), {}, few);
    assert.equal(reply.status, 200, reply.body.toString());
  };
  const told = async (): Promise<readonly unknown[]> =>
    (await few.store.listUserEvents(few.tenant, visitor.user.id, 9)).map(({ kind, detail, at }) => [kind, detail['name'], at]);
  for (let turn = 0; turn < 2; turn += 1) await again();
  assert.deepEqual(await told(), [], 'nothing has fallen yet');
  for (let turn = 0; turn < 3; turn += 1) await again();
  assert.deepEqual(await told(), [['grant_replaced', 'Reader', START]]);
  few.clock.freeze(START_MS + 86_400_000);
  const next = await signedIn(few);
  const code = await newCode({}, few, next);
  assert.equal((await exchange(code, {}, few)).status, 200);
  assert.deepEqual(await told(), [
    ['grant_replaced', 'Reader', START + 86_400],
    ['grant_replaced', 'Reader', START],
  ]);
  away = true;
  few.clock.freeze(START_MS + 2 * 86_400_000);
  const last = await newCode({}, few, await signedIn(few));
  assert.equal((await exchange(last, {}, few)).status, 200);
  assert.equal(few.events('job.failed').length, 1);
  await few.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readQuery } from '@hufu/protocol/form';
import { grantId } from '@hufu/protocol/ids';
import { readHolder } from '@hufu/protocol/tally';
import { Trail } from '../decisions/trail.ts';
import { readCodeRequest } from '../grants/code-request.ts';
import { authorizationQuery, CHALLENGE, signedIn } from '../testing/visits.ts';
import { API, openWorld, START, type World } from '../testing/world.ts';
import { sha256 } from '../tokens/secrets.ts';
import { issueAnswer } from './issue-answer.ts';
import { REQUEST_RULES, readAuthorizationRequest } from './read-request.ts';

const THIRD = { client_id: 'third', redirect_uri: 'https://third.example/cb' };

async function issueCode(...[ctx, request, session, now]: Parameters<typeof issueAnswer>): Promise<string> {
  const answer = await issueAnswer(ctx, request, session, now);
  return answer.find(([name]) => name === 'code')?.[1] ?? assert.fail();
}

function read(world: World, part: Record<string, string> = {}): ReturnType<typeof readAuthorizationRequest> {
  return readAuthorizationRequest(world.ctx, readQuery(authorizationQuery(part), REQUEST_RULES), { kind: 'browser' }, new Trail(), START);
}

test('a code is generation 0 of a grant that remembers the request, and only the hash of its secret (RFC 6749 §4.1.2, RFC 7636 §4.4)', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  const code = await issueCode(world.ctx, await read(world, { nonce: 'n' }), alice, START + 3);
  const holder = readHolder(world.ctx.keys.tally, 'code', code) ?? assert.fail();
  assert.equal(holder.generation, 0);
  const row = (await world.store.findGrant(world.tenant, grantId(holder.id))) ?? assert.fail();
  assert.equal(row.codeHash, sha256(holder.secret));
  assert.equal(JSON.stringify(row).includes(holder.secret), false);
  assert.deepEqual([row.secretHash, row.accessHash, row.generation], [undefined, undefined, 0]);
  assert.deepEqual([row.userId, row.subject, row.clientId, row.sessionId], [alice.user.id, 'alice-sub', 'spa', alice.session.id]);
  assert.deepEqual([row.scopes, row.resources, row.authTime, row.amr], [['openid', 'read'], [API], START, ['pwd']]);
  assert.equal(row.expiresAt, START + 3 + 60);
  assert.deepEqual(readCodeRequest(row.codeRequest), {
    redirectUri: 'https://app.example/cb',
    codeChallenge: CHALLENGE,
    nonce: 'n',
    boundKey: undefined,
    refresh: true,
    sessionExpiresAt: alice.session.expiresAt,
  });
  await world.close();
});

test('offline_access that was not heard brings no refresh token; asked for and heard it does (OpenID Connect Core §11)', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  const rowOf = async (part: Record<string, string>): Promise<{ readonly offline: boolean; readonly refresh: boolean }> => {
    const holder =
      readHolder(world.ctx.keys.tally, 'code', await issueCode(world.ctx, await read(world, part), alice, START)) ?? assert.fail();
    const row = (await world.store.findGrant(world.tenant, grantId(holder.id))) ?? assert.fail();
    return { offline: row.offline, refresh: readCodeRequest(row.codeRequest).refresh };
  };
  assert.deepEqual(await rowOf({ scope: 'openid' }), { offline: false, refresh: true });
  assert.deepEqual(await rowOf({ scope: 'openid offline_access' }), { offline: false, refresh: false });
  assert.deepEqual(await rowOf({ scope: 'openid offline_access', prompt: 'consent' }), { offline: true, refresh: true });
  await world.close();
});

test('the world is looked at again in the act: a session, a user, a client or a consent that went is refused (RFC 6749 §4.1.2.1)', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  const third = await read(world, { ...THIRD, scope: 'openid' });
  await assert.rejects(issueCode(world.ctx, third, alice, START), { code: 'consent_required', detail: 'consent_missing' });
  await world.store.giveConsent(world.tenant, alice.user.id, third.client.id, ['openid'], third.resources, START);
  await issueCode(world.ctx, third, alice, START);

  const spa = await read(world);
  await world.store.endSession(world.tenant, alice.session.id, 'signed_out', START);
  await assert.rejects(issueCode(world.ctx, spa, alice, START), { code: 'login_required', detail: 'session_ended' });
  const again = await signedIn(world);
  const { clientId, metadata, secrets, source } = spa.client.record;
  await world.store.putClient(world.tenant, { clientId, metadata, secrets, source, enabled: false }, START);
  await assert.rejects(issueCode(world.ctx, spa, again, START), { code: 'unauthorized_client', detail: 'client_inactive' });
  await world.store.setUserEnabled(world.tenant, alice.user.id, false, START);
  await assert.rejects(issueCode(world.ctx, spa, again, START), { code: 'login_required', detail: 'user_inactive' });
  await world.close();
});

test('of codes that wait to be redeemed the oldest fall: twenty for one user and client (RFC 6819 §4.4.1.11)', async () => {
  const world = await openWorld();
  const alice = await signedIn(world);
  const request = await read(world);
  const codes: string[] = [];
  for (let i = 0; i < 22; i++) codes.push(await issueCode(world.ctx, request, alice, START));
  const dead: unknown[] = [];
  for (const code of codes) {
    const holder = readHolder(world.ctx.keys.tally, 'code', code) ?? assert.fail();
    dead.push((await world.store.findGrant(world.tenant, grantId(holder.id)))?.dead?.reason);
  }
  assert.deepEqual(dead, ['too_many_grants', 'too_many_grants', ...Array.from({ length: 20 }, () => undefined)]);
  await world.close();
});

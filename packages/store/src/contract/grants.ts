import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import {
  APP,
  type Case,
  DAY,
  HOUR,
  hashText,
  makeCode,
  makeGrant,
  makeScene,
  makeSession,
  makeUser,
  mustFind,
  NOW,
  someClient,
  someCode,
  someRedemption,
} from './bench.ts';

export function grantCases(define: Case): void {
  define('a code comes back as it was created', async (b) => {
    const scene = await makeScene(b);
    const id = await makeCode(b, scene, { offline: true, expiresAt: NOW + 60 });
    const grant = {
      id,
      userId: scene.user.id,
      subject: scene.user.sub,
      clientId: APP,
      sessionId: scene.session.id,
      parentId: undefined,
      scopes: ['openid', 'email'],
      resources: ['https://api.example'],
      authTime: NOW,
      amr: ['pwd', 'otp'],
      offline: true,
      createdAt: NOW,
      generation: 0,
      keyId: 7,
      rotatedAt: NOW,
      codeHash: hashText('code'),
      secretHash: undefined,
      accessHash: undefined,
      codeRequest: { redirect_uri: 'https://app.example/cb', nonce: 'n' },
      claims: undefined,
      authorizationDetails: undefined,
      actor: undefined,
      boundKey: undefined,
      expiresAt: NOW + 60,
      idleSeconds: 0,
      dead: undefined,
      hasRevokedTokens: false,
      deviceId: 1,
      redeemedAt: undefined,
      suspendedUntil: undefined,
    };
    assert.deepEqual(await b.store.findGrant(b.tenant, id), grant);
    assert.deepEqual(await b.second.findGrant(b.tenant, id), grant);
  });

  define('a grant may have no session, no scope and no resource', async (b) => {
    const scene = await makeScene(b);
    const id = await makeCode(b, scene, { sessionId: undefined, scopes: [], resources: [], amr: [] });
    const grant = await mustFind(b, id);
    assert.deepEqual([grant.sessionId, grant.scopes, grant.resources, grant.amr], [undefined, [], [], []]);
  });

  define('a code is refused for an inactive user, an inactive client and a session that is not alive or not theirs', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const reason = async (change: Parameters<typeof someCode>[1]): Promise<string> => {
      const answer = await store.createGrant(tenant, someCode(scene, change), NOW);
      return answer.kind === 'refused' ? answer.reason : 'created';
    };
    const bob = await makeUser(b, 'bob');
    const bobs = await makeSession(b, bob);
    const ended = await makeSession(b, scene.user);
    await store.endSession(tenant, ended.id, 'signed_out', NOW);
    const off = clientId('off');
    await store.putClient(tenant, { ...someClient(off), enabled: false }, NOW);
    assert.equal(await reason({ clientId: clientId('nobody') }), 'client_inactive');
    assert.equal(await reason({ clientId: off }), 'client_inactive');
    const version = (await store.findClient(tenant, APP))?.version ?? 0;
    assert.equal(await reason({ clientVersion: version + 1 }), 'client_inactive', 'the one that was judged is another by now');
    assert.equal(await reason({ clientVersion: version }), 'created');
    assert.equal(await reason({ sessionId: bobs.id }), 'session_ended');
    assert.equal(await reason({ sessionId: ended.id }), 'session_ended');
    assert.equal(await reason({ needsConsent: true }), 'consent_missing');
    await store.setUserEnabled(tenant, scene.user.id, false, NOW);
    assert.equal(await reason({ clientId: off, needsConsent: true }), 'user_inactive');
    assert.equal(await b.countRows('grants'), 1);
  });

  define('the exchange takes the code once and leaves the holder’s half (RFC 6749 §4.1.3)', async (b) => {
    const scene = await makeScene(b);
    const id = await makeCode(b, scene);
    const code = await mustFind(b, id);
    const taken = await b.store.exchangeCode(b.tenant, id, someRedemption({ idleSeconds: 5 * DAY }), NOW + 10);
    const grant = {
      ...code,
      generation: 1,
      keyId: 8,
      rotatedAt: NOW + 10,
      secretHash: hashText('holder'),
      accessHash: hashText('access'),
      codeRequest: undefined,
      expiresAt: NOW + 30 * DAY,
      idleSeconds: 5 * DAY,
      redeemedAt: NOW + 10,
    };
    assert.deepEqual(taken, { kind: 'taken', grant, fell: 0 });
    assert.deepEqual(await b.store.findGrant(b.tenant, id), grant);
    const again = await b.second.exchangeCode(b.tenant, id, someRedemption({ secretHash: hashText('thief') }), NOW + 11);
    assert.deepEqual(again, { kind: 'lost', grant });
    assert.deepEqual(await b.store.findGrant(b.tenant, id), grant);
  });

  define('a code is lost from the second it expires (RFC 6749 §4.1.2)', async (b) => {
    const scene = await makeScene(b);
    const id = await makeCode(b, scene, { expiresAt: NOW + 60 });
    const lost = await b.store.exchangeCode(b.tenant, id, someRedemption(), NOW + 60);
    assert.equal(lost.kind, 'lost');
    assert.equal(lost.grant?.generation, 0);
    assert.equal((await b.store.exchangeCode(b.tenant, id, someRedemption(), NOW + 59)).kind, 'taken');
  });

  define('a rotation moves the generation by one, and every other generation is lost (RFC 9700 §4.14.2)', async (b) => {
    const scene = await makeScene(b);
    const id = await makeGrant(b, scene);
    const before = await mustFind(b, id);
    const taken = await b.store.rotate(b.tenant, id, 1, 9, NOW + 100);
    const grant = { ...before, generation: 2, keyId: 9, rotatedAt: NOW + 100 };
    assert.deepEqual(taken, { kind: 'taken', grant });
    for (const generation of [0, 1, 3]) {
      assert.deepEqual(await b.second.rotate(b.tenant, id, generation, 10, NOW + 200), { kind: 'lost', grant });
    }
    assert.deepEqual(await b.store.findGrant(b.tenant, id), grant);
    assert.equal((await b.second.rotate(b.tenant, id, 2, 9, NOW + 300)).kind, 'taken');
  });

  define('a code is never rotated, and a grant never exchanged', async (b) => {
    const scene = await makeScene(b);
    const code = await makeCode(b, scene);
    assert.equal((await b.store.rotate(b.tenant, code, 0, 1, NOW)).kind, 'lost');
    assert.equal((await mustFind(b, code)).generation, 0);
    assert.equal((await b.store.exchangeCode(b.tenant, code, someRedemption(), NOW)).kind, 'taken');
  });

  define('a grant is lost from the second it expires, and from the second it was idle for too long', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const short = await makeGrant(b, scene, {}, { expiresAt: NOW + HOUR });
    assert.equal((await store.rotate(tenant, short, 1, 1, NOW + HOUR)).kind, 'lost');
    assert.equal((await store.rotate(tenant, short, 1, 1, NOW + HOUR - 1)).kind, 'taken');

    const idle = await makeGrant(b, scene, {}, { expiresAt: NOW + 30 * DAY, idleSeconds: HOUR });
    assert.equal((await store.rotate(tenant, idle, 1, 1, NOW + HOUR)).kind, 'lost');
    assert.equal((await store.rotate(tenant, idle, 1, 1, NOW + HOUR - 1)).kind, 'taken');
    assert.equal((await store.rotate(tenant, idle, 2, 1, NOW + 2 * HOUR - 2)).kind, 'taken', 'idleness counts from the rotation');
    assert.equal((await store.rotate(tenant, idle, 3, 1, NOW + 3 * HOUR - 2)).kind, 'lost');
    assert.equal((await mustFind(b, idle)).dead, undefined, 'time is not a death');
  });

  define('a revoked grant keeps its first reason and is never taken again', async (b) => {
    const { store, second, tenant } = b;
    const scene = await makeScene(b);
    const grant = await makeGrant(b, scene);
    const code = await makeCode(b, scene);
    for (const id of [grant, code]) {
      assert.equal(await store.revokeGrant(tenant, id, 'refresh_token_replayed', NOW + 1), 'revoked');
      assert.equal(await second.revokeGrant(tenant, id, 'revoked_by_user', NOW + 2), 'already');
      assert.deepEqual((await mustFind(b, id)).dead, { reason: 'refresh_token_replayed', at: NOW + 1 });
    }
    const rotated = await store.rotate(tenant, grant, 1, 1, NOW + 3);
    assert.equal(rotated.kind, 'lost');
    assert.equal(rotated.grant?.dead?.reason, 'refresh_token_replayed');
    assert.equal((await store.exchangeCode(tenant, code, someRedemption(), NOW + 3)).kind, 'lost');
    assert.equal((await mustFind(b, code)).generation, 0);
    assert.equal((await mustFind(b, code)).secretHash, undefined);
  });

  define('a revoked access token is remembered, and its grant says that it has such (RFC 7009 §2)', async (b) => {
    const { store, second, tenant } = b;
    const scene = await makeScene(b);
    const id = await makeGrant(b, scene);
    const other = await makeGrant(b, scene);
    assert.equal(await store.findRevokedToken(tenant, id, 'token-1'), false);
    await store.revokeToken(tenant, id, 'token-1', NOW + HOUR, NOW);
    assert.equal(await second.findRevokedToken(tenant, id, 'token-1'), true);
    assert.equal(await store.findRevokedToken(tenant, id, 'token-2'), false);
    assert.equal(await store.findRevokedToken(tenant, other, 'token-1'), false);
    const grant = await mustFind(b, id);
    assert.deepEqual([grant.hasRevokedTokens, grant.dead], [true, undefined]);
    assert.equal((await mustFind(b, other)).hasRevokedTokens, false);
    const rotated = await store.rotate(tenant, id, 1, 1, NOW + 1);
    assert.equal(rotated.grant?.hasRevokedTokens, true);
  });

  define('a token that is over, revoked before, or of a dead grant is not written', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const id = await makeGrant(b, scene);
    await store.revokeToken(tenant, id, 'old', NOW, NOW);
    assert.equal((await mustFind(b, id)).hasRevokedTokens, false);
    await store.revokeToken(tenant, id, 'token', NOW + HOUR, NOW);
    await store.revokeToken(tenant, id, 'token', NOW + HOUR, NOW + 1);
    await store.revokeGrant(tenant, id, 'revoked_by_client', NOW + 2);
    await store.revokeToken(tenant, id, 'later', NOW + HOUR, NOW + 3);
    assert.equal(await b.countRows('revoked_tokens'), 1);
    assert.deepEqual(
      (await store.readRevocations(tenant, 0, 10)).map((entry) => entry.kind),
      ['token', 'grant'],
    );
  });

  define('living grants are listed newest first, by user, by client or both', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const bob = { ...scene, user: await makeUser(b, 'bob') };
    const bobs = { ...bob, session: await makeSession(b, bob.user) };
    const elsewhere = { ...scene, client: await store.putClient(tenant, someClient(clientId('other')), NOW) };
    const [a, second, c, d] = [
      await makeGrant(b, scene),
      await makeGrant(b, bobs),
      await makeCode(b, elsewhere),
      await makeGrant(b, scene),
    ];
    const dead = await makeGrant(b, scene);
    await store.revokeGrant(tenant, dead, 'revoked_by_user', NOW);
    const list = async (filter: Parameters<typeof store.listGrants>[1], limit = 10): Promise<number[]> =>
      (await store.listGrants(tenant, filter, limit)).map((grant) => grant.id);
    assert.deepEqual(await list({}), [d, c, second, a]);
    assert.deepEqual(await list({}, 2), [d, c]);
    assert.deepEqual(await list({ userId: scene.user.id }), [d, c, a]);
    assert.deepEqual(await list({ userId: scene.user.id }, 1), [d]);
    assert.deepEqual(await list({ clientId: APP }), [d, second, a]);
    assert.deepEqual(await list({ clientId: APP }, 2), [d, second]);
    assert.deepEqual(await list({ userId: scene.user.id, clientId: APP }), [d, a]);
    assert.deepEqual((await store.listGrants(tenant, { clientId: APP }, 1))[0], await mustFind(b, d));
    await store.revokeClient(tenant, APP, NOW);
    assert.deepEqual(await list({}), [c]);
    assert.deepEqual(await list({ clientId: APP }), []);
    assert.deepEqual(await list({ userId: scene.user.id }), [c]);
    assert.deepEqual(await list({ userId: scene.user.id, clientId: APP }), []);
  });

  define('a word with a space cannot be a scope: the list would come back as another one', async (b) => {
    const scene = await makeScene(b);
    await assert.rejects(async () => await b.store.createGrant(b.tenant, someCode(scene, { scopes: ['a b'] }), NOW), TypeError);
    assert.equal(await b.countRows('grants'), 0);
  });
}

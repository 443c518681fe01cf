import assert from 'node:assert/strict';
import type { GrantId } from '@hufu/protocol/ids';
import type { NewGrant } from '../port.ts';
import {
  APP,
  type Bench,
  type Case,
  DAY,
  deathOf,
  grantOf,
  HOUR,
  hashText,
  makeCode,
  makeGrant,
  makeScene,
  mustFind,
  NOW,
  race,
  someAccess,
  someCode,
  someRedemption,
} from './bench.ts';

export function accessGrantCases(define: Case): void {
  define(
    'an access token from the authorization endpoint comes back redeemed, without a code and a holder’s secret (RFC 6749 §4.2)',
    async (b) => {
      const scene = await makeScene(b);
      const id = await make(b, someAccess(scene, { expiresAt: NOW + HOUR, claims: { userinfo: ['email'] } }));
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
        offline: false,
        createdAt: NOW,
        generation: 1,
        keyId: 7,
        rotatedAt: NOW,
        codeHash: undefined,
        secretHash: undefined,
        accessHash: hashText('front'),
        codeRequest: undefined,
        claims: { userinfo: ['email'] },
        authorizationDetails: undefined,
        actor: undefined,
        boundKey: undefined,
        expiresAt: NOW + HOUR,
        idleSeconds: 0,
        dead: undefined,
        hasRevokedTokens: false,
        deviceId: 1,
        redeemedAt: NOW,
        suspendedUntil: undefined,
      };
      assert.deepEqual(await b.store.findGrant(b.tenant, id), grant);
      assert.deepEqual(await b.second.findGrant(b.tenant, id), grant);
      assert.deepEqual(await b.store.listGrants(b.tenant, { clientId: APP }, 10), [grant]);
    },
  );

  define('such a grant is no code: nothing exchanges it', async (b) => {
    const id = await make(b, someAccess(await makeScene(b)));
    assert.equal((await b.store.exchangeCode(b.tenant, id, someRedemption(), NOW)).kind, 'lost');
    assert.equal((await mustFind(b, id)).secretHash, undefined);
  });

  define(
    'the claims that were asked for stay with a grant through its exchange and its rotations (OpenID Connect Core §5.5)',
    async (b) => {
      const claims = { userinfo: ['email', 'näme'], id_token: ['auth_time'], locales: ['de'] };
      const scene = await makeScene(b);
      const id = await makeCode(b, scene, { claims });
      assert.deepEqual((await mustFind(b, id)).claims, claims);
      const taken = await b.second.exchangeCode(b.tenant, id, someRedemption(), NOW);
      const rotated = await b.store.rotate(b.tenant, id, 1, 1, NOW + 1);
      assert.deepEqual([grantOf(taken)?.claims, rotated.grant?.claims], [claims, claims]);
      const found = await Promise.all([b.store, b.second].map(async (store) => (await store.findGrant(b.tenant, id))?.claims));
      assert.deepEqual(found, [claims, claims]);
      assert.equal((await mustFind(b, await makeCode(b, scene))).claims, undefined);
    },
  );

  define('an access token is refused for the same reasons as a code, in the same order', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const reason = async (change: Parameters<typeof someAccess>[1] = {}): Promise<string> => {
      const answer = await store.createGrant(tenant, someAccess(scene, change), NOW);
      return answer.kind === 'refused' ? answer.reason : 'created';
    };
    assert.equal(await reason({ needsConsent: true }), 'consent_missing');
    await store.endSession(tenant, scene.session.id, 'signed_out', NOW);
    assert.equal(await reason({ needsConsent: true }), 'session_ended');
    await store.putClient(tenant, { ...scene.client, enabled: false }, NOW);
    assert.equal(await reason({ needsConsent: true }), 'client_inactive');
    await store.setUserEnabled(tenant, scene.user.id, false, NOW);
    assert.equal(await reason({ needsConsent: true }), 'user_inactive');
    assert.equal(await b.countRows('grants'), 0);
  });

  define('it ends with its session, with its client, and with its user', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const first = await make(b, someAccess(scene));
    await store.endSession(tenant, scene.session.id, 'signed_out', NOW);
    assert.equal(await deathOf(b, first), 'signed_out');
    const second = await make(b, someAccess(scene, { sessionId: undefined }));
    await store.revokeClient(tenant, APP, NOW);
    assert.equal(await deathOf(b, second), 'client_revoked');
    const third = await make(b, someAccess(scene, { sessionId: undefined }));
    await store.revokeUser(tenant, scene.user.id, 'revoked_by_user', NOW);
    assert.equal(await deathOf(b, third), 'revoked_by_user');
  });

  define('more access tokens than allowed: the oldest fall, never the new one, and nothing that is refreshed', async (b) => {
    const scene = await makeScene(b);
    const code = await makeCode(b, scene);
    const refreshed = [await makeGrant(b, scene, {}, { idleSeconds: DAY }), await makeGrant(b, scene, {}, { idleSeconds: HOUR })];
    const once = [await makeGrant(b, scene, {}, { idleSeconds: 0, expiresAt: NOW + HOUR })];
    for (let index = 0; index < 4; index += 1) once.push(await make(b, someAccess(scene, { maxGrants: 3, expiresAt: NOW + HOUR })));
    const deaths = await Promise.all(once.map(async (id) => await deathOf(b, id)));
    assert.deepEqual(deaths, ['too_many_grants', 'too_many_grants', undefined, undefined, undefined]);
    const last = await make(b, someAccess(scene, { maxGrants: 1, expiresAt: NOW + HOUR }));
    const living = await b.store.listGrants(b.tenant, { userId: scene.user.id }, 10);
    assert.deepEqual(
      living.map(({ id }) => id),
      [last, ...refreshed.toReversed(), code],
    );
  });

  define('nor does what is refreshed make an access token fall, or an access token the grant that it comes from', async (b) => {
    const scene = await makeScene(b);
    const parent = await make(b, someAccess(scene, { expiresAt: NOW + HOUR }));
    for (let index = 0; index < 3; index += 1) await makeGrant(b, scene, {}, { idleSeconds: HOUR, maxGrants: 1 });
    const children: GrantId[] = [];
    for (let index = 0; index < 3; index += 1)
      children.push(await make(b, someAccess(scene, { parentId: parent, maxGrants: 2, expiresAt: NOW + HOUR })));
    const deaths = await Promise.all([parent, ...children].map(async (id) => await deathOf(b, id)));
    assert.deepEqual(deaths, [undefined, 'too_many_grants', undefined, undefined]);
  });

  define('an access token that is over does not count', async (b) => {
    const scene = await makeScene(b);
    const over = await make(b, someAccess(scene, { expiresAt: NOW + 60 }));
    await make(b, someAccess(scene, { maxGrants: 1, expiresAt: NOW + HOUR }), NOW + 60);
    assert.equal(await deathOf(b, over), undefined);
  });

  define('fifty access tokens at once leave as many as allowed, and beside them codes keep their own limit', async (b) => {
    const scene = await makeScene(b);
    const answers = await race(b, async (store, index) => {
      const grant = index % 5 === 0 ? someCode(scene, { maxCodes: 3 }) : someAccess(scene, { maxGrants: 7 });
      return await store.createGrant(b.tenant, grant, NOW);
    });
    assert.ok(answers.every(({ kind }) => kind === 'created'));
    const living = await b.store.listGrants(b.tenant, {}, 100);
    assert.deepEqual([living.filter(({ generation }) => generation === 0).length, living.length], [3, 10]);
  });
}

async function make(b: Bench, grant: NewGrant, now: number = NOW): Promise<GrantId> {
  const made = await b.store.createGrant(b.tenant, grant, now);
  assert.ok(made.kind === 'created');
  return made.id;
}

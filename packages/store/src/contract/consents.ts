import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import { APP, type Case, deathOf, makeCode, makeGrant, makeScene, makeUser, mustFind, NOW, race, someClient, someCode } from './bench.ts';

const OTHER = clientId('other');

export function consentCases(define: Case): void {
  define('consent adds to what was there', async (b) => {
    const { store, second, tenant } = b;
    const { user } = await makeScene(b);
    const first = await store.giveConsent(tenant, user.id, APP, ['openid', 'email'], ['https://a.example'], NOW);
    assert.deepEqual(first, {
      userId: user.id,
      clientId: APP,
      scopes: ['openid', 'email'],
      resources: ['https://a.example'],
      grantedAt: NOW,
      updatedAt: NOW,
    });
    const more = await second.giveConsent(tenant, user.id, APP, ['phone', 'email'], ['https://b.example'], NOW + 5);
    assert.deepEqual(more, {
      ...first,
      scopes: ['openid', 'email', 'phone'],
      resources: ['https://a.example', 'https://b.example'],
      updatedAt: NOW + 5,
    });
    assert.deepEqual(await store.findConsent(tenant, user.id, APP), more);
    assert.equal(await store.findConsent(tenant, user.id, OTHER), undefined);
  });

  define("a user's consents are listed", async (b) => {
    const { store, tenant } = b;
    const { user } = await makeScene(b);
    const bob = await makeUser(b, 'bob');
    await store.putClient(tenant, someClient(OTHER), NOW);
    const consents = [
      await store.giveConsent(tenant, user.id, APP, ['a'], [], NOW),
      await store.giveConsent(tenant, user.id, OTHER, ['b'], [], NOW),
    ];
    await store.giveConsent(tenant, bob.id, APP, ['c'], [], NOW);
    assert.deepEqual(await store.listConsents(tenant, user.id), consents);
  });

  define('a revoked client keeps its consents, unless they are to be forgotten with it', async (b) => {
    const { store, second, tenant } = b;
    const { user } = await makeScene(b);
    await store.putClient(tenant, someClient(OTHER), NOW);
    await store.giveConsent(tenant, user.id, APP, ['a'], [], NOW);
    await store.giveConsent(tenant, user.id, OTHER, ['b'], [], NOW);
    assert.equal(await store.revokeClient(tenant, APP, NOW), 'revoked');
    assert.ok(await second.findConsent(tenant, user.id, APP));
    assert.equal(await store.revokeClient(tenant, APP, NOW, 'forgotten'), 'revoked');
    assert.equal(await second.findConsent(tenant, user.id, APP), undefined);
    assert.ok(await second.findConsent(tenant, user.id, OTHER));
    assert.equal(await store.revokeClient(tenant, clientId('nobody'), NOW, 'forgotten'), 'unknown');
  });

  define('fifty consents at once lose no scope', async (b) => {
    const { user } = await makeScene(b);
    await race(b, async (store, index) => await store.giveConsent(b.tenant, user.id, APP, [`scope${index}`], [], NOW));
    assert.equal((await b.store.findConsent(b.tenant, user.id, APP))?.scopes.length, 50);
  });

  define('withdrawing consent kills every grant and code of that user and client, and no other', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    await store.giveConsent(tenant, scene.user.id, APP, ['openid', 'email'], [], NOW);
    const dying = [await makeGrant(b, scene), await makeGrant(b, scene, { offline: true }), await makeCode(b, scene)];
    const elsewhere = { ...scene, client: await store.putClient(tenant, someClient(OTHER), NOW) };
    const living = [await makeGrant(b, elsewhere), await makeCode(b, elsewhere)];
    assert.deepEqual(await store.withdrawConsent(tenant, scene.user.id, APP, NOW + 2), { revokedGrants: 3 });
    for (const id of dying) assert.deepEqual((await mustFind(b, id)).dead, { reason: 'consent_withdrawn', at: NOW + 2 });
    for (const id of living) assert.equal(await deathOf(b, id), undefined);
    assert.equal(await store.findConsent(tenant, scene.user.id, APP), undefined);
    assert.deepEqual(await store.withdrawConsent(tenant, scene.user.id, APP, NOW + 3), { revokedGrants: 0 });
  });

  define('a code that needs consent is refused without one that covers its scopes', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const code = someCode(scene, { needsConsent: true });
    const refused = { kind: 'refused', reason: 'consent_missing' };
    assert.deepEqual(await store.createGrant(tenant, code, NOW), refused);
    await store.giveConsent(tenant, scene.user.id, APP, ['openid'], [], NOW);
    assert.deepEqual(await store.createGrant(tenant, code, NOW), refused);
    await store.giveConsent(tenant, scene.user.id, APP, ['email'], [], NOW);
    assert.equal((await store.createGrant(tenant, code, NOW)).kind, 'created');
    await store.withdrawConsent(tenant, scene.user.id, APP, NOW);
    assert.deepEqual(await store.createGrant(tenant, code, NOW), refused);
  });

  define('no code outlives a withdrawal, however they race', async (b) => {
    const scene = await makeScene(b);
    await b.store.giveConsent(b.tenant, scene.user.id, APP, ['openid', 'email'], [], NOW);
    const answers = await race(b, async (store, index) => {
      if (index === 25) return await store.withdrawConsent(b.tenant, scene.user.id, APP, NOW);
      return await store.createGrant(b.tenant, someCode(scene, { needsConsent: true }), NOW);
    });
    for (const answer of answers) {
      if ('kind' in answer && answer.kind === 'created') assert.equal(await deathOf(b, answer.id), 'consent_withdrawn');
    }
    assert.deepEqual(await b.store.listGrants(b.tenant, {}, 100), []);
  });
}

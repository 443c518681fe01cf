import assert from 'node:assert/strict';
import { clientId, type GrantId, type UserId } from '@hufu/protocol/ids';
import type { NewGrant } from '../port.ts';
import {
  APP,
  type Bench,
  type Case,
  DAY,
  deathOf,
  HOUR,
  hashText,
  makeGrant,
  makeScene,
  mustFind,
  NOW,
  race,
  type Scene,
  someAccess,
  someClient,
  someCode,
} from './bench.ts';

/** Grants for somebody whom a trusted issuer speaks for (RFC 7523 §2.1), and who is no user of ours. */
export function foreignSubjectCases(define: Case): void {
  define('a grant for a subject who is no user of ours has no user, no session and an access token alone (RFC 7523 §2.1)', async (b) => {
    const scene = await makeScene(b);
    const id = await make(b, scene);
    const grant = await mustFind(b, id);
    assert.deepEqual(
      [grant.userId, grant.subject, grant.sessionId, grant.generation, grant.accessHash, grant.dead],
      [undefined, 'somebody', undefined, 1, hashText('front'), undefined],
    );
    assert.deepEqual(await b.second.findGrant(b.tenant, id), grant);
    assert.deepEqual(await b.store.listGrants(b.tenant, { clientId: APP }, 10), [grant]);
    assert.deepEqual(await b.store.listGrants(b.tenant, { userId: scene.user.id }, 10), []);
  });

  define('a grant may say nothing of when its subject authenticated (RFC 9068 §2.2.1)', async (b) => {
    const scene = await makeScene(b);
    const id = await make(b, scene, { authTime: undefined });
    assert.equal((await mustFind(b, id)).authTime, undefined);
    assert.equal((await b.second.findGrant(b.tenant, id))?.authTime, undefined);
  });

  define('such a subject with a session, a consent, a code or a participation is misuse', async (b) => {
    const scene = await makeScene(b);
    const wrong: NewGrant[] = [
      { ...someForeign(scene), sessionId: scene.session.id },
      { ...someForeign(scene), needsConsent: true },
      { ...someForeign(scene), participation: { sid: 'sid', backchannel: true } },
      { ...someCode(scene), userId: undefined, sessionId: undefined },
    ];
    for (const grant of wrong) await assert.rejects(async () => await b.store.createGrant(b.tenant, grant, NOW), TypeError);
    for (const grant of wrong.slice(0, 3)) await assert.rejects(async () => await b.store.admit(b.tenant, grant, NOW), TypeError);
    assert.equal(await b.countRows('grants'), 0);
  });

  define('it needs a client that is enabled, of the version that was judged, and ends with it', async (b) => {
    const scene = await makeScene(b);
    const { store, tenant } = b;
    const admitted = await store.admit(tenant, someForeign(scene), NOW);
    assert.equal(admitted.kind, 'admitted');
    const id = await make(b, scene);
    const refused = { kind: 'refused', reason: 'client_inactive' };
    assert.deepEqual(await store.createGrant(tenant, { ...someForeign(scene), clientVersion: scene.client.version + 1 }, NOW), refused);
    await store.revokeClient(tenant, APP, NOW);
    assert.equal(await deathOf(b, id), 'client_revoked');
    await store.putClient(tenant, { ...someClient(), enabled: false }, NOW);
    assert.deepEqual(await store.createGrant(tenant, someForeign(scene), NOW), refused);
    assert.deepEqual(await store.admit(tenant, someForeign(scene), NOW), refused);
  });

  define('a client’s own grant is none of these, nor one of these its own', async (b) => {
    const scene = await makeScene(b);
    const foreign = await make(b, scene, { subject: APP, scopes: ['a'], resources: [] });
    const own = await b.store.ownGrant(b.tenant, APP, ['a'], [], 1, NOW);
    assert.notEqual(own.id, foreign);
    assert.equal(own.accessHash, undefined);
    assert.equal((await b.second.ownGrant(b.tenant, APP, ['a'], [], 1, NOW)).id, own.id);
    await make(b, scene, { subject: APP, maxGrants: 1 });
    assert.deepEqual([await deathOf(b, foreign), await deathOf(b, own.id)], ['too_many_grants', undefined]);
  });

  define('more live grants than allowed: the oldest of this subject at this client fall, and nobody else’s', async (b) => {
    const scene = await makeScene(b);
    const elsewhere = { ...scene, client: await b.store.putClient(b.tenant, someClient(clientId('other')), NOW) };
    const others = [await makeGrant(b, scene), await make(b, elsewhere), await make(b, scene, { subject: 'else' })];
    const over = await make(b, scene, { expiresAt: NOW + 1 });
    const grants: GrantId[] = [];
    for (let index = 0; index < 5; index += 1) grants.push(await make(b, scene, { maxGrants: 3 }, NOW + 1));
    const deaths = await Promise.all([...grants, ...others, over].map(async (id) => await deathOf(b, id)));
    assert.deepEqual(deaths, ['too_many_grants', 'too_many_grants', ...Array.from({ length: 7 }, () => undefined)]);
    const told = await b.store.readRevocations(b.tenant, 0, 10);
    assert.deepEqual(
      told.map(({ subject, reason }) => [subject, reason]),
      grants.slice(0, 2).map((id) => [`${id}`, 'too_many_grants']),
    );
    await b.store.revokeClient(b.tenant, APP, NOW + 1);
    const fresh = [await make(b, scene, { maxGrants: 2 }, NOW + 1), await make(b, scene, { maxGrants: 2 }, NOW + 1)];
    for (const id of fresh) assert.equal(await deathOf(b, id), undefined);
    const since = await b.store.readRevocations(b.tenant, told.length, 10);
    assert.deepEqual(
      since.map(({ kind }) => kind),
      ['client'],
      'those from before the client was revoked do not count, and are not revoked again',
    );
  });

  define('fifty at once leave as many as allowed', async (b) => {
    const scene = await makeScene(b);
    const made = await race(b, async (store) => await store.createGrant(b.tenant, someForeign(scene, { maxGrants: 7 }), NOW));
    assert.equal(new Set(made.map((answer) => (answer.kind === 'created' ? answer.id : 0))).size, 50);
    assert.equal((await b.store.listGrants(b.tenant, {}, 100)).length, 7);
  });

  define('a user whom nobody knows is still refused', async (b) => {
    const scene = await makeScene(b);
    const nobody = { ...scene, user: { ...scene.user, id: 99 as UserId } };
    const answer = await b.store.createGrant(b.tenant, someAccess(nobody, { sessionId: undefined }), NOW);
    assert.deepEqual(answer, { kind: 'refused', reason: 'user_inactive' });
  });
}

function someForeign(scene: Scene, change: Parameters<typeof someAccess>[1] = {}): NewGrant {
  return someAccess(scene, { userId: undefined, sessionId: undefined, subject: 'somebody', expiresAt: NOW + HOUR, ...change });
}

async function make(b: Bench, scene: Scene, change: Parameters<typeof someAccess>[1] = {}, now: number = NOW): Promise<GrantId> {
  const made = await b.store.createGrant(b.tenant, someForeign(scene, { expiresAt: NOW + DAY, ...change }), now);
  assert.equal(made.kind, 'created');
  return made.id;
}

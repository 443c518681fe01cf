import assert from 'node:assert/strict';
import { type ClientId, clientId } from '@hufu/protocol/ids';
import { MAX_ACCESS_TOKEN_SECONDS, PURGE_EVERY } from '../retention.ts';
import {
  APP,
  type Bench,
  type Case,
  DAY,
  hashText,
  makeCode,
  makeGrant,
  makeScene,
  makeSession,
  NOW,
  race,
  type Scene,
  someClient,
  someCode,
  someRedemption,
} from './bench.ts';

const REGISTERED: ClientId = clientId('registered');

export function registeredClientCases(define: Case): void {
  define(
    'a registered client comes back with the hash of its registration access token, and its sealed secret (RFC 7592 §3)',
    async (b) => {
      const { store, second, tenant } = b;
      const client = { ...registered(), secrets: [{ hash: hashText('s'), createdAt: NOW, expiresAt: 0, sealed: 'c2VhbGVk' }] };
      const put = await store.putClient(tenant, client, NOW);
      assert.deepEqual([put.registrationHash, put.secrets], [hashText('token'), client.secrets]);
      for (const node of [store, second]) assert.deepEqual(await node.findClient(tenant, REGISTERED), put);
      assert.deepEqual(await store.listClients(tenant, '', 10), [put]);
      assert.equal((await store.putClient(tenant, client, NOW)).version, 1);
      const changes = [
        { ...client, registrationHash: hashText('next') },
        { ...client, registrationHash: undefined },
        { ...client, secrets: [{ hash: hashText('s'), createdAt: NOW, expiresAt: 0, sealed: 'b3RoZXI' }] },
        { ...client, secrets: [{ hash: hashText('s'), createdAt: NOW, expiresAt: 0 }] },
        { ...client, source: 'document' as const },
      ];
      for (const change of changes) {
        const before = await store.putClient(tenant, client, NOW);
        const after = await store.putClient(tenant, change, NOW);
        assert.equal(after.version, before.version + 1);
        assert.deepEqual(await second.findClient(tenant, REGISTERED), after);
        assert.deepEqual([after.registrationHash, after.secrets, after.source], [change.registrationHash, change.secrets, change.source]);
      }
    },
  );

  define('a client that is used is not removed as one that is not, and its use is no change of it', async (b) => {
    const { store, second, tenant } = b;
    const put = await store.putClient(tenant, registered(), NOW);
    assert.equal(await store.removeClient(tenant, REGISTERED, NOW + 9, NOW - 1), 'unknown', 'made after it');
    await second.noteClientUse(tenant, REGISTERED, NOW + 5);
    await store.noteClientUse(tenant, REGISTERED, NOW + 3);
    assert.deepEqual(await store.findClient(tenant, REGISTERED), put);
    assert.equal(await store.removeClient(tenant, REGISTERED, NOW + 9, NOW + 4), 'unknown');
    assert.equal(await second.removeClient(tenant, REGISTERED, NOW + 9, NOW + 5), 'removed');
    await store.putClient(tenant, someClient(), NOW);
    await store.noteClientUse(tenant, APP, NOW);
    await store.noteClientUse(tenant, clientId('nobody'), NOW);
    assert.equal(await store.removeClient(tenant, APP, NOW + 9, NOW + 9), 'unknown', 'of the configuration');
  });

  define('a removed client is gone for everybody, and its death is told (RFC 7592 §2.3)', async (b) => {
    const { store, second, tenant } = b;
    await store.putClient(tenant, registered(), NOW);
    for (const node of [store, second]) assert.ok(await node.findClient(tenant, REGISTERED));
    assert.equal(await second.removeClient(tenant, REGISTERED, NOW + 5), 'removed');
    for (const node of [store, second]) {
      assert.equal(await node.findClient(tenant, REGISTERED), undefined);
      assert.deepEqual(await node.listClients(tenant, '', 10), []);
      assert.equal(await node.removeClient(tenant, REGISTERED, NOW + 6), 'unknown');
      assert.equal(await node.revokeClient(tenant, REGISTERED, NOW + 6), 'unknown');
    }
    assert.deepEqual(await store.readRevocations(tenant, 0, 10), [
      { seq: 1, kind: 'client', subject: REGISTERED, reason: 'client_removed', at: NOW + 5, expiresAt: NOW + 5 + MAX_ACCESS_TOKEN_SECONDS },
    ]);
  });

  define('only a registered client can be removed, and only its tenant’s', async (b) => {
    const { store, tenant, otherTenant } = b;
    await store.putClient(tenant, someClient(), NOW);
    await store.putClient(tenant, { ...someClient(clientId('https://app.example/client')), source: 'document' }, NOW);
    await store.putClient(tenant, registered(), NOW);
    for (const id of [APP, clientId('https://app.example/client'), clientId('nobody')])
      assert.equal(await store.removeClient(tenant, id, NOW), 'unknown');
    assert.equal(await store.removeClient(otherTenant, REGISTERED, NOW), 'unknown');
    assert.equal((await store.listClients(tenant, '', 10)).length, 3);
    assert.deepEqual(await store.readRevocations(tenant, 0, 10), []);
  });

  define('everything of a removed client goes with it, and nothing of another', async (b) => {
    const { store, second, tenant } = b;
    const [scene, other] = await makeBoth(b);
    for (const one of [scene, other]) {
      const { clientId: id } = one.client;
      await store.giveConsent(tenant, one.user.id, id, ['openid', 'email'], [], NOW);
      for (const sid of ['told', 'due']) {
        const session = await makeSession(b, one.user);
        await store.createGrant(tenant, someCode({ ...one, session }, { participation: { sid, backchannel: true } }), NOW);
        if (sid === 'due') await store.endSession(tenant, session.id, 'signed_out', NOW);
      }
    }
    const grants = [
      await makeGrant(b, scene, { offline: true }),
      await makeCode(b, scene),
      (await store.ownGrant(tenant, REGISTERED, ['a'], [], 1, NOW)).id,
    ];
    const living = [await makeGrant(b, other), (await store.ownGrant(tenant, APP, ['a'], [], 1, NOW)).id];
    for (const id of grants)
      assert.ok((await store.findGrant(tenant, id)) !== undefined && (await second.findGrant(tenant, id)) !== undefined);

    await second.removeClient(tenant, REGISTERED, NOW);
    for (const node of [store, second]) {
      for (const id of grants) {
        assert.equal(await node.findGrant(tenant, id), undefined);
        assert.deepEqual(await node.rotate(tenant, id, 1, 1, NOW), { kind: 'lost', grant: undefined });
        assert.deepEqual(await node.exchangeCode(tenant, id, someRedemption(), NOW), { kind: 'lost', grant: undefined });
      }
      for (const id of living) assert.equal((await node.findGrant(tenant, id))?.dead, undefined);
      assert.equal(await node.findConsent(tenant, scene.user.id, REGISTERED), undefined);
      assert.deepEqual(
        (await node.listConsents(tenant, scene.user.id)).map((consent) => consent.clientId),
        [APP],
      );
      assert.deepEqual(await node.listGrants(tenant, { clientId: REGISTERED }, 10), []);
    }
    assert.equal(await b.countRows('participants'), 2);
    assert.deepEqual(
      (await store.takeDeliveries(tenant, 10, 60, NOW)).map((delivery) => delivery.clientId),
      [APP],
    );
    await assert.rejects(async () => await store.ownGrant(tenant, REGISTERED, ['a'], [], 1, NOW), TypeError);
    assert.deepEqual(await store.createGrant(tenant, someCode(scene), NOW), { kind: 'refused', reason: 'client_inactive' });
    await store.revokeUser(tenant, scene.user.id, 'revoked_by_user', NOW);
    assert.deepEqual(
      (await store.takeDeliveries(tenant, 10, 60, NOW)).map((delivery) => delivery.clientId),
      [APP],
      'nor is it told later',
    );
  });

  define('what a removed client was told in vain stays to be looked at', async (b) => {
    const { store, tenant } = b;
    const [scene] = await makeBoth(b);
    await store.createGrant(tenant, someCode(scene, { participation: { sid: 'sid', backchannel: true } }), NOW);
    await store.endSession(tenant, scene.session.id, 'signed_out', NOW);
    await store.takeDeliveries(tenant, 1, 60, NOW);
    await store.settleDelivery(tenant, 1, 1, { kind: 'failed', error: 'gone', dueAt: undefined }, NOW);
    await store.removeClient(tenant, REGISTERED, NOW);
    assert.deepEqual(
      (await store.listDeadDeliveries(tenant, 10)).map(({ error }) => error),
      ['gone'],
    );
  });

  define('no grant of a removed client stays for ever', async (b) => {
    const { store, tenant } = b;
    const [scene, other] = await makeBoth(b);
    await makeGrant(b, scene, { offline: true }, { expiresAt: NOW + 30 * DAY });
    for (const scope of ['a', 'b']) await store.ownGrant(tenant, REGISTERED, [scope], [], 1, NOW);
    await store.revokeClient(tenant, REGISTERED, NOW);
    await store.ownGrant(tenant, REGISTERED, ['a'], [], 1, NOW);
    await store.revokeClient(tenant, REGISTERED, NOW);
    await store.ownGrant(tenant, REGISTERED, ['b'], [], 1, NOW);
    await store.removeClient(tenant, REGISTERED, NOW);
    const later = NOW + MAX_ACCESS_TOKEN_SECONDS;
    for (let index = 0; index < 2 * PURGE_EVERY + 2; index += 1)
      await store.createGrant(tenant, someCode(other, { sessionId: undefined, expiresAt: later + 60, maxCodes: 1 }), later);
    const living = (await store.listGrants(tenant, { clientId: APP }, 100)).length;
    assert.equal(living, 1);
    assert.equal(await b.countRows('grants'), 2 * PURGE_EVERY + 2);
  });

  define('a client that is put under the id of a removed one inherits nothing from it', async (b) => {
    const { store, second, tenant } = b;
    const [scene] = await makeBoth(b);
    const grants = [await makeGrant(b, scene, { offline: true })];
    await store.revokeClient(tenant, REGISTERED, NOW);
    grants.push(await makeGrant(b, scene, { offline: true }), await makeCode(b, scene));
    const old = await store.putClient(tenant, { ...registered(), metadata: { client_name: 'Old' } }, NOW);
    for (const node of [store, second]) assert.equal((await node.findClient(tenant, REGISTERED))?.metadata['client_name'], 'Old');
    await store.removeClient(tenant, REGISTERED, NOW);
    const next = await store.putClient(tenant, { ...registered(), metadata: { client_name: 'New' } }, NOW + 1);
    assert.ok(next.version > old.version && next.epoch > old.epoch);
    for (const node of [store, second]) {
      assert.deepEqual(await node.findClient(tenant, REGISTERED), next, 'nor does a node take it for the old one');
      for (const id of grants) {
        assert.notEqual((await node.findGrant(tenant, id))?.dead, undefined);
        assert.equal((await node.rotate(tenant, id, 1, 1, NOW)).kind, 'lost');
        assert.equal((await node.exchangeCode(tenant, id, someRedemption(), NOW)).kind, 'lost');
      }
    }
    assert.deepEqual(await store.listGrants(tenant, { clientId: REGISTERED }, 10), []);
    assert.equal((await store.ownGrant(tenant, REGISTERED, ['a'], [], 1, NOW)).dead, undefined);
    const fresh = await makeGrant(b, scene);
    assert.equal((await store.findGrant(tenant, fresh))?.dead, undefined);
  });

  define('of fifty who remove a client at once one does, and it is told once', async (b) => {
    await b.store.putClient(b.tenant, registered(), NOW);
    const answers = await race(b, async (store) => await store.removeClient(b.tenant, REGISTERED, NOW));
    assert.equal(answers.filter((answer) => answer === 'removed').length, 1);
    assert.equal((await b.store.readRevocations(b.tenant, 0, 100)).length, 1);
  });

  define('whatever meets the removal of its client, nothing of that client lives afterwards', async (b) => {
    const { tenant } = b;
    for (let round = 0; round < 3; round += 1) {
      const [scene] = await makeBoth(b, `user${round}`);
      const codes = await Promise.all(Array.from({ length: 10 }, async () => await makeCode(b, scene)));
      let isRemoved = false;
      const late: string[] = [];
      await race(b, async (store, index) => {
        if (index === 15 + round) {
          await store.removeClient(tenant, REGISTERED, NOW);
          isRemoved = true;
          return;
        }
        const beganLate = isRemoved;
        const grant = someCode(scene, { maxCodes: 1000, participation: { sid: `${index}`, backchannel: true } });
        const answer =
          index % 2 === 0
            ? await store.createGrant(tenant, grant, NOW)
            : await store.exchangeCode(tenant, codes[index % 10] ?? grantZero(), someRedemption(), NOW);
        if (beganLate) late.push(answer.kind);
      });
      assert.ok(late.every((kind) => kind === 'refused' || kind === 'lost'));
      assert.deepEqual(await b.store.listGrants(tenant, { clientId: REGISTERED }, 1000), []);
      await b.store.endSession(tenant, scene.session.id, 'signed_out', NOW);
      assert.deepEqual(await b.store.takeDeliveries(tenant, 1000, 60, NOW), []);
      await b.store.putClient(tenant, registered(), NOW);
      assert.deepEqual(await b.second.listGrants(tenant, { clientId: REGISTERED }, 1000), [], 'not even under a client of that id');
      await b.store.removeClient(tenant, REGISTERED, NOW);
    }
  });

  define('fifty who put and remove one client at once leave one history: no two of its versions are the same', async (b) => {
    const versions = await race(b, async (store, index) =>
      index % 3 === 0
        ? await store.removeClient(b.tenant, REGISTERED, NOW)
        : (await store.putClient(b.tenant, { ...registered(), metadata: { index } }, NOW)).version,
    );
    const put = versions.filter((version) => typeof version === 'number');
    assert.equal(new Set(put).size, put.length);
    assert.deepEqual(await b.store.findClient(b.tenant, REGISTERED), await b.second.findClient(b.tenant, REGISTERED));
  });

  define('clients are counted by their source, and no further than asked for', async (b) => {
    const { store, tenant, otherTenant } = b;
    const count = async (source: 'config' | 'registered' | 'document', limit = 10): Promise<number> =>
      await b.second.countClients(tenant, source, limit);
    assert.equal(await count('registered'), 0);
    await store.putClient(tenant, someClient(), NOW);
    for (let index = 0; index < 5; index += 1) await store.putClient(tenant, { ...registered(), clientId: clientId(`r${index}`) }, NOW);
    await store.putClient(otherTenant, { ...someClient(), source: 'document' }, NOW);
    assert.deepEqual([await count('config'), await count('registered'), await count('document')], [1, 5, 0]);
    assert.equal(await count('registered', 3), 3);
    await store.removeClient(tenant, clientId('r0'), NOW);
    await store.putClient(tenant, { ...registered(), clientId: clientId('r1'), enabled: false }, NOW);
    assert.equal(await count('registered'), 4);
  });
}

function registered(): ReturnType<typeof someClient> {
  return { ...someClient(REGISTERED), source: 'registered', registrationHash: hashText('token') };
}

/** A user at a registered client, and the same one at a configured one. */
async function makeBoth(b: Bench, username = 'ada'): Promise<[scene: Scene, other: Scene]> {
  const other = await makeScene(b, b.tenant, username);
  return [{ ...other, client: await b.store.putClient(b.tenant, registered(), NOW) }, other];
}

function grantZero(): never {
  throw new Error('there are ten codes');
}

import assert from 'node:assert/strict';
import { clientId, type UserId, userId } from '@hufu/protocol/ids';
import { FORGOTTEN_ROWS, PURGE_EVERY } from '../retention.ts';
import { APP, type Bench, type Case, makeScene, NOW, race, type Scene, someClient, someCode } from './bench.ts';
import { until } from './until.ts';

const OTHER = clientId('other');
/** More than fall in the act that forgets them. */
const LEFT = 40;
const GIVEN = FORGOTTEN_ROWS + LEFT;

/** Consents of a client that has more of them than fall at once. */
export function forgottenConsentCases(define: Case): void {
  for (const [what, forget] of FORGETTING)
    define(`of all consents of ${what}, however many, none stands from then on, and their rows fall`, async (b) => {
      const { store, second, tenant } = b;
      const scene = await makeScene(b);
      const users = await giveMany(b, scene);
      await store.putClient(tenant, someClient(OTHER), NOW);
      await store.giveConsent(tenant, scene.user.id, OTHER, ['a'], [], NOW);
      await forget(b);
      assert.ok((await b.countRows('consents')) <= LEFT + 1, 'most fell with it');
      for (const user of users) assert.equal(await second.findConsent(tenant, user, APP), undefined, `${user}`);
      assert.deepEqual(
        (await store.listConsents(tenant, scene.user.id)).map((consent) => consent.clientId),
        [OTHER],
      );
      const client =
        (await store.findClient(tenant, APP)) ?? (await store.putClient(tenant, { ...someClient(APP), source: 'registered' }, NOW + 1));
      for (const user of users) assert.equal(await store.findConsent(tenant, user, APP), undefined, `${user}`);
      const code = someCode({ ...scene, client }, { needsConsent: true });
      assert.deepEqual(await store.createGrant(tenant, code, NOW + 1), { kind: 'refused', reason: 'consent_missing' });
      const anew = await store.giveConsent(tenant, scene.user.id, APP, ['phone'], [], NOW + 2);
      assert.deepEqual([anew.scopes, anew.resources, anew.grantedAt], [['phone'], [], NOW + 2]);
      assert.deepEqual(await second.findConsent(tenant, scene.user.id, APP), anew);
      // Each that comes lets some fall, and the last of them what knew of them.
      await until(async () => {
        for (let turn = 0; turn < PURGE_EVERY; turn += 1) await store.giveConsent(tenant, scene.user.id, OTHER, [`s${turn}`], [], NOW + 3);
        await store.giveConsent(tenant, userId(2_000_000), OTHER, ['a'], [], NOW + 3);
        await store.withdrawConsent(tenant, userId(2_000_000), OTHER, NOW + 3);
        return (await b.countRows('consents')) === 2 && (await b.countRows('forgotten_consents')) === 0;
      });
      assert.deepEqual(await second.findConsent(tenant, scene.user.id, APP), anew);
    });

  define('no code outlives the forgetting of its consent, however they race', async (b) => {
    const scene = await makeScene(b);
    await giveMany(b, scene);
    const answers = await race(b, async (store, index) => {
      if (index === 25) return await store.revokeClient(b.tenant, APP, NOW, 'forgotten');
      return await store.createGrant(b.tenant, someCode(scene, { needsConsent: true }), NOW);
    });
    for (const answer of answers) {
      if (typeof answer === 'string') continue;
      if (answer.kind === 'refused') assert.equal(answer.reason, 'consent_missing');
      else assert.equal((await b.store.findGrant(b.tenant, answer.id))?.dead?.reason, 'client_revoked');
    }
  });

  define('fifty consents at once after all were forgotten lose no scope of theirs, and bring none back', async (b) => {
    const scene = await makeScene(b);
    await giveMany(b, scene);
    await b.store.revokeClient(b.tenant, APP, NOW, 'forgotten');
    await race(b, async (store, index) => await store.giveConsent(b.tenant, scene.user.id, APP, [`scope${index}`], [], NOW + 1));
    const { scopes = [], resources } = (await b.second.findConsent(b.tenant, scene.user.id, APP)) ?? {};
    assert.deepEqual([scopes.length, scopes.filter((scope) => !scope.startsWith('scope')), resources], [50, [], []]);
  });

  define('a consent that was given before all are forgotten stands no more, and one that is given after that does', async (b) => {
    const scene = await makeScene(b);
    const give = async (from: number): Promise<readonly UserId[]> => {
      const users = Array.from({ length: 16 }, (_, index) => userId(from + index));
      await Promise.all(
        users.map((user, index) =>
          (index % 2 === 0 ? b.store : b.second).giveConsent(b.tenant, user, scene.client.clientId, ['a'], [], NOW),
        ),
      );
      return users;
    };
    const early = await give(1_000);
    const [, meanwhile] = await Promise.all([b.store.revokeClient(b.tenant, APP, NOW, 'forgotten'), give(2_000)]);
    const late = await give(3_000);
    for (const user of early) assert.equal(await b.second.findConsent(b.tenant, user, APP), undefined);
    for (const user of late) assert.deepEqual((await b.second.findConsent(b.tenant, user, APP))?.scopes, ['a']);
    await b.second.revokeClient(b.tenant, APP, NOW, 'forgotten');
    for (const user of [...meanwhile, ...late]) assert.equal(await b.store.findConsent(b.tenant, user, APP), undefined);
    assert.equal(await b.countRows('consents'), 0);
  });

  define(
    'a consent may be given to a client that is not there yet; of one that was removed it is as new as the next of that id',
    async (b) => {
      const { user } = await makeScene(b);
      const early = clientId('early');
      const registered = { ...someClient(early), source: 'registered' } as const;
      const first = await b.store.giveConsent(b.tenant, user.id, early, ['a'], [], NOW);
      await b.store.putClient(b.tenant, registered, NOW);
      assert.deepEqual(await b.second.findConsent(b.tenant, user.id, early), first);
      await b.store.removeClient(b.tenant, early, NOW);
      assert.equal(await b.second.findConsent(b.tenant, user.id, early), undefined);
      await b.store.giveConsent(b.tenant, user.id, early, ['b'], [], NOW);
      await b.store.putClient(b.tenant, registered, NOW);
      assert.deepEqual((await b.second.findConsent(b.tenant, user.id, early))?.scopes, ['b']);
      await b.store.revokeClient(b.tenant, early, NOW, 'forgotten');
      assert.equal(await b.second.findConsent(b.tenant, user.id, early), undefined);
    },
  );
}

const FORGETTING: readonly (readonly [what: string, forget: (b: Bench) => Promise<unknown>])[] = [
  ['a client that is revoked with them', (b) => b.store.revokeClient(b.tenant, APP, NOW, 'forgotten')],
  ['a client that is removed', (b) => b.store.removeClient(b.tenant, APP, NOW)],
  [
    'a client that is revoked with them twice',
    async (b) => {
      await b.store.revokeClient(b.tenant, APP, NOW, 'forgotten');
      await b.store.revokeClient(b.tenant, APP, NOW, 'forgotten');
    },
  ],
];

/** The user of the scene is among those whose rows are left. */
async function giveMany(b: Bench, { user }: Scene): Promise<readonly UserId[]> {
  await b.store.putClient(b.tenant, { ...someClient(APP), source: 'registered' }, NOW);
  const users = [...Array.from({ length: GIVEN - 1 }, (_, index) => userId(1_000 + index)), user.id];
  for (let from = 0; from < users.length; from += 200)
    await Promise.all(
      users.slice(from, from + 200).map((one) => b.store.giveConsent(b.tenant, one, APP, ['openid', 'email'], ['https://a.example'], NOW)),
    );
  return users;
}

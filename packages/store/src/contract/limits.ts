import assert from 'node:assert/strict';
import { clientId, type GrantId } from '@hufu/protocol/ids';
import {
  type Bench,
  type Case,
  DAY,
  deathOf,
  HOUR,
  makeCode,
  makeGrant,
  makeScene,
  makeSession,
  makeUser,
  NOW,
  race,
  someClient,
  someCode,
  someRedemption,
} from './bench.ts';

export function limitCases(define: Case): void {
  define('more codes than allowed: the oldest fall, of this user and client alone', async (b) => {
    const scene = await makeScene(b);
    const grant = await makeGrant(b, scene);
    const elsewhere = { ...scene, client: await b.store.putClient(b.tenant, someClient(clientId('other')), NOW) };
    const bob = await makeUser(b, 'bob');
    const others = [await makeCode(b, elsewhere), await makeCode(b, { ...scene, user: bob, session: await makeSession(b, bob) })];
    const codes: GrantId[] = [];
    for (let index = 0; index < 5; index += 1) codes.push(await makeCode(b, scene, { maxCodes: 3 }));
    assert.deepEqual(await deaths(b, codes), ['too_many_grants', 'too_many_grants', undefined, undefined, undefined]);
    assert.deepEqual(await deaths(b, [grant, ...others]), [undefined, undefined, undefined]);
  });

  define('fifty codes created at once leave as many as allowed', async (b) => {
    const scene = await makeScene(b);
    const made = await race(b, async (store) => await store.createGrant(b.tenant, someCode(scene, { maxCodes: 10 }), NOW));
    assert.equal(new Set(made.map((answer) => (answer.kind === 'created' ? answer.id : 0))).size, 50);
    assert.equal((await b.store.listGrants(b.tenant, {}, 100)).length, 10);
  });

  define('more live grants than allowed: the oldest fall, never the one that was just exchanged', async (b) => {
    const scene = await makeScene(b);
    const code = await makeCode(b, scene);
    const grants: GrantId[] = [];
    for (let index = 0; index < 4; index += 1) grants.push(await makeGrant(b, scene, {}, { maxGrants: 3 }));
    assert.deepEqual(await deaths(b, grants), ['too_many_grants', undefined, undefined, undefined]);
    // The code is older than all of them.
    assert.equal((await b.store.exchangeCode(b.tenant, code, someRedemption({ maxGrants: 3 }), NOW)).kind, 'taken');
    assert.deepEqual(await deaths(b, [code, ...grants]), [undefined, 'too_many_grants', 'too_many_grants', undefined, undefined]);
    const one = await makeGrant(b, scene, {}, { maxGrants: 1 });
    assert.deepEqual(await deaths(b, [code, ...grants, one]), [...Array.from({ length: 5 }, () => 'too_many_grants'), undefined]);
  });

  define('an exchange says how many fell for it, and of its own user, client and sort alone', async (b) => {
    const { store, second, tenant } = b;
    const scene = await makeScene(b);
    const other = { ...scene, user: await makeUser(b, 'bob') };
    const bobs = { ...other, session: await makeSession(b, other.user) };
    const fell = async (who: typeof scene, more: Parameters<typeof someRedemption>[0]): Promise<number> => {
      const taken = await second.exchangeCode(tenant, await makeCode(b, who), someRedemption(more), NOW);
      return taken.kind === 'taken' ? taken.fell : assert.fail(taken.kind);
    };
    for (const expected of [0, 0, 1, 1]) assert.equal(await fell(scene, { maxGrants: 2, idleSeconds: HOUR }), expected);
    assert.equal(await fell(scene, { maxGrants: 1 }), 0, 'of another sort');
    assert.equal(await fell(bobs, { maxGrants: 1, idleSeconds: HOUR }), 0);
    assert.equal(await fell(scene, { maxGrants: 1, idleSeconds: HOUR }), 2);
    // Under a limit of devices too, where it goes another way.
    const devices = { max: 9, per: 'all', onExceed: 'replace' } as const;
    assert.equal(await fell(scene, { maxGrants: 1, idleSeconds: HOUR, devices }), 1);
    // Together: each for its own user, and none is counted twice.
    const codes = [await makeCode(b, scene), await makeCode(b, bobs), await makeCode(b, scene)];
    const answers = await Promise.all(
      codes.map((id) => store.exchangeCode(tenant, id, someRedemption({ maxGrants: 1, idleSeconds: HOUR }), NOW)),
    );
    assert.deepEqual(
      answers.map((answer) => (answer.kind === 'taken' ? answer.fell : answer.kind)).reduce<number>((sum, one) => sum + Number(one), 0),
      3,
    );
    assert.equal(answers[1]?.kind === 'taken' && answers[1].fell, 1);
  });

  define('what time has ended does not count as a live grant', async (b) => {
    const scene = await makeScene(b);
    const living = await makeGrant(b, scene);
    for (let index = 0; index < 3; index += 1) await makeGrant(b, scene, {}, { idleSeconds: HOUR });
    for (let index = 0; index < 3; index += 1) await makeGrant(b, scene, {}, { expiresAt: NOW + HOUR });
    const later = NOW + 2 * HOUR;
    const id = await makeCode(b, scene, { expiresAt: later + 60 }, later);
    const taken = await b.store.exchangeCode(b.tenant, id, someRedemption({ maxGrants: 2, expiresAt: later + DAY }), later);
    assert.equal(taken.kind, 'taken');
    assert.equal(await deathOf(b, living), undefined);
    assert.equal((await b.store.rotate(b.tenant, living, 1, 1, later)).kind, 'taken');
  });

  define('grants from before the client was revoked do not count', async (b) => {
    const scene = await makeScene(b);
    await makeGrant(b, scene);
    await b.store.revokeClient(b.tenant, scene.client.clientId, NOW);
    const grants = [await makeGrant(b, scene, {}, { maxGrants: 2 }), await makeGrant(b, scene, {}, { maxGrants: 2 })];
    assert.deepEqual(await deaths(b, grants), [undefined, undefined]);
  });

  define('fifty exchanges at once leave as many live grants as allowed', async (b) => {
    const scene = await makeScene(b);
    for (let index = 0; index < 50; index += 1) await makeCode(b, scene);
    const codes = await b.store.listGrants(b.tenant, {}, 50);
    const answers = await Promise.all(
      codes.map(
        async ({ id }, index) =>
          await (index % 2 === 0 ? b.store : b.second).exchangeCode(b.tenant, id, someRedemption({ maxGrants: 5 }), NOW),
      ),
    );
    assert.equal(answers.length, 50);
    assert.ok(answers.every((answer) => answer.kind === 'taken'));
    assert.equal((await b.store.listGrants(b.tenant, {}, 100)).length, 5);
  });
}

async function deaths(b: Bench, ids: readonly GrantId[]): Promise<(string | undefined)[]> {
  return await Promise.all(ids.map(async (id) => await deathOf(b, id)));
}

import assert from 'node:assert/strict';
import type { Exchanged, Store, Taken } from '../port.ts';
import {
  APP,
  type Case,
  countKinds,
  grantOf,
  hashText,
  makeCode,
  makeGrant,
  makeScene,
  mustFind,
  NOW,
  race,
  someCode,
  someRedemption,
} from './bench.ts';

export function raceCases(define: Case): void {
  define('of fifty exchanges of one code at once, one takes it and its secret stays', async (b) => {
    const scene = await makeScene(b);
    for (let round = 0; round < 5; round += 1) {
      const id = await makeCode(b, scene);
      const answers = await race(b, async (store, index) => ({
        index,
        ...(await store.exchangeCode(b.tenant, id, someRedemption({ secretHash: hashText(`holder${index}`) }), NOW)),
      }));
      assert.deepEqual(countKinds(answers), { taken: 1, lost: 49 });
      const winner = answers.find((answer) => answer.kind === 'taken');
      const grant = await mustFind(b, id);
      assert.deepEqual([grant.generation, grant.secretHash], [1, hashText(`holder${winner?.index}`)]);
    }
  });

  define('of fifty rotations of one generation at once, one takes it, and the others see its successor', async (b) => {
    const scene = await makeScene(b);
    const id = await makeGrant(b, scene);
    for (let generation = 1; generation <= 5; generation += 1) {
      const answers = await race(b, async (store, index) => await store.rotate(b.tenant, id, generation, 100 + index, NOW + generation));
      assert.deepEqual(countKinds(answers), { taken: 1, lost: 49 });
      const grant = await mustFind(b, id);
      assert.equal(grant.generation, generation + 1);
      for (const answer of answers) assert.deepEqual(answer.grant, grant);
    }
  });

  define('after an acknowledged revocation no rotation and no exchange is taken', async (b) => {
    const scene = await makeScene(b);
    for (let round = 0; round < 5; round += 1) {
      const [grant, code] = [await makeGrant(b, scene), await makeCode(b, scene)];
      let generation = 1;
      let revoked = 0;
      const late: (Exchanged | Taken)[] = [];
      await race(b, async (store, index) => {
        if (index === 10 + round * 8) {
          await store.revokeGrant(b.tenant, grant, 'revoked_by_user', NOW);
          await store.revokeGrant(b.tenant, code, 'revoked_by_user', NOW);
          revoked = 1;
          return;
        }
        for (let step = 0; step < 3; step += 1) {
          const begunAfter = revoked === 1;
          const answers = [
            await store.rotate(b.tenant, grant, generation, 1, NOW),
            await store.exchangeCode(b.tenant, code, someRedemption(), NOW),
          ];
          generation = Math.max(generation, grantOf(answers[0] ?? assert.fail())?.generation ?? 0);
          if (begunAfter) late.push(...answers);
        }
      });
      late.push(await b.second.rotate(b.tenant, grant, (await mustFind(b, grant)).generation, 1, NOW));
      assert.deepEqual(new Set(late.map((answer) => answer.kind)), new Set(['lost']));
      const end = await mustFind(b, grant);
      assert.equal(end.dead?.reason, 'revoked_by_user');
    }
  });

  define('after an acknowledged revocation of the client no rotation is taken', async (b) => {
    const scene = await makeScene(b);
    const id = await makeGrant(b, scene);
    let generation = 1;
    await race(b, async (store, index) => {
      if (index === 20) return await store.revokeClient(b.tenant, APP, NOW);
      const answer = await store.rotate(b.tenant, id, generation, 1, NOW);
      generation = Math.max(generation, answer.grant?.generation ?? 0);
      return undefined;
    });
    for (const store of [b.store, b.second])
      assert.equal((await store.rotate(b.tenant, id, (await mustFind(b, id)).generation, 1, NOW)).kind, 'lost');
  });

  define('fifty grants created at once have fifty ids over both stores', async (b) => {
    const scene = await makeScene(b);
    const made = await race(b, async (store) => await store.createGrant(b.tenant, someCode(scene, { maxCodes: 1000 }), NOW));
    const ids = made.map((answer) => (answer.kind === 'created' ? answer.id : 0));
    assert.equal(new Set(ids).size, 50);
    assert.equal(await b.countRows('grants'), 50);
  });

  define('a verb that fails beside them makes no two grants share an id', async (b) => {
    const scene = await makeScene(b);
    const create = async (store: Store): Promise<number> => {
      const made = await store.createGrant(b.tenant, someCode(scene, { maxCodes: 1000 }), NOW);
      return made.kind === 'created' ? made.id : 0;
    };
    const failing = async (store: Store): Promise<unknown> =>
      await assert.rejects(async () => await store.giveConsent(b.tenant, scene.user.id, APP, ['not a word'], [], NOW), TypeError);
    const ids: number[] = [];
    for (const store of [b.store, b.second, b.store, b.second]) {
      const [first, , second] = await Promise.all([create(store), failing(store), create(store)]);
      ids.push(first, second);
    }
    assert.equal(new Set(ids).size, 8);
    assert.equal(await b.countRows('grants'), 8);
  });
}

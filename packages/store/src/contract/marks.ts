import assert from 'node:assert/strict';
import { type Case, HOUR, hashText, NOW, race } from './bench.ts';

export function markCases(define: Case): void {
  define('a thing is taken once, by value and end', async ({ store, second, tenant }) => {
    const value = hashText('page');
    assert.equal(await store.takeOnce(tenant, 'interaction', value, NOW + HOUR, NOW), true);
    assert.equal(await store.takeOnce(tenant, 'interaction', value, NOW + HOUR, NOW + 1), false);
    assert.equal(await second.takeOnce(tenant, 'interaction', value, NOW + HOUR, NOW + 2), false);
    assert.equal(await store.takeOnce(tenant, 'interaction', hashText('other'), NOW + HOUR, NOW), true);
    assert.equal(await store.takeOnce(tenant, 'interaction', value, NOW + HOUR + 1, NOW), true);
  });

  define('of fifty at once, one takes it', async (b) => {
    const answers = await race(b, async (store) => await store.takeOnce(b.tenant, 'interaction', hashText('raced'), NOW + HOUR, NOW));
    assert.equal(answers.filter((answer) => answer).length, 1);
  });

  define('a mark that another node thinks over still stands', async ({ store, second, tenant }) => {
    assert.equal(await store.takeOnce(tenant, 'interaction', hashText('x'), NOW + HOUR, NOW), true);
    const ahead = NOW + HOUR + 60;
    for (let index = 0; index < 100; index += 1) await store.takeOnce(tenant, 'interaction', hashText(index), ahead + HOUR, ahead);
    assert.equal(await second.takeOnce(tenant, 'interaction', hashText('x'), NOW + HOUR, NOW + HOUR - 1), false);
  });

  define('what is over cannot be taken, also after its mark has fallen', async ({ store, tenant }) => {
    assert.equal(await store.takeOnce(tenant, 'interaction', hashText('late'), NOW, NOW), false);
    assert.equal(await store.takeOnce(tenant, 'interaction', hashText('x'), NOW + 1, NOW), true);
    for (let index = 0; index < 100; index += 1)
      await store.takeOnce(tenant, 'interaction', hashText(index), NOW + 3 * HOUR, NOW + 2 * HOUR);
    assert.equal(await store.takeOnce(tenant, 'interaction', hashText('x'), NOW + 1, NOW + 2 * HOUR), false);
  });
}

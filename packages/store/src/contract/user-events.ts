import assert from 'node:assert/strict';
import { userId } from '@hufu/protocol/ids';
import { MAX_USER_EVENTS } from '../retention.ts';
import { type Case, makeUser, NOW, race } from './bench.ts';

export function userEventCases(define: Case): void {
  define('events of a user are told, the newest first', async (b) => {
    const { store, second, tenant } = b;
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    await store.addUserEvent(tenant, ada.id, 'factor_added', { name: 'Phone' }, NOW);
    await second.addUserEvent(tenant, ada.id, 'signed_in', {}, NOW + 2);
    await store.addUserEvent(tenant, ada.id, 'password_changed', {}, NOW + 1);
    await store.addUserEvent(tenant, bob.id, 'signed_in', {}, NOW);
    const events = await second.listUserEvents(tenant, ada.id, 10);
    assert.deepEqual(
      events.map(({ at, kind, detail }) => [at, kind, detail]),
      [
        [NOW + 2, 'signed_in', {}],
        [NOW + 1, 'password_changed', {}],
        [NOW, 'factor_added', { name: 'Phone' }],
      ],
    );
    assert.equal(new Set(events.map(({ id }) => id)).size, 3);
    assert.equal((await store.listUserEvents(tenant, ada.id, 2)).length, 2);
    assert.deepEqual(await store.listUserEvents(b.otherTenant, ada.id, 10), []);
    await store.addUserEvent(tenant, userId(99), 'signed_in', {}, NOW);
    assert.equal(await b.countRows('user_events'), 4, 'of nobody nothing is kept');
    await assert.rejects(store.addUserEvent(tenant, ada.id, 'x', { x: 'x'.repeat(9000) }, NOW), TypeError);
  });

  define('the latest of a user are kept, however many come at once', async (b) => {
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    await b.store.addUserEvent(b.tenant, bob.id, 'signed_in', {}, NOW);
    for (let round = 0; round <= MAX_USER_EVENTS / 50; round += 1)
      await race(b, async (store) => await store.addUserEvent(b.tenant, ada.id, 'signed_in', { round }, NOW + round));
    const kept = await b.store.listUserEvents(b.tenant, ada.id, 1000);
    assert.equal(kept.length, MAX_USER_EVENTS);
    assert.ok(kept.every(({ at }) => at > NOW));
    assert.equal((await b.store.listUserEvents(b.tenant, bob.id, 10)).length, 1);
  });
}

import assert from 'node:assert/strict';
import type { AdministratorRecord } from '../port.ts';
import { APP, type Case, makeUser, NOW, race, someClient } from './bench.ts';

const MOST = 10;

function owner(userId: AdministratorRecord['userId'], role = 'owner'): AdministratorRecord {
  return { userId, role, changedAt: NOW, changedBy: 'cli' };
}

export function administrationCases(define: Case): void {
  define('an administrator is put, found by every node, changed and removed, in each tenant by itself', async (b) => {
    const { store, second, tenant, otherTenant } = b;
    const user = await makeUser(b);
    assert.equal(await store.putAdministrator(tenant, owner(user.id), 'one_owner', MOST), 'done');
    assert.deepEqual(await second.findAdministrator(tenant, user.id), owner(user.id));
    assert.deepEqual(await store.listAdministrators(tenant), [owner(user.id)]);
    assert.deepEqual(await store.listAdministrators(otherTenant), []);
    assert.equal(await store.putAdministrator(otherTenant, owner(user.id), 'none', MOST), 'unknown');
    assert.equal(await second.putAdministrator(tenant, owner(user.id, 'read'), 'none', MOST), 'done');
    assert.equal((await store.findAdministrator(tenant, user.id))?.role, 'read');
    assert.equal(await store.removeAdministrator(tenant, user.id, 'one_owner'), 'done');
    assert.equal(await store.removeAdministrator(tenant, user.id, 'one_owner'), 'unknown');
  });

  define('of all the owners who lose their role at once, one who is enabled keeps it', async (b) => {
    const { store, tenant } = b;
    const users = await Promise.all(Array.from({ length: 8 }, (_, index) => makeUser(b, `owner${index}`)));
    for (const user of users) assert.equal(await store.putAdministrator(tenant, owner(user.id), 'one_owner', MOST), 'done');
    const [asleep] = users;
    if (asleep !== undefined) await store.setUserEnabled(tenant, asleep.id, false, NOW);
    let next = 0;
    await race(b, async (node) => {
      const user = users[next++ % users.length] ?? assert.fail();
      return next % 2 === 0
        ? await node.removeAdministrator(tenant, user.id, 'one_owner')
        : await node.putAdministrator(tenant, owner(user.id, 'read'), 'one_owner', MOST);
    });
    const left = (await store.listAdministrators(tenant)).filter(({ role }) => role === 'owner');
    assert.equal(left.length, 1);
    assert.notEqual(left[0]?.userId, asleep?.id);
  });

  define('an owner who is disabled, or another role, stands for no owner', async (b) => {
    const { store, tenant } = b;
    const [awake, asleep, reader] = [await makeUser(b, 'awake'), await makeUser(b, 'asleep'), await makeUser(b, 'reader')];
    for (const user of [awake, asleep]) await store.putAdministrator(tenant, owner(user.id), 'one_owner', MOST);
    await store.putAdministrator(tenant, owner(reader.id, 'read'), 'one_owner', MOST);
    await store.setUserEnabled(tenant, asleep.id, false, NOW);
    assert.equal(await store.removeAdministrator(tenant, awake.id, 'one_owner'), 'last_owner');
    assert.equal(await store.putAdministrator(tenant, owner(awake.id, 'read'), 'one_owner', MOST), 'last_owner');
    assert.equal(await store.removeAdministrator(tenant, reader.id, 'one_owner'), 'done');
    assert.equal(await store.removeAdministrator(tenant, awake.id, 'none'), 'done', 'there is one elsewhere');
  });

  define('there are so many administrators and no more, and a deleted user is none', async (b) => {
    const { store, tenant } = b;
    const [one, two] = [await makeUser(b, 'one'), await makeUser(b, 'two')];
    assert.equal(await store.putAdministrator(tenant, owner(one.id), 'none', 1), 'done');
    assert.equal(await store.putAdministrator(tenant, owner(two.id), 'none', 1), 'full');
    await store.deleteUser(tenant, one.id, NOW);
    assert.deepEqual(await store.listAdministrators(tenant), []);
    assert.equal(await b.countRows('administrators'), 0);
  });

  define('of fifty requests with one key, one is begun; its reply is the others’', async (b) => {
    const { store, second, tenant, otherTenant } = b;
    const answers = await race(b, (node) => node.beginReply(tenant, 'n', 'd', NOW + 60, NOW));
    assert.equal(answers.filter(({ kind }) => kind === 'begun').length, 1);
    assert.equal(answers.filter((answer) => answer.kind === 'running' && answer.at === NOW).length, 49);
    assert.deepEqual(await second.beginReply(tenant, 'n', 'other', NOW + 60, NOW), { kind: 'other' });
    await store.keepReply(tenant, 'n', 'sealed');
    assert.deepEqual(await second.beginReply(tenant, 'n', 'd', NOW + 60, NOW + 59), { kind: 'kept', reply: 'sealed' });
    assert.deepEqual(await second.beginReply(otherTenant, 'n', 'd', NOW + 60, NOW), { kind: 'begun' });
    assert.deepEqual(await second.beginReply(tenant, 'n', 'other', NOW + 120, NOW + 60), { kind: 'begun' }, 'once its time is over');
    await store.keepReply(tenant, 'n', undefined);
    assert.deepEqual(await second.beginReply(tenant, 'n', 'd', NOW + 120, NOW + 60), { kind: 'begun' }, 'nothing had happened');
  });

  define('of fifty who change a client that they have seen, one does', async (b) => {
    const { store, tenant } = b;
    const made = await store.changeClient(tenant, { ...someClient(), source: 'admin' }, undefined, NOW);
    assert.ok(made.kind === 'done');
    assert.deepEqual(await store.changeClient(tenant, someClient(), undefined, NOW), { kind: 'changed' }, 'it is there');
    let next = 0;
    const answers = await race(b, (node) =>
      node.changeClient(tenant, { ...made.client, metadata: { client_name: `${next++}` } }, made.client.version, NOW),
    );
    assert.equal(answers.filter(({ kind }) => kind === 'done').length, 1);
    assert.equal((await store.findClient(tenant, APP))?.version, made.client.version + 1);
    assert.equal(await store.removeClient(tenant, APP, NOW), 'removed');
    assert.deepEqual(await store.changeClient(tenant, made.client, made.client.version, NOW), { kind: 'changed' }, 'it is gone');
  });
}

import assert from 'node:assert/strict';
import type { FactorRecord, NewFactor, OpenWays, UserRecord } from '../port.ts';
import { MAX_FACTORS, MAX_TOTP_FACTORS } from '../retention.ts';
import { type Bench, type Case, countKinds, hashText, makeScene, makeSession, makeUser, NOW, race } from './bench.ts';

export function factorCases(define: Case): void {
  define('a factor comes back as added, in order, under a raised version of its user', async (b) => {
    const { store, second, tenant } = b;
    const ada = await makeUser(b);
    const totp = await add(b, ada, someTotp({ counter: 5 }));
    const passkey = await add(b, ada, somePasskey('k'), 1);
    assert.deepEqual(totp, {
      id: totp.id,
      userId: ada.id,
      kind: 'totp',
      name: 'Phone',
      lookup: undefined,
      data: { sealed: 'x' },
      counter: 5,
      createdAt: NOW,
      usedAt: undefined,
    });
    assert.deepEqual(await second.listFactors(tenant, ada.id), [totp, passkey]);
    assert.deepEqual(await second.findPasskey(tenant, hashText('k')), passkey);
    assert.equal((await store.findUser(tenant, ada.id))?.authVersion, 2);
    assert.deepEqual(await store.listFactors(b.otherTenant, ada.id), []);
    assert.equal(await store.findPasskey(b.otherTenant, hashText('k')), undefined);
  });

  define('a factor is added under the version that was judged, to an active user, and a credential once', async (b) => {
    const { store, tenant } = b;
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    await add(b, ada, somePasskey('k'));
    const put = async (user: UserRecord, version: number, factor: NewFactor): Promise<string> =>
      (await store.addFactor(tenant, user.id, version, factor, undefined, NOW)).kind;
    assert.equal(await put(ada, 0, someTotp()), 'changed');
    assert.equal(await put(bob, 0, somePasskey('k')), 'taken');
    assert.equal(await put(ada, 1, somePasskey('k')), 'taken');
    await store.lockUser(tenant, bob.id, NOW + 60, NOW);
    assert.equal(await put(bob, 1, someTotp()), 'changed');
    assert.equal(await store.findPasskey(tenant, hashText('other')), undefined);
    await store.setUserEnabled(tenant, ada.id, false, NOW);
    assert.equal(await put(ada, 2, someTotp()), 'changed');
    assert.equal(await store.findPasskey(tenant, hashText('k')), undefined, 'nobody finds what a disabled user has');
    assert.equal((await store.listFactors(tenant, ada.id)).length, 1);
    await assert.rejects(put(ada, 2, someTotp({ name: 'x'.repeat(101) })), TypeError);
    await assert.rejects(put(ada, 2, someTotp({ data: { x: 'x'.repeat(9000) } })), TypeError);
  });

  define('there are so many secrets and so many factors, and no more', async (b) => {
    const ada = await makeUser(b);
    for (let version = 0; version < MAX_TOTP_FACTORS; version += 1) await add(b, ada, someTotp(), version);
    const put = async (factor: NewFactor, version: number): Promise<string> =>
      (await b.store.addFactor(b.tenant, ada.id, version, factor, undefined, NOW)).kind;
    assert.equal(await put(someTotp(), MAX_TOTP_FACTORS), 'full');
    for (let version = MAX_TOTP_FACTORS; version < MAX_FACTORS; version += 1) await add(b, ada, somePasskey(version), version);
    assert.equal(await put(somePasskey('more'), MAX_FACTORS), 'full');
    assert.equal((await b.store.listFactors(b.tenant, ada.id)).length, MAX_FACTORS);
  });

  define('of fifty factors that are added at once under one version, one is', async (b) => {
    const ada = await makeUser(b);
    const answers = await race(b, async (store, index) => await store.addFactor(b.tenant, ada.id, 0, somePasskey(index), undefined, NOW));
    assert.deepEqual(countKinds(answers), { added: 1, changed: 49 });
    assert.equal((await b.store.listFactors(b.tenant, ada.id)).length, 1);
    assert.equal((await b.store.findUser(b.tenant, ada.id))?.authVersion, 1);
  });

  define('of fifty users who add one credential at once, one does', async (b) => {
    const users = await Promise.all(Array.from({ length: 50 }, async (_, index) => await makeUser(b, `u${index}`)));
    const answers = await race(
      b,
      async (store, index) => await store.addFactor(b.tenant, (users[index] as UserRecord).id, 0, somePasskey('k'), undefined, NOW),
    );
    assert.deepEqual(countKinds(answers), { added: 1, taken: 49 });
    const winner = answers.findIndex(({ kind }) => kind === 'added');
    assert.equal((await b.store.findPasskey(b.tenant, hashText('k')))?.userId, users[winner]?.id);
    const versions = await Promise.all(users.map(async ({ id }) => (await b.store.findUser(b.tenant, id))?.authVersion));
    assert.deepEqual(
      versions,
      users.map((_, index) => (index === winner ? 1 : 0)),
    );
  });

  define('of fifty who show one time step at once, one is let in, and none with an earlier one afterwards (RFC 6238 §5.2)', async (b) => {
    const ada = await makeUser(b);
    const { id } = await add(b, ada, someTotp({ counter: 100 }));
    const use = async (counter: number): Promise<string> => await b.store.useFactor(b.tenant, ada.id, id, counter, NOW + 1);
    for (const step of [101, 103]) {
      const answers = await race(b, async (store) => ({ kind: await store.useFactor(b.tenant, ada.id, id, step, NOW + 1) }));
      assert.deepEqual(countKinds(answers), { used: 1, behind: 49 });
    }
    assert.equal(await use(102), 'behind');
    assert.equal(await use(0), 'behind');
    const [factor] = await b.store.listFactors(b.tenant, ada.id);
    assert.deepEqual([factor?.counter, factor?.usedAt], [103, NOW + 1]);
    assert.equal((await b.store.findUser(b.tenant, ada.id))?.authVersion, 1, 'using one changes nothing about the user');
  });

  define('a passkey that does not count is accepted while it never did, and a secret of step 0 is not', async (b) => {
    const ada = await makeUser(b);
    const still = await add(b, ada, somePasskey('still'));
    const counting = await add(b, ada, somePasskey('counting', 7), 1);
    const totp = await add(b, ada, someTotp(), 2);
    const use = async (factor: FactorRecord, counter: number): Promise<string> =>
      await b.second.useFactor(b.tenant, ada.id, factor.id, counter, NOW);
    assert.deepEqual([await use(still, 0), await use(still, 0)], ['used', 'used']);
    assert.deepEqual([await use(counting, 7), await use(counting, 0), await use(counting, 8)], ['behind', 'behind', 'used']);
    assert.deepEqual([await use(still, 3), await use(still, 0)], ['used', 'behind']);
    assert.equal(await use(totp, 0), 'behind');
  });

  define('nobody uses what is not theirs, or is locked, or is gone', async (b) => {
    const { store, tenant } = b;
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    const { id } = await add(b, ada, someTotp());
    const use = async (user: UserRecord): Promise<string> => await store.useFactor(tenant, user.id, id, 9, NOW);
    assert.equal(await use(bob), 'unknown');
    assert.equal(await store.renameFactor(tenant, bob.id, id, 'x'), 'unknown');
    assert.equal((await store.removeFactor(tenant, bob.id, 0, id, { ...FREE }, NOW)).kind, 'unknown');
    await store.lockUser(tenant, ada.id, NOW + 60, NOW);
    assert.equal(await use(ada), 'unknown');
    assert.equal(await store.useFactor(tenant, ada.id, id, 9, NOW + 60), 'used', 'when the lock is over');
    await store.setUserEnabled(tenant, ada.id, false, NOW);
    assert.equal(await store.useFactor(tenant, ada.id, id, 10, NOW + 60), 'unknown');
  });

  define('a factor is called what its owner calls it', async (b) => {
    const ada = await makeUser(b);
    const { id } = await add(b, ada, someTotp());
    assert.equal(await b.store.renameFactor(b.tenant, ada.id, id, 'New phone'), 'done');
    assert.equal((await b.second.listFactors(b.tenant, ada.id))[0]?.name, 'New phone');
    assert.equal((await b.store.findUser(b.tenant, ada.id))?.authVersion, 1);
    await assert.rejects(b.store.renameFactor(b.tenant, ada.id, id, 'x'.repeat(101)), TypeError);
  });

  define('the last second factor stays where one is needed, and the last way in stays always', async (b) => {
    const { store, tenant } = b;
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    const remove = async (user: UserRecord, version: number, { id }: FactorRecord, options: Partial<typeof FREE> = {}): Promise<string> =>
      (await store.removeFactor(tenant, user.id, version, id, { ...FREE, ...options }, NOW)).kind;
    const totp = await add(b, ada, someTotp());
    const passkey = await add(b, ada, somePasskey('a'), 1);
    assert.equal(await remove(ada, 2, totp, { keepSecond: true }), 'done');
    assert.equal(await remove(ada, 2, passkey), 'changed');
    assert.equal(await remove(ada, 3, passkey, { keepSecond: true }), 'last');
    assert.equal(await remove(ada, 3, passkey), 'done', 'there is a password');
    assert.equal(await remove(ada, 4, passkey), 'unknown');

    const keys = [await add(b, bob, somePasskey('b')), await add(b, bob, somePasskey('c'), 1)] as const;
    const secret = await add(b, bob, someTotp(), 2);
    assert.equal((await store.changePassword(tenant, bob.id, 3, undefined, { session: undefined, revokes: 'all' }, NOW)).kind, 'done');
    assert.equal(await remove(bob, 4, keys[0]), 'done', 'another passkey is left');
    assert.equal(await remove(bob, 5, secret), 'done', 'nobody comes in by that alone');
    assert.equal(await remove(bob, 6, keys[1]), 'last');
    assert.equal((await store.findUser(tenant, bob.id))?.authVersion, 6);
    const identity = { upstream: 'corp', issuer: 'https://i.example', subject: '1', label: 'bob' };
    assert.equal((await store.linkIdentity(tenant, bob.id, 6, identity, undefined, NOW)).kind, 'done');
    const without = (open: Partial<OpenWays>): Pick<typeof FREE, 'open'> => ({ open: { ...EVERY_WAY, ...open } });
    assert.equal(await remove(bob, 7, keys[1], without({ upstreams: ['other'] })), 'last', 'its upstream is off, or gone');
    assert.equal(await remove(bob, 7, keys[1]), 'done', 'an identity is left');
    const last = await add(b, bob, somePasskey('d'), 8);
    assert.equal((await store.unlinkIdentity(tenant, bob.id, 9, 'corp', { session: undefined, open: EVERY_WAY }, NOW)).kind, 'done');
    assert.equal(await remove(bob, 10, last, without({ mail: true })), 'done', 'they can sign in by mail');

    const [eve, fay] = [await makeUser(b, 'eve'), await makeUser(b, 'fay')];
    const only = await add(b, eve, somePasskey('e'));
    assert.equal(await remove(eve, 1, only, without({ password: false })), 'last', 'nobody signs in by password any more');
    assert.equal(await remove(eve, 1, only, without({ passkey: false })), 'done', 'there is a password, and it is on');
    const spare = [await add(b, fay, somePasskey('f')), await add(b, fay, somePasskey('g'), 1)] as const;
    assert.equal(await remove(fay, 2, spare[0], without({ password: false, passkey: false })), 'last', 'another passkey lets nobody in');
    assert.equal(await remove(fay, 2, spare[0], without({ password: false })), 'done');
  });

  define('of the last two factors, removed at once fifty times over, one stays', async (b) => {
    const ada = await makeUser(b);
    const both = [await add(b, ada, someTotp()), await add(b, ada, somePasskey('k'), 1)];
    const answers = await race(b, async (store, index) => {
      const version = (await store.findUser(b.tenant, ada.id))?.authVersion ?? 0;
      const id = both[Math.floor(index / 2) % 2]?.id ?? 0;
      return await store.removeFactor(b.tenant, ada.id, version, id, { ...FREE, keepSecond: true }, NOW);
    });
    assert.equal(countKinds(answers)['done'], 1);
    assert.equal((await b.store.listFactors(b.tenant, ada.id)).length, 1);
    assert.equal((await b.store.findUser(b.tenant, ada.id))?.authVersion, 3);
  });

  define('an administrator removes every factor and code of somebody who has lost them', async (b) => {
    const { store, tenant } = b;
    const ada = await makeUser(b);
    for (let version = 0; version < 3; version += 1) await add(b, ada, somePasskey(version), version);
    await store.putRecoveryCodes(tenant, ada.id, 3, [hashText('r')], undefined, NOW);
    assert.equal(await store.removeFactors(tenant, ada.id, NOW), 'done');
    assert.deepEqual(await store.listFactors(tenant, ada.id), []);
    assert.equal(await store.countRecoveryCodes(tenant, ada.id), 0);
    assert.equal((await store.findUser(tenant, ada.id))?.authVersion, 5);
    assert.equal(await store.removeFactors(b.otherTenant, ada.id, NOW), 'unknown');
  });

  define('recovery codes are for who has a factor, replace all that were there, and fall with the last one', async (b) => {
    const { store, tenant } = b;
    const ada = await makeUser(b);
    const put = async (version: number, ...codes: string[]): Promise<unknown> =>
      await store.putRecoveryCodes(tenant, ada.id, version, codes.map(hashText), undefined, NOW);
    assert.deepEqual(await put(0, 'a'), { kind: 'unknown' });
    const { id } = await add(b, ada, someTotp());
    assert.deepEqual(await put(0, 'a'), { kind: 'changed' });
    assert.deepEqual(await put(1, 'a', 'b'), { kind: 'done', authVersion: 2 });
    assert.deepEqual(await put(2, 'c', 'd', 'e'), { kind: 'done', authVersion: 3 });
    assert.equal(await b.second.countRecoveryCodes(tenant, ada.id), 3);
    assert.equal(await store.takeRecoveryCode(tenant, ada.id, hashText('a')), false);
    await assert.rejects(store.putRecoveryCodes(tenant, ada.id, 3, ['x', 'x'], undefined, NOW), TypeError);
    await assert.rejects(
      store.putRecoveryCodes(
        tenant,
        ada.id,
        3,
        Array.from({ length: 21 }, (_, index) => hashText(index)),
        undefined,
        NOW,
      ),
      TypeError,
    );
    const other = await add(b, ada, somePasskey('k'), 3);
    await store.removeFactor(tenant, ada.id, 4, id, FREE, NOW);
    assert.equal(await store.countRecoveryCodes(tenant, ada.id), 3, 'a factor is left');
    await store.removeFactor(tenant, ada.id, 5, other.id, FREE, NOW);
    assert.equal(await store.countRecoveryCodes(tenant, ada.id), 0);
  });

  define('of fifty who show one recovery code at once, one is let in', async (b) => {
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    for (const user of [ada, bob]) {
      await add(b, user, someTotp());
      await b.store.putRecoveryCodes(b.tenant, user.id, 1, [hashText('a'), hashText('b')], undefined, NOW);
    }
    const taken = await race(b, async (store) => await store.takeRecoveryCode(b.tenant, ada.id, hashText('a')));
    assert.equal(taken.filter(Boolean).length, 1);
    assert.equal(await b.store.countRecoveryCodes(b.tenant, ada.id), 1);
    assert.equal(await b.store.countRecoveryCodes(b.tenant, bob.id), 2);
    assert.equal((await b.store.findUser(b.tenant, ada.id))?.authVersion, 2, 'using one changes nothing about the user');
  });

  define('the session that changes a factor goes on under the new version, unless it was behind, and others stay behind', async (b) => {
    const { store, tenant } = b;
    const { user, session } = await makeScene(b);
    const other = await makeSession(b, user);
    const versions = async (): Promise<unknown[]> =>
      await Promise.all([session, other].map(async ({ id }) => (await store.findSession(tenant, id))?.authVersion));
    const added = await store.addFactor(tenant, user.id, 0, someTotp(), session.id, NOW);
    assert.ok(added.kind === 'added');
    assert.deepEqual(await versions(), [1, 0]);
    await store.putRecoveryCodes(tenant, user.id, 1, [hashText('a')], session.id, NOW);
    assert.deepEqual(await versions(), [2, 0]);
    await store.removeFactor(tenant, user.id, 2, added.factor.id, { ...FREE, session: other.id }, NOW);
    assert.deepEqual(await versions(), [2, 0], 'one that was behind proves nothing');
  });
}

/** But mail. */
export const EVERY_WAY: OpenWays = { password: true, passkey: true, mail: false, upstreams: ['corp', 'other', 'third'] };
const FREE = { keepSecond: false, open: EVERY_WAY, session: undefined };

export function someTotp(more: Partial<NewFactor> = {}): NewFactor {
  return { kind: 'totp', name: 'Phone', lookup: undefined, data: { sealed: 'x' }, counter: 0, ...more };
}

export function somePasskey(seed: string | number, counter = 0): NewFactor {
  return { kind: 'passkey', name: 'Key', lookup: hashText(seed), data: { publicKey: 'x' }, counter };
}

export async function add(b: Bench, user: UserRecord, factor: NewFactor, version = 0): Promise<FactorRecord> {
  const added = await b.store.addFactor(b.tenant, user.id, version, factor, undefined, NOW);
  assert.ok(added.kind === 'added', added.kind);
  assert.equal(added.authVersion, version + 1);
  return added.factor;
}

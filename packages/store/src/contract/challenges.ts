import assert from 'node:assert/strict';
import { userId } from '@hufu/protocol/ids';
import type { ChallengeRecord, Challenges, UserRecord } from '../port.ts';
import { FALL_AFTER_SECONDS, MAX_CHALLENGES, PURGE_EVERY } from '../retention.ts';
import { type Bench, type Case, countKinds, hashText, makeUser, NOW, race, setPassword } from './bench.ts';
import { until } from './until.ts';

export function challengeCases(define: Case): void {
  define('a challenge comes back as opened, while it is neither used nor over', async (b) => {
    const { store, second, tenant } = b;
    const ada = await makeUser(b);
    const opened = await store.openChallenge(tenant, someChallenge({ userId: ada.id, data: { next: '/x' } }), NOW);
    const expected = { ...someChallenge({ userId: ada.id, data: { next: '/x' } }), id: opened.id, createdAt: NOW };
    assert.deepEqual(opened, expected);
    assert.deepEqual(await second.findChallenge(tenant, opened.id, NOW + 599), expected);
    assert.equal(await second.findChallenge(tenant, opened.id, NOW + 600), undefined);
    assert.equal(await second.findChallenge(b.otherTenant, opened.id, NOW), undefined);
  });

  define('an invitation takes the place of every other one of its user, also at another address, and of nobody else’s', async (b) => {
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    const open = async (user: UserRecord, more: Partial<ChallengeRecord> = {}): Promise<number> =>
      (await b.store.openChallenge(b.tenant, someChallenge({ userId: user.id, purpose: 'invite', ...more }), NOW)).id;
    const others = [await open(bob), await open(ada, { purpose: 'verify_email' })];
    const before = await open(ada, { address: 'old@example.com' });
    const raced = await race(b, async (store) => {
      const opened = await store.openChallenge(b.tenant, someChallenge({ userId: ada.id, purpose: 'invite' }), NOW);
      return opened.id;
    });
    const live = async (id: number): Promise<boolean> => (await b.second.findChallenge(b.tenant, id, NOW)) !== undefined;
    assert.equal(await live(before), false);
    const left = await Promise.all(raced.map(live));
    assert.equal(left.filter(Boolean).length, 1, 'of many at once one stays');
    for (const id of others) assert.equal(await live(id), true);
  });

  define(
    'another address of an account that an administrator made without a password ends what was mailed to the one before',
    async (b) => {
      const { store, tenant } = b;
      const lin = { sub: 'sub-lin', username: 'lin', passwordHash: undefined, claims: { email: 'A@example.com' } };
      const { user } = await store.createUser(tenant, { ...lin, source: 'admin' }, NOW);
      const hers = await store.createUser(tenant, { ...lin, sub: 'sub-eve', username: 'eve', source: 'upstream' }, NOW);
      const versionOf = async ({ id }: UserRecord): Promise<number | undefined> => (await b.second.findUser(tenant, id))?.authVersion;
      await store.setClaims(tenant, user.id, { email: 'a@example.com', name: 'Lin' }, NOW);
      assert.equal(await versionOf(user), 0, 'the same address');
      const { id } = await store.openChallenge(
        tenant,
        someChallenge({ userId: user.id, purpose: 'invite', address: 'a@example.com' }),
        NOW,
      );
      for (const one of [user, hers.user]) await store.setClaims(tenant, one.id, { email: 'b@example.com' }, NOW);
      assert.deepEqual([await versionOf(user), await versionOf(hers.user)], [1, 0]);
      assert.deepEqual(await answer(b, id, 'link'), { kind: 'dead' });
      const verified = { email: 'b@example.com', email_verified: true };
      assert.equal(await store.setClaims(tenant, user.id, verified, NOW), 'done');
      assert.equal(await versionOf(user), 2);
      assert.equal(await store.setClaims(tenant, user.id, {}, NOW), 'done');
      assert.deepEqual([await versionOf(user), await store.findUserByEmail(tenant, 'b@example.com')], [3, undefined]);
    },
  );

  define('of fifty who show the right code at once, one is right', async (b) => {
    const ada = await makeUser(b);
    for (const kind of ['code', 'link'] as const) {
      const { id } = await b.store.openChallenge(b.tenant, someChallenge({ userId: ada.id }), NOW);
      const answers = await race(b, async (store) => await store.answerChallenge(b.tenant, id, { kind, hash: hashText(kind) }, 100, NOW));
      assert.deepEqual(countKinds(answers), { right: 1, dead: 49 });
      const right = answers.find((answer) => answer.kind === 'right');
      assert.equal(right?.challenge.userId, ada.id);
      assert.equal(await b.store.findChallenge(b.tenant, id, NOW), undefined);
    }
  });

  define('of fifty guesses at once as many are looked at as may be, and the right one is too late after them', async (b) => {
    const ada = await makeUser(b);
    const { id } = await b.store.openChallenge(b.tenant, someChallenge({ userId: ada.id }), NOW);
    const answers = await race(b, async (store, index) => {
      const kind = index % 3 === 0 ? 'link' : 'code';
      return await store.answerChallenge(b.tenant, id, { kind, hash: hashText(`guess${index}`) }, 5, NOW);
    });
    assert.deepEqual(countKinds(answers), { wrong: 5, dead: 45 });
    const left = answers.flatMap((answer) => (answer.kind === 'wrong' ? [answer.triesLeft] : []));
    assert.deepEqual(
      left.toSorted((one, other) => one - other),
      [0, 1, 2, 3, 4],
    );
    for (const kind of ['code', 'link'] as const)
      assert.deepEqual(await answer(b, id, kind), { kind: 'dead' }, 'code and link share their tries');
    assert.equal(await b.store.findChallenge(b.tenant, id, NOW), undefined);
  });

  define('the right one among wrong ones at once is right once or not at all, and never more than may be are looked at', async (b) => {
    const ada = await makeUser(b);
    for (let round = 0; round < 5; round += 1) {
      const { id } = await b.store.openChallenge(b.tenant, someChallenge({ userId: ada.id }), NOW);
      const answers = await race(b, async (store, index) => {
        const hash = hashText(index % 10 === round ? 'code' : `guess${index}`);
        return await store.answerChallenge(b.tenant, id, { kind: 'code', hash }, 5, NOW);
      });
      const { right = 0, wrong = 0 } = countKinds(answers);
      assert.ok(right <= 1 && wrong + right <= 5, `${right} right, ${wrong} wrong`);
    }
  });

  define('fewer tries than were made already are none that are left', async (b) => {
    const { id } = await b.store.openChallenge(b.tenant, someChallenge({ purpose: 'sign_up' }), NOW);
    const wrong = { kind: 'code', hash: 'x' } as const;
    for (const left of [8, 7, 6])
      assert.deepEqual(await b.store.answerChallenge(b.tenant, id, wrong, 9, NOW), { kind: 'wrong', triesLeft: left });
    assert.deepEqual(await b.store.answerChallenge(b.tenant, id, { kind: 'code', hash: hashText('code') }, 3, NOW), { kind: 'dead' });
  });

  define('nothing is right where nobody has the address, unless somebody signs up with it', async (b) => {
    const right = async (purpose: ChallengeRecord['purpose']): Promise<string> => {
      const { id } = await b.store.openChallenge(b.tenant, someChallenge({ purpose }), NOW);
      return (await answer(b, id, 'code')).kind;
    };
    assert.deepEqual(
      [await right('sign_in'), await right('reset_password'), await right('verify_email'), await right('sign_up')],
      ['wrong', 'wrong', 'wrong', 'right'],
    );
  });

  define('a link is exchanged for another code by one of fifty, and what the mail carried is good for nothing then', async (b) => {
    const ada = await makeUser(b);
    const { id } = await b.store.openChallenge(b.tenant, someChallenge({ userId: ada.id }), NOW);
    assert.deepEqual((await b.store.answerChallenge(b.tenant, id, { kind: 'code', hash: hashText('guess') }, 2, NOW)).kind, 'wrong');
    const renew = (store: Challenges, index: number): ReturnType<Challenges['renewCode']> =>
      store.renewCode(b.tenant, id, { link: hashText('link'), code: hashText(`new${index}`) }, NOW + 120, NOW);
    const outcomes = await race(b, renew);
    assert.equal(outcomes.filter((outcome) => outcome === 'renewed').length, 1);
    for (const kind of ['code', 'link'] as const) assert.equal((await answer(b, id, kind)).kind, 'wrong', kind);
    const winner = outcomes.indexOf('renewed');
    const shown = { kind: 'code', hash: hashText(`new${winner}`) } as const;
    assert.equal(await b.second.findChallenge(b.tenant, id, NOW + 120), undefined);
    assert.equal((await b.second.answerChallenge(b.tenant, id, shown, 3, NOW + 119)).kind, 'right', 'the try before is forgotten');
    assert.equal((await b.second.answerChallenge(b.tenant, id, shown, 3, NOW + 119)).kind, 'dead');
  });

  define('nothing is exchanged for another link, nor once its user proves themselves with something else', async (b) => {
    const ada = await makeUser(b);
    const open = async (): Promise<number> => (await b.store.openChallenge(b.tenant, someChallenge({ userId: ada.id }), NOW)).id;
    const renew = (id: number, link: string, now = NOW): ReturnType<Challenges['renewCode']> =>
      b.store.renewCode(b.tenant, id, { link, code: hashText('new') }, NOW + 900, now);
    const id = await open();
    assert.deepEqual(
      [await renew(id, hashText('guess')), await renew(id, ''), await renew(id, hashText('link'), NOW + 600)],
      ['dead', 'dead', 'dead'],
    );
    assert.equal((await answer(b, id, 'code')).kind, 'right', 'it is as it was');
    assert.equal(await renew(id, hashText('link')), 'dead', 'used');
    const other = await open();
    await setPassword(b, ada.id, undefined, NOW + 1);
    assert.equal(await renew(other, hashText('link')), 'dead');
  });

  const deaths: readonly (readonly [string, (b: Bench, user: UserRecord) => Promise<unknown>])[] = [
    ['its user has a new password', async (b, { id }) => await setPassword(b, id, undefined, NOW + 1)],
    ['its user has another factor', async (b, { id }) => await b.store.addFactor(b.tenant, id, 0, FACTOR, undefined, NOW)],
    ['its user is disabled', async (b, { id }) => await b.store.setUserEnabled(b.tenant, id, false, NOW)],
    ['its user is locked', async (b, { id }) => await b.store.lockUser(b.tenant, id, NOW + 60, NOW)],
    ['its user is deleted', async (b, { id }) => await b.store.deleteUser(b.tenant, id, NOW)],
  ];
  for (const [what, act] of deaths) {
    define(`a challenge is dead once ${what} (attacks USR-17)`, async (b) => {
      const ada = await makeUser(b);
      const { id } = await b.store.openChallenge(b.tenant, someChallenge({ userId: ada.id }), NOW);
      await act(b, ada);
      assert.deepEqual(await answer(b, id, 'link', NOW + 1), { kind: 'dead' });
    });
  }

  define('a challenge is dead once a node of the version before has set a password, also in the second when it was made', async (b) => {
    const ada = await makeUser(b);
    for (const [changedAt, expected] of [
      [NOW + 6, 'dead'],
      [NOW + 5, 'dead'],
      [NOW + 4, 'right'],
    ] as const) {
      const { id } = await b.store.openChallenge(b.tenant, someChallenge({ userId: ada.id }), NOW + 5);
      await b.changeRows(`UPDATE users SET password_changed_at = ${changedAt}`);
      assert.equal((await answer(b, id, 'code', NOW + 6)).kind, expected, `${changedAt - NOW}`);
    }
  });

  define('of one purpose and address so many are kept, and the oldest fall, however many come at once', async (b) => {
    const ada = await makeUser(b);
    const first = await b.store.openChallenge(b.tenant, someChallenge({ userId: ada.id }), NOW);
    const other = await b.store.openChallenge(b.tenant, someChallenge({ userId: ada.id, purpose: 'verify_email' }), NOW);
    for (let round = 1; round <= 2; round += 1)
      await race(b, async (store) => await store.openChallenge(b.tenant, someChallenge({ userId: ada.id }), NOW + round));
    assert.equal(await b.countRows('challenges'), MAX_CHALLENGES + 1);
    assert.equal(await b.store.findChallenge(b.tenant, first.id, NOW + 2), undefined);
    assert.ok((await b.store.findChallenge(b.tenant, other.id, NOW + 2)) !== undefined);
  });

  define('what its mailbox was not sent pushes out nothing that it was, and is never right (attacks USR-08)', async (b) => {
    const ada = await makeUser(b);
    const open = async (more: Partial<ChallengeRecord> = {}, now = NOW): Promise<number> =>
      (await b.store.openChallenge(b.tenant, someChallenge({ userId: ada.id, ...more }), now)).id;
    const unsent = { codeHash: '', linkHash: '' };
    const told = await open();
    const silent = await open(unsent);
    for (const kind of ['code', 'link'] as const)
      assert.equal((await b.store.answerChallenge(b.tenant, silent, { kind, hash: '' }, 5, NOW)).kind, 'wrong');
    await race(b, async (store) => await store.openChallenge(b.tenant, someChallenge({ userId: ada.id, ...unsent }), NOW + 1));
    await open(unsent, NOW + 1);
    assert.equal(await b.countRows('challenges'), MAX_CHALLENGES);
    assert.equal(await b.store.findChallenge(b.tenant, silent, NOW + 1), undefined);
    assert.notEqual(await b.store.findChallenge(b.tenant, told, NOW + 1), undefined);
    await b.store.renewCode(b.tenant, told, { link: hashText('link'), code: hashText('new') }, NOW + 120, NOW + 1);
    const others: number[] = [];
    for (let index = 0; index < MAX_CHALLENGES - 1; index += 1) others.push(await open({}, NOW + 2));
    assert.notEqual(await b.store.findChallenge(b.tenant, told, NOW + 2), undefined, 'all that was not sent has fallen before');
    for (const id of others.slice(0, 2)) assert.equal((await answer(b, id, 'code', NOW + 2)).kind, 'right');
    await open({}, NOW + 2);
    assert.notEqual(await b.store.findChallenge(b.tenant, told, NOW + 2), undefined, 'and then what is used');
    await open({}, NOW + 2);
    await open({}, NOW + 2);
    assert.equal(await b.store.findChallenge(b.tenant, told, NOW + 2), undefined);
    assert.equal(await b.countRows('challenges'), MAX_CHALLENGES);
  });

  define('of a user who is not there nothing is kept, and it is dead', async (b) => {
    const opened = await b.store.openChallenge(b.tenant, someChallenge({ userId: userId(99), purpose: 'sign_up' }), NOW);
    assert.equal(opened.userId, undefined);
    assert.deepEqual(await answer(b, opened.id, 'code'), { kind: 'dead' });
    assert.deepEqual(await answer(b, 9999, 'code'), { kind: 'dead' });
    await assert.rejects(b.store.answerChallenge(b.tenant, opened.id, { kind: 'code', hash: 'x' }, 0, NOW), TypeError);
    await assert.rejects(b.store.openChallenge(b.tenant, someChallenge({ data: { x: 'x'.repeat(9000) } }), NOW), TypeError);
    await assert.rejects(b.store.openChallenge(b.tenant, someChallenge({ address: 'x\0@example.com' }), NOW), TypeError);
  });

  define('challenges that are over fall', async (b) => {
    const open = async (index: number, now: number): Promise<unknown> =>
      await b.store.openChallenge(b.tenant, someChallenge({ address: `${now}-${index}@example.com`, expiresAt: now + 600 }), now);
    for (let index = 0; index < 50; index += 1) await open(index, NOW);
    const later = NOW + 600 + FALL_AFTER_SECONDS;
    for (let index = 0; index < 2 * PURGE_EVERY; index += 1) await open(index, later);
    await until(async () => (await b.countRows('challenges')) === 2 * PURGE_EVERY);
  });
}

const FACTOR = { kind: 'totp', name: '', lookup: undefined, data: {}, counter: 0 } as const;

export function someChallenge(more: Partial<ChallengeRecord> = {}): Omit<ChallengeRecord, 'id' | 'createdAt'> {
  return {
    purpose: 'sign_in',
    userId: undefined,
    address: 'ada@example.com',
    browserHash: hashText('browser'),
    codeHash: hashText('code'),
    linkHash: hashText('link'),
    authVersion: 0,
    data: {},
    expiresAt: NOW + 600,
    ...more,
  };
}

async function answer(b: Bench, id: number, kind: 'code' | 'link', now: number = NOW): ReturnType<Challenges['answerChallenge']> {
  return await b.second.answerChallenge(b.tenant, id, { kind, hash: hashText(kind) }, 5, now);
}

import assert from 'node:assert/strict';
import type { OpenWays, UserRecord } from '../port.ts';
import { MAX_IDENTITIES } from '../retention.ts';
import { type Bench, type Case, countKinds, deathOf, makeCode, makeGrant, makeScene, makeSession, makeUser, NOW, race } from './bench.ts';
import { add, EVERY_WAY, somePasskey } from './factors.ts';

export function identityCases(define: Case): void {
  define('an account at an upstream comes back as linked, by its three parts together', async (b) => {
    const { store, second, tenant } = b;
    const ada = await makeUser(b);
    assert.deepEqual(await link(b, ada, 0), { kind: 'done', authVersion: 1 });
    const expected = { ...CORP, userId: ada.id, linkedAt: NOW, usedAt: NOW };
    assert.deepEqual(await second.findIdentity(tenant, 'corp', CORP.issuer, '1'), expected);
    for (const [upstream, issuer, subject] of [
      ['other', CORP.issuer, '1'],
      ['corp', 'https://evil.example', '1'],
      ['corp', CORP.issuer, '2'],
      ['corp', CORP.issuer, '1\0'],
    ] as const)
      assert.equal(await second.findIdentity(tenant, upstream, issuer, subject), undefined);
    assert.equal(await second.findIdentity(b.otherTenant, 'corp', CORP.issuer, '1'), undefined);
    assert.deepEqual(await second.listIdentities(tenant, ada.id), [expected]);
    assert.equal(await store.useIdentity(tenant, 'corp', CORP.issuer, '1', 'new name', NOW + 9), 'used');
    assert.deepEqual(await second.listIdentities(tenant, ada.id), [{ ...expected, label: 'new name', usedAt: NOW + 9 }]);
    assert.equal(await store.useIdentity(tenant, 'corp', CORP.issuer, '2', '', NOW), 'unknown');
    assert.equal((await store.findUser(tenant, ada.id))?.authVersion, 1);
  });

  define('one account is one user’s, one user has one of an upstream, under the version that was judged', async (b) => {
    const { store, tenant } = b;
    const [ada, bob] = [await makeUser(b), await makeUser(b, 'bob')];
    assert.equal((await link(b, ada, 1)).kind, 'changed');
    assert.equal((await link(b, ada, 0)).kind, 'done');
    assert.equal((await link(b, ada, 1)).kind, 'taken');
    assert.equal((await link(b, bob, 0)).kind, 'taken', 'it is refused, not moved');
    assert.equal((await link(b, ada, 1, { subject: '2' })).kind, 'full');
    assert.equal((await link(b, bob, 0, { issuer: 'https://other.example' })).kind, 'done', 'another issuer is somebody else');
    for (let index = 1; index < MAX_IDENTITIES; index += 1)
      assert.equal((await link(b, ada, index, { upstream: `u${index}` })).kind, 'done');
    assert.equal((await link(b, ada, MAX_IDENTITIES, { upstream: 'more' })).kind, 'full');
    await store.lockUser(tenant, bob.id, NOW + 60, NOW);
    assert.equal((await link(b, bob, 2, { upstream: 'more' })).kind, 'unknown');
    await assert.rejects(link(b, ada, 0, { subject: 'x'.repeat(256) }), TypeError);
    await assert.rejects(link(b, ada, 0, { subject: 'x\0' }), TypeError);
  });

  define('of fifty users who link one account at once, one does', async (b) => {
    const users = await Promise.all(Array.from({ length: 50 }, async (_, index) => await makeUser(b, `u${index}`)));
    const answers = await race(
      b,
      async (store, index) => await store.linkIdentity(b.tenant, (users[index] as UserRecord).id, 0, CORP, undefined, NOW),
    );
    assert.deepEqual(countKinds(answers), { done: 1, taken: 49 });
    const winner = answers.findIndex(({ kind }) => kind === 'done');
    assert.equal((await b.store.findIdentity(b.tenant, 'corp', CORP.issuer, '1'))?.userId, users[winner]?.id);
  });

  define('of fifty accounts that one user links at once under one version, one is', async (b) => {
    const ada = await makeUser(b);
    const answers = await race(
      b,
      async (store, index) => await store.linkIdentity(b.tenant, ada.id, 0, { ...CORP, upstream: `u${index}` }, undefined, NOW),
    );
    assert.deepEqual(countKinds(answers), { done: 1, changed: 49 });
    assert.equal((await b.store.listIdentities(b.tenant, ada.id)).length, 1);
  });

  define('a user who comes from an upstream is made with their account there, of fifty at once by one', async (b) => {
    const answers = await race(
      b,
      async (store, index) =>
        await store.createUser(
          b.tenant,
          { sub: `s${index}`, username: `u${index}`, passwordHash: undefined, claims: {}, source: 'upstream', identity: CORP },
          NOW,
        ),
    );
    assert.deepEqual(countKinds(answers), { created: 1, identity_taken: 49 });
    const made = answers.find(({ kind }) => kind === 'created');
    assert.ok(made !== undefined);
    for (const { user } of answers) assert.deepEqual(user, made.user);
    assert.equal(made.user.source, 'upstream');
    assert.equal((await b.store.findIdentity(b.tenant, 'corp', CORP.issuer, '1'))?.userId, made.user.id);
    assert.equal((await b.store.listUsers(b.tenant, 0, 100)).length, 1);
    const taken = await b.store.createUser(
      b.tenant,
      { sub: 'n', username: made.user.username, passwordHash: undefined, claims: {}, identity: { ...CORP, subject: '2' } },
      NOW,
    );
    assert.equal(taken.kind, 'taken');
    assert.equal(await b.store.findIdentity(b.tenant, 'corp', CORP.issuer, '2'), undefined, 'where the name is taken nothing is linked');
  });

  define('unlinking ends the other sessions with what hangs on them, and goes on under the new version', async (b) => {
    const { store, tenant } = b;
    const scene = await makeScene(b);
    const own = await makeSession(b, scene.user);
    await link(b, scene.user, 0);
    const dying = [await makeGrant(b, scene), await makeCode(b, scene)];
    const living = [await makeGrant(b, scene, { offline: true }), await makeGrant(b, { ...scene, session: own })];
    const unlink = async (version: number): Promise<unknown> =>
      await store.unlinkIdentity(tenant, scene.user.id, version, 'corp', { session: own.id, open: EVERY_WAY }, NOW + 5);
    assert.deepEqual(await unlink(0), { kind: 'changed' });
    assert.deepEqual(await unlink(1), { kind: 'done', authVersion: 2 });
    assert.deepEqual(await unlink(2), { kind: 'unknown' });
    const ended = await store.findSession(tenant, scene.session.id);
    assert.deepEqual([ended?.endedAt, ended?.endedReason], [NOW + 5, 'credential_removed']);
    assert.equal((await store.findSession(tenant, own.id))?.endedAt, undefined);
    for (const id of dying) assert.equal(await deathOf(b, id), 'credential_removed');
    for (const id of living) assert.equal(await deathOf(b, id), undefined);
    assert.deepEqual(await store.listIdentities(tenant, scene.user.id), []);
  });

  define('the last way in is not unlinked', async (b) => {
    const { store, tenant } = b;
    const made = await store.createUser(
      tenant,
      { sub: 's', username: 'eve', passwordHash: undefined, claims: {}, source: 'upstream', identity: CORP },
      NOW,
    );
    assert.ok(made.kind === 'created');
    const unlink = async (version: number, upstream: string, open: Partial<OpenWays> = {}): Promise<string> =>
      (await store.unlinkIdentity(tenant, made.user.id, version, upstream, { session: undefined, open: { ...EVERY_WAY, ...open } }, NOW))
        .kind;
    assert.equal(await unlink(0, 'corp'), 'last');
    await link(b, made.user, 0, { upstream: 'other' });
    assert.equal(await unlink(1, 'corp', { upstreams: ['corp'] }), 'last', 'the other one is off, or gone');
    assert.equal(await unlink(1, 'corp'), 'done');
    assert.equal(await unlink(2, 'other'), 'last');
    await add(b, made.user, somePasskey('k'), 2);
    assert.equal(await unlink(3, 'other', { passkey: false }), 'last', 'passkeys are off');
    assert.equal(await unlink(3, 'other'), 'done');
    await link(b, made.user, 4, { upstream: 'third' });
    assert.equal(await unlink(5, 'third', { passkey: false, mail: true }), 'done');
    const ada = await makeUser(b);
    await link(b, ada, 0, { upstream: 'third' });
    const options = { session: undefined, open: { ...EVERY_WAY, password: false } };
    assert.equal((await store.unlinkIdentity(tenant, ada.id, 1, 'third', options, NOW)).kind, 'last', 'passwords are off');
  });
}

const CORP = { upstream: 'corp', issuer: 'https://corp.example', subject: '1', label: 'ada@corp.example' };

async function link(b: Bench, user: UserRecord, version: number, more: Partial<typeof CORP> = {}): Promise<{ readonly kind: string }> {
  return await b.store.linkIdentity(b.tenant, user.id, version, { ...CORP, ...more }, undefined, NOW);
}

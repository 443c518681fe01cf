import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { clientId, grantId } from '@hufu/protocol/ids';
import { AUDITED, AUDITED_VERBS, type AuditedVerb } from '../audit/audited-verbs.ts';
import { AUDIT_GENESIS, canonicalEntry, sealAfter } from '../audit/chain.ts';
import type { Acting, SealedEntry, Store } from '../port.ts';
import { APP, type Bench, type Case, makeGrant, makeScene, makeUser, NOW, opening, race, someClient, someSession } from './bench.ts';
import { useEveryVerb } from './every-verb.ts';

/** As the server signs, with a key that the database does not have. */
export function mac(text: string): string {
  return createHmac('sha256', 'a key of the server').update(text).digest('base64url');
}

export function someActor(more: Partial<Acting> = {}): Acting {
  return { actor: { kind: 'admin', id: 'client:ops' }, via: 'ops', requestId: 'req-1', nowMs: () => NOW * 1000, mac, ...more };
}

/** Everything that waits is sealed; answers the whole chain. */
export async function sealAll(store: Store, tenant: Bench['tenant']): Promise<readonly SealedEntry[]> {
  for (let round = 0; round < 1000; round += 1) {
    const sealed = await store.sealAudit(tenant, 100);
    if (sealed.kind === 'sealed' && sealed.entries.length === 0) return await store.readAudit(tenant, 0, 100_000);
    assert.notEqual(sealed.kind, 'broken');
  }
  throw new Error('there is no end to it');
}

export function auditCases(define: Case): void {
  define('every audited verb writes one entry with what it changes, in the name of who called it (attacks ADM-12)', async (b) => {
    // As many as the verb has answered that something was done; the store's own count is what the table says.
    const expected: string[] = [];
    const acting = someActor();
    const acted = b.store.actingAs(acting);
    const used = new Set<AuditedVerb>();
    const watched: Store = new Proxy(acted, {
      get(target, name) {
        const verb: unknown = Reflect.get(target, name);
        const audited = AUDITED.find((known) => known === name);
        if (audited === undefined || typeof verb !== 'function') return verb;
        return async (...args: unknown[]): Promise<unknown> => {
          const before = await b.countRows('audit_inbox');
          const answer: unknown = await Reflect.apply(verb, target, args);
          const written = (await b.countRows('audit_inbox')) - before;
          const told = Reflect.apply(AUDITED_VERBS[audited], undefined, [args, answer]);
          assert.ok(written === 0 || told !== undefined, `${audited} has written, and has nothing to tell`);
          assert.ok(written <= 1, `${audited}: ${written} entries`);
          if (told === undefined || written === 0) return answer;
          used.add(audited);
          expected.push(told.action);
          return answer;
        };
      },
    });
    await useEveryVerb(watched);
    assert.deepEqual(
      AUDITED.filter((name) => !used.has(name)),
      [],
    );
    const entries = await sealAll(b.store, b.tenant);
    assert.deepEqual(
      entries.toSorted((one, other) => one.id - other.id).map(({ action }) => action),
      expected,
    );
    for (const entry of entries) {
      assert.deepEqual(entry.actor, acting.actor);
      assert.deepEqual([entry.via, entry.requestId, entry.atMs], ['ops', 'req-1', NOW * 1000]);
      assert.equal(entry.mac, mac(canonicalEntry(b.tenant, entry)));
    }
    assert.deepEqual(sealAfter({ seq: 0, hash: AUDIT_GENESIS }, b.tenant, entries), entries);
  });

  define('what the entry cannot be written of does not happen (attacks ADM-12)', async (b) => {
    const scene = await makeScene(b);
    const grant = await makeGrant(b, scene);
    await sealAll(b.store, b.tenant);
    const failing = b.store.actingAs(
      someActor({
        mac: () => {
          throw new Error('no key');
        },
      }),
    );
    const { tenant } = b;
    const user = scene.user.id;
    const acts: (() => Promise<unknown>)[] = [
      () => failing.putClient(tenant, someClient(clientId('new')), NOW),
      () => failing.revokeGrant(tenant, grant, 'revoked_by_admin', NOW),
      () => failing.revokeClient(tenant, APP, NOW),
      () => failing.lockUser(tenant, user, NOW + 60, NOW),
      () => failing.deleteUser(tenant, user, NOW),
      () => failing.endSession(tenant, scene.session.id, 'signed_out', NOW),
      () => failing.openSession(tenant, someSession(scene.user), opening(scene.user), NOW),
      () => failing.giveConsent(tenant, user, APP, ['openid'], [], NOW),
      () => failing.putLimitRule(tenant, { name: 'a', rule: '{}', changedAt: NOW, changedBy: 'cli' }, undefined, 10),
      () => failing.putAdministrator(tenant, { userId: user, role: 'owner', changedAt: NOW, changedBy: 'cli' }, 'none', 10),
    ];
    for (const act of acts) await assert.rejects(act, /no key/);
    assert.equal(await b.store.findClient(tenant, clientId('new')), undefined);
    assert.equal((await b.store.findGrant(tenant, grant))?.dead, undefined);
    assert.equal((await b.store.findUser(tenant, user))?.lockedUntil, undefined);
    assert.equal((await b.store.listSessions(tenant, user, 10, NOW)).length, 1);
    assert.deepEqual(await b.store.listConsents(tenant, user), []);
    assert.deepEqual((await b.store.listLimitRules(tenant)).rules, []);
    assert.deepEqual(await b.store.listAdministrators(tenant), []);
    assert.equal(await b.countRows('audit_inbox'), 0);
  });

  define('a table that takes no entries takes no changes: the rows are in one transaction (attacks ADM-12)', async (b) => {
    const scene = await makeScene(b);
    const grant = await makeGrant(b, scene);
    // What an entry is to be written over is there already.
    const acted = b.store.actingAs(someActor());
    await b.changeRows('ALTER TABLE audit_inbox RENAME TO audit_gone');
    for (const act of [
      () => acted.revokeGrant(b.tenant, grant, 'revoked_by_admin', NOW),
      () => acted.setUserEnabled(b.tenant, scene.user.id, false, NOW),
      () => acted.endOtherSessions(b.tenant, scene.user.id, scene.session.id, 'signed_out', NOW),
      () => acted.addKey(b.tenant, SEAL, 0),
    ])
      await assert.rejects(act);
    await b.changeRows('ALTER TABLE audit_gone RENAME TO audit_inbox');
    assert.equal((await b.store.findGrant(b.tenant, grant))?.dead, undefined);
    assert.equal((await b.store.findUser(b.tenant, scene.user.id))?.enabled, true);
    assert.deepEqual(await b.store.listKeys(b.tenant), []);
  });

  define('without an actor it was the system, and nothing is signed', async (b) => {
    const user = await makeUser(b);
    const [entry] = await sealAll(b.store, b.tenant);
    assert.deepEqual(entry?.actor, { kind: 'system', id: '' });
    assert.deepEqual([entry?.action, entry?.target, entry?.mac], ['user.created', { kind: 'user', id: user.sub }, '']);
  });

  define('what changes nothing is not told', async (b) => {
    const scene = await makeScene(b);
    const { tenant } = b;
    const grant = await makeGrant(b, scene);
    await b.store.revokeGrant(tenant, grant, 'revoked_by_user', NOW);
    await b.store.endSession(tenant, scene.session.id, 'signed_out', NOW);
    const before = (await sealAll(b.store, tenant)).length;
    await b.store.putClient(tenant, someClient(), NOW);
    await b.store.setUserEnabled(tenant, scene.user.id, true, NOW);
    await b.store.lockUser(tenant, scene.user.id, undefined, NOW);
    await b.store.endSession(tenant, scene.session.id, 'signed_out', NOW);
    await b.store.revokeGrant(tenant, grant, 'revoked_by_user', NOW);
    await b.store.revokeGrant(tenant, grantId(999_999), 'revoked_by_user', NOW);
    await b.store.revokeToken(tenant, grant, 'token', NOW - 1, NOW);
    await b.store.retireKey(tenant, 99, 1, 1);
    await b.store.removeKey(tenant, 99);
    assert.equal((await sealAll(b.store, tenant)).length, before);
  });

  define('a user is told by their subject identifier, a target as its caller names it, and what is too long is cut', async (b) => {
    const { id, sub } = await makeUser(b);
    await b.store.actingAs(someActor({ about: { id, sub } })).lockUser(b.tenant, id, NOW + 60, NOW);
    await b.store
      .actingAs(someActor({ target: { kind: 'user', id: 'x' }, details: { operation: `${'y'.repeat(300)}\0` } }))
      .lockUser(b.tenant, id, undefined, NOW);
    const entries = (await sealAll(b.store, b.tenant)).slice(-2);
    assert.deepEqual(
      entries.map(({ action, target, details }) => [action, target.id, details]),
      [
        ['user.locked', sub, JSON.stringify({ until: NOW + 60 })],
        ['user.unlocked', 'x', JSON.stringify({ operation: 'y'.repeat(256) })],
      ],
    );
  });

  define('fifty changes at once with two who seal are one chain without gaps', async (b) => {
    const sealing = Promise.all([b.store, b.second].map(async (store) => await sealSome(store, b)));
    await race(b, async (store, index) => await store.actingAs(someActor()).putClient(b.tenant, someClient(clientId(`c${index}`)), NOW));
    await sealing;
    const entries = await sealAll(b.second, b.tenant);
    assert.equal(entries.length, 50);
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      entries.map((_, index) => index + 1),
    );
    assert.deepEqual(sealAfter({ seq: 0, hash: AUDIT_GENESIS }, b.tenant, entries), entries);
    assert.equal(new Set(entries.map(({ target }) => target.id)).size, 50);
    assert.equal(await b.countRows('audit_inbox'), 0);
    const { seq, hash, checkpoint } = await b.store.readAuditHead(b.tenant);
    assert.deepEqual([seq, hash, checkpoint], [50, entries.at(-1)?.hash, undefined]);
  });

  define('fifty who revoke one grant at once write one entry', async (b) => {
    const grant = await makeGrant(b, await makeScene(b));
    await race(b, async (store) => await store.actingAs(someActor()).revokeGrant(b.tenant, grant, 'revoked_by_admin', NOW));
    const entries = await sealAll(b.store, b.tenant);
    assert.equal(entries.filter(({ action }) => action === 'grant.revoked').length, 1);
  });

  define('a chain that is not what somebody knows of it is not gone on with', async (b) => {
    await makeUser(b);
    const entries = await sealAll(b.store, b.tenant);
    const [known] = entries;
    assert.ok(known !== undefined);
    assert.equal((await b.store.sealAudit(b.tenant, 10, known)).kind, 'sealed');
    assert.equal((await b.store.sealAudit(b.tenant, 10, { seq: 1, hash: 'other' })).kind, 'broken');
    assert.equal((await b.store.sealAudit(b.tenant, 10, { seq: 2, hash: 'other' })).kind, 'broken');
    await makeUser(b, 'bob');
    await b.changeRows('DELETE FROM audit_log WHERE seq = 1');
    assert.equal((await b.store.sealAudit(b.tenant, 10, known)).kind, 'broken');
    assert.equal(await b.countRows('audit_inbox'), 1);
    // What was taken away leaves its number free.
    assert.deepEqual(
      (await sealAll(b.store, b.tenant)).map(({ seq }) => seq),
      [2],
    );
  });

  define('lists are newest first, by actor, action, target and time, and go on where they ended', async (b) => {
    const { tenant } = b;
    for (const [index, kind] of (['admin', 'cli', 'admin', 'user'] as const).entries()) {
      const acting = someActor({ actor: { kind, id: 'x' }, nowMs: () => (NOW + 3600 * index) * 1000 });
      await b.store.actingAs(acting).putClient(tenant, someClient(clientId(`c${index % 2}`)), NOW);
      await b.store.actingAs(acting).revokeClient(tenant, clientId(`c${index % 2}`), NOW);
      await sealAll(b.store, tenant);
    }
    const seqs = async (filter: Parameters<Store['listAudit']>[1], limit = 10): Promise<number[]> =>
      (await b.store.listAudit(tenant, filter, limit)).map(({ seq }) => seq);
    // The client is put twice, and is the same the second time.
    assert.deepEqual(await seqs({}), [6, 5, 4, 3, 2, 1]);
    assert.deepEqual(await seqs({ before: 4 }, 2), [3, 2]);
    assert.deepEqual(await seqs({ actor: { kind: 'admin', id: 'x' } }), [5, 2, 1]);
    assert.deepEqual(await seqs({ action: 'client.revoked' }), [6, 5, 4, 2]);
    assert.deepEqual(await seqs({ target: { kind: 'client', id: 'c1' } }), [6, 4, 3]);
    assert.deepEqual(await seqs({ action: 'client.revoked', target: { kind: 'client', id: 'c1' }, actor: { kind: 'cli', id: 'x' } }), [4]);
    assert.deepEqual(await seqs({ sinceMs: (NOW + 3600) * 1000, untilMs: (NOW + 7200) * 1000 }), [4, 3]);
    assert.deepEqual(await seqs({ untilMs: (NOW + 1) * 1000 }), [2, 1]);
    assert.deepEqual(await b.store.listAudit(b.otherTenant, {}, 10), []);
    assert.deepEqual(
      (await b.store.readAudit(tenant, 3, 2)).map(({ seq }) => seq),
      [4, 5],
    );
  });

  define('checkpoints stay as they were put', async (b) => {
    const point = (seq: number, hash = 'h'): Parameters<Store['putAuditCheckpoint']>[1] => ({ seq, hash, atMs: 1, jws: 'j', jwk: '{}' });
    for (const each of [point(3), point(5), point(3, 'other')]) await b.store.putAuditCheckpoint(b.tenant, each);
    assert.deepEqual(await b.store.listAuditCheckpoints(b.tenant, 1, 10), [point(3), point(5)]);
    assert.deepEqual(await b.store.listAuditCheckpoints(b.tenant, 4, 10), [point(5)]);
    assert.deepEqual((await b.store.readAuditHead(b.tenant)).checkpoint, point(5));
  });
}

const SEAL = {
  use: 'seal',
  alg: '',
  publicJwk: '',
  sealedPrivate: new Uint8Array(1),
  createdAt: 1,
  activeAt: 1,
  retiredAt: 0,
  expiresAt: 0,
} as const;

async function sealSome(store: Store, { tenant }: Bench): Promise<void> {
  for (let round = 0; round < 20; round += 1) await store.sealAudit(tenant, 7);
}

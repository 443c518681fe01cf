import assert from 'node:assert/strict';
import type { EdgeRecord, NewEdgeRecord, Store } from '../port.ts';
import { EDGE_ENDED_KEPT_SECONDS, EDGE_MARK_SECONDS, FALL_AFTER_SECONDS, MAX_EDGE_RECORD, PURGE_EVERY } from '../retention.ts';
import { type Bench, type Case, countKinds, HOUR, NOW, race } from './bench.ts';
import { until } from './until.ts';

const EDGE = 'edge';

export function someEdgeRecord(id: string, more: Partial<NewEdgeRecord> = {}): NewEdgeRecord {
  return { id, sealed: 'sealed', idleSeconds: 600, expiresAt: NOW + HOUR, subject: { sub: 'sub', sid: 'sid', issuedAt: NOW }, ...more };
}

/** Sessions of an edge, whose gateways share nothing but the store. */
export function edgeSessionCases(define: Case): void {
  define('a record comes back as it was put, at this edge and this tenant alone', async (b) => {
    const { store, second, tenant } = b;
    assert.deepEqual(await put(b, 'a'), { kind: 'put' });
    const record = await mustFind(b, 'a');
    assert.deepEqual(record, {
      id: 'a',
      version: 1,
      sealed: 'sealed',
      createdAt: NOW,
      lastSeenAt: NOW,
      idleSeconds: 600,
      expiresAt: NOW + HOUR,
      ended: undefined,
    });
    assert.deepEqual(await second.putEdgeRecord(tenant, EDGE, someEdgeRecord('a', { sealed: 'other' }), NOW), { kind: 'there', record });
    assert.equal(await store.findEdgeRecord(tenant, 'other', 'a'), undefined);
    assert.equal(await store.findEdgeRecord(b.otherTenant, EDGE, 'a'), undefined);
    assert.equal(await store.findEdgeRecord(tenant, EDGE, 'b'), undefined);
  });

  define('of fifty who put one id one does, and the others see what it put', async (b) => {
    for (const subject of [undefined, { sub: 'sub', sid: 'sid', issuedAt: NOW }]) {
      const id = subject === undefined ? 'tx' : 'session';
      const answers = await race(b, (store, index) =>
        store.putEdgeRecord(b.tenant, EDGE, someEdgeRecord(id, { sealed: `of ${index}`, subject }), NOW),
      );
      assert.deepEqual(countKinds(answers), { put: 1, there: 49 });
      const winner = answers.findIndex(({ kind }) => kind === 'put');
      for (const answer of answers) if (answer.kind === 'there') assert.equal(answer.record.sealed, `of ${winner}`);
    }
  });

  define('what has expired gives way, and a tombstone does not', async (b) => {
    await put(b, 'a', { expiresAt: NOW + 5 });
    assert.equal((await put(b, 'a', { sealed: 'new' }, NOW + 4)).kind, 'there');
    const answers = await race(b, (store) => store.putEdgeRecord(b.tenant, EDGE, someEdgeRecord('a', { sealed: 'new' }), NOW + 5));
    assert.deepEqual(countKinds(answers), { put: 1, there: 49 });
    assert.deepEqual([(await mustFind(b, 'a')).sealed, (await mustFind(b, 'a')).createdAt], ['new', NOW + 5]);
    await b.store.endEdgeRecord(b.tenant, EDGE, 'a', 'signed_out', NOW + 6);
    const late = await put(b, 'a', {}, NOW + 2 * HOUR);
    assert.equal(late.kind === 'there' ? late.record.ended?.reason : late.kind, 'signed_out');
  });

  define('of fifty who replace one version one does, whoever has touched it meanwhile', async (b) => {
    await put(b, 'a');
    for (let version = 1; version <= 3; version += 1) {
      await b.second.touchEdgeRecord(b.tenant, EDGE, 'a', NOW + version);
      const next = (index: number): { sealed: string; expiresAt: number } => ({
        sealed: `${version} of ${index}`,
        expiresAt: NOW + HOUR + version,
      });
      const answers = await race(b, (store, index) => store.replaceEdgeRecord(b.tenant, EDGE, 'a', version, next(index), NOW));
      assert.deepEqual(countKinds(answers), { replaced: 1, changed: 49 });
      const winner = answers.findIndex(({ kind }) => kind === 'replaced');
      const record = await mustFind(b, 'a');
      assert.deepEqual([record.version, record.sealed, record.expiresAt], [version + 1, `${version} of ${winner}`, NOW + HOUR + version]);
      assert.equal(record.lastSeenAt, NOW + version);
      for (const answer of answers) if (answer.kind === 'changed') assert.deepEqual(answer.record, record);
    }
  });

  define('nothing that is over is replaced or seen: ended, expired, idle', async (b) => {
    const { store, tenant } = b;
    for (const id of ['ended', 'idle', 'never idle']) await put(b, id, id === 'never idle' ? { idleSeconds: 0 } : {});
    await put(b, 'expired', { expiresAt: NOW + 60 });
    await store.endEdgeRecord(tenant, EDGE, 'ended', 'signed_out', NOW);
    const later = NOW + 600;
    for (const id of ['ended', 'idle', 'expired']) {
      const before = await mustFind(b, id);
      await store.touchEdgeRecord(tenant, EDGE, id, later);
      const answer = await store.replaceEdgeRecord(tenant, EDGE, id, 1, { sealed: 'x', expiresAt: NOW + HOUR }, later);
      assert.deepEqual(answer, { kind: 'changed', record: before }, id);
      assert.deepEqual(await mustFind(b, id), before);
    }
    assert.deepEqual(await store.replaceEdgeRecord(tenant, EDGE, 'nobody', 1, { sealed: 'x', expiresAt: later }, later), {
      kind: 'changed',
      record: undefined,
    });
    await store.touchEdgeRecord(tenant, EDGE, 'never idle', later);
    await store.touchEdgeRecord(tenant, EDGE, 'never idle', NOW + 1);
    assert.equal((await mustFind(b, 'never idle')).lastSeenAt, later);
    assert.equal((await store.replaceEdgeRecord(tenant, EDGE, 'never idle', 1, { sealed: 'x', expiresAt: 1 }, later)).kind, 'replaced');
  });

  define('of fifty who end a session one learns what it was; its tombstone holds what was sealed until it is settled', async (b) => {
    await put(b, 'a');
    const before = await mustFind(b, 'a');
    const answers = await race(b, (store) => store.endEdgeRecord(b.tenant, EDGE, 'a', 'signed_out', NOW + 1));
    assert.deepEqual(
      answers.filter((answer) => answer !== undefined),
      [before],
    );
    assert.deepEqual(await mustFind(b, 'a'), { ...before, ended: { reason: 'signed_out', at: NOW + 1, seq: 1 } });
    assert.equal(await b.store.endEdgeRecord(b.tenant, EDGE, 'nobody', 'signed_out', NOW), undefined);
    const take = async (store: Store, now: number): Promise<EdgeRecord[]> => await store.takeEdgeTombstones(b.tenant, EDGE, 10, 30, now);
    assert.deepEqual(await take(b.store, NOW + 60), []);
    for (const now of [NOW + 61, NOW + 91]) {
      const taken = await race(b, async (store) => await take(store, now));
      assert.deepEqual(
        taken.flat().map(({ id, sealed }) => [id, sealed]),
        [['a', 'sealed']],
      );
    }
    await b.second.settleEdgeTombstone(b.tenant, EDGE, 'a');
    assert.equal((await mustFind(b, 'a')).sealed, '');
    assert.deepEqual(await take(b.store, NOW + HOUR), []);
  });

  define('a tombstone alone is settled', async (b) => {
    await put(b, 'a');
    await b.store.settleEdgeTombstone(b.tenant, EDGE, 'a');
    assert.equal((await mustFind(b, 'a')).sealed, 'sealed');
  });

  define('a sign-out elsewhere ends the session it names, or all of somebody up to its second (Back-Channel Logout §2.7)', async (b) => {
    const { store, second, tenant } = b;
    const subject = { sub: 'ada', sid: 'one', issuedAt: NOW };
    await put(b, 'one', { subject });
    await put(b, 'two', { subject: { ...subject, sid: 'two' } });
    await put(b, 'later', { subject: { sub: 'ada', sid: undefined, issuedAt: NOW + 1 } });
    await put(b, 'bob', { subject: { ...subject, sub: 'bob', sid: 'three' } });
    assert.equal(await store.endEdgeSessions(tenant, 'other', { sid: 'one' }, 'signed_out_elsewhere', NOW), 0);
    assert.equal(await store.endEdgeSessions(tenant, EDGE, { sid: 'one' }, 'signed_out_elsewhere', NOW), 1);
    assert.deepEqual(await ended(b, 'one', 'two', 'later', 'bob'), ['one']);
    assert.equal(await second.endEdgeSessions(tenant, EDGE, { sub: 'ada', issuedBy: NOW }, 'signed_out_elsewhere', NOW), 1);
    assert.deepEqual(await ended(b, 'one', 'two', 'later', 'bob'), ['one', 'two']);
    assert.equal(await store.endEdgeSessions(tenant, EDGE, { sub: 'ada', issuedBy: NOW + 9 }, 'cleared', NOW), 1);
    assert.deepEqual(await ended(b, 'one', 'two', 'later', 'bob'), ['one', 'two', 'later']);
  });

  define(
    'a sign-in that was on its way when its subject was signed out begins no session, and a later one does (attacks SES)',
    async (b) => {
      const { store, tenant } = b;
      await store.endEdgeSessions(tenant, EDGE, { sid: 'gone' }, 'signed_out_elsewhere', NOW);
      await store.endEdgeSessions(tenant, EDGE, { sub: 'ada', issuedBy: NOW }, 'signed_out_elsewhere', NOW);
      await store.endEdgeSessions(tenant, EDGE, { sub: 'ada', issuedBy: NOW - 50 }, 'signed_out_elsewhere', NOW);
      const begin = async (sub: string, sid: string | undefined, issuedAt: number, now: number): Promise<string> =>
        (await put(b, `${sub} ${sid} ${issuedAt} ${now}`, { subject: { sub, sid, issuedAt } }, now)).kind;
      assert.equal(await begin('bob', 'gone', NOW + 5, NOW + 5), 'signed_out');
      assert.equal(await begin('ada', undefined, NOW, NOW + 5), 'signed_out');
      assert.equal(await begin('ada', 'new', NOW - 1, NOW + EDGE_MARK_SECONDS - 1), 'signed_out');
      assert.equal(await begin('ada', 'new', NOW + 1, NOW + 1), 'put');
      assert.equal(await begin('ada', 'new', NOW, NOW + EDGE_MARK_SECONDS), 'put');
      assert.equal((await put(b, 'tx', { subject: undefined })).kind, 'put');
    },
  );

  define('whatever their order, a session that begins while its subject is signed out does not live on', async (b) => {
    for (let round = 0; round < 5; round += 1) {
      const subject = { sub: `sub ${round}`, sid: `sid ${round}`, issuedAt: NOW };
      const by = round % 2 === 0 ? { sid: subject.sid } : { sub: subject.sub, issuedBy: NOW };
      await race(b, async (store, index) => {
        if (index === 25) await store.endEdgeSessions(b.tenant, EDGE, by, 'signed_out_elsewhere', NOW);
        else await store.putEdgeRecord(b.tenant, EDGE, someEdgeRecord(`${round} ${index}`, { subject }), NOW);
      });
      for (let index = 0; index < 50; index += 1) {
        const record = await b.second.findEdgeRecord(b.tenant, EDGE, `${round} ${index}`);
        assert.ok(record === undefined || record.ended !== undefined, `${round} ${index} lives`);
      }
    }
  });

  define('ends are numbered: nobody who follows them misses one', async (b) => {
    for (let index = 0; index < 50; index += 1)
      await put(b, `${index}`, { subject: { sub: `${index % 5}`, sid: undefined, issuedAt: NOW } });
    await put(b, 'elsewhere', {}, NOW, 'other');
    assert.equal(await b.store.readEdgeHead(b.tenant), 0);
    let last = 0;
    const seen: string[] = [];
    const follow = async (): Promise<void> => {
      for (const { seq, id } of await b.second.readEdgeEnds(b.tenant, EDGE, last, 7)) {
        assert.ok(seq > last);
        last = seq;
        seen.push(id);
      }
    };
    await race(b, async (store, index) => {
      // One look after the other, beside the others' ends.
      if (index === 9) for (let look = 0; look < 10; look += 1) await follow();
      else if (index < 3) await store.endEdgeSessions(b.tenant, EDGE, { sub: `${index}`, issuedBy: NOW }, 'cleared', NOW);
      else await store.endEdgeRecord(b.tenant, EDGE, `${index}`, 'signed_out', NOW);
    });
    await b.store.endEdgeRecord(b.tenant, 'other', 'elsewhere', 'signed_out', NOW);
    for (let round = 0; round < 10; round += 1) await follow();
    const dead = await ended(b, ...Array.from({ length: 50 }, (_, index) => `${index}`));
    assert.deepEqual(seen.toSorted(), dead.toSorted());
    assert.equal(await b.store.readEdgeHead(b.tenant), dead.length + 1);
    assert.deepEqual(await b.store.readEdgeEnds(b.tenant, 'other', 0, 9), [
      { seq: dead.length + 1, id: 'elsewhere', reason: 'signed_out', at: NOW },
    ]);
  });

  define('what is over falls: sessions after their end, tombstones a day after theirs', async (b) => {
    await put(b, 'old', { expiresAt: NOW + 60 });
    await put(b, 'ended', { expiresAt: NOW + 60 });
    await b.store.endEdgeRecord(b.tenant, EDGE, 'ended', 'signed_out', NOW);
    await churn(b, NOW + 60 + FALL_AFTER_SECONDS);
    await until(async () => (await b.store.findEdgeRecord(b.tenant, EDGE, 'old')) === undefined);
    assert.ok((await mustFind(b, 'ended')).ended !== undefined);
    await churn(b, NOW + EDGE_ENDED_KEPT_SECONDS);
    await until(async () => (await b.store.findEdgeRecord(b.tenant, EDGE, 'ended')) === undefined);
    for (let index = 0; index < 2 * PURGE_EVERY; index += 1)
      await b.store.endEdgeSessions(b.tenant, EDGE, { sid: `${index}` }, 'cleared', NOW + index * HOUR);
    await until(async () => (await b.countRows('edge_marks')) < 2 * PURGE_EVERY);
  });

  define('what is too long is misuse', async (b) => {
    const long = 'x'.repeat(65);
    await assert.rejects(put(b, long), TypeError);
    await assert.rejects(put(b, 'a', {}, NOW, long), TypeError);
    await assert.rejects(put(b, 'a', { sealed: 'x'.repeat(MAX_EDGE_RECORD + 1) }), TypeError);
    await assert.rejects(put(b, 'a', { subject: { sub: long, sid: undefined, issuedAt: NOW } }), TypeError);
    await assert.rejects(b.store.endEdgeSessions(b.tenant, EDGE, { sid: long }, 'cleared', NOW), TypeError);
    assert.equal(await b.countRows('edge_records'), 0);
  });
}

async function put(
  b: Bench,
  id: string,
  more: Partial<NewEdgeRecord> = {},
  now: number = NOW,
  edge: string = EDGE,
): ReturnType<Store['putEdgeRecord']> {
  return await b.store.putEdgeRecord(b.tenant, edge, someEdgeRecord(id, more), now);
}

async function mustFind(b: Bench, id: string): Promise<EdgeRecord> {
  return (await b.second.findEdgeRecord(b.tenant, EDGE, id)) ?? assert.fail(`${id} is not there`);
}

/** Which of them are tombstones. */
async function ended(b: Bench, ...ids: readonly string[]): Promise<string[]> {
  const found = await Promise.all(ids.map(async (id) => await mustFind(b, id)));
  return found.filter((record) => record.ended !== undefined).map(({ id }) => id);
}

async function churn(b: Bench, now: number): Promise<void> {
  for (let index = 0; index < 2 * PURGE_EVERY; index += 1)
    await put(b, `churn ${now} ${index}`, { subject: undefined, expiresAt: now + 60 }, now);
}

import assert from 'node:assert/strict';
import type { HistoryRecord, KeptHistory, Store } from '../port.ts';
import { type Bench, type Case, NOW } from './bench.ts';

const MOST = 1_000;
const BEGIN = { minute: 0, id: 0 };

function asked(minute: number, name: string, times = 1): HistoryRecord {
  return { minute: NOW + minute * 60, facts: `{"name":"${name}"}`, times };
}

async function namesOf(store: Store, tenant: Bench['tenant'], from = 0, limit = 10_000): Promise<readonly string[]> {
  const kept = await store.listHistory(tenant, { minute: from, id: 0 }, limit);
  return kept.map(({ facts }) => JSON.parse(facts).name);
}

function withoutId({ minute, facts, times }: KeptHistory): HistoryRecord {
  return { minute, facts, times };
}

/** What was asked, for replays. */
export function historyCases(define: Case): void {
  define('what was asked comes back as it was written, minute by minute, page by page, and of its own tenant alone', async (b) => {
    const { store, second, tenant, otherTenant } = b;
    await store.recordHistory(tenant, [asked(1, 'b', 3), asked(1, 'c')], 0, MOST);
    await second.recordHistory(tenant, [asked(0, 'a', 2), asked(1, '虎')], 0, MOST);
    await store.recordHistory(otherTenant, [asked(0, 'other')], 0, MOST);
    await store.recordHistory(tenant, [], 0, MOST);
    const first = await store.listHistory(tenant, BEGIN, 2);
    assert.deepEqual(first.map(withoutId), [asked(0, 'a', 2), asked(1, 'b', 3)]);
    const last = first.at(-1) ?? assert.fail();
    assert.deepEqual((await second.listHistory(tenant, last, 10)).map(withoutId), [asked(1, 'c'), asked(1, '虎')]);
    assert.deepEqual(await namesOf(store, tenant, NOW + 60), ['b', 'c', '虎']);
    assert.deepEqual(await namesOf(store, otherTenant), ['other']);
  });

  define('minutes that are over fall while others are written, and no others', async ({ store, tenant, otherTenant }) => {
    for (let minute = 0; minute < 20; minute += 1) {
      await store.recordHistory(otherTenant, [asked(minute, `${minute}`)], 0, MOST);
      await store.recordHistory(tenant, [asked(minute, `${minute}`)], NOW + (minute - 4) * 60, MOST);
    }
    assert.deepEqual(await namesOf(store, tenant), ['15', '16', '17', '18', '19']);
    assert.equal((await namesOf(store, otherTenant)).length, 20);
  });

  define('of too many the oldest fall', async (b) => {
    for (let minute = 0; minute < 30; minute += 1)
      await b.store.recordHistory(
        b.tenant,
        Array.from({ length: 40 }, (_, place) => asked(minute, `${minute} ${place}`)),
        0,
        320,
      );
    const kept = await b.countRows('history');
    assert.ok(kept >= 320 && kept <= 340, `${kept} rows`);
    assert.equal((await namesOf(b.store, b.tenant)).at(-1), '29 39');
  });
}

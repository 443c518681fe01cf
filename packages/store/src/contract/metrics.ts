import assert from 'node:assert/strict';
import type { MetricNode, MetricRow } from '../port.ts';
import { MAX_METRIC_NODES, METRICS_KEPT_SECONDS, PURGE_ROWS } from '../retention.ts';
import { type Case, NOW, race } from './bench.ts';

function someNode(instance: string, more: Partial<MetricNode> = {}): MetricNode {
  return { instance, name: `host-${instance}`, version: '1.2.3', startedAt: NOW, seenAt: NOW, stopped: false, about: '{"rss":1}', ...more };
}

function someRow(instance: string, at: number, counts = '{"a":1}', span = 60): MetricRow {
  return { instance, span, at, counts };
}

export function metricCases(define: Case): void {
  define(
    'what a process has counted is written over what it wrote of the same span, and read by all',
    async ({ store, second, tenant }) => {
      assert.deepEqual(await store.readMetrics(tenant, 60, 0, NOW * 2, 10), []);
      assert.deepEqual(await store.listMetricNodes(tenant, 10), []);
      await store.writeMetrics(tenant, someNode('a'), [someRow('a', NOW), someRow('a', NOW, '{"a":9}', 900)], NOW);
      await second.writeMetrics(tenant, someNode('b', { seenAt: NOW + 1 }), [someRow('b', NOW)], NOW);
      const later = someNode('a', { seenAt: NOW + 61, stopped: true, about: '{}' });
      await store.writeMetrics(tenant, later, [someRow('a', NOW, '{"a":2}'), someRow('a', NOW + 60)], NOW + 61);
      const rows = [someRow('a', NOW, '{"a":2}'), someRow('b', NOW), someRow('a', NOW + 60)];
      assert.deepEqual(await second.readMetrics(tenant, 60, NOW, NOW + 61, 10), rows);
      assert.deepEqual(await second.readMetrics(tenant, 60, NOW, NOW + 60, 10), rows.slice(0, 2), 'the end is not in it');
      assert.deepEqual(await second.readMetrics(tenant, 60, NOW, NOW + 61, 1), rows.slice(0, 1));
      assert.deepEqual(await second.readMetrics(tenant, 900, NOW, NOW + 1, 10), [someRow('a', NOW, '{"a":9}', 900)]);
      assert.deepEqual(await second.listMetricNodes(tenant, 10), [later, someNode('b', { seenAt: NOW + 1 })]);
      assert.deepEqual(await second.listMetricNodes(tenant, 1), [later]);
    },
  );

  define('of another tenant nothing is seen', async ({ store, tenant, otherTenant }) => {
    await store.writeMetrics(tenant, someNode('a'), [someRow('a', NOW)], NOW);
    assert.deepEqual(await store.readMetrics(otherTenant, 60, 0, NOW * 2, 10), []);
    assert.deepEqual(await store.listMetricNodes(otherTenant, 10), []);
  });

  define('rows fall after their time in bounded steps, each kind after its own, and so do processes that are gone', async (b) => {
    const minutes = Array.from({ length: PURGE_ROWS + 20 }, (_, index) => someRow('old', NOW + index * 60));
    await b.store.writeMetrics(b.tenant, someNode('old'), [...minutes, someRow('old', NOW, '{}', 900)], NOW);
    const later = NOW + METRICS_KEPT_SECONDS[60] + 86_400;
    await b.store.writeMetrics(b.tenant, someNode('new', { seenAt: later }), [], later);
    assert.equal(await b.countRows('metric_rows'), 20 + 1, 'so many at once and no more');
    await b.store.writeMetrics(b.tenant, someNode('new', { seenAt: later }), [], later);
    assert.equal(await b.countRows('metric_rows'), 1, 'the longer span stays');
    const last = NOW + METRICS_KEPT_SECONDS[900] + 1;
    await b.store.writeMetrics(b.tenant, someNode('new', { seenAt: last }), [], last);
    assert.equal(await b.countRows('metric_rows'), 0);
    assert.deepEqual(await b.store.listMetricNodes(b.tenant, 10), [someNode('new', { seenAt: last })]);
  });

  define('nothing falls before its time', async (b) => {
    await b.store.writeMetrics(b.tenant, someNode('a'), [someRow('a', NOW), someRow('a', NOW, '{}', 900)], NOW);
    await b.store.writeMetrics(b.tenant, someNode('b'), [], NOW + METRICS_KEPT_SECONDS[60]);
    assert.equal(await b.countRows('metric_rows'), 2);
    await b.store.writeMetrics(b.tenant, someNode('b'), [], NOW + METRICS_KEPT_SECONDS[900]);
    assert.equal((await b.store.readMetrics(b.tenant, 900, 0, NOW * 2, 10)).length, 1);
    assert.equal((await b.store.listMetricNodes(b.tenant, 10)).length, 2);
  });

  define('a process that starts again and again pushes out those heard of longest ago, not the table over its bound', async (b) => {
    for (let index = 0; index < MAX_METRIC_NODES + 10; index += 1)
      await b.store.writeMetrics(b.tenant, someNode(`n${index}`, { seenAt: NOW + index }), [], NOW + index);
    assert.equal(await b.countRows('metric_nodes'), MAX_METRIC_NODES);
    const [newest] = await b.store.listMetricNodes(b.tenant, 1);
    assert.equal(newest?.instance, `n${MAX_METRIC_NODES + 9}`);
  });

  define('fifty processes write at once, and nothing of any of them is lost', async (b) => {
    await race(b, async (store, index) => await store.writeMetrics(b.tenant, someNode(`p${index}`), [someRow(`p${index}`, NOW)], NOW));
    assert.equal((await b.store.readMetrics(b.tenant, 60, NOW, NOW + 1, 100)).length, 50);
    assert.equal((await b.store.listMetricNodes(b.tenant, 100)).length, 50);
  });

  define('the store tells how long its database took', async ({ store, tenant }) => {
    const before = store.latency.counts.reduce((sum, count) => sum + count, 0);
    await store.writeMetrics(tenant, someNode('a'), [], NOW);
    assert.ok(store.latency.counts.reduce((sum, count) => sum + count, 0) > before);
    assert.ok(store.latency.sumMs > 0);
  });
}

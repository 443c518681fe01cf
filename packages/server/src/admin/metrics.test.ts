import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LONGER_MS, type MetricsView } from '@hufu/protocol/admin/metrics';
import { operationOf } from '@hufu/protocol/admin/operations';
import { endpointIndex } from '../metrics/meter.ts';
import { boundOf } from '../metrics/view.ts';
import { ask, openAdminWorld, programToken, roleToken } from '../testing/admin-world.ts';
import { START, START_MS, type World } from '../testing/world.ts';
import { judgeOf } from './validate.ts';

const world = await openAdminWorld();
after(() => world.close());

async function view(of: World, query = ''): Promise<MetricsView> {
  const reply = await ask(of, await roleToken(of, 'read'), 'metrics.get', { query });
  assert.equal(reply.status, 200, reply.body.toString());
  const shape = operationOf('metrics.get').reply.body ?? assert.fail();
  assert.deepEqual(judgeOf(shape)(reply.json), []);
  return reply.json as unknown as MetricsView;
}

function seriesOf(
  { series }: MetricsView,
  metric: string,
  labels: Readonly<Record<string, string>>,
): readonly [total: number, points: readonly number[]] {
  const found = series.find((one) => one.metric === metric && Object.entries(labels).every(([name, value]) => one.labels[name] === value));
  return [found?.total ?? 0, found?.points ?? []];
}

test('what was counted stands in the minute in which it was, with where the window begins and since when anything was counted', async () => {
  const own = await openAdminWorld();
  const { meter } = own.ctx.metrics;
  meter.signedIn('passkey');
  meter.signInFailed('password');
  const stop = own.ctx.metrics.start(4400);
  own.clock.advance(120_000);
  meter.signedIn('passkey');
  const { since, step, now, held_since, series, nodes, partial } = await view(own, 'window=600');
  assert.deepEqual([step, since, now, held_since, partial], [60, START + 120 - 9 * 60, START + 120, START, false]);
  assert.ok(series.every(({ points }) => points.length === 10));
  assert.equal(nodes.length, 1);
  assert.match(nodes[0]?.name ?? '', /:4400$/);
  await stop();
  for (const query of ['window=600', 'window=86400'])
    assert.equal(
      seriesOf(await view(own, query), 'sign_ins', { method: 'passkey', outcome: 'done' })[0],
      2,
      'what is in the store as well is counted once',
    );
  await own.close();
});

test('limits are told by whom they refuse: what paces work of our own refuses nobody', async () => {
  const own = await openAdminWorld();
  for (let i = 0; i < 40; i++) own.ctx.limits.takeNow(['register-source'], { address: '203.0.113.7' });
  for (let i = 0; i < 3; i++) own.ctx.limits.takeNow(['feed-seen-node', 'feed-seen'], { client: 'api', header: () => 'one' });
  const stop = own.ctx.metrics.start(4400);
  own.clock.advance(60_000);
  const told = (await view(own, 'window=600')).limits.filter(({ refused }) => refused > 0).map(({ name }) => name);
  assert.deepEqual(told, ['register-source']);
  await stop();
  await own.close();
});

test('all nodes are added up, those that have stopped too; a revocation that all learn of is one', async () => {
  const here = await openAdminWorld();
  const other = await openAdminWorld({ store: here.store });
  for (const { ctx } of [here, other]) {
    ctx.metrics.meter.issued('refresh_token');
    ctx.metrics.meter.revoked('grant');
    ctx.metrics.meter.revoked('grant');
  }
  other.ctx.metrics.meter.issued('urn:ietf:params:oauth:grant-type:token-exchange');
  const stop = other.ctx.metrics.start(4401);
  await stop();
  const told = await view(here);
  assert.equal(seriesOf(told, 'tokens', { grant_type: 'refresh_token' })[0], 2);
  assert.equal(seriesOf(told, 'tokens', { grant_type: 'token-exchange' })[0], 1);
  assert.equal(seriesOf(told, 'revocations', { kind: 'grant' })[0], 2);
  assert.deepEqual(
    told.nodes.map(({ name, state }) => [name.split(':')[1], state]),
    [
      [undefined, 'live'],
      ['4401', 'stopped'],
    ],
    'this one is told of before it has written anything',
  );
  const stopHere = here.ctx.metrics.start(4402);
  here.clock.advance(200_000);
  const later = await view(here);
  assert.equal(seriesOf(later, 'tokens', { grant_type: 'refresh_token' })[0], 2);
  assert.deepEqual(later.nodes.map(({ state }) => state).toSorted(), ['live', 'stopped']);
  await stopHere();
  await other.close();
  await here.close();
});

test('nodes that take each other’s place within a step have learned of all revocations together', async () => {
  const here = await openAdminWorld();
  const node = { name: 'n:1', version: '0', startedAt: START - 7_200, seenAt: START, stopped: true, about: '{}' };
  const row = (instance: string, at: number, count: number) => ({
    instance,
    span: 60,
    at,
    counts: JSON.stringify({ c: { 'revocations|grant': count }, l: {} }),
  });
  const begin = START - 3_600;
  // Both learn of the first minute's, the second of all of them; then one after the other.
  await here.store.writeMetrics(here.tenant, { ...node, instance: 'a' }, [row('a', begin, 4), row('a', begin + 60, 10)], START);
  await here.store.writeMetrics(here.tenant, { ...node, instance: 'b' }, [row('b', begin, 5), row('b', begin + 120, 20)], START);
  const [total, points] = seriesOf(await view(here, 'window=7200&step=3600'), 'revocations', { kind: 'grant' });
  assert.deepEqual([total, points], [35, [35, 0]]);
  await here.close();
});

test('where more has been counted than is read, the newest is told', async () => {
  const here = await openAdminWorld();
  const asked: number[] = [];
  const rows = (count: number, at: number) =>
    Array.from({ length: count }, (_, index) => ({
      instance: `i${index}`,
      span: 900,
      at,
      counts: JSON.stringify({ c: { 'tokens|refresh_token': 1 }, l: {} }),
    }));
  const store = {
    ...here.ctx.store,
    readMetrics: async (_tenant: unknown, span: number, from: number, to: number, limit: number) => {
      asked.push(to);
      return rows(Math.min(limit, 1_000), to - span).filter(({ at }) => at >= from);
    },
  };
  const told = await view({ ...here, ctx: { ...here.ctx, store } }, 'window=604800');
  const last = asked[0] ?? 0;
  assert.deepEqual([asked.length, asked.toSorted((a, b) => b - a)], [15, asked]);
  assert.equal(last, told.since + told.step * (told.series[0]?.points.length ?? 0));
  assert.equal(told.partial, true);
  assert.equal(seriesOf(told, 'tokens', { grant_type: 'refresh_token' })[0], 15_000);
  await here.close();
});

test('a node that is not heard of any more, and has not said that it stops, is silent; one that took its place is not missed', async () => {
  const here = await openAdminWorld();
  const node = { name: 'gone:1', version: '0', startedAt: START - 900, stopped: false, about: '{"rss":1048576,"loop_ms":"x"}' };
  await here.store.writeMetrics(here.tenant, { ...node, instance: 'a', seenAt: START - 300 }, [], START);
  await here.store.writeMetrics(here.tenant, { ...node, instance: 'b', seenAt: START - 200 }, [], START);
  await here.store.writeMetrics(here.tenant, { ...node, instance: 'c', name: 'old:1', seenAt: START - 9_000 }, [], START);
  const { nodes } = await view(here);
  assert.deepEqual(nodes.slice(1), [
    {
      instance: 'b',
      name: 'gone:1',
      version: '0',
      started_at: START - 900,
      seen_at: START - 200,
      state: 'silent',
      requests: 0,
      rss_bytes: 1_048_576,
    },
  ]);
  await here.close();
});

test('latency is told as bounds: of all, of each endpoint, and of each step', async () => {
  const own = await openAdminWorld();
  const { meter } = own.ctx.metrics;
  const token = endpointIndex('token');
  for (let times = 0; times < 90; times += 1) meter.requested(token, 200, 0.4);
  for (let times = 0; times < 9; times += 1) meter.requested(token, 200, 30);
  meter.requested(token, 500, 60_000);
  const { latency } = await view(own, 'window=300');
  const [all, first] = latency;
  assert.deepEqual([all?.endpoint, first?.endpoint, first?.count], ['', 'token', 100]);
  assert.deepEqual([first?.p50_ms, first?.p95_ms, first?.p99_ms], [1, 50, 50]);
  assert.deepEqual(first?.points, [null, null, null, null, 50]);
  await own.close();
});

test('the bound of a part of all', () => {
  const buckets = (...counts: readonly number[]): readonly number[] => Array.from({ length: 14 }, (_, index) => counts[index] ?? 0);
  assert.equal(boundOf(buckets(), 0.5), null);
  assert.equal(boundOf(buckets(1), 0.99), 1);
  assert.equal(boundOf(buckets(50, 50), 0.5), 1);
  assert.equal(boundOf(buckets(49, 51), 0.5), 2.5);
  assert.equal(boundOf([...buckets().slice(0, 13), 1], 0.5), LONGER_MS);
});

test('steps are judged: whole minutes, quarters where the window is long, and not too many', async () => {
  const token = await roleToken(world, 'read');
  const statusOf = async (query: string): Promise<number> => (await ask(world, token, 'metrics.get', { query })).status;
  for (const query of ['', 'window=300', 'window=21600&step=60', 'window=86400', 'window=604800&step=7200', 'window=3600&step=120'])
    assert.equal(await statusOf(query), 200, query);
  for (const query of ['window=299', 'window=604801', 'step=61', 'step=0', 'window=86400&step=60', 'window=604800&step=900', 'window=x'])
    assert.equal(await statusOf(query), 400, query);
});

test('a program that may see numbers sees these, and nothing else of the admin API (attacks ADM-01)', async () => {
  const own = await openAdminWorld({
    yaml: `${(await import('../testing/admin-world.ts')).ADMIN_YAML.replace("hufu:admin:limits' }", "hufu:admin:metrics' }")}`,
  });
  const token = await programToken(own, 'ops-limits', 'hufu:admin:metrics');
  assert.equal((await ask(own, token, 'metrics.get')).status, 200);
  assert.equal((await ask(own, token, 'users.list')).status, 403);
  assert.equal((await ask(own, token, 'limits.list')).status, 403);
  await own.close();
});

test('a store that is away costs nothing but the write, which is made good', async () => {
  let isAway = false;
  const { StoreUnavailable } = await import('@hufu/store/port');
  const own = await openAdminWorld({
    wrap: (real) =>
      new Proxy(real, {
        get(target, name) {
          const verb: unknown = Reflect.get(target, name);
          if (name === 'writeMetrics' && isAway) return () => Promise.reject(new StoreUnavailable('away'));
          return typeof verb === 'function' ? verb.bind(target) : verb;
        },
      }),
  });
  const stop = own.ctx.metrics.start(1);
  own.ctx.metrics.meter.issued('password');
  isAway = true;
  await stop();
  assert.equal((await own.store.readMetrics(own.tenant, 60, 0, START_MS, 10)).length, 0);
  isAway = false;
  await own.ctx.metrics.start(1)();
  assert.equal((await own.store.readMetrics(own.tenant, 60, 0, START_MS, 10)).length, 1);
  await own.close();
});

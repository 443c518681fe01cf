import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { token } from '../endpoints/token.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { MAX_STORED_LIMITS, storedLimitsOf } from '../limits/stored-limits.ts';
import { callAdmin } from '../testing/admin.ts';
import { basic } from '../testing/followers.ts';
import { post } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, START, type World } from '../testing/world.ts';

const SECRET = 'admin-secret-0123456789abcdef01234567';
const YAML = `limits:
  builtin: { sign-up: { limit: 2, period: 1s, burst: 400 } }
  rules:
    tokens: { key: [client], limit: 10, period: 1m, match: { routes: [/oauth/token] } }
${BASIC_YAML.replace(
  'resources:',
  `  - client_id: admin
    client_secret: ${SECRET}
    grant_types: [client_credentials]
    scope: hufu:admin:read hufu:admin:limits
  - client_id: reader
    client_secret: ${SECRET}
    grant_types: [client_credentials]
    scope: hufu:admin:read
resources:`,
)}`;

const world = await openWorld({ yaml: YAML });
const second = await openWorld({ yaml: YAML, store: world.store });
after(async () => {
  await second.close();
  await world.close();
});
await storedLimitsOf(world.ctx).follow();
await storedLimitsOf(second.ctx).follow();

async function access(
  client: string,
  scope: string,
): Promise<{ readonly status: number; readonly json: Readonly<Record<string, unknown>> }> {
  return await post(world, token, { grant_type: 'client_credentials', scope }, basic(client, SECRET));
}

type Answer = HttpReply & { readonly json: Readonly<Record<string, unknown>> };

async function ask(
  method: 'GET' | 'PUT' | 'DELETE',
  name: string | undefined,
  part: { readonly body?: unknown; readonly ifMatch?: string; readonly client?: string; readonly scope?: string } = {},
): Promise<Answer> {
  const { client = 'admin', scope = 'hufu:admin:limits' } = part;
  const { json } = await access(client, scope);
  const request: HttpRequest = world.http({
    method,
    path: `/admin/v1/limits${name === undefined ? '' : `/${name}`}`,
    headers: {
      authorization: `Bearer ${String(json['access_token'])}`,
      ...(part.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(part.ifMatch === undefined ? {} : { 'if-match': part.ifMatch }),
    },
    body: part.body === undefined ? '' : typeof part.body === 'string' ? part.body : JSON.stringify(part.body),
  });
  const reply = await callAdmin(world.ctx, request);
  return { ...reply, json: Object(JSON.parse(String(reply.body) || '{}')) };
}

async function signUps(on: World): Promise<number> {
  for (let i = 0; i < 5_000; i++) {
    const taken = await on.ctx.limits.take(['sign-up'], {});
    if (taken.kind === 'limited') return i;
  }
  return 5_000;
}

test('every limit is told, with who says so', async () => {
  const { status, headers, json } = await ask('GET', undefined);
  assert.deepEqual([status, headers['etag'], json['version']], [200, '"0"', 0]);
  const limits = json['limits'] as { name: string; source: string; rule: unknown }[];
  const find = (name: string): unknown => {
    const { counts: _, ...rest } = Object(limits.find((limit) => limit.name === name));
    return rest;
  };
  assert.deepEqual(find('sign-up'), { name: 'sign-up', kind: 'builtin', source: 'config', rule: { limit: 2, period: '1s', burst: 400 } });
  assert.deepEqual(find('sign-in-source'), {
    name: 'sign-in-source',
    kind: 'builtin',
    source: 'default',
    rule: { limit: 1, period: '3s', burst: 40 },
  });
  const rule = { key: ['client'], limit: 10, period: '1m', match: { routes: ['/oauth/token'] } };
  assert.deepEqual(find('tokens'), { name: 'tokens', kind: 'rule', source: 'config', rule });
  assert.deepEqual((await ask('GET', 'tokens')).json['rule'], rule);
  assert.equal((await ask('GET', 'nothing')).status, 404);
});

test('a limit that is set holds at once here, on other nodes as soon as they look, and until it is taken back', async () => {
  const set = await ask('PUT', 'sign-up', { body: { limit: 1, period: '1s', burst: 100 } });
  assert.deepEqual([set.status, set.json['source'], set.json['changed_by'], set.json['changed_at']], [200, 'runtime', 'admin', START]);
  assert.equal(await signUps(world), 100);
  assert.equal(await signUps(second), 400, 'which has not looked yet');
  await storedLimitsOf(second.ctx).follow();
  assert.equal(await signUps(second), 100, 'a changed limit begins anew');
  assert.deepEqual(
    [
      world.events('limits.changed').at(-1)?.['name'],
      world.events('limits.changed').at(-1)?.['by'],
      second.events('limits.reloaded').length,
    ],
    ['sign-up', 'admin', 1],
  );
  const gone = await ask('DELETE', 'sign-up');
  assert.equal(gone.status, 204);
  assert.deepEqual((await ask('GET', 'sign-up')).json['source'], 'config');
  assert.equal((await ask('DELETE', 'sign-up')).status, 404);
});

test('a rule that nobody has configured is added, and a restart says that it stands before the file', async () => {
  const rule = { key: ['address'], limit: 1, period: '1m', match: { routes: ['/oauth/jwks'] } };
  assert.equal((await ask('PUT', 'jwks', { body: rule })).status, 200);
  const stage = world.ctx.limits.requests.findFirst('/oauth/jwks', 'GET');
  assert.ok(stage !== undefined);
  const http = world.http({});
  assert.deepEqual([(await stage.admit(http)).allowed, (await stage.admit(http)).allowed], [true, false]);
  const third = await openWorld({ yaml: YAML, store: world.store });
  await storedLimitsOf(third.ctx).follow();
  assert.deepEqual(
    third.events('limits.overridden').map(({ names }) => names),
    ['jwks'],
  );
  await third.close();
  await ask('DELETE', 'jwks');
  assert.equal(world.ctx.limits.requests.findFirst('/oauth/jwks', 'GET'), undefined);
});

test('who has seen an older version changes nothing (RFC 9110 §13.1.1, §15.5.13)', async () => {
  const seen = String((await ask('GET', 'tokens')).headers['etag']);
  const body = { key: ['client'], limit: 20, period: '1m' };
  const first = await ask('PUT', 'tokens', { body, ifMatch: seen });
  assert.equal(first.status, 200);
  const late = await ask('PUT', 'tokens', { body: { ...body, limit: 30 }, ifMatch: seen });
  assert.deepEqual([late.status, late.json['error'], late.headers['etag']], [412, 'precondition_failed', first.headers['etag']]);
  assert.equal((await ask('DELETE', 'tokens', { ifMatch: seen })).status, 412);
  assert.equal((await ask('PUT', 'tokens', { body, ifMatch: 'W/"1"' })).status, 400);
  assert.equal((await ask('DELETE', 'tokens', { ifMatch: String(first.headers['etag']) })).status, 204);
});

test('what is no limit is refused, with what is wrong with it, and changes nothing', async () => {
  const before = await world.store.limitRulesVersion(world.tenant);
  const bad: readonly (readonly [name: string, body: unknown, told: RegExp])[] = [
    ['sign-up', { limit: 9, period: '1s', burst: 300 }, /a quarter to four times/],
    ['sign-up', { limit: 1, period: '1s', burst: 300, key: [] }, /unknown key/],
    ['tokens', { key: ['user'], limit: 1, period: '1m' }, /key\[0\] is nothing that a rule counts by/],
    ['tokens', { key: ['client'], limit: 1, period: '1m', match: { routes: ['/admin/v1/limits'] } }, /not one of the allowed/],
    ['tokens', '{"key":[],"key":[]}', /twice/],
    ['Tokens', { key: [], limit: 1, period: '1m' }, /lower-case/],
    [
      'tokens',
      { key: [], limit: 1, period: '1m', exempt: { clients: ['x'.repeat(2_000), ...Array.from({ length: 900 }, () => 'y'.repeat(50))] } },
      /characters/,
    ],
  ];
  for (const [name, body, told] of bad) {
    const { status, json } = await ask('PUT', name, { body });
    assert.equal(status, 400, name);
    assert.match(String(json['error_description']), told);
  }
  await ask('PUT', 'pace-one', { body: { kind: 'leaky_bucket', key: [], limit: 1, period: '1s', max_queue_ms: 10 } });
  const both = await ask('PUT', 'pace-two', { body: { kind: 'leaky_bucket', key: [], limit: 1, period: '1s', max_queue_ms: 10 } });
  assert.match(String(both.json['error_description']), /would both delay/);
  await ask('DELETE', 'pace-one');
  assert.equal(await world.store.limitRulesVersion(world.tenant), before + 2);
});

test('only a client whose configuration names the scope, in a token that has it, sets limits; who may read sees them (RFC 6750 §3.1)', async () => {
  for (const [method, name] of [
    ['GET', undefined],
    ['GET', 'tokens'],
    ['PUT', 'tokens'],
    ['DELETE', 'tokens'],
  ] as const) {
    const { status, headers } = await ask(method, name, {
      client: 'admin',
      scope: 'hufu:admin:read',
      ...(method === 'PUT' ? { body: {} } : {}),
    });
    assert.equal(status, method === 'GET' ? 200 : 403, method);
    if (method !== 'GET') assert.match(String(headers['www-authenticate']), /insufficient_scope/);
  }
  assert.equal((await access('reader', 'hufu:admin:limits')).json['error'], 'invalid_scope');
  const both = await access('admin', 'hufu:admin:read hufu:admin:limits');
  assert.deepEqual([both.status, both.json['scope']], [200, 'hufu:admin:read hufu:admin:limits'], 'one token for both');
  assert.equal(
    (await post(world, token, { grant_type: 'client_credentials', resource: `${ISSUER}/admin/v1` }, basic('reader', SECRET))).json['scope'],
    'hufu:admin:read',
  );
});

test('a stored limit that cannot be read is told and logged, and what the configuration says holds', async () => {
  const put = (name: string, rule: string): Promise<unknown> =>
    world.store.putLimitRule(world.tenant, { name, rule, changedAt: START, changedBy: 'a later version' }, undefined, MAX_STORED_LIMITS);
  await put('sign-up', '{"limit":1,"period":"1s","burst":100,"from":"later"}');
  await put('tokens', 'no json');
  const own = await openWorld({ yaml: YAML, store: world.store });
  await storedLimitsOf(own.ctx).follow();
  assert.equal(own.events('limits.unreadable').length, 2);
  assert.equal(await signUps(own), 400);
  const { json } = await ask('GET', 'sign-up');
  assert.deepEqual([json['source'], json['rule']], ['config', { limit: 2, period: '1s', burst: 400 }]);
  assert.match(String(json['problem']), /unknown key/);
  await own.close();
  await ask('DELETE', 'sign-up');
  await ask('DELETE', 'tokens');
});

test('what is wrong with one stored limit leaves the others alone, and a store that is away changes nothing', async () => {
  let isAway = false;
  const own = await openWorld({
    yaml: YAML,
    store: world.store,
    wrap: (store) => ({
      ...store,
      limitRulesVersion: async (tenant) => (isAway ? await Promise.reject(new Error('away')) : await store.limitRulesVersion(tenant)),
    }),
  });
  await storedLimitsOf(own.ctx).follow();
  await ask('PUT', 'sign-up', { body: { limit: 1, period: '1s', burst: 100 } });
  isAway = true;
  await assert.rejects(storedLimitsOf(own.ctx).follow());
  assert.equal(await signUps(own), 400);
  isAway = false;
  await Promise.all([storedLimitsOf(own.ctx).follow(), storedLimitsOf(own.ctx).follow()]);
  assert.equal(await signUps(own), 100);
  await own.close();
  await ask('DELETE', 'sign-up');
});

const PACED = { kind: 'leaky_bucket', key: [], limit: 1, period: '1s', max_queue_ms: 10 };
const PACED_TOKENS = { ...PACED, match: { routes: ['/oauth/token'] } };

test('a stored limit that cannot stand beside the configuration of a later start falls alone, and is told', async () => {
  const put = (name: string, rule: object, changedAt: number): Promise<unknown> =>
    world.store.putLimitRule(
      world.tenant,
      { name, rule: JSON.stringify(rule), changedAt, changedBy: 'somebody' },
      undefined,
      MAX_STORED_LIMITS,
    );
  // Nobody has looked at them together: the first holds.
  await put('a-late', PACED_TOKENS, START + 1);
  await put('b-first', PACED_TOKENS, START);
  await put('sign-up', { limit: 1, period: '1s', burst: 100 }, START);
  const own = await openWorld({ yaml: YAML, store: world.store });
  await storedLimitsOf(own.ctx).follow();
  assert.equal(await signUps(own), 100);
  assert.deepEqual(
    own.events('limits.unreadable').map(({ name, reason }) => [name, reason]),
    [['a-late', 'the rules b-first and a-late would both delay one request']],
  );
  const { json } = await ask('GET', 'a-late');
  assert.deepEqual(
    [json['source'], json['rule'], json['problem'], json['changed_by']],
    ['default', null, 'the rules b-first and a-late would both delay one request', 'somebody'],
  );
  assert.equal((await ask('GET', 'b-first')).json['source'], 'runtime');
  assert.equal((await ask('PUT', 'jwks', { body: { key: [], limit: 9, period: '1m', match: { routes: ['/oauth/jwks'] } } })).status, 200);
  await own.close();
  const paced = YAML.replace('tokens: {', `pace: ${JSON.stringify(PACED)}\n    tokens: {`);
  const later = await openWorld({ yaml: paced, store: world.store });
  await storedLimitsOf(later.ctx).follow();
  assert.deepEqual(
    later.events('limits.unreadable').map(({ name }) => name),
    ['b-first', 'a-late'],
  );
  assert.equal(await signUps(later), 100);
  await later.close();
  for (const name of ['a-late', 'b-first', 'sign-up', 'jwks']) await ask('DELETE', name);
});

test('of two who set limits that cannot stand beside each other at the same time one is refused', async () => {
  const both = await Promise.all(['one', 'two'].map((name) => ask('PUT', name, { body: PACED })));
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 400]);
  assert.match(String(both.find(({ status }) => status === 400)?.json['error_description']), /would both delay/);
  for (const name of ['one', 'two']) await ask('DELETE', name);
  const apart = await Promise.all(['c', 'd', 'e'].map((name) => ask('PUT', name, { body: { key: [], limit: 1, period: '1m' } })));
  assert.deepEqual(
    apart.map(({ status }) => status),
    [200, 200, 200],
    'who has seen no version tries again',
  );
  for (const name of ['c', 'd', 'e']) await ask('DELETE', name);
});

test('every node logs which limits others have changed, and who did', async () => {
  await storedLimitsOf(second.ctx).follow();
  const put = (name: string, changedBy: string): Promise<unknown> =>
    world.store.putLimitRule(
      world.tenant,
      { name, rule: '{"key":[],"limit":1,"period":"1m"}', changedAt: START, changedBy },
      undefined,
      MAX_STORED_LIMITS,
    );
  await put('one', 'cli');
  await put('two', 'admin');
  await storedLimitsOf(second.ctx).follow();
  await put('one', 'admin');
  await storedLimitsOf(second.ctx).follow();
  for (const name of ['one', 'two']) await ask('DELETE', name);
  await storedLimitsOf(second.ctx).follow();
  assert.deepEqual(
    second
      .events('limits.reloaded')
      .slice(-3)
      .map(({ names, changed_by }) => [names, changed_by]),
    [
      ['one two', 'cli admin'],
      ['one', 'admin'],
      ['one two', ''],
    ],
  );
});

test('what could not live in a Redis is refused where it is set', async () => {
  const lease = { units: 6, for_ms: 1_000 };
  for (const body of [
    { key: [], limit: 10, period: '1m', lease },
    { key: [], limit: 100, period: '1m', lease, sync: { every_ms: 100 } },
    { kind: 'sliding_log', key: [], limit: 100, period: '1m', lease },
    { kind: 'token_bucket', key: [], capacity: 100, interval: '1s', sync: { every_ms: 100 } },
  ]) {
    const { status, json } = await ask('PUT', 'leased', { body });
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(String(json['error_description']), /lease|told later/);
  }
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { edgeJournal } from '../decisions/edge-journal.ts';
import { token } from '../endpoints/token.ts';
import type { HttpReply } from '../http.ts';
import { basic } from '../testing/followers.ts';
import { post } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, START } from '../testing/world.ts';
import { callOperation } from './dispatch.ts';

const SECRET = 'admin-secret-0123456789abcdef01234567';
const YAML = BASIC_YAML.replace(
  'resources:',
  `  - client_id: admin
    client_secret: ${SECRET}
    grant_types: [client_credentials]
    scope: read hufu:admin:read
resources:`,
);
const world = await openWorld({ yaml: YAML });
after(() => world.close());

async function tokenFor(scope: string): Promise<Record<string, string>> {
  const { json } = await post(world, token, { grant_type: 'client_credentials', scope }, basic('admin', SECRET));
  return { authorization: `Bearer ${String(json['access_token'])}` };
}

function read(reply: HttpReply): { readonly status: number; readonly body: Readonly<Record<string, unknown>> } {
  return { status: reply.status, body: Object(JSON.parse(String(reply.body) || '{}')) };
}

test('what somebody was told by an id is there for an administrator’s program, of the server and of the edge', async () => {
  const { store, tenant, ctx } = world;
  const edge = edgeJournal({ kept: { store, tenant }, random: ctx.random, log: ctx.log, nowMs: ctx.clock.nowMs });
  const refusal = { status: 403, code: 'user_needed', detail: 'for users', cause: 'client: app', route: 'notes', clientId: 'app' };
  const id = edge.refuse({ check: 'edge_identity', ...refusal });
  edge.refuse({ check: 'edge_identity', ...refusal });
  await edge.settled();
  const headers = await tokenFor('hufu:admin:read');
  const path = `/admin/v1/decisions/${id}`;
  const one = read(await callOperation(ctx, 'decisions.get', world.http({ path, headers })));
  assert.equal(one.status, 200);
  const { checks, ...rest } = one.body;
  assert.deepEqual(rest, {
    id,
    at: START,
    endpoint: 'edge',
    status: 403,
    error: 'user_needed',
    client_id: 'app',
    description: 'for users',
    route: 'notes',
    times: 2,
    last_at: START,
  });
  const { title, setting, ...last } = Object((Array.isArray(checks) ? checks : []).at(-1));
  assert.deepEqual(last, { check: 'edge_identity', outcome: 'failed', detail: 'client: app' });
  assert.match(`${title} ${setting}`, /holds.*gateway\.routes\[\]\.token/);
  const nowhere = await callOperation(ctx, 'decisions.get', world.http({ path: `/admin/v1/decisions/${'0'.repeat(18)}`, headers }));
  assert.deepEqual([nowhere.status, read(nowhere).body['error']], [404, 'not_found']);
  await ctx.decisions.settled();
  const all = read(await callOperation(ctx, 'decisions.list', world.http({ path: '/admin/v1/decisions', headers })));
  const listed = all.body['items'];
  assert.ok(Array.isArray(listed));
  assert.deepEqual(listed.map(({ endpoint }) => endpoint).toSorted(), ['admin_decisions_get', 'edge']);
});

test('a token without the scope reads none of it (RFC 6750 §3.1)', async () => {
  const headers = await tokenFor('read');
  for (const reply of [
    await callOperation(world.ctx, 'decisions.list', world.http({ path: '/admin/v1/decisions', headers })),
    await callOperation(world.ctx, 'decisions.get', world.http({ path: '/admin/v1/decisions/x', headers })),
    await callOperation(world.ctx, 'decisions.list', world.http({ path: '/admin/v1/decisions' })),
  ]) {
    assert.ok(reply.status === 401 || reply.status === 403, String(reply.status));
    assert.doesNotMatch(String(reply.body), /checks/);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminTransport } from '@hufu/client/admin';
import { applyPlan } from './apply-plan.ts';
import type { Plan } from './plan-state.ts';

const STEP = { kind: 'client_add', name: 'notes', metadata: {}, differences: [] } as const;
const PLAN: Plan = { issuer: 'https://id.example', owner: 'acme', limitsTag: undefined, steps: [STEP], leftovers: [], obstacles: [] };

/** A server without clients, which makes one; `loses` replies of that are lost on the way. */
function serverThat(loses: number): AdminTransport & { readonly keys: string[] } {
  const keys: string[] = [];
  const reply = (status: number, body: object): Response =>
    new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
  return {
    base: 'https://id.example',
    keys,
    async fetch(_, init) {
      if (init.method !== 'POST') return reply(200, { items: [], next: null });
      keys.push(new Headers(init.headers).get('idempotency-key') ?? '');
      if (keys.length <= loses) throw new TypeError('fetch failed');
      return reply(201, { client: { client_id: 'c1' }, client_secret: 's1' });
    },
  };
}

test('a reply that was lost is asked for again under the same key: the secret is not lost with it', async () => {
  const server = serverThat(1);
  const told: unknown[] = [];
  const { done, failure, secrets } = await applyPlan(server, PLAN, (step, secret) => void told.push([step.kind, secret?.secret]));
  assert.deepEqual([done.length, failure, secrets], [1, undefined, [{ name: 'notes', clientId: 'c1', secret: 's1' }]]);
  assert.deepEqual(told, [['client_add', 's1']]);
  assert.equal(server.keys.length, 2);
  assert.match(server.keys[0] ?? '', /^.{36}$/);
  assert.equal(server.keys[0], server.keys[1]);
});

test('a server that stays away stops it, and says at which step', async () => {
  const server = serverThat(9);
  const { done, failure } = await applyPlan(server, PLAN, () => assert.fail('nothing was done'));
  assert.deepEqual([done.length, failure?.step, server.keys.length], [0, STEP, 2]);
});

test('a name of any width is the same name: a role that is as it was is no change since', async () => {
  const step = { kind: 'role_put', username: 'lin', before: 'read', role: 'support', differences: [] } as const;
  const asked: string[] = [];
  const reply = (body: object): Response => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
  const server: AdminTransport = {
    base: 'https://id.example',
    async fetch(url, init) {
      asked.push(`${init.method} ${new URL(url).pathname}`);
      if (url.includes('/users')) return reply({ items: [{ sub: 's', username: 'ＬＩＮ' }], next: null });
      return reply({ items: [{ sub: 's', username: 'ＬＩＮ', role: 'read', source: 'runtime' }] });
    },
  };
  const { done } = await applyPlan(server, { ...PLAN, steps: [step] }, () => undefined);
  assert.deepEqual([done, asked.at(-1)], [[step], 'PUT /admin/v1/administrators/s']);
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { readClientRecord } from '../client-record.ts';
import { acknowledgeRevocations, readRevocations } from '../endpoints/revocations.ts';
import { token } from '../endpoints/token.ts';
import type { HttpReply } from '../http.ts';
import { feedOf } from '../revocation/feed.ts';
import { callAdmin } from '../testing/admin.ts';
import { basic, batchOf, followerRequest } from '../testing/followers.ts';
import { post, tokensOf } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, START, START_MS } from '../testing/world.ts';
import { ownScopes } from '../tokens/allowed-scopes.ts';
import { findOwnApi } from '../tokens/own-apis.ts';

const SECRET = 'admin-secret-0123456789abcdef01234567';
const YAML = BASIC_YAML.replace(
  'resources:',
  `  - client_id: admin
    client_secret: ${SECRET}
    grant_types: [client_credentials]
    scope: read hufu:admin:read
  - client_id: all
    client_secret: ${SECRET}
    grant_types: [client_credentials]
  - client_id: agent
    client_secret: ${SECRET}
    redirect_uris: [https://agent.example/cb]
    grant_types: [authorization_code]
    scope: openid hufu:admin:read
    hufu: { first_party: true }
resources:`,
);
const world = await openWorld({ yaml: YAML });
after(() => world.close());

async function tokenOf(
  client: string,
  fields: Record<string, string>,
): Promise<{ status: number; json: Readonly<Record<string, unknown>> }> {
  return await post(world, token, { grant_type: 'client_credentials', ...fields }, basic(client, SECRET));
}

async function admin(): Promise<Record<string, string>> {
  const { json } = await tokenOf('admin', { scope: 'hufu:admin:read' });
  return { authorization: `Bearer ${String(json['access_token'])}` };
}

async function get(seq: string, headers?: Record<string, string>): Promise<HttpReply & { json: Readonly<Record<string, unknown>> }> {
  const reply = await callAdmin(world.ctx, world.http({ path: `/admin/v1/revocations/${seq}`, headers: headers ?? (await admin()) }));
  return { ...reply, json: Object(JSON.parse(String(reply.body) || '{}')) };
}

test('an entry is there with who enforces it since when, who does not yet, and who has gone', async () => {
  await world.store.revokeClient(world.tenant, clientId('native'), START);
  await world.store.revokeClient(world.tenant, clientId('native'), START);
  const { epoch } = batchOf(world.ctx, await readRevocations(world.ctx, followerRequest(world, 'node=reader')));
  const acknowledge = async (node: string, acks: object[]): Promise<void> => {
    const request = followerRequest(world, '', {
      method: 'POST',
      body: JSON.stringify({ node, epoch, acks }),
      headers: { 'content-type': 'application/json' },
    });
    assert.equal((await acknowledgeRevocations(world.ctx, request)).status, 204);
  };
  await acknowledge('done', [{ seq: 2, ago_ms: 30 }]);
  await acknowledge('half', [{ seq: 1, ago_ms: 10 }]);
  world.clock.advance(60_001);
  await acknowledge('half', []);
  const { status, json } = await get('2');
  assert.equal(status, 200);
  const now = START_MS + 60_001;
  assert.deepEqual(json, {
    entry: { seq: 2, at: START, exp: START + 2 ** 24 + 300, reason: 'client_revoked', kind: 'client', id: 'native', before: START + 1 },
    epoch,
    head: 2,
    followers: [
      { client_id: 'api', node: 'done', seen_at_ms: START_MS, state: 'enforced', enforced_at_ms: START_MS - 30 },
      { client_id: 'api', node: 'half', seen_at_ms: now, state: 'not_yet' },
      { client_id: 'api', node: 'reader', seen_at_ms: START_MS, state: 'gone', gone_since_ms: START_MS },
    ],
  });
  await feedOf(world.ctx).hub.renew();
  const { json: renewed } = await get('2');
  const states: { node: string; state: string }[] = Object(renewed['followers']);
  assert.deepEqual(
    states.map(({ node, state }) => `${node} ${state}`),
    ['done gone', 'half not_yet', 'reader gone'],
    'what was enforced of a log that has gone back says nothing of this one',
  );
  const missing = await get('3');
  assert.deepEqual([missing.status, missing.json['error'], missing.headers['www-authenticate']], [404, 'not_found', undefined]);
  const { row, description } = await world.why(missing);
  assert.deepEqual([row.endpoint, row.status, description], ['admin_revocations_get', 404, 'no entry has this number yet: the last is 2']);
  assert.deepEqual((await get('0')).status, 400);
  assert.deepEqual((await get('1e2')).status, 400);
});

test('only a token for the administrators’ API does, of a client whose configured scope names it (RFC 6750 §3.1)', async () => {
  assert.equal((await get('1', {})).status, 401);
  assert.equal((await get('1', { authorization: 'Bearer x' })).status, 401);
  assert.equal((await get('1', basic('admin', SECRET))).status, 401);
  const { json: plain } = await tokenOf('admin', { scope: 'read' });
  assert.equal((await get('1', { authorization: `Bearer ${String(plain['access_token'])}` })).status, 401);
  for (const [client, fields] of [
    ['all', { scope: 'hufu:admin:read' }],
    ['all', { resource: `${ISSUER}/admin/v1` }],
    ['admin', { scope: 'hufu:admin:read read' }],
    ['admin', { scope: 'hufu:admin:read', resource: 'https://api.example/' }],
    ['admin', { scope: 'hufu:admin:read hufu:revocations' }],
  ] as const)
    assert.equal((await tokenOf(client, fields)).status, 400, `${client} ${JSON.stringify(fields)}`);
  const { json } = await tokenOf('admin', {});
  assert.equal(json['scope'], 'read', 'nobody has it without asking');
});

test('no user who is no administrator gives it away', async () => {
  const asked = { client_id: 'agent', redirect_uri: 'https://agent.example/cb', client_secret: SECRET };
  for (const [more, error] of [
    [{ scope: 'openid hufu:admin:read' }, 'access_denied'],
    [{ scope: 'openid', resource: `${ISSUER}/admin/v1` }, 'insufficient_scope'],
  ] as const) {
    const { access_token: text } = await tokensOf(world, { ...asked, ...more });
    const reply = await get('1', { authorization: `Bearer ${String(text)}` });
    assert.deepEqual([reply.status, reply.json['error']], [403, error]);
  }
});

test('a client that registered itself has it neither, whatever it registered (RFC 7591 §2)', async () => {
  const there = (await world.store.findClient(world.tenant, clientId('admin'))) ?? assert.fail();
  await world.store.putClient(world.tenant, { ...there, clientId: clientId('stranger'), source: 'registered', secrets: [] }, START);
  const stranger = (await world.store.findClient(world.tenant, clientId('stranger'))) ?? assert.fail();
  assert.throws(() => findOwnApi(world.ctx, readClientRecord(stranger), [], ['hufu:admin:read']), { code: 'invalid_target' });
  assert.equal(findOwnApi(world.ctx, readClientRecord(there), [], ['hufu:admin:read'])?.identifier, `${ISSUER}/admin/v1`);
  assert.deepEqual(ownScopes(world.ctx, readClientRecord(there)), ['read'], 'nor does it go into any other token');
});

test('a token is worth nothing once the configuration takes the scope away', async () => {
  const headers = await admin();
  assert.equal((await get('1', headers)).status, 200);
  const there = (await world.store.findClient(world.tenant, clientId('admin'))) ?? assert.fail();
  await world.store.putClient(world.tenant, { ...there, metadata: { ...there.metadata, scope: 'read' } }, START);
  const reply = await get('1', headers);
  assert.deepEqual([reply.status, (await world.why(reply)).failed], [403, 'api_scope']);
  assert.match(String(reply.headers['www-authenticate']), /error="insufficient_scope".*scope="hufu:admin:read"/);
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientId, grantId } from '@hufu/protocol/ids';
import { ALL_DETAILS } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import { grantAt, readPlace } from '../status/place.ts';
import { ACCESS_TOKEN, EXCHANGE_YAML, GATE_SECRET, introspected, PAYMENTS, TOKEN_EXCHANGE } from '../testing/exchange-world.ts';
import { claimsOf, postToken, tokensOf } from '../testing/visits.ts';
import { API, openWorld, SECRETS, VAULT } from '../testing/world.ts';
import { issueAccessToken } from './issue-access-token.ts';
import { readAccessToken } from './read-access-token.ts';
import { statusClaims } from './status-claims.ts';

const world = await openWorld({ yaml: EXCHANGE_YAML });
after(() => world.close());

const GATE = `gate:${GATE_SECRET}`;

async function exchanged(token: unknown, audience: string, basic = GATE): Promise<unknown> {
  const fields = { grant_type: TOKEN_EXCHANGE, subject_token: String(token), subject_token_type: ACCESS_TOKEN, audience };
  const reply = await postToken(world, fields, { basic });
  return reply.json['access_token'] ?? assert.fail(reply.body.toString());
}

async function grantOf(token: unknown): Promise<GrantRecord> {
  const read = await readAccessToken(world.ctx, String(token), world.now());
  return read.kind === 'live' ? read.grant : assert.fail(read.reason);
}

/** The grants in `lineage`, as ids. */
function idsOf(lineage: unknown): readonly unknown[] {
  assert.ok(Array.isArray(lineage));
  return lineage.map(({ grant, client_id: client, ...more }) => {
    assert.deepEqual(more, {});
    return [grantAt(world.ctx, readPlace(grant) ?? assert.fail(grant)), client];
  });
}

test('an exchanged token names the grants that its own comes from, nearest first, and whose they are', async () => {
  const first = (await tokensOf(world, { scope: 'openid read write', resource: API }))['access_token'];
  assert.equal('lineage' in claimsOf(first), false);
  const second = await exchanged(first, PAYMENTS);
  const third = await exchanged(second, PAYMENTS, `ghost:${GATE_SECRET}`);
  const [a, b] = [await grantOf(first), await grantOf(second)];
  assert.deepEqual(idsOf(claimsOf(second)['lineage']), [[a.id, 'spa']]);
  assert.deepEqual(idsOf(claimsOf(third)['lineage']), [
    [b.id, 'gate'],
    [a.id, 'spa'],
  ]);
  assert.notDeepEqual(claimsOf(second)['status'], claimsOf(first)['status'], 'each has a place of its own');
});

test('introspection tells the same to who serves the resource, of opaque tokens too, and nobody else needs it (RFC 7662 §2.2)', async () => {
  const first = (await tokensOf(world, { scope: 'openid read write', resource: API }))['access_token'];
  const [{ status: ownStatus }, asClient] = [
    (await introspected(world, first, GATE)).json,
    await introspected(world, first, `api:${SECRETS.api}`),
  ];
  assert.deepEqual(ownStatus, claimsOf(first)['status']);
  assert.deepEqual(asClient.json['status'], ownStatus);
  const opaque = await exchanged(first, VAULT);
  const told = (await introspected(world, opaque, GATE)).json;
  assert.equal(told['active'], true);
  assert.equal('status' in told || 'lineage' in told, false, 'the client that it was issued to keeps no answers');
  const paid = await exchanged(first, PAYMENTS);
  const served = (await introspected(world, paid, `ghost:${GATE_SECRET}`)).json;
  assert.deepEqual([served['status'], served['lineage']], [claimsOf(paid)['status'], claimsOf(paid)['lineage']]);
});

test('where the line is broken there is nothing to say, and no token', async () => {
  const parentId = grantId(900_000);
  assert.equal(await statusClaims(world.ctx, { id: grantId(1), parentId }), undefined);
  const member = { id: parentId, clientId: clientId('spa'), parentId: grantId(800_000) };
  const ctx = { ...world.ctx, store: { ...world.store, findLine: () => Promise.resolve([member]) } };
  assert.equal(await statusClaims(ctx, { id: grantId(1), parentId }), undefined, 'the first of it is gone');
  const resource = world.ctx.config.resources.find(({ identifier }) => identifier === API) ?? assert.fail();
  const grant = { ...(await grantOf((await tokensOf(world, { resource: API }))['access_token'])), parentId };
  const request = {
    grant,
    resource,
    scopes: [],
    secret: undefined,
    confirmation: undefined,
    details: ALL_DETAILS,
    ttl: 60,
    now: world.now(),
  };
  await assert.rejects(issueAccessToken(world.ctx, request), { code: 'invalid_grant' });
});

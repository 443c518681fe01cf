import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientId, type GrantId, grantId } from '@hufu/protocol/ids';
import { placeOf, writePlace } from '../status/place.ts';
import { callAdmin } from '../testing/admin.ts';
import { ACCESS_TOKEN, EXCHANGE_YAML, GATE_SECRET, PAYMENTS, TOKEN_EXCHANGE } from '../testing/exchange-world.ts';
import { claimsOf, postToken, tokensOf } from '../testing/visits.ts';
import { API, ISSUER, openWorld, SECRETS, START, START_MS, type World } from '../testing/world.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';

const ADMIN = `${ISSUER}/admin/v1`;
const ADMIN_SECRET = 'admin-secret-0123456789abcdef012345678';
const SCOPE = 'hufu:admin:read';
const YAML = EXCHANGE_YAML.replace(
  '\nresources:',
  `
  - { client_id: ops, client_secret: ${ADMIN_SECRET}, grant_types: [client_credentials], scope: '${SCOPE} read' }
  - { client_id: lax, client_secret: ${ADMIN_SECRET}, grant_types: [client_credentials] }
resources:
  - { identifier: '${ADMIN}', scopes: ['${SCOPE}', 'hufu:admin:write'], token_format: opaque }`,
);

const world = await openWorld({ yaml: YAML });
after(() => world.close());

const GATE = `gate:${GATE_SECRET}`;

async function tokenOf(client: string, scope: string, at: World = world): Promise<string> {
  const basic = `${client}:${client === 'machine' ? SECRETS.machine : ADMIN_SECRET}`;
  const reply = await postToken(at, { grant_type: 'client_credentials', scope }, { basic });
  return String(reply.json['access_token'] ?? assert.fail(reply.body.toString()));
}

const admin = await tokenOf('ops', SCOPE);

interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly challenge: unknown;
  readonly failed: string | undefined;
}

async function ask(id: string, authorization: string | undefined = `Bearer ${admin}`, at: World = world): Promise<Answer> {
  const headers = authorization === '' ? {} : { authorization };
  const reply = await callAdmin(at.ctx, at.http({ path: `/admin/v1/grants/${encodeURIComponent(id)}/lineage`, headers }));
  return {
    status: reply.status,
    json: JSON.parse(reply.body.toString()),
    challenge: reply.headers['www-authenticate'],
    failed: reply.status === 200 ? undefined : (await at.why(reply)).failed,
  };
}

async function exchanged(token: unknown, basic: string): Promise<unknown> {
  const fields = { grant_type: TOKEN_EXCHANGE, subject_token: String(token), subject_token_type: ACCESS_TOKEN, audience: PAYMENTS };
  return (await postToken(world, fields, { basic })).json['access_token'];
}

async function idOf(token: unknown): Promise<GrantId> {
  const read = await readAccessToken(world.ctx, String(token), world.now());
  return read.grant?.id ?? assert.fail('no grant');
}

const nameOf = (id: GrantId): string => writePlace(placeOf(world.ctx, id));

test('a grant is shown with what it comes from and what has come from it, and why each is not live (RFC 8693 §4.1)', async () => {
  const tokens = await tokensOf(world, { scope: 'openid read write', resource: API });
  const first = tokens['access_token'];
  const second = await exchanged(first, GATE);
  const third = await exchanged(second, `ghost:${GATE_SECRET}`);
  const ids = [await idOf(first), await idOf(second), await idOf(third)] as const;
  const [a, b, c] = [nameOf(ids[0]), nameOf(ids[1]), nameOf(ids[2])];
  const middle = await ask(b.replace('/', '-'));
  assert.equal(middle.status, 200);
  const { grant, ancestors, descendants, truncated } = middle.json;
  assert.deepEqual(grant, {
    id: b,
    parent: a,
    client_id: 'gate',
    sub: 'alice-sub',
    act: { sub: 'gate', client_id: 'gate' },
    scopes: ['read'],
    created_at: START,
    expires_at: START + 600,
    state: 'live',
  });
  const live = { sub: 'alice-sub', state: 'live', created_at: START };
  assert.deepEqual(ancestors, [
    { ...live, id: a, client_id: 'spa', scopes: ['openid', 'read', 'write'], expires_at: Object(Object(ancestors)[0]).expires_at },
  ]);
  assert.deepEqual(descendants, [
    { ...live, id: c, parent: b, client_id: 'ghost', act: { sub: 'gate', client_id: 'gate' }, scopes: ['read'], expires_at: START + 600 },
  ]);
  assert.equal(truncated, false);
  assert.deepEqual(Object(claimsOf(third)['lineage'])[0].grant, b, 'a token names it the same way');

  await world.store.revokeGrant(world.tenant, ids[1], 'revoked_by_admin', START + 5);
  const { json } = await ask(encodeURIComponent(a).replace('%2F', '/'));
  assert.deepEqual(Object(json['grant']).state, 'live');
  assert.deepEqual(
    Object(json['descendants']).map(({ id, state, reason, ended_at: at }: Record<string, unknown>) => [id, state, reason, at]),
    [
      [b, 'dead', 'revoked_by_admin', START + 5],
      [c, 'dead', 'parent_ended', START + 5],
    ],
  );
});

test('codes, sleepers, the locked and the disabled are told apart; a client’s own grant has no end', async () => {
  const own = await openWorld({ yaml: YAML });
  const alice = (await own.store.findUserByName(own.tenant, 'alice')) ?? assert.fail();
  const common = {
    userId: alice.id,
    subject: 'alice-sub',
    sessionId: undefined,
    scopes: ['read'],
    resources: [API],
    authTime: START,
    amr: [],
  };
  const code = { kind: 'code', codeHash: 'c'.repeat(43), codeRequest: {}, maxCodes: 9 } as const;
  const make = async (client: string): Promise<GrantId> => {
    const grant = {
      ...common,
      clientId: clientId(client),
      offline: true,
      claims: undefined,
      keyId: 1,
      expiresAt: START + 3_600,
      needsConsent: false,
      participation: undefined,
      credential: code,
    };
    const made = await own.store.createGrant(own.tenant, grant, START);
    return made.kind === 'created' ? made.id : assert.fail(made.reason);
  };
  const token = await tokenOf('ops', SCOPE, own);
  const nodeOf = async (id: GrantId): Promise<Readonly<Record<string, unknown>>> =>
    Object((await ask(writePlace(placeOf(own.ctx, id)), `Bearer ${token}`, own)).json['grant']);
  const stateOf = async (id: GrantId): Promise<readonly unknown[]> => {
    const { state, reason, ended_at: at } = await nodeOf(id);
    return [state, reason, at];
  };
  const [waiting, asleep, ofWeb] = [await make('spa'), await make('spa'), await make('web')];
  const redemption = {
    secretHash: 's'.repeat(43),
    accessHash: 'a'.repeat(43),
    keyId: 1,
    expiresAt: START + 86_400,
    idleSeconds: 60,
    maxGrants: 9,
  };
  await own.store.exchangeCode(own.tenant, asleep, redemption, START);
  assert.deepEqual(
    [await stateOf(waiting), await stateOf(asleep)],
    [
      ['unredeemed', undefined, undefined],
      ['live', undefined, undefined],
    ],
  );
  own.clock.freeze(START_MS + 60_000);
  assert.deepEqual(await stateOf(asleep), ['expired', 'idle', START + 60]);
  const web = (await own.store.findClient(own.tenant, clientId('web'))) ?? assert.fail();
  await own.store.putClient(own.tenant, { ...web, enabled: false }, START + 60);
  assert.deepEqual(await stateOf(ofWeb), ['suspended', 'client_disabled', START + 60]);
  await own.store.lockUser(own.tenant, alice.id, START + 120, START + 60);
  assert.deepEqual(await stateOf(waiting), ['suspended', 'user_locked', undefined]);
  own.clock.freeze(START_MS + 300_000);
  assert.deepEqual(await stateOf(waiting), ['unredeemed', undefined, undefined]);
  const machine = await own.store.ownGrant(own.tenant, clientId('ops'), [SCOPE, 'read'], [], 1, START);
  const { expires_at: end, state } = await nodeOf(machine.id);
  assert.deepEqual([end, state], [undefined, 'live']);
  await own.close();
});

test('of very many descendants a thousand are shown, and that there are more', async () => {
  const asked: number[] = [];
  const ctx = {
    ...world.ctx,
    store: {
      ...world.store,
      listDescendants: (_: unknown, parentId: GrantId, limit: number) => {
        asked.push(limit);
        const one = { clientId: clientId('spa'), parentId, outline: undefined };
        return Promise.resolve(Array.from({ length: limit }, (_one, index) => ({ ...one, id: grantId(index + 1) })));
      },
    },
  };
  const id = await idOf((await tokensOf(world, { scope: 'openid read', resource: API }))['access_token']);
  const at = { ...world, ctx };
  const { json } = await ask(nameOf(id), undefined, at);
  assert.equal(json['truncated'], true);
  assert.equal(Object(json['descendants']).length, 1_000);
  assert.deepEqual(asked, [1_001], 'in one look');
  assert.deepEqual(Object(json['descendants'])[0].reason, 'client_removed', 'whose client is gone');
});

test('another name is nobody’s grant', async () => {
  for (const id of ['', 'x', '1', '1-2-3', '01-2', '1-1048576', '268435456-0', nameOf(grantId(999_999))]) {
    const { status, failed } = await ask(id);
    assert.deepEqual([status, failed], [404, 'grant_known'], id);
  }
  const gone = await callAdmin(
    world.ctx,
    world.http({ path: '/admin/v1/grants/x/lineage', headers: { authorization: `Bearer ${admin}` } }),
  );
  assert.deepEqual(JSON.parse(gone.body.toString()).type, 'urn:hufu:problem:not_found');
  const { row } = await world.why(gone);
  assert.deepEqual([row.endpoint, row.status, gone.headers['www-authenticate']], ['admin_grants_lineage', 404, undefined]);
  assert.equal((await ask('x', '')).status, 401, 'whoever may not ask does not learn even that');
});

test('only a client whose configuration names the scope may ask, with a token of its own for the admin API (RFC 6750 §3.1)', async () => {
  const user = String((await tokensOf(world, { scope: 'openid read', resource: API }))['access_token']);
  const refusals: readonly (readonly [string, number, string])[] = [
    ['', 401, 'invalid_token'],
    ['Basic b3BzOng=', 401, 'invalid_token'],
    ['Bearer nonsense', 401, 'invalid_token'],
    [`Bearer ${user}`, 401, 'invalid_token'],
    [`Bearer ${await tokenOf('machine', 'unlock')}`, 401, 'invalid_token'],
    [`Bearer ${await tokenOf('ops', 'read')}`, 401, 'invalid_token'],
  ];
  for (const [authorization, status, error] of refusals) {
    const answer = await ask('1-1', authorization);
    assert.deepEqual([answer.status, answer.json['error']], [status, error], authorization.slice(0, 20));
    assert.match(answer.failed ?? '', /^(?:parameters|token_live|api_scope)$/);
    assert.match(String(answer.challenge), /^Bearer /);
  }
  // It may ask for all there is, as no scope is written down for it; that is not enough here.
  const lax = await postToken(world, { grant_type: 'client_credentials', scope: SCOPE }, { basic: `lax:${ADMIN_SECRET}` });
  assert.deepEqual([lax.status, lax.json['error']], [400, 'invalid_target']);
  world.clock.freeze(START_MS + 601_000);
  assert.equal((await ask('1-1')).status, 401, 'over');
  world.clock.freeze(START_MS);
});

test('a user’s token for the admin API by a client that names none of its scopes is none of an administrator', async () => {
  const own = await openWorld({ yaml: YAML });
  const text = (await tokensOf(own, { scope: `openid ${SCOPE}`, resource: ADMIN }))['access_token'];
  const answer = await ask('1-1', `Bearer ${String(text)}`, own);
  assert.deepEqual([answer.status, answer.json['error']], [403, 'insufficient_scope']);
  await own.close();
});

test('who registered itself is no administrator, whatever it registered', async () => {
  const own = await openWorld({ yaml: YAML });
  const token = await tokenOf('ops', SCOPE, own);
  assert.equal((await ask('1-1', `Bearer ${token}`, own)).status, 404);
  const ops = (await own.store.findClient(own.tenant, clientId('ops'))) ?? assert.fail();
  await own.store.putClient(own.tenant, { ...ops, source: 'registered' }, START);
  assert.equal((await ask('1-1', `Bearer ${token}`, own)).status, 403);
  await own.close();
});
